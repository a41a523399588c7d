"""From a protected column to groups of people: levels, numbers in quarters, and two columns together."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modelwright import format as fmt
from modelwright.data.columns import Column, Columns, Strings
from modelwright.data.contract import Contract, Kind
from modelwright.runtime.group_odds import Cut

__all__ = [
    "MOST_CROSSED",
    "MOST_LEVELS",
    "MOST_VALUES",
    "Grouping",
    "cells_of",
    "crossed",
    "cut_of",
    "group_by",
    "groupings",
]

MOST_LEVELS = 12  # the most frequent; the others are one group
MOST_VALUES = 8  # distinct numbers up to which each is a group
QUARTERS = 4
MOST_CROSSED = 3  # columns whose pairs are looked at: of four there are six pairs, and their groups are small
MOST_DIGITS = 6  # of numbers that fewer do not tell apart
MISSING = "missing"
OTHERS = "other values"


@dataclass(frozen=True, eq=False)
class Grouping:
    """Groups of rows.

    Attributes
    ----------
    columns : tuple of str
        One name, or two.
    labels : tuple of str
    codes : ndarray of int, shape (n_rows,)
        Position in ``labels``; every row has a group.
    """

    columns: tuple[str, ...]
    labels: tuple[str, ...]
    codes: np.ndarray

    def take(self, rows: np.ndarray) -> Grouping:
        """Return the given rows."""
        return Grouping(self.columns, self.labels, self.codes[rows])


def groupings(columns: Columns, names: Sequence[str], contract: Contract) -> tuple[Grouping, ...]:
    """Return the groups by each column, then by every two of the first three columns together."""
    single = [group_by(name, columns[name], contract) for name in names]
    several = [g for g in single if len(g.labels) > 1]
    pairs = itertools.combinations(several[:MOST_CROSSED], 2)
    return (*several, *(crossed(a, b) for a, b in pairs))


def cut_of(name: str, column: Column, contract: Contract) -> Cut:
    """Return how a column makes groups: by its levels, its few numbers, or the quarters of many."""
    if isinstance(column, Strings):
        counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.levels))
        own = [int(c) for c in np.argsort(-counts, kind="stable")[:MOST_LEVELS] if counts[c]]
        return Cut(column=name, levels=tuple(str(column.levels[c]) for c in own))
    values = np.asarray(column, dtype=np.float64)
    known = values[~np.isnan(values)]
    found = np.unique(known)
    if contract[name].kind is Kind.BOOLEAN or len(found) <= MOST_VALUES:
        return Cut(column=name, values=tuple(found.tolist()))
    edges = np.unique(np.quantile(known, np.linspace(0, 1, QUARTERS + 1)[1:-1], method="lower"))
    # Where a quarter or more of the rows have the largest number, as ages that are written "90 and over", no row lies
    # beyond it.
    return Cut(column=name, edges=tuple(edges[edges < found[-1]].tolist()))


def group_by(name: str, column: Column, contract: Contract) -> Grouping:
    """Return the groups of a column, see `cut_of`; rare levels are one more, and missing values another."""
    cut = cut_of(name, column, contract)
    codes = cut.codes(column)
    known = column.codes >= 0 if isinstance(column, Strings) else ~np.isnan(np.asarray(column, dtype=np.float64))
    labels = _labels(cut, column, codes, contract[name].kind)
    for rows, label in ((known & (codes < 0), OTHERS), (~known, MISSING)):
        if rows.any():
            codes = np.where(rows, len(labels), codes)
            labels.append(label)
    return Grouping((name,), tuple(labels), codes.astype(np.int64))


def _labels(cut: Cut, column: Column, codes: np.ndarray, kind: Kind) -> list[str]:
    if isinstance(column, Strings):
        return list(cut.levels)
    if cut.values:
        return _told_apart([(v,) for v in cut.values], kind)
    ranges = (np.asarray(column, dtype=np.float64)[codes == code] for code in range(cut.size))
    return _told_apart([(float(x.min()), float(x.max())) for x in ranges if len(x)], kind)


def _told_apart(ends: Sequence[tuple[float, ...]], kind: Kind) -> list[str]:
    """Return values, or ranges by their ends, as short as they can be told apart."""
    beside = [v for both in ends for v in both]
    labels = [" – ".join(fmt.value_of(v, kind, beside=beside) for v in both) for both in ends]
    if len(set(labels)) == len(labels):
        return labels
    return [" – ".join(fmt.number(v, MOST_DIGITS) for v in both) for both in ends]


def crossed(one: Grouping, other: Grouping) -> Grouping:
    """Return the groups of two columns together, those that have rows."""
    both = one.codes * len(other.labels) + other.codes
    found, codes = np.unique(both, return_inverse=True)
    labels = tuple(f"{one.labels[c // len(other.labels)]}, {other.labels[c % len(other.labels)]}" for c in found)
    return Grouping(one.columns + other.columns, labels, codes.reshape(both.shape))


def cells_of(columns: Columns, names: Sequence[str], contract: Contract) -> np.ndarray:
    """Return a number per row that is the same where all protected columns put it into the same group."""
    whole = np.zeros(len(next(iter(columns.values()))), dtype=np.int64)
    for name in names:
        group = group_by(name, columns[name], contract)
        _, whole = np.unique(whole * len(group.labels) + group.codes, return_inverse=True)
    return whole.reshape(-1)
