"""Intervals around single predictions, and sets of classes, as a version keeps them. Applied with numpy alone.

An interval is the prediction plus two offsets that depend on the prediction and on the coverage asked for. They are
kept as a table: a row per coverage, a column per knot on the axis of predictions; what lies between is interpolated.
So an interval of constant width is a table with one knot, and a skewed one has offsets of different size.
`modelwright.evaluate.conformal` fits the tables on predictions of rows that trained no model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from modelwright.errors import BundleError, UsageError
from modelwright.runtime.transform import TargetTransform

__all__ = ["HIGHEST", "LOWEST", "Intervals", "Sets", "from_json"]

LOWEST, HIGHEST = 0.5, 0.99
"""Coverages that make sense: below one half the point prediction says more, above 0.99 the tails are guesswork."""

MAX_TABLE = 100_000  # numbers in a table; what is fitted has less than a thousand
_ROUNDING = 1e-9
_LARGEST = float(np.finfo(np.float64).max)


@dataclass(frozen=True, kw_only=True, eq=False)
class Intervals:
    """Prediction intervals of a model of values. Immutable; any number of threads may use it at once.

    Promises: any row alone gets what it gets in a batch; an interval contains its prediction; a higher coverage never
    gives a narrower interval; bounds are finite, and within those of the transform where the prediction is.

    Attributes
    ----------
    coverages : ndarray of float64, shape (n_coverages,)
        Ascending, within 0.5 and 0.99; only those that the rows could support.
    knots : ndarray of float64, shape (n_knots,)
        Ascending predictions, as the transform shows them.
    low, high : ndarray of float64, shape (n_coverages, n_knots)
        Offsets below (0 or less) and above (0 or more) the prediction, as the transform shows it. Beyond the outermost
        knots they stay as they are there.
    transform : TargetTransform
        The scale on which offsets are added, and the bounds of the target.
    n : int
        Rows they rest on; groups of rows where rows belong together.

    Raises
    ------
    BundleError
        Tables that cannot be: not finite, of other shapes, not nested (MW-B403).
    """

    coverages: np.ndarray
    knots: np.ndarray
    low: np.ndarray
    high: np.ndarray
    transform: TargetTransform
    n: int
    kind: ClassVar[str] = "intervals"

    def __post_init__(self) -> None:
        _check_coverages(self.coverages, self.n)
        if not (len(self.knots) and np.isfinite(self.knots).all() and (np.diff(self.knots) > 0).all()):
            raise _damaged("its knots are not finite and ascending")
        for table, sign in ((self.low, -1), (self.high, 1)):
            if table.shape != (len(self.coverages), len(self.knots)) or not np.isfinite(table).all():
                raise _damaged("a table has another shape, or holds what is no number")
            if (sign * table < 0).any() or (np.diff(sign * table, axis=0) < 0).any():
                raise _damaged("intervals of a higher coverage do not contain those of a lower one")
        if self.transform.name == "log1p" and (self.transform.low is None or self.transform.low < 0):
            raise _damaged("logarithms are for values of 0 and more")

    def __call__(self, prediction: np.ndarray, coverage: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the lower and the upper bound of each interval, in the target's unit, shape ``(n_rows,)`` each.

        Parameters
        ----------
        prediction : ndarray of float64, shape (n_rows,)
        coverage : float
            Share of new rows whose interval contains the truth, 0.5 to 0.99.

        Raises
        ------
        UsageError
            The coverage is outside that range (MW-U601), or higher than the rows can support (MW-U602).
        """
        asked = check_coverage(coverage, self.coverages[-1], self.n)
        position = self.transform.forward(self._inside(prediction))
        below, above = (self._offsets(table, asked, position) for table in (self.low, self.high))
        # Rounding on the way to the scale and back must not push a bound past the prediction.
        with np.errstate(over="ignore"):
            low = np.minimum(self.transform.inverse(position + below), prediction)
            high = np.maximum(self.transform.inverse(position + above), prediction)
        return np.maximum(low, -_LARGEST), np.minimum(high, _LARGEST)

    def _inside(self, prediction: np.ndarray) -> np.ndarray:
        """Return predictions the transform can take: one below the target's bound counts as the bound."""
        low, high = self.transform.low, self.transform.high
        return prediction if low is None and high is None else np.clip(prediction, low, high)

    def _offsets(self, table: np.ndarray, coverage: float, position: np.ndarray) -> np.ndarray:
        # Quantiles bend outwards with the coverage, so a straight line between two errs on the wide side.
        upper = int(np.searchsorted(self.coverages, coverage - _ROUNDING))
        lower = max(upper - 1, 0)
        gap = self.coverages[upper] - self.coverages[lower]
        share = 1.0 if gap == 0 else min((coverage - self.coverages[lower]) / gap, 1.0)
        row = (1 - share) * table[lower] + share * table[upper]
        return np.interp(position, self.knots, row)

    def to_json(self) -> dict[str, Any]:
        """Return the state; `from_json` makes the same of it."""
        return {
            "kind": self.kind,
            "coverages": self.coverages.tolist(),
            "knots": self.knots.tolist(),
            "low": self.low.tolist(),
            "high": self.high.tolist(),
            "transform": {"name": self.transform.name, "low": self.transform.low, "high": self.transform.high},
            "n": self.n,
        }

    @classmethod
    def build(cls, state: Mapping[str, Any]) -> Intervals:
        """Make it from its state; raises BundleError on a state that cannot be (MW-B403)."""
        transform = state.get("transform")
        if not isinstance(transform, Mapping) or set(transform) != {"name", "low", "high"}:
            raise _damaged("its transform is none")
        bounds = {side: None if transform[side] is None else _number(transform[side]) for side in ("low", "high")}
        return cls(
            coverages=_vector(state, "coverages"),
            knots=_vector(state, "knots"),
            low=_table(state, "low"),
            high=_table(state, "high"),
            transform=TargetTransform(name=str(transform["name"]), low=bounds["low"], high=bounds["high"]),
            n=_count(state.get("n")),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Sets:
    """Sets of classes that contain the true one as often as asked, for each class by itself.

    A class is in the set when its probability reaches the class's own threshold (label-conditional conformal
    prediction: Vovk, Gammerman and Shafer 2005, ch. 4.5; Sadinle, Lei and Wasserman 2019). So the rare class is
    covered as often as the frequent one. A class with too few rows for the coverage is in every set.

    Attributes
    ----------
    coverages : ndarray of float64, shape (n_coverages,)
        Ascending.
    thresholds : ndarray of float64, shape (n_coverages, n_classes)
        Probabilities, falling with the coverage; 0: always in the set.
    n : int
        Rows they rest on; groups of rows where rows belong together.
    """

    coverages: np.ndarray
    thresholds: np.ndarray
    n: int
    kind: ClassVar[str] = "sets"

    def __post_init__(self) -> None:
        _check_coverages(self.coverages, self.n)
        table = self.thresholds
        if table.ndim != 2 or len(table) != len(self.coverages) or table.shape[1] < 2:
            raise _damaged("its table of thresholds has another shape")
        if not ((table >= 0).all() and (table <= 1).all() and (np.diff(table, axis=0) <= 0).all()):
            raise _damaged("its thresholds are no probabilities that fall with the coverage")

    def __call__(self, prediction: np.ndarray, coverage: float) -> np.ndarray:
        """Return which classes are in the set of each row, bool of shape ``(n_rows, n_classes)``.

        The most probable class always is. A coverage between two of the table counts as the higher one.

        Parameters
        ----------
        prediction : ndarray of float64, shape (n_rows, n_classes)
        coverage : float
            0.5 to 0.99.

        Raises
        ------
        UsageError
            The coverage is outside that range (MW-U601).
        """
        asked = check_coverage(coverage, self.coverages[-1], self.n)
        row = self.thresholds[int(np.searchsorted(self.coverages, asked - _ROUNDING))]
        inside = prediction >= row
        inside[np.arange(len(prediction)), prediction.argmax(axis=1)] = True
        return inside

    def to_json(self) -> dict[str, Any]:
        """Return the state; `from_json` makes the same of it."""
        return {
            "kind": self.kind,
            "coverages": self.coverages.tolist(),
            "thresholds": self.thresholds.tolist(),
            "n": self.n,
        }

    @classmethod
    def build(cls, state: Mapping[str, Any]) -> Sets:
        """Make it from its state; raises BundleError on a state that cannot be (MW-B403)."""
        return cls(
            coverages=_vector(state, "coverages"), thresholds=_table(state, "thresholds"), n=_count(state.get("n"))
        )


KINDS: dict[str, type[Intervals] | type[Sets]] = {c.kind: c for c in (Intervals, Sets)}


def from_json(state: Any) -> Intervals | Sets:
    """Return what a state written by ``to_json`` holds.

    Raises
    ------
    BundleError
        The state is of no known kind, or its numbers cannot be (MW-B403).
    """
    kind = state.get("kind") if isinstance(state, Mapping) else None
    if not isinstance(kind, str) or kind not in KINDS:
        raise _damaged("they are of a kind that this release does not know")
    return KINDS[kind].build(state)


def check_coverage(coverage: float, highest: float, n: int) -> float:
    """Return a coverage that can be had, as a float."""
    number = isinstance(coverage, int | float) and not isinstance(coverage, bool)
    if not number or not LOWEST - _ROUNDING <= coverage <= HIGHEST + _ROUNDING:  # NaN compares as false
        raise UsageError(
            f"the coverage of an interval is a share from {LOWEST} to {HIGHEST}",
            fix="ask for 0.9: nine of ten intervals then contain the truth",
            code="MW-U601",
        )
    if coverage > highest + _ROUNDING:
        raise UsageError(
            f"intervals of this version reach a coverage of {highest:.3g} at most: they rest on {n:,} rows or groups",
            fix=f"ask for {highest:.3g} or less, or train with more rows",
            code="MW-U602",
        )
    return float(coverage)


def _check_coverages(coverages: np.ndarray, n: int) -> None:
    plain = coverages.ndim == 1 and len(coverages) > 0 and np.isfinite(coverages).all()
    if not plain or coverages[0] < LOWEST or coverages[-1] > HIGHEST or (np.diff(coverages) <= 0).any() or n < 1:
        raise _damaged(f"its coverages do not rise from {LOWEST} to {HIGHEST} at most, or rest on no row")


def _vector(state: Mapping[str, Any], name: str) -> np.ndarray:
    return np.array(_numbers(state.get(name)), dtype=np.float64)


def _table(state: Mapping[str, Any], name: str) -> np.ndarray:
    rows = state.get(name)
    if not isinstance(rows, Sequence) or isinstance(rows, str) or not rows:
        raise _damaged(f"'{name}' is no table")
    listed = [_numbers(row) for row in rows]
    if len({len(row) for row in listed}) != 1 or len(listed) * len(listed[0]) > MAX_TABLE:
        raise _damaged(f"'{name}' is no table, or too large")
    return np.array(listed, dtype=np.float64)


def _numbers(values: Any) -> list[float]:
    if not isinstance(values, Sequence) or isinstance(values, str) or not 0 < len(values) <= MAX_TABLE:
        raise _damaged("a list of numbers in it is none")
    return [_number(v) for v in values]


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _LARGEST:
        raise _damaged("a number in it is none")
    return float(value)


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value < 1 << 53:
        raise _damaged("the number of its rows is none")
    return value


def _damaged(what: str) -> BundleError:
    return BundleError(
        f"the prediction intervals of the version are damaged: {what}",
        fix="restore the version from where it was made, or package the model again",
        code="MW-B403",
    )
