"""Canonical columns: the one form in which rows reach features, models and the scoring runtime.

The contract turns a raw table into `Columns`: a number, boolean, datetime (seconds since 1970 UTC), duration
(seconds) or geo coordinate is a float64 array with NaN for missing; text, categories, ids and constants are
`Strings`. Nulls of every spelling are normalised here, once, for training, batch and REST alike. Only numpy is
needed, so that the runtime stays small.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

__all__ = ["Column", "Columns", "Strings", "n_rows", "take"]


@dataclass(frozen=True, eq=False)
class Strings:
    """A dictionary-encoded column of strings.

    Attributes
    ----------
    codes : ndarray of int32, shape (n_rows,)
        Position in ``levels``; -1 where the value is missing.
    levels : ndarray of object (str), shape (n_levels,)
        Distinct values; some may be unused after `take`.
    """

    codes: np.ndarray
    levels: np.ndarray

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: np.ndarray) -> Strings:
        """Return the given rows (an index or a boolean mask)."""
        return Strings(self.codes[rows], self.levels)

    def to_object(self) -> np.ndarray:
        """Return an object array of str, None where missing."""
        table: np.ndarray = np.concatenate([self.levels, np.array([None], dtype=object)])
        return table[self.codes]

    def recode(self, index: Mapping[str, int], unknown: int) -> np.ndarray:
        """Return ``index[value]`` per row, ``unknown`` for a level not in ``index``, -1 where missing (int32)."""
        table = np.fromiter((index.get(v, unknown) for v in self.levels), np.int32, len(self.levels))
        return np.concatenate([table, np.array([-1], np.int32)])[self.codes]

    @classmethod
    def from_values(cls, values: Iterable[str | None]) -> Strings:
        """Encode strings in order of first appearance; None is missing."""
        index: dict[str, int] = {}
        codes = np.fromiter((-1 if v is None else index.setdefault(v, len(index)) for v in values), np.int32)
        levels = np.empty(len(index), dtype=object)
        levels[:] = list(index)
        return cls(codes, levels)


Column: TypeAlias = np.ndarray | Strings
Columns: TypeAlias = dict[str, Column]


def take(columns: Columns, rows: np.ndarray) -> Columns:
    """Return the given rows of every column."""
    return {name: c.take(rows) if isinstance(c, Strings) else c[rows] for name, c in columns.items()}


def n_rows(columns: Columns) -> int:
    """Return the number of rows (0 without columns)."""
    return len(next(iter(columns.values()))) if columns else 0
