"""One window after the other: what is told of each kind of change."""

from __future__ import annotations

import copy
import dataclasses
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from modelwright.data.columns import Columns, Strings
from modelwright.errors import UsageError
from modelwright.evaluate.measurements import Measurement
from modelwright.monitor import History, Judgement, Monitoring, watch
from modelwright.monitor.wording import calibration, strange_labels
from modelwright.package.bundle import Version
from tests.monitor.making import outcomes, rows

N = 1000


def raw(columns: Columns) -> dict[str, np.ndarray]:
    return {name: c.to_object() if isinstance(c, Strings) else c for name, c in columns.items()}


def labels(columns: Columns, seed: int, *, classify: bool = True, turned: float = 1.0) -> list:
    y = outcomes(columns, seed, classify=classify, turned=turned)
    return ["yes" if v else "no" for v in y] if classify else y.tolist()


def checks(found: Monitoring) -> set[tuple[str, str | None]]:
    return {(a.check, a.column) for a in found.alarms}


@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_windows_like_training_are_quiet(kind: str, request: pytest.FixtureRequest) -> None:
    version, history = request.getfixturevalue(kind), History()
    for seed in range(20, 40):
        window = rows(N, seed)
        found = watch(version, raw(window), labels=labels(window, seed, classify=kind == "classifier"), history=history)
        assert found.judgement is Judgement.QUIET, found.alarms
        assert found.rows == N and found.labelled == N
        assert found.estimated is not None and found.real is not None and found.expected is not None


def test_a_column_without_use_moves_harmlessly(classifier: Version) -> None:
    found = watch(classifier, raw(rows(N, 5, noise=1.0)))
    assert found.judgement is Judgement.HARMLESS
    assert checks(found) == {("drift", "noise")}
    assert "nothing to do" in found.alarms[0].sentence


def test_a_column_in_use_may_move_harmlessly(classifier: Version) -> None:
    found = watch(classifier, raw(rows(N, 6, income=0.4)))
    assert ("drift", "income") in checks(found)
    assert found.judgement is Judgement.HARMLESS, found.alarms
    assert found.estimated is not None


def test_beyond_what_training_has_seen_it_cannot_tell(regressor: Version) -> None:
    found = watch(regressor, raw(rows(N, 7, income=1.5)))
    assert found.judgement is Judgement.UNKNOWN
    assert found.estimated is None
    assert any("beyond what training has seen" in a.sentence for a in found.alarms)


def test_labels_show_that_the_relation_changed(classifier: Version) -> None:
    window = rows(N, 8)
    found = watch(classifier, raw(window), labels=labels(window, 8, turned=-0.5))
    assert found.judgement is Judgement.HARMFUL
    assert ("loss", None) in checks(found)
    assert found.real is not None and found.expected is not None
    assert found.real.low > found.expected.value


def test_a_loss_that_is_higher_without_proof_is_not_called_harmless(classifier: Version) -> None:
    window = rows(400, 6, income=0.6)
    found = watch(classifier, raw(window), labels=labels(window, 6, turned=0.3))
    assert found.judgement is Judgement.UNKNOWN
    assert all("higher, but these rows alone are no proof" in a.sentence for a in found.alarms)
    same = watch(classifier, raw(window), labels=labels(window, 6))
    assert same.judgement is Judgement.HARMLESS
    history = History()
    for _ in range(3):
        again = watch(classifier, raw(window), labels=labels(window, 6, turned=0.3), history=history)
    assert again.judgement is Judgement.HARMFUL


def test_after_that_the_estimate_is_not_believed_without_labels(classifier: Version) -> None:
    history = History()
    window = rows(N, 8)
    watch(classifier, raw(window), labels=labels(window, 8, turned=-0.5), history=history)
    found = watch(classifier, raw(rows(N, 9)), history=history)
    assert found.judgement is Judgement.UNKNOWN
    assert found.estimated is None


def _scaled(window: Columns) -> None:
    window["income"] = window["income"] * 2.54


def _large(window: Columns) -> None:
    window["income"] = window["income"] * 1000


def _null(window: Columns) -> None:
    window["age"] = np.where(np.arange(N) % 3 == 0, np.nan, window["age"])


def _stuck(window: Columns) -> None:
    window["age"] = np.full(N, 45.0)


def _spelled(window: Columns) -> None:
    channel = window["channel"]
    window["channel"] = Strings(channel.codes, np.array([v.upper() for v in channel.levels], dtype=object))


def _renamed(window: Columns) -> None:
    channel = window["channel"]
    names = {"web": "online"}
    window["channel"] = Strings(channel.codes, np.array([names.get(v, v) for v in channel.levels], dtype=object))


def _absent(window: Columns) -> None:
    del window["age"]


def _garbled(window: Columns) -> None:
    window["age"] = np.array([f"{v:g} years?" for v in window["age"]], dtype=object)


@pytest.mark.parametrize(
    ("breaks", "check", "column"),
    [
        (_scaled, "unit", "income"),
        (_large, "unit", "income"),
        (_null, "missing", "age"),
        (_stuck, "stuck", "age"),
        (_spelled, "levels", "channel"),
        (_renamed, "levels", "channel"),
        (_absent, "contract", "age"),
        (_garbled, "contract", "age"),
    ],
)
def test_broken_feeds_are_told_as_such(
    classifier: Version, breaks: Callable[[Columns], None], check: str, column: str
) -> None:
    window = rows(N, 9)
    breaks(window)
    found = watch(classifier, raw(window))
    assert found.judgement is Judgement.BROKEN
    assert not found.may_be_learned
    assert (check, column) in checks(found)
    assert "do not train on these rows" in found.alarms[0].sentence
    assert found.estimated is None


def test_a_broken_feed_is_repaired_and_not_learned_from(classifier: Version) -> None:
    window = rows(N, 8)
    broken = {**raw(window), "age": window["age"] * 1000}
    found = watch(classifier, broken, labels=labels(window, 8, turned=-0.5))
    assert found.judgement is Judgement.BROKEN
    assert ("loss", None) in checks(found)
    assert not any("train again on newer rows" in a.sentence for a in found.alarms)
    assert not any("what the target depends on has changed" in note for note in found.told)


def test_columns_that_go_together_otherwise(classifier: Version) -> None:
    window = rows(2 * N, 10)
    window["age"] = window["age"][::-1].copy()
    found = watch(classifier, raw(window))
    assert ("joint", "income and age") in checks(found)


def test_probabilities_that_are_off(classifier: Version) -> None:
    window = rows(N, 11)
    found = watch(classifier, raw(window), labels=["no" if i % 20 == 0 else "yes" for i in range(N)])
    assert ("calibration", None) in checks(found)


def test_labels_of_one_class_alone_are_no_harm(classifier: Version) -> None:
    window = rows(N, 11)
    found = watch(classifier, raw(window), labels=["yes"] * N)
    assert found.judgement is Judgement.UNKNOWN
    assert checks(found) == {("labels", None)}
    assert found.real is None and found.labelled == N and not found.scores
    assert f"All {N:,} labels are 'yes'" in found.alarms[0].sentence


def test_estimates_hold_under_covariate_shift(classifier: Version, regressor: Version) -> None:
    held = []
    for seed in range(50, 70):
        shift = 0.5 * np.sin(seed)
        for version, classify in ((classifier, True), (regressor, False)):
            window = rows(N, seed, income=shift)
            found = watch(version, raw(window), labels=labels(window, seed, classify=classify))
            assert found.estimated is not None and found.real is not None
            held.append(found.estimated.low <= found.real.value <= found.estimated.high)
    assert np.mean(held) >= 0.85


def test_a_version_that_few_rows_judged_is_of_no_earlier_release(classifier: Version) -> None:
    few = copy.copy(classifier)
    few.__dict__["reference"] = dataclasses.replace(classifier.reference, loss=None)
    (told,) = watch(few, raw(rows(N, 12))).told
    assert told.endswith("does not say what loss to expect: too few rows judged it when it was made.")


def test_a_version_of_an_earlier_release_is_watched_with_what_it_has(plain: Version) -> None:
    assert plain.reference.loss is None
    assert watch(plain, raw(rows(N, 12))).judgement is Judgement.QUIET
    window = rows(N, 13)
    _null(window)
    assert watch(plain, raw(window)).judgement is Judgement.BROKEN
    moved = watch(plain, raw(rows(N, 14, income=2.5)))
    assert moved.judgement is Judgement.UNKNOWN
    assert moved.told == (
        "The loss without labels: cannot tell, the version does not say what loss to expect: it was made by an earlier "
        "release.",
    )


def test_answers_and_labels_must_be_as_many_as_the_rows(classifier: Version) -> None:
    with pytest.raises(UsageError, match=r"there are 3 labels for 10 rows .* MW-U705"):
        watch(classifier, raw(rows(10, 1)), labels=["yes"] * 3)


def test_no_rows_and_few_rows(classifier: Version) -> None:
    assert watch(classifier, raw(rows(0, 1))).judgement is Judgement.QUIET
    assert watch(classifier, raw(rows(1, 1)), labels=["no"]).judgement is Judgement.QUIET


def test_labels_that_are_not_known_yet_are_left_out(classifier: Version) -> None:
    window = rows(N, 15)
    known = labels(window, 15)
    found = watch(classifier, raw(window), labels=[v if i % 2 else None for i, v in enumerate(known)])
    assert found.labelled == N // 2


def test_the_same_window_says_the_same(classifier: Version) -> None:
    window = raw(rows(N, 16, income=0.5))
    assert watch(classifier, window) == watch(classifier, window)


def test_labels_that_no_row_can_have_are_told(classifier: Version, regressor: Version) -> None:
    window = rows(400, 11)
    names = [{"yes": "YES", "no": "no"}[name] for name in labels(window, 11)]
    names[:13] = [*["maybe"] * 9, None, "", "n/a", "Erika Mustermann"]
    found = watch(classifier, raw(window), labels=names)
    assert (found.labelled, found.strange_labels) == (387, 10)
    assert found.told[-1].startswith("10 labels are none of the model's classes, such as 'maybe' (9 rows)")
    odd = watch(regressor, raw(window), labels=[20.0] * 399 + ["Erika Mustermann"])
    assert (odd.labelled, odd.strange_labels) == (399, 1)
    assert odd.told[-1].startswith("1 label is no number: ")


def test_a_label_is_shown_where_it_resembles_a_class_or_several_have_it() -> None:
    def said(*given: str) -> str:
        return strange_labels(Counter(given), ("on time", "late"))[0]

    assert "such as 'on tiem' (1 row)" in said("on tiem", "Erika Mustermann")
    assert "such as" not in said("Erika Mustermann", "4711", "erika@example.org", *["12345678"] * 9)


def test_a_label_beyond_all_reckoning_counts_as_unknown(regressor: Version) -> None:
    window = rows(N, 12)
    known = labels(window, 12, classify=False)
    found = watch(regressor, raw(window), labels=[1e308, -1e200, *known[2:]])
    assert found.labelled == N - 2 and found.strange_labels == 2
    assert found.real is not None and np.isfinite(found.real.value or np.nan)


def test_a_loss_that_is_up_by_no_more_than_ever_says_so(regressor: Version) -> None:
    window, history = rows(60, 13, noise=3.0), History()
    y = np.array(labels(window, 13, classify=False))
    found = watch(regressor, raw(window), labels=y.tolist(), history=history)
    (moved,) = [a for a in found.alarms if a.column == "noise"]
    assert found.real is not None and found.expected is not None
    assert (found.real.value or 0) > 1.05 * (found.expected.value or 1)
    assert moved.judgement is Judgement.HARMLESS
    assert "higher by no more than stretches of training differ by: nothing to do" in moved.sentence


def test_what_to_do_about_probabilities_that_are_off_fits_the_rest(classifier: Version, regressor: Version) -> None:
    def said(version: Version, given: list, **changes: object) -> str:
        found = watch(version, {**raw(rows(400, 12)), **changes}, labels=given)
        return next(a.sentence for a in found.alarms if a.check == "calibration")

    ordinary = rows(400, 12)
    more = ["yes" if y == "yes" or i % 2 else "no" for i, y in enumerate(labels(ordinary, 12))]
    assert said(classifier, more).endswith("recalibrate or train again.")
    broken = said(classifier, more, noise=np.full(400, np.nan))
    assert broken.endswith("look again when the feed is repaired.")
    high = [y + 8 for y in labels(ordinary, 12, classify=False)]
    assert said(regressor, high).endswith("labels (bias): train again.")
    assert "the loss is not up; recalibrate" in calibration(off(), True, Judgement.HARMLESS)


def off() -> Measurement:
    return Measurement(name="observed less predicted", value=0.1, low=0.05, high=0.15, n=50, method="")
