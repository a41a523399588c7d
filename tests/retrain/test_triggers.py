"""When to train again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from modelwright.evaluate.measurements import Measurement
from modelwright.monitor.documents import Alarm, Judgement, Monitoring
from modelwright.retrain.documents import Trigger
from modelwright.retrain.triggers import Waiting, reason_to_retrain

MOVED = Measurement(name="x", value=1.0, low=0.5, high=1.5, n=100, method="test")


def window(judgement: Judgement, check: str = "drift") -> Monitoring:
    alarm = Alarm(check=check, column=None, judgement=judgement, moved=MOVED, evidence=1e6, sentence="It moved.")
    return Monitoring(version="1", rows=100, judgement=judgement, alarms=(alarm,))


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
def test_harm_is_a_reason(judgement: Judgement, check: str, expected: Trigger | None) -> None:
    waiting = Waiting(trained_on=1000, fresh=200, looks=1)
    assert reason_to_retrain(window(judgement, check), waiting) is expected
    assert reason_to_retrain(window(judgement, check), replace(waiting, fresh=99)) is None


def test_a_vain_attempt_is_not_repeated_at_once() -> None:
    waiting = Waiting(trained_on=1000, fresh=200, looks=1).after(Trigger.LOSS, won=False, trained_on=1200)
    harmful, looks = window(Judgement.HARMFUL), []
    for look in range(1, 40):
        waiting = replace(waiting, looks=waiting.looks + 1)
        if reason_to_retrain(harmful, waiting) is not None:
            looks.append(look)
            waiting = waiting.after(Trigger.LOSS, won=False, trained_on=1200)
    assert looks == [2, 6, 14, 22, 30, 38]
    assert waiting.after(Trigger.LOSS, won=True, trained_on=500) == Waiting(trained_on=500)


def test_many_new_rows_are_a_reason_and_twice_as_many_the_next() -> None:
    quiet = window(Judgement.QUIET)
    assert reason_to_retrain(quiet, Waiting(trained_on=1000, fresh=499)) is None
    waiting = Waiting(trained_on=1000, fresh=500)
    assert reason_to_retrain(quiet, waiting) is Trigger.ROWS
    waiting = waiting.after(Trigger.ROWS, won=False, trained_on=1500)
    assert reason_to_retrain(quiet, replace(waiting, fresh=999)) is None
    assert reason_to_retrain(quiet, replace(waiting, fresh=1000)) is Trigger.ROWS
    assert reason_to_retrain(window(Judgement.HARMFUL), replace(waiting, looks=1)) is Trigger.HARM
