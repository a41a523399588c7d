"""Disturbing rows, and measuring what becomes of the score."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np

from modelwright.data.canonical import canonicalise
from modelwright.data.columns import Columns
from modelwright.data.contract import Violation
from modelwright.errors import ContractError
from modelwright.evaluate.intervals import gain, measure
from modelwright.evaluate.measurements import Measurement, StressCase, Stressed
from modelwright.evaluate.metrics import Metric
from modelwright.evaluate.stress.base import Case, Rows, Stress

__all__ = ["MOST_ROWS", "Target", "measure_stress"]

MOST_ROWS = 1_000
"""Rows that are disturbed: the standard error of a share is then 1.6 points at most."""
BREAKS, WEAKENS = 0.5, 0.1
"""Share of what the model has over a constant: a model that loses half of it is not the one that was judged; a tenth
is what `modelwright.govern.gates.baselines` calls worth having."""

Predict = Callable[[Columns], np.ndarray]


@dataclass(frozen=True, kw_only=True, eq=False)
class Target:
    """What the rows are judged by.

    Attributes
    ----------
    metric : Metric
    y : ndarray of float64, shape (n_rows,)
    constant : ndarray of float64, shape (n_rows, n_outputs), or None
        What a constant predicts for the rows, where that is known.
    threshold : float or None
    groups : ndarray of int, or None
    unit : str
    """

    metric: Metric
    y: np.ndarray
    constant: np.ndarray | None = None
    threshold: float | None = None
    groups: np.ndarray | None = None
    unit: str = ""


def measure_stress(
    predict: Predict,
    rows: Rows,
    target: Target,
    stresses: Iterable[Stress],
    *,
    measured_on: str,
    seed: int,
    deadline_s: float,
) -> Stressed:
    """Return what each disturbance costs; stresses take turns, so that a lack of time leaves out the least of each.

    Parameters
    ----------
    predict : callable
        Canonical columns to predictions, shape (n_rows, n_outputs), of a model that was not fitted on the rows.
    rows : Rows
    target : Target
    stresses : iterable of Stress
    measured_on : str
    seed : int
    deadline_s : float
        From now on; the case in work is finished.
    """
    deadline = time.monotonic() + deadline_s
    before = predict(rows.columns)
    base = _score(target, before, seed)
    skill = _skill(target, base)
    waiting = list(_in_turns([list(stress.cases(rows)) for stress in stresses]))
    found = []
    for number, case in enumerate(waiting):
        if number and time.monotonic() > deadline:
            break
        # Each case has a generator of its own: it costs the same whichever others there was time for.
        rng = np.random.default_rng([seed, 29, number])
        found.append(_tried(case, predict, rows, target, before, skill, rng, seed))
    found.sort(key=_weight)
    return Stressed(base=base, cases=tuple(found), measured_on=measured_on, left_out=len(waiting) - len(found))


def _in_turns(by_stress: Sequence[Sequence[Case]]) -> Iterator[Case]:
    for turn in zip_longest(*by_stress):
        yield from (case for case in turn if case is not None)


def _tried(
    case: Case,
    predict: Predict,
    rows: Rows,
    target: Target,
    before: np.ndarray,
    skill: float | None,
    rng: np.random.Generator,
    seed: int,
) -> StressCase:
    contract = rows.contract.only(case.columns)
    try:
        changed, violations = canonicalise(dict(case.change(rng)), contract, required=case.columns)
    except ContractError as error:
        return StressCase(
            stress=case.stress,
            columns=case.columns,
            words=case.words,
            score=None,
            lost=None,
            share=None,
            refused=error.what,
            judgement="refused",
        )
    after = predict({**rows.columns, **changed})
    lost = gain(
        target.metric, target.y, before, after, groups=target.groups, seed=seed, threshold=target.threshold,
        other_threshold=target.threshold, unit=target.unit,
    )  # fmt: skip
    share = None if skill is None or lost.value is None else lost.value / skill
    return StressCase(
        stress=case.stress,
        columns=case.columns,
        words=case.words,
        score=_score(target, after, seed),
        lost=lost,
        share=share,
        noticed=_noticed(violations),
        judgement=_judged(lost, share),
    )


def _score(target: Target, prediction: np.ndarray, seed: int) -> Measurement:
    return measure(
        target.metric, target.y, prediction, groups=target.groups, seed=seed, threshold=target.threshold,
        unit=target.unit,
    )  # fmt: skip


def _skill(target: Target, base: Measurement) -> float | None:
    """Return by how much the model beats a constant on these rows; None where it does not."""
    if target.constant is None or base.value is None:
        return None
    naive = target.metric(target.y, target.constant, target.threshold)
    better = base.value - naive if target.metric.greater_is_better else naive - base.value
    return float(better) if np.isfinite(better) and better > 0 else None


def _judged(lost: Measurement, share: float | None) -> str:
    if share is None or lost.low is None or lost.low <= 0 or share <= WEAKENS:
        return "holds"
    return "breaks" if share > BREAKS else "weakens"


def _noticed(violations: Sequence[Violation]) -> str:
    """Return what the contract says of most rows, and of how many columns it says something."""
    if not violations:
        return ""
    first = max(violations, key=lambda v: v.n_rows)
    more = len({v.column for v in violations}) - 1
    return first.message + (f", and of {more} more columns" if more > 1 else ", and of one more column" if more else "")


def _weight(case: StressCase) -> tuple[bool, float]:
    lost = None if case.lost is None else case.lost.value
    return case.score is None, -(lost if lost is not None else 0.0)
