"""How rules look at columns: values as level numbers, counts and missingness, computed once per audit."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from modelwright.audit.findings import AuditContext
from modelwright.data.columns import Column, Strings
from modelwright.data.ranks import average_ranks

__all__ = [
    "Coded",
    "auc",
    "code_column",
    "coded",
    "hash_rows",
    "is_missing",
    "level_ranks",
    "memo",
    "order_correlation",
    "rank_correlation",
    "values_of",
]

T = TypeVar("T")
_PRIME = np.uint64(0x9E3779B97F4A7C15)  # Fibonacci hashing (Knuth, TAOCP 3, 6.4)


def memo(context: AuditContext, key: Hashable, make: Callable[[], T]) -> T:
    """Return ``make()``, kept in ``context.shared`` for the other rules."""
    if key not in context.shared:
        context.shared[key] = make()
    return context.shared[key]


@dataclass(frozen=True, eq=False)
class Coded:
    """A column by the number of each row's value.

    Attributes
    ----------
    codes : ndarray of int, shape (n_rows,)
        Number of the value, -1 where missing. Numbers are in ascending order of the value for numeric columns.
    counts : ndarray of int, shape (n_levels,)
        Rows per value; every value occurs.
    values : ndarray, shape (n_levels,)
        The values: float64, or str objects.
    """

    codes: np.ndarray
    counts: np.ndarray
    values: np.ndarray

    @property
    def n_levels(self) -> int:
        return len(self.counts)

    @property
    def n_present(self) -> int:
        return int(self.counts.sum())

    @property
    def n_missing(self) -> int:
        return len(self.codes) - self.n_present


def level_ranks(column: Coded) -> np.ndarray:
    """Return the rank of each row's value among the known ones, from 1, equal values sharing theirs; NaN where missing.

    Of numbers that is what `average_ranks` says, without sorting again.
    """
    return np.append(np.cumsum(column.counts) - (column.counts - 1) / 2, np.nan)[column.codes]


def order_correlation(column: Coded) -> float:
    """Return Spearman's correlation of a column's known values with the number of the row; 0 where undefined."""
    ranks = level_ranks(column)[column.codes >= 0]
    if len(ranks) < 3 or column.n_levels < 2:
        return 0.0
    x, place = ranks - ranks.mean(), np.arange(len(ranks)) - (len(ranks) - 1) / 2
    return float((x @ place) / np.sqrt((x @ x) * (place @ place)))


def is_missing(column: Column) -> np.ndarray:
    """Return where the column is missing, a boolean per row."""
    return column.codes < 0 if isinstance(column, Strings) else np.isnan(column)


def coded(context: AuditContext, name: str) -> Coded:
    """Return a column of the context by level numbers."""
    return memo(context, ("coded", name), lambda: code_column(context.columns[name]))


def hash_rows(context: AuditContext, names: Iterable[str]) -> np.ndarray:
    """Return a 64-bit hash per row over the level numbers (chance of any collision in 50,000 rows: 1e-10)."""
    state = np.zeros(len(context.row_numbers), np.uint64)
    for name in names:
        mixed = (state ^ (coded(context, name).codes + 2).astype(np.uint64)) * _PRIME
        state = mixed ^ (mixed >> np.uint64(29))
    return state


def code_column(column: Column) -> Coded:
    """Return a column by level numbers."""
    raw = column.codes if isinstance(column, Strings) else column
    present = ~is_missing(column)
    used, inverse = np.unique(raw[present], return_inverse=True)
    codes = np.full(len(raw), -1, dtype=np.int64)
    codes[present] = inverse
    values = column.levels[used] if isinstance(column, Strings) else used
    return Coded(codes, np.bincount(inverse, minlength=len(used)), values)


def values_of(context: AuditContext, name: str) -> np.ndarray | None:
    """Return a numeric column's float64 values, None for `Strings`."""
    column = context.columns[name]
    return None if isinstance(column, Strings) else column


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Return Spearman's correlation over the rows where both are known; 0 where it is not defined."""
    known = np.isfinite(a) & np.isfinite(b)
    if known.sum() < 3 or np.ptp(a[known]) == 0 or np.ptp(b[known]) == 0:
        return 0.0
    return float(np.corrcoef(average_ranks(a[known]), average_ranks(b[known]))[0, 1])


def auc(score: np.ndarray, event: np.ndarray) -> float:
    """Return the area under the ROC curve; NaN where all rows are events, or none is."""
    n_event = int(event.sum())
    if n_event in (0, len(event)):
        return float("nan")
    ranks = average_ranks(score)
    return float((ranks[event].sum() - n_event * (n_event + 1) / 2) / (n_event * (len(event) - n_event)))
