"""When to train again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from modelwright.evaluate.measurements import Measurement
from modelwright.monitor.documents import Alarm, Judgement, Monitoring
from modelwright.retrain.documents import Burden, Span, Trigger
from modelwright.retrain.probing import Probe
from modelwright.retrain.triggers import MOST_SAVED, PRICE, Waiting, burden_of, may_train, reason_to_retrain

MOVED = Measurement(name="x", value=1.0, low=0.5, high=1.5, n=100, method="test")


def window(judgement: Judgement, check: str = "drift") -> Monitoring:
    alarm = Alarm(check=check, column=None, judgement=judgement, moved=MOVED, evidence=1e6, sentence="It moved.")
    return Monitoring(version="1", rows=100, judgement=judgement, alarms=(alarm,))


def gains(low: float, value: float) -> Probe:
    gain = Measurement(name="loss", value=value, low=low, high=2 * value - low, n=100, method="test")
    return Probe(rows=200, loss=1.0, corrected=gain)


SURE, MAYBE, HOPELESS, TRIFLE = gains(0.1, 0.2), gains(-0.1, 0.1), gains(-0.3, -0.1), gains(0.005, 0.01)
FULL = Waiting(trained_on=1000, fresh=200, looks=1, saved=MOST_SAVED)


@pytest.mark.parametrize(
    ("judgement", "check", "expected"),
    [
        (Judgement.HARMFUL, "drift", Trigger.HARM),
        (Judgement.HARMFUL, "loss", Trigger.LOSS),
        (Judgement.HARMLESS, "drift", None),
        (Judgement.UNKNOWN, "drift", None),
        (Judgement.BROKEN, "unit", None),
        (Judgement.QUIET, "drift", None),
    ],
)
def test_harm_is_a_reason_where_there_may_be_something_to_learn(
    judgement: Judgement, check: str, expected: Trigger | None
) -> None:
    for probed in (None, MAYBE, SURE) if expected else (None, MAYBE):
        assert reason_to_retrain(window(judgement, check), FULL, probed) is expected
    assert reason_to_retrain(window(judgement, check), FULL, HOPELESS) is None
    assert reason_to_retrain(window(judgement, check), replace(FULL, fresh=99), SURE) is None


def test_what_there_is_to_learn_is_a_reason_of_its_own() -> None:
    quiet = window(Judgement.QUIET)
    assert reason_to_retrain(quiet, FULL, SURE) is Trigger.GAIN
    assert reason_to_retrain(quiet, FULL, MAYBE) is None
    assert reason_to_retrain(quiet, FULL, TRIFLE) is None, "beyond the noise, and nobody would notice"
    renewed = replace(HOPELESS, renewed=SURE.corrected, dated=1.0)
    assert reason_to_retrain(quiet, FULL, renewed) is Trigger.GAIN


def test_trainings_are_a_third_of_the_windows_at_most() -> None:
    waiting, trained = Waiting(trained_on=1000), []
    for look in range(1, 60):
        waiting = waiting.looked(1, 200)
        if reason_to_retrain(window(Judgement.HARMFUL), waiting, SURE) is not None:
            trained.append(look)
            waiting = waiting.after(won=look % 2 == 0, trained_on=1200)
        assert len(trained) <= look // PRICE
    assert len(trained) == 19


def test_after_a_quiet_time_two_may_follow_each_other() -> None:
    waiting = Waiting(trained_on=1000).looked(50, 200)
    once = waiting.after(won=False, trained_on=1200)
    assert waiting.saved == MOST_SAVED and may_train(once)
    assert not may_train(once.after(won=False, trained_on=1200))


def test_what_is_not_sure_to_help_waits_longer_each_time() -> None:
    waiting, looks = FULL.after(won=False, trained_on=1200), []
    for look in range(1, 60):
        waiting = waiting.looked(1, 200)
        if reason_to_retrain(window(Judgement.HARMFUL), waiting, MAYBE) is not None:
            looks.append(look)
            waiting = waiting.after(won=False, trained_on=1200)
    assert looks == [3, 7, 15, 27, 39, 51]
    assert waiting.after(won=True, trained_on=500).pause == 1


def test_many_new_rows_are_a_reason_and_twice_as_many_the_next() -> None:
    quiet = window(Judgement.QUIET)
    assert reason_to_retrain(quiet, replace(FULL, fresh=499), MAYBE) is None
    waiting = replace(FULL, fresh=500)
    assert reason_to_retrain(quiet, waiting, MAYBE) is Trigger.ROWS
    waiting = waiting.after(won=False, trained_on=1500).looked(50, 999)
    assert reason_to_retrain(quiet, waiting, MAYBE) is None
    assert reason_to_retrain(quiet, replace(waiting, fresh=1000), MAYBE) is Trigger.ROWS
    assert reason_to_retrain(quiet, replace(waiting, fresh=1000), HOPELESS) is None


def test_a_choice_among_the_rows_has_to_prove_itself() -> None:
    assert burden_of(Span.ALL, SURE) is Burden.NOT_WORSE
    assert {burden_of(Span.ALL, probed) for probed in (None, MAYBE, HOPELESS, TRIFLE)} == {Burden.LIKELIER}
    assert {burden_of(span, SURE) for span in (Span.CHANGE, Span.HALF, Span.FADING)} == {Burden.PROOF}
