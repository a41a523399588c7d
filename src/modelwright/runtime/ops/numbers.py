"""Numbers: as they are for trees; without gaps and to scale for linear models, networks and neighbours.

Many columns share one operation: a call then costs a few array operations in all, not a few per column.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from modelwright.data.columns import Columns
from modelwright.runtime.ops.base import LARGEST, Operation, refused

__all__ = ["Numbers", "QuantileNumbers", "ScaledNumbers"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Numbers(Operation):
    """Number columns as they are, NaN where missing; magnitudes no float32 can hold are brought into its range."""

    op: ClassVar[str] = "numbers"

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.names) != len(self.inputs):
            raise refused(self.op, "there must be one feature per column")

    @property
    def sources(self) -> tuple[tuple[str, ...], ...]:
        return tuple((name,) for name in self.inputs)

    def write(self, columns: Columns, out: np.ndarray) -> None:
        _gather(columns, self.inputs, out)
        np.minimum(out, LARGEST, out=out)
        np.maximum(out, -LARGEST, out=out)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Complete(Operation):
    """Shared by the encoders without gaps: first one feature per column, then one indicator per column of
    ``indicators`` that is 1 where the column is missing."""

    indicators: tuple[int, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.names) != len(self.inputs) + len(self.indicators):
            raise refused(self.op, "there must be one feature per column and indicator")
        if any(not 0 <= i < len(self.inputs) for i in self.indicators):
            raise refused(self.op, "an indicator's column is out of range")

    @property
    def sources(self) -> tuple[tuple[str, ...], ...]:
        return tuple((name,) for name in self.inputs) + tuple((self.inputs[i],) for i in self.indicators)

    @cached_property
    def _indicator_index(self) -> np.ndarray:
        return np.array(self.indicators, dtype=np.intp)

    def _split(self, columns: Columns, out: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gather the columns, write the indicators; return the part for values and where it is missing."""
        width = len(self.inputs)
        values = out[:, :width]
        _gather(columns, self.inputs, values)
        missing = np.isnan(values)
        if self.indicators:
            out[:, width:] = missing[:, self._indicator_index]
        return values, missing


@dataclass(frozen=True, eq=False, kw_only=True)
class ScaledNumbers(_Complete):
    """``(clip(x, low, high) - center) * factor`` with missing values replaced by ``fill`` first.

    Clipping to the training range keeps a linear model from extrapolating to absurd values.
    """

    op: ClassVar[str] = "scaled"

    fill: np.ndarray
    low: np.ndarray
    high: np.ndarray
    center: np.ndarray
    factor: np.ndarray

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return dict.fromkeys(("fill", "low", "high", "center", "factor"), (len(self.inputs),))

    def write(self, columns: Columns, out: np.ndarray) -> None:
        values, missing = self._split(columns, out)
        np.copyto(values, self.fill, where=missing)
        np.maximum(values, self.low, out=values)
        np.minimum(values, self.high, out=values)
        values -= self.center
        values *= self.factor


@dataclass(frozen=True, eq=False, kw_only=True)
class QuantileNumbers(_Complete):
    """Each column mapped to a standard normal distribution by its training quantiles, linear between the knots.

    ``knots`` and ``heights`` hold the tables of all columns one after the other, column ``j`` from ``starts[j]`` to
    ``starts[j + 1]``. A missing value becomes ``fill``.
    """

    op: ClassVar[str] = "quantile"

    starts: tuple[int, ...]
    knots: np.ndarray
    heights: np.ndarray
    fill: np.ndarray

    def __post_init__(self) -> None:
        super().__post_init__()
        steps = np.diff(np.array(self.starts))
        if len(steps) != len(self.inputs) or self.starts[0] != 0 or (steps < 1).any():
            raise refused(self.op, "every column needs its table of quantiles")
        if len(self.knots) != self.starts[-1]:
            raise refused(self.op, "the tables of quantiles are incomplete")

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {"heights": self.knots.shape, "fill": (len(self.inputs),)}

    @cached_property
    def _tables(self) -> list[tuple[np.ndarray, np.ndarray]]:
        parts = zip(self.starts[:-1], self.starts[1:], strict=True)
        return [(self.knots[a:b], self.heights[a:b]) for a, b in parts]

    def write(self, columns: Columns, out: np.ndarray) -> None:
        values, missing = self._split(columns, out)
        for j, (knots, heights) in enumerate(self._tables):
            values[:, j] = np.interp(values[:, j], knots, heights)
        np.copyto(values, self.fill, where=missing)


def _gather(columns: Columns, names: tuple[str, ...], out: np.ndarray) -> None:
    for j, name in enumerate(names):
        out[:, j] = columns[name]
