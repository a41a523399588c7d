"""From a protected column to groups of people: levels, numbers in quarters, and two columns together."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modelwright import format as fmt
from modelwright.data.columns import Column, Columns, Strings
from modelwright.data.contract import Contract, Kind

__all__ = ["Grouping", "cells_of", "crossed", "group_by", "groupings"]

MOST_LEVELS = 12  # the most frequent; the others are one group
MOST_VALUES = 8  # distinct numbers up to which each is a group
QUARTERS = 4
MOST_CROSSED = 3  # columns whose pairs are looked at: of four there are six pairs, and their groups are small
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


def group_by(name: str, column: Column, contract: Contract) -> Grouping:
    """Return the groups of a column: its levels, its few numbers, or the quarters of many."""
    if isinstance(column, Strings):
        values, known = column.codes.astype(np.int64), column.codes >= 0
        labels, codes = _levels(column, values, known)
    else:
        values = np.asarray(column, dtype=np.float64)
        known = ~np.isnan(values)
        labels, codes = _numbers(values, known, boolean=contract[name].kind is Kind.BOOLEAN)
    if not known.all():
        codes = np.where(known, codes, len(labels))
        labels = [*labels, MISSING]
    return Grouping((name,), tuple(labels), codes.astype(np.int64))


def _levels(column: Strings, codes: np.ndarray, known: np.ndarray) -> tuple[list[str], np.ndarray]:
    counts = np.bincount(codes[known], minlength=len(column.levels))
    order = [int(c) for c in np.argsort(-counts, kind="stable") if counts[c]]
    own, rest = order[:MOST_LEVELS], order[MOST_LEVELS:]
    labels = [str(column.levels[c]) for c in own] + ([OTHERS] if rest else [])
    number = np.full(len(column.levels) + 1, len(own))
    number[own] = np.arange(len(own))
    return labels, number[codes]


def _numbers(values: np.ndarray, known: np.ndarray, *, boolean: bool) -> tuple[list[str], np.ndarray]:
    found = np.unique(values[known])
    if boolean or len(found) <= MOST_VALUES:
        labels = [("yes" if v else "no") if boolean else fmt.number(float(v), 6) for v in found]
        return labels, np.searchsorted(found, np.nan_to_num(values))
    edges = np.unique(np.quantile(values[known], np.linspace(0, 1, QUARTERS + 1)[1:-1], method="lower"))
    codes = np.searchsorted(edges, np.nan_to_num(values), side="left")
    labels = []
    for code in range(len(edges) + 1):
        inside = values[known & (codes == code)]
        labels.append(f"{fmt.number(float(inside.min()), 6)} – {fmt.number(float(inside.max()), 6)}")
    return labels, codes


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
