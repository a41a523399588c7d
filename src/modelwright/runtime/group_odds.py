"""Thresholds of groups of people: the odds of each group are multiplied by a number of its own, so that one common
threshold on what comes out is another threshold for each group on what went in.

Written as odds, not as a table of thresholds, because all that follows (the decision, ranking by chance, money, sets of
classes, leaving rows to a person, exports) then knows one threshold and treats every row as it is decided. What it
costs: the chance of a group with a number beside 1 is on the scale of the common threshold and no longer how often the
event happens. Rows whose group is missing, new or too small to have a number keep what the model says.
Applied with numpy alone; `modelwright.govern.fairness.thresholds` finds the numbers.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from modelwright.data.columns import Column, Columns, Strings
from modelwright.errors import BundleError

__all__ = ["Cut", "GroupOdds", "moved"]

MOST_CELLS = 4096
MOST_COLUMNS = 8


@dataclass(frozen=True, kw_only=True)
class Cut:
    """How the values of a column make groups: by one of three.

    Attributes
    ----------
    column : str
    levels : tuple of str
        Of a column of levels.
    values : tuple of float
        The numbers that are groups, ascending.
    edges : tuple of float
        Or the numbers up to which, each included, the groups reach; the last reaches beyond.
    """

    column: str
    levels: tuple[str, ...] = ()
    values: tuple[float, ...] = ()
    edges: tuple[float, ...] = ()

    @property
    def size(self) -> int:
        """How many groups there are."""
        return len(self.levels) or len(self.values) or len(self.edges) + 1

    def codes(self, column: Column) -> np.ndarray:
        """Return the group of each row, -1 where it has none."""
        if isinstance(column, Strings):
            return column.recode({level: k for k, level in enumerate(self.levels)}, -1)
        values = np.asarray(column, dtype=np.float64)
        known = ~np.isnan(values)
        if not self.values:
            return np.where(known, np.searchsorted(self.edges, np.nan_to_num(values), side="left"), -1)
        found = np.array(self.values)
        at = np.minimum(np.searchsorted(found, np.nan_to_num(values)), len(found) - 1)
        return np.where(known & (found[at] == values), at, -1)

    def row(self) -> Callable[[Any], int]:
        """Return the function that says the group of one value."""
        if self.levels:
            known = {level: k for k, level in enumerate(self.levels)}
            return lambda value: known.get(value, -1)
        if self.values:
            numbers = {value: k for k, value in enumerate(self.values)}
            return lambda value: numbers.get(value, -1)
        edges = np.array(self.edges)
        return lambda value: -1 if value is None or value != value else int(np.searchsorted(edges, value, side="left"))


def moved(chance: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """Return chances whose odds are multiplied by a factor."""
    return np.asarray(chance * factor / (chance * factor + (1.0 - chance)))


@dataclass(frozen=True, kw_only=True, eq=False)
class GroupOdds:
    """Numbers by which the odds of groups are multiplied. Immutable; any number of threads may use it at once.

    Promises: pure; any row alone gets what it gets in a batch; the order of rows of one group stays.

    Attributes
    ----------
    cuts : tuple of Cut
        The columns; a group is one of each of them together.
    factors : ndarray of float64, shape (cuts[0].size, cuts[1].size, …)
        Above 0; 1 where nothing changes.

    Raises
    ------
    BundleError
        They do not belong together (MW-B136).
    """

    cuts: tuple[Cut, ...]
    factors: np.ndarray

    def __post_init__(self) -> None:
        shape = tuple(cut.size for cut in self.cuts)
        if not 0 < len(shape) <= MOST_COLUMNS or self.factors.shape != shape or self.factors.size > MOST_CELLS:
            raise _damaged("it has not one number for each group")
        if len(set(self.columns)) < len(self.cuts):
            raise _damaged("it has a column twice")
        if not (np.isfinite(self.factors).all() and (self.factors > 0).all()):
            raise _damaged("a number in it is none above 0")
        for cut in self.cuts:
            numbers = cut.values or cut.edges
            if not all(a < b for a, b in itertools.pairwise(numbers)) or len(set(cut.levels)) < len(cut.levels):
                raise _damaged(f"the groups of '{cut.column}' are none")

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read."""
        return tuple(cut.column for cut in self.cuts)

    def factor(self, columns: Columns) -> np.ndarray:
        """Return the number of each row, shape (n_rows,)."""
        codes = np.array([cut.codes(columns[cut.column]) for cut in self.cuts])
        known = (codes >= 0).all(axis=0)
        return np.where(known, self.factors[tuple(np.maximum(codes, 0))], 1.0)

    def __call__(self, prediction: np.ndarray, columns: Columns) -> np.ndarray:
        """Return probabilities with the odds of the event moved, shape (n_rows, 2)."""
        event = moved(prediction[:, 1], self.factor(columns))
        return np.column_stack([1.0 - event, event])

    def row(self, where: Mapping[str, int]) -> Callable[[list[float], Sequence[Any]], list[float]]:
        """Return the function that moves one prediction, given the values of its row; as `__call__` for many."""
        parts = [(where[cut.column], cut.row()) for cut in self.cuts]
        numbers: dict[tuple[int, ...], float] = {at: float(k) for at, k in np.ndenumerate(self.factors)}

        def move(prediction: list[float], values: Sequence[Any]) -> list[float]:
            factor = numbers.get(tuple([code(values[at]) for at, code in parts]), 1.0)
            part = prediction[1] * factor
            event = part / (part + (1.0 - prediction[1]))
            return [1.0 - event, event]

        return move

    def to_json(self) -> dict[str, Any]:
        """Return the state; `build` makes the same of it."""
        cuts = [
            {"column": c.column, "levels": list(c.levels), "values": list(c.values), "edges": list(c.edges)}
            for c in self.cuts
        ]
        return {"cuts": cuts, "factors": self.factors.ravel().tolist()}

    @classmethod
    def build(cls, state: Mapping[str, Any]) -> GroupOdds:
        """Make it from its state; raises BundleError on a state that cannot be (MW-B136)."""
        listed, factors = state.get("cuts"), state.get("factors")
        if not isinstance(listed, list) or not 0 < len(listed) <= MOST_COLUMNS:
            raise _damaged("its groups are no list")
        if not isinstance(factors, list) or not _numbers(factors):
            raise _damaged("its numbers are none")
        cuts = tuple(_cut(one) for one in listed)
        if math.prod(cut.size for cut in cuts) != len(factors):
            raise _damaged("it has not one number for each group")
        return cls(cuts=cuts, factors=np.array(factors, np.float64).reshape([cut.size for cut in cuts]))


def _cut(state: Any) -> Cut:
    if not isinstance(state, Mapping) or not isinstance(state.get("column"), str):
        raise _damaged("it names no column")
    levels, values, edges = (state.get(name, []) for name in ("levels", "values", "edges"))
    if not isinstance(levels, list) or not all(isinstance(level, str) for level in levels):
        raise _damaged("its groups are no list of names")
    if not (_numbers(values) and _numbers(edges)) or sum(map(bool, (levels, values, edges))) > 1:
        raise _damaged("its groups are no numbers")
    return Cut(
        column=state["column"],
        levels=tuple(levels),
        values=tuple(map(float, values)),
        edges=tuple(map(float, edges)),
    )


def _numbers(values: Any) -> bool:
    return (
        isinstance(values, list)
        and len(values) <= MOST_CELLS
        and all(isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v) for v in values)
    )


def _damaged(what: str) -> BundleError:
    return BundleError(
        f"the thresholds by group of the version are damaged: {what}",
        fix="restore the version from where it was made, or package the model again",
        code="MW-B136",
    )
