"""Limits of doubt keep the risk that was asked for, and answer what can be answered."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.evaluate.abstaining import (
    CONFIDENCE,
    Selective,
    cross_fitted,
    fit_abstention,
    risk_curve,
)
from modelwright.runtime.abstaining import NOBODY

RISKS = np.array([0.02, 0.05, 0.1, 0.2])


def drawn(n: int, seed: int, *, group: int = 1) -> Selective:
    """Rows whose doubt is honest; those of a group are right or wrong together."""
    rng = np.random.default_rng(seed)
    units = np.arange(n // group)
    doubt = np.repeat(rng.beta(0.6, 1.2, len(units)) / 2, group)
    wrong = np.repeat(rng.random(len(units)), group) < doubt
    return Selective(doubt, wrong, None if group == 1 else np.repeat(units, group))


def true_risk(limit: float) -> float:
    doubt = np.random.default_rng(99).beta(0.6, 1.2, 100_000) / 2
    answered = doubt[doubt <= limit]
    return float(answered.mean()) if len(answered) else 0.0


@pytest.mark.slow
@pytest.mark.parametrize(("n", "group"), [(500, 1), (3_000, 1), (4_000, 8)])
def test_the_true_risk_is_seldom_above_the_one_asked_for(n: int, group: int) -> None:
    broken = np.zeros(len(RISKS))
    for seed in range(80):
        made, _ = fit_abstention(drawn(n, seed, group=group))
        assert made is not None
        broken += [true_risk(made.limit(risk)) > risk for risk in RISKS]
    assert (broken / 80 <= 1 - CONFIDENCE + 0.05).all()


def test_most_of_what_can_be_answered_is() -> None:
    made, _ = fit_abstention(drawn(20_000, 1))
    assert made is not None
    doubt = np.random.default_rng(99).beta(0.6, 1.2, 100_000) / 2
    best = np.cumsum(np.sort(doubt)) / np.arange(1, len(doubt) + 1)
    for risk in RISKS:
        possible = float((best <= risk).mean())
        assert (doubt <= made.limit(risk)).mean() > 0.75 * possible


def test_groups_count_for_less_than_their_rows() -> None:
    together = drawn(4_000, 2, group=8)
    alone = Selective(together.doubt, together.wrong)
    answered = [float((together.doubt <= fit_abstention(r)[0].limit(0.1)).mean()) for r in (together, alone)]  # type: ignore[union-attr]
    assert answered[0] < answered[1]


def test_a_model_that_is_never_sure_leaves_all_to_a_person() -> None:
    rng = np.random.default_rng(0)
    rows = Selective(np.full(500, 0.4), rng.random(500) < 0.4)
    made, note = fit_abstention(rows, asked=0.05)
    assert made is not None and made.limit(0.05) == NOBODY
    assert made(rows.doubt, 0.05).all() and "all go to a person" in note


def test_equal_doubts_are_answered_together_and_a_lower_risk_answers_fewer() -> None:
    rows = drawn(3_000, 5)
    rounded = Selective(rows.doubt.round(1), rows.wrong)
    made, _ = fit_abstention(rounded, asked=0.07)
    assert made is not None and made.asked == 0.07 and 0.07 in made.risks
    assert (np.diff(made.limits) >= 0).all()
    assert set(made.limits) <= {NOBODY, *rounded.doubt}


def test_too_few_rows_promise_nothing() -> None:
    made, note = fit_abstention(drawn(29, 0), asked=0.05)
    assert made is None and note.startswith("none: 29 rows")


def test_what_is_told_was_measured_on_other_rows() -> None:
    rows = drawn(2_000, 7)
    made, _ = fit_abstention(rows, asked=0.05)
    assert made is not None
    answered = cross_fitted(rows, (0.05, 0.1), seed=0)
    told = risk_curve(rows, made, risks=(0.05, 0.1), answered=answered, where="2,000 rows")
    assert [p.risk for p in told.at] == [0.05, 0.1]
    for point, taken in zip(told.at, answered, strict=True):
        assert point.answered == pytest.approx(taken.mean())
        assert point.wrong == pytest.approx(rows.wrong[taken].mean())
        assert point.low <= point.wrong <= point.high and point.low_answered < point.answered < point.high_answered
    assert [p.answered for p in told.curve] == sorted(p.answered for p in told.curve)
    assert told.curve[-1].answered == 1 and told.curve[-1].wrong == pytest.approx(rows.wrong.mean())
