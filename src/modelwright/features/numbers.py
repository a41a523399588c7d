"""Numbers without gaps and to scale, for linear models, neighbours and networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from modelwright.data.columns import Columns
from modelwright.runtime.ops.base import LARGEST
from modelwright.runtime.ops.numbers import QuantileNumbers, ScaledNumbers

__all__ = ["QuantileEncoder", "ScaledEncoder"]

MAX_KNOTS = 256
"""Knots of a table of quantiles: enough to tell 0.4 % steps apart, small to store."""


def _columns(columns: Columns, names: Sequence[str]) -> list[np.ndarray]:
    return [np.clip(np.asarray(columns[name], dtype=np.float64), -LARGEST, LARGEST) for name in names]


def _indicators(values: Sequence[np.ndarray]) -> tuple[int, ...]:
    """Return the columns in which some values are missing, but not all."""
    gaps = [np.isnan(v) for v in values]
    return tuple(j for j, gap in enumerate(gaps) if gap.any() and not gap.all())


def _names(names: Sequence[str], indicators: Sequence[int], suffix: str) -> tuple[str, ...]:
    return (*(f"{name}{suffix}" for name in names), *(f"{names[j]}:missing" for j in indicators))


@dataclass(frozen=True, kw_only=True)
class ScaledEncoder:
    """Median for missing values, clipped to the range seen, mean 0 and standard deviation 1."""

    def fit(self, names: Sequence[str], columns: Columns) -> ScaledNumbers:
        """Return the operation for all ``names`` together."""
        values = _columns(columns, names)
        rows = np.array([self._one(v[~np.isnan(v)], len(v)) for v in values]).reshape(-1, 5)
        fill, low, high, center, factor = np.ascontiguousarray(rows.T)
        indicators = _indicators(values)
        return ScaledNumbers(
            inputs=tuple(names),
            names=_names(names, indicators, ""),
            indicators=indicators,
            fill=fill,
            low=low,
            high=high,
            center=center,
            factor=factor,
        )

    @staticmethod
    def _one(seen: np.ndarray, n_rows: int) -> tuple[float, float, float, float, float]:
        if not len(seen):
            return 0.0, 0.0, 0.0, 0.0, 1.0
        median, low, high = float(np.median(seen)), float(seen.min()), float(seen.max())
        if low == high:
            return median, low, high, low, 1.0
        n_missing = n_rows - len(seen)
        center = (seen.sum() + n_missing * median) / n_rows
        variance = (((seen - center) ** 2).sum() + n_missing * (median - center) ** 2) / n_rows
        spread = float(np.sqrt(variance))
        # Numbers that differ only in the last bits have no scale.
        factor = 1.0 / spread if spread > 1e-12 * max(abs(low), abs(high)) else 1.0
        return median, low, high, float(center), factor


@dataclass(frozen=True, kw_only=True)
class QuantileEncoder:
    """Each number as the normal score of its rank: long tails and odd units no longer matter.

    Ties share the middle of their ranks (van der Waerden scores). Missing values get 0, the middle.

    Attributes
    ----------
    indicators : bool
        Whether to write indicators of what is missing.
    suffix : str
        Ends the features' names.
    """

    indicators: bool = True
    suffix: str = ""

    def fit(self, names: Sequence[str], columns: Columns) -> QuantileNumbers:
        """Return the operation for all ``names`` together."""
        values = _columns(columns, names)
        tables = [self._table(v[~np.isnan(v)]) for v in values]
        indicators = _indicators(values) if self.indicators else ()
        return QuantileNumbers(
            inputs=tuple(names),
            names=_names(names, indicators, self.suffix),
            indicators=indicators,
            starts=tuple(np.cumsum([0, *(len(knots) for knots, _ in tables)]).tolist()),
            knots=np.concatenate([knots for knots, _ in tables]),
            heights=np.concatenate([heights for _, heights in tables]),
            fill=np.zeros(len(names)),
        )

    @staticmethod
    def _table(seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if not len(seen):
            return np.zeros(1), np.zeros(1)
        knots, counts = np.unique(seen, return_counts=True)
        middle = (np.cumsum(counts) - 0.5 * counts) / len(seen)
        if len(knots) > MAX_KNOTS:
            picked = np.searchsorted(middle, np.linspace(middle[0], middle[-1], MAX_KNOTS))
            picked = np.unique(np.minimum(picked, len(knots) - 1))
            knots, middle = knots[picked], middle[picked]
        normal = NormalDist()
        heights = np.array([normal.inv_cdf(p) for p in middle])
        return knots, heights
