"""Numbers: as they are for trees; without gaps and to scale for linear models, networks and neighbours.

Many columns share one operation: a call then costs a few array operations in all, not a few per column.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from typing import Any, ClassVar

import numpy as np

from modelwright.data.columns import Columns
from modelwright.data.typed_rows import picker
from modelwright.runtime.op import RowWriter
from modelwright.runtime.ops.base import LARGEST, Operation, refused
from modelwright.runtime.pieces import Pieces

__all__ = ["Complete", "Numbers", "QuantileNumbers", "ScaledNumbers"]


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

    def row(self, where: Mapping[str, int], out: np.ndarray) -> RowWriter:
        gather = _gather_row(self.inputs, where, out)

        def write(values: Sequence[Any]) -> None:
            gather(values)
            np.minimum(out, LARGEST, out=out)
            np.maximum(out, -LARGEST, out=out)

        return write


@dataclass(frozen=True, eq=False, kw_only=True)
class Complete(Operation):
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

    def pieces(self) -> list[Pieces | None]:
        """Return each feature as a function of its column; None where it is none (`Pieces.of`)."""
        return [*self._of_columns(), *(Pieces.constant(0.0, missing=1.0) for _ in self.indicators)]

    def _of_columns(self) -> list[Pieces | None]:
        """Return `pieces` of the first features, one per column."""
        raise NotImplementedError

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

    def _finish(self, values: np.ndarray, missing: np.ndarray) -> None:
        """Bring gathered values, of one row or many, to their final form in place."""
        raise NotImplementedError

    def write(self, columns: Columns, out: np.ndarray) -> None:
        self._finish(*self._split(columns, out))

    def _finish_row(self, values: np.ndarray) -> Callable[[Sequence[float]], None]:
        """Return the function that brings one gathered row, finite numbers that it is also given, to its final form."""
        raise NotImplementedError

    def row(self, where: Mapping[str, int], out: np.ndarray) -> RowWriter:
        width = len(self.inputs)
        values, indicators, index = out[:width], out[width:], self._indicator_index
        pick, finish = picker([where[name] for name in self.inputs]), self._finish_row(values)
        pack, target = struct.Struct(f"={width}d").pack_into, values.data.cast("B")
        indicated = False

        def write(given: Sequence[Any]) -> None:
            nonlocal indicated
            numbers = pick(given)
            pack(target, 0, *numbers)
            if isfinite(sum(numbers)):  # so nothing is missing
                if indicated:
                    indicators[:] = 0.0
                    indicated = False
                finish(numbers)
                return
            missing = np.isnan(values)
            if len(index):
                indicators[:] = missing[index]
                indicated = True
            self._finish(values, missing)

        return write


@dataclass(frozen=True, eq=False, kw_only=True)
class ScaledNumbers(Complete):
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

    def _finish(self, values: np.ndarray, missing: np.ndarray) -> None:
        np.copyto(values, self.fill, where=missing)
        np.maximum(values, self.low, out=values)
        np.minimum(values, self.high, out=values)
        values -= self.center
        values *= self.factor

    def _of_columns(self) -> list[Pieces | None]:
        found = []
        settings = (part.tolist() for part in (self.fill, self.low, self.high, self.center, self.factor))
        for fill, low, high, center, factor in zip(*settings):
            low_end, high_end, missing = ((min(max(x, low), high) - center) * factor for x in (low, high, fill))
            found.append(
                Pieces.of(
                    np.array([low, high]),
                    np.array([0.0, center, 0.0]),
                    np.array([0.0, factor, 0.0]),
                    np.array([low_end, 0.0, high_end]),
                    missing,
                )
            )
        return found

    def _finish_row(self, values: np.ndarray) -> Callable[[Sequence[float]], None]:
        low, high, center, factor = self.low, self.high, self.center, self.factor

        def finish(numbers: Sequence[float]) -> None:
            np.maximum(values, low, out=values)
            np.minimum(values, high, out=values)
            np.subtract(values, center, values)
            np.multiply(values, factor, values)

        return finish


@dataclass(frozen=True, eq=False, kw_only=True)
class QuantileNumbers(Complete):
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

    @cached_property
    def _pieces(self) -> list[Table]:
        found = []
        for knots, heights in self._tables:
            with np.errstate(all="ignore"):  # between equal knots nothing ever is
                slopes = np.diff(heights) / np.diff(knots)
            found.append((knots.tolist(), heights.tolist(), slopes.tolist(), len(knots) - 1))
        return found

    def _of_columns(self) -> list[Pieces | None]:
        found = []
        for (knots, heights, slopes, _), fill in zip(self._pieces, self.fill.tolist()):
            parts = np.array(_reached(knots, heights, slopes))
            # a number that is at a knot belongs to the piece that begins there
            found.append(Pieces.of(np.nextafter(knots, -np.inf), parts[0], parts[2], parts[1], fill))
        return found

    def _finish(self, values: np.ndarray, missing: np.ndarray) -> None:
        if values.ndim == 1:
            values[:] = _interpolated(values.tolist(), self._pieces)
        else:
            for j, (knots, heights) in enumerate(self._tables):
                values[:, j] = np.interp(values[:, j], knots, heights)
        np.copyto(values, self.fill, where=missing)

    def _finish_row(self, values: np.ndarray) -> Callable[[Sequence[float]], None]:
        if (pieces := _side_by_side(self._pieces)) is None:
            return lambda numbers: self._finish(values, _NOTHING)
        table, firsts = pieces
        knots = [own for own, _, _, _ in self._pieces]
        found, own = np.zeros(len(knots), dtype=np.intp), np.empty((3, len(knots)))
        pack, target = struct.Struct(f"={len(knots)}q").pack_into, found.data.cast("B")
        knot, height, slope = own

        def finish(numbers: Sequence[float]) -> None:
            pack(target, 0, *map(bisect_right, knots, numbers))
            np.add(found, firsts, found)
            table.take(found, axis=1, out=own, mode="clip")
            np.subtract(values, knot, values)
            np.multiply(values, slope, values)
            np.add(values, height, values)

        return finish


_NOTHING = np.zeros(1, dtype=bool)  # is missing

Table = tuple[list[float], list[float], list[float], int]
"""Knots, heights, slopes between them, and the last knot's number."""


def _side_by_side(pieces: list[Table]) -> tuple[np.ndarray, np.ndarray] | None:
    """Return knots, heights and slopes of all columns as rows of one array, and where each column begins; None where
    a slope is more than a number can be. Before the first knot and behind the last the slope is 0."""
    columns, firsts, first = [], [], 0
    for knots, heights, slopes, _ in pieces:
        columns.append(_reached(knots, heights, slopes))
        firsts.append(first)
        first += len(knots) + 1
    table = np.array([[number for column in columns for number in column[part]] for part in range(3)])
    return (table, np.array(firsts, dtype=np.intp)) if np.isfinite(table).all() else None


def _reached(
    knots: list[float], heights: list[float], slopes: list[float]
) -> tuple[list[float], list[float], list[float]]:
    """Return knots, heights and slopes of the pieces of a column, with one before the first knot."""
    reached = [slope if a < b else 0.0 for slope, a, b in zip(slopes, knots, knots[1:])]
    return [knots[0], *knots], [heights[0], *heights], [0.0, *reached, 0.0]


def _interpolated(values: list[float], tables: list[Table]) -> list[float]:
    """Return what ``np.interp`` gives, to the bit, for one number of each table; anything where it is missing."""
    found: list[float] = []
    for x, (knots, heights, slopes, last) in zip(values, tables):
        at = bisect_right(knots, x) - 1
        if at >= last:
            found.append(heights[last])
        elif at < 0:
            found.append(heights[0])
        else:
            knot = knots[at]
            found.append(heights[at] if x == knot else slopes[at] * (x - knot) + heights[at])
    return found


def _gather_row(names: tuple[str, ...], where: Mapping[str, int], out: np.ndarray) -> RowWriter:
    """Return the function that writes the named values of a row into ``out``, without numpy's cost per element."""
    places = [where[name] for name in names]
    pack, target = struct.Struct(f"={len(places)}d").pack_into, out.data.cast("B")
    pick = picker(places)
    return lambda values: pack(target, 0, *pick(values))


def _gather(columns: Columns, names: tuple[str, ...], out: np.ndarray) -> None:
    for j, name in enumerate(names):
        out[:, j] = columns[name]
