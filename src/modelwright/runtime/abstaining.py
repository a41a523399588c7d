"""Which predictions are left to a person, as a version keeps it. Applied with numpy alone.

A row has a *doubt*: for classes the probability that the predicted one is wrong, for values the width of the interval
around the prediction. Rows whose doubt is at most a limit are answered, the others abstain; there is a limit for each
risk, the share of answered rows that may be wrong. `modelwright.evaluate.abstaining` finds the limits on rows that
trained no model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from modelwright.bounds import HIGHEST_RISK, LOWEST_RISK
from modelwright.errors import BundleError, UsageError
from modelwright.runtime.answers import chosen_class, threshold_or_half
from modelwright.runtime.intervals import Intervals

__all__ = [
    "ABSTAIN",
    "NOBODY",
    "WIDTH_AT",
    "Abstention",
    "chosen_class",
    "doubt_of_classes",
    "doubt_of_values",
]

ABSTAIN = "abstain"
"""The column of answers: true where the row should go to a person."""

NOBODY = -1.0
"""The limit at which no row is answered: no doubt is below 0."""

WIDTH_AT = 0.8
"""Coverage of the interval whose width is the doubt of a value: few rows support it."""

MOST_RISKS = 100
_ROUNDING = 1e-9


def doubt_of_classes(prediction: np.ndarray, threshold: float | None) -> np.ndarray:
    """Return the probability that the answered class is wrong, shape ``(n_rows,)``."""
    own = prediction[np.arange(len(prediction)), chosen_class(prediction, threshold)]
    return 1.0 - own


def doubt_of_values(prediction: np.ndarray, intervals: Intervals) -> np.ndarray:
    """Return the width of the interval around each value, shape ``(n_rows,)``."""
    low, high = intervals(prediction[:, 0], min(WIDTH_AT, float(intervals.coverages[-1])))
    return high - low


@dataclass(frozen=True, kw_only=True, eq=False)
class Abstention:
    """Limits of doubt by risk. Immutable; any number of threads may use it at once.

    Promises: any row alone gets what it gets in a batch; a lower risk never answers a row that a higher one leaves to
    a person.

    Attributes
    ----------
    risks : ndarray of float64, shape (n_risks,)
        Ascending shares of answered rows that may be wrong.
    limits : ndarray of float64, shape (n_risks,)
        Highest doubt that is answered; `NOBODY` where none may be. Never falling.
    tolerance : float or None
        For values: by how much one may be off and is still right, in the target's unit.
    asked : float or None
        The risk that the brief asks for: predictions then say whether they abstain without being asked.
    n : int
        Rows they rest on; groups of rows where rows belong together.

    Raises
    ------
    BundleError
        Numbers that cannot be (MW-B404).
    """

    risks: np.ndarray
    limits: np.ndarray
    tolerance: float | None = None
    asked: float | None = None
    n: int

    def __post_init__(self) -> None:
        risks, limits = self.risks, self.limits
        if not 0 < len(risks) == len(limits) <= MOST_RISKS or self.n < 1:
            raise _damaged("it has no limit for each risk, or rests on no row")
        if not (np.isfinite(risks).all() and np.isfinite(limits).all()):
            raise _damaged("a number in it is none")
        if risks[0] < LOWEST_RISK - _ROUNDING or risks[-1] > HIGHEST_RISK + _ROUNDING or (np.diff(risks) <= 0).any():
            raise _damaged("its risks are no shares that rise")
        if limits[0] < NOBODY or (np.diff(limits) < 0).any():
            raise _damaged("its limits fall")
        if self.tolerance is not None and not 0 <= self.tolerance < np.inf:
            raise _damaged("its tolerance is none")
        if self.asked is not None and not risks[0] - _ROUNDING <= self.asked <= risks[-1] + _ROUNDING:
            raise _damaged("it has no limit for the risk that was asked for")

    def limit(self, risk: float) -> float:
        """Return the highest doubt that is answered at a risk; one between two of the table counts as the lower.

        Raises
        ------
        UsageError
            The risk is no share, or lower than any in the table (MW-U604).
        """
        number = isinstance(risk, int | float) and not isinstance(risk, bool)
        if not number or not LOWEST_RISK - _ROUNDING <= risk <= HIGHEST_RISK + _ROUNDING:  # NaN compares as false
            raise UsageError(
                f"the risk of an answer is a share from {LOWEST_RISK} to {HIGHEST_RISK}",
                fix="ask for 0.05: at most five of a hundred answers are then wrong, the other rows go to a person",
                code="MW-U604",
            )
        place = int(np.searchsorted(self.risks, risk + _ROUNDING, side="right")) - 1
        return NOBODY if place < 0 else float(self.limits[place])

    def __call__(self, doubt: np.ndarray, risk: float) -> np.ndarray:
        """Return which rows go to a person, bool of the shape of ``doubt``; raises as `limit` does."""
        return doubt > self.limit(risk)

    def row(
        self, risk: float, *, threshold: float | None, intervals: Intervals | None
    ) -> Callable[[list[float]], bool]:
        """Return the function that says of one prediction whether it goes to a person; as `__call__` for many."""
        limit = self.limit(risk)
        if intervals is not None:
            widths = intervals
            return lambda prediction: bool(doubt_of_values(np.array([prediction[:1]]), widths)[0] > limit)
        cut = threshold_or_half(threshold)

        def of_classes(prediction: list[float]) -> bool:
            own = prediction[int(prediction[1] >= cut)] if len(prediction) == 2 else max(prediction)
            return 1.0 - own > limit

        return of_classes

    def to_json(self) -> dict[str, Any]:
        """Return the state; `build` makes the same of it."""
        return {
            "risks": self.risks.tolist(),
            "limits": self.limits.tolist(),
            "tolerance": self.tolerance,
            "asked": self.asked,
            "n": self.n,
        }

    @classmethod
    def build(cls, state: Mapping[str, Any]) -> Abstention:
        """Make it from its state; raises BundleError on a state that cannot be (MW-B404)."""
        risks, limits, n = state.get("risks"), state.get("limits"), state.get("n")
        if not (_numbers(risks) and _numbers(limits)) or isinstance(n, bool) or not isinstance(n, int):
            raise _damaged("a number in it is none")
        more = {}
        for name in ("tolerance", "asked"):
            value = state.get(name)
            if value is not None and not _numbers([value]):
                raise _damaged(f"its {name} is none")
            more[name] = None if value is None else float(value)
        return cls(risks=np.array(risks, np.float64), limits=np.array(limits, np.float64), n=n, **more)


def _numbers(values: Any) -> bool:
    return (
        isinstance(values, list)
        and 0 < len(values) <= MOST_RISKS
        and all(isinstance(v, int | float) and not isinstance(v, bool) and abs(v) < 1e300 for v in values)
    )


def _damaged(what: str) -> BundleError:
    return BundleError(
        f"the limits of the version for leaving rows to a person are damaged: {what}",
        fix="restore the version from where it was made, or package the model again",
        code="MW-B404",
    )
