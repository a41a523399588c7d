"""Values of a column to ask the model about, and how they are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from modelwright.data.columns import Column, Strings
from modelwright.data.contract import Kind

__all__ = ["MISSING", "Grid", "are_years", "make_grid", "written"]

MISSING = "missing"
"""How a missing value is written where values are labels."""
POINTS = 12
LEVELS = 10
# Missing values are asked about where they are more than a curiosity.
MISSING_SHARE = 0.01
YEARS = (1800, 2100)
"""Whole numbers between are taken for years where they are written: 1993, not 1,993."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, eq=False)
class Grid:
    """Values to set, their labels, and the rows near each.

    ``values`` are numbers, or codes of levels; NaN or -1 stands for missing, always last.
    """

    values: np.ndarray
    labels: tuple[str, ...]
    n: tuple[int, ...]

    def column(self, point: int, like: Column) -> Column:
        """Return a column in which every row has the value of that point."""
        if isinstance(like, Strings):
            return Strings(np.full(len(like), self.values[point], like.codes.dtype), like.levels)
        return np.full(len(like), self.values[point])


def make_grid(column: Column, kind: Kind) -> Grid | None:
    """Return the grid of a column, None where fewer than two values can be told apart."""
    return _levels(column) if isinstance(column, Strings) else _numbers(column, kind)


def _levels(column: Strings) -> Grid | None:
    counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.levels))
    order = [int(i) for i in np.argsort(-counts, kind="stable")[:LEVELS] if counts[i] > 0]
    labels = [str(column.levels[i]) for i in order]
    n = [int(counts[i]) for i in order]
    missing = int((column.codes < 0).sum())
    if missing > MISSING_SHARE * len(column):
        order, labels, n = [*order, -1], [*labels, MISSING], [*n, missing]
    return Grid(np.array(order), tuple(labels), tuple(n)) if len(order) > 1 else None


def _numbers(column: np.ndarray, kind: Kind) -> Grid | None:
    known = column[~np.isnan(column)]
    if not len(known):
        return None
    values = np.unique(known)
    if len(values) > POINTS:
        # Quantiles of the rows, so that the model is asked where data is; existing values, so that it is asked
        # nothing impossible such as 2.5 children.
        shares = (np.arange(POINTS) + 0.5) / POINTS
        values = np.unique(np.quantile(known, shares, method="inverted_cdf"))
    middles = (values[1:] + values[:-1]) / 2
    n = np.bincount(np.searchsorted(middles, known), minlength=len(values))
    labels = written(values, kind)
    missing = len(column) - len(known)
    counts = tuple(int(c) for c in n)
    if missing > MISSING_SHARE * len(column):
        values, labels, counts = np.append(values, np.nan), (*labels, MISSING), (*counts, missing)
    return Grid(values, labels, counts) if len(values) > 1 else None


def written(values: np.ndarray, kind: Kind) -> tuple[str, ...]:
    """Return the values as text, with as many digits as tell them apart."""
    if kind is Kind.BOOLEAN:
        return tuple({0.0: "no", 1.0: "yes"}.get(float(v), f"{v:g}") for v in values)
    if kind is Kind.DATETIME:
        fine = len(values) > 1 and float(values[-1] - values[0]) < 3 * 86400
        return tuple(_moment(float(v), "%m-%d %H:%M" if fine else "%Y-%m-%d") for v in values)
    if are_years(values):
        return tuple(f"{v:.0f}" for v in values)
    for digits in range(3, 16):
        labels = tuple(_plain(float(v), digits) for v in values)
        if len(set(labels)) == len(values):
            break
    return labels


def are_years(values: Sequence[float] | np.ndarray) -> bool:
    """Return whether numbers can be taken for years: whole, and all near ours. They have no thousands separator."""
    found = np.asarray(values, dtype=float)
    return bool(len(found)) and bool(((found == np.round(found)) & (found >= YEARS[0]) & (found <= YEARS[1])).all())


def _moment(seconds: float, pattern: str) -> str:
    try:
        return (_EPOCH + timedelta(seconds=seconds)).strftime(pattern)
    except OverflowError:
        return f"{seconds:g}"


def _plain(value: float, digits: int) -> str:
    size = abs(value)
    if value == round(value) and size < 10**15:
        text = f"{value:,.0f}"
    elif 1e-4 <= size < 1e15:
        text = f"{value:,.{max(0, digits - 1 - int(np.floor(np.log10(size))))}f}"
    else:
        text = f"{value:.{digits}g}"
    return text.replace("-", "−", 1) if text.startswith("-") else text
