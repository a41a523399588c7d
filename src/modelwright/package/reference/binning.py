"""Columns in the bins of a reference, with numpy alone and no work per row in Python."""

from __future__ import annotations

import numpy as np

from modelwright.data.columns import Column, Strings
from modelwright.data.contract import ColumnSpec, Kind
from modelwright.package.reference.documents import ColumnReference
from modelwright.runtime.bins import ABOVE, BELOW, FIRST, MISSING, NEW, OTHER

__all__ = ["bin_edges", "bins_of", "counts_of"]


def bin_edges(edges: tuple[float, ...] | np.ndarray) -> np.ndarray:
    """Return the edges to search in: the lowest one step lower, for the first bin holds its lower edge too."""
    found = np.asarray(edges, dtype=np.float64).copy()
    found[0] = np.nextafter(found[0], -np.inf)
    return found


def counts_of(column: Column, reference: ColumnReference, spec: ColumnSpec | None) -> np.ndarray:
    """Return how many rows are in each bin, shape ``(n_bins,)``: missing, below or new, above or other, the bins."""
    if isinstance(column, Strings):
        by_level = np.bincount(column.codes + 1, minlength=len(column.levels) + 1)
        table = np.concatenate([[MISSING], _table(column, reference, spec)])
        return np.bincount(table, weights=by_level, minlength=len(reference.shares)).astype(np.int64)
    missing = int(np.isnan(column).sum())
    if not reference.edges:
        return np.array([missing, 0, len(column) - missing, *[0] * (len(reference.shares) - FIRST)], dtype=np.int64)
    # A comparison per edge is ten times as fast as a search per row, as long as edges are few.
    up_to = np.array([np.count_nonzero(column <= edge) for edge in bin_edges(reference.edges)], dtype=np.int64)
    above = len(column) - missing - up_to[-1]
    return np.concatenate([[missing, up_to[0], above], np.diff(up_to)])


def bins_of(column: Column, reference: ColumnReference, spec: ColumnSpec | None) -> np.ndarray:
    """Return the bin of each row, int64 of shape ``(n_rows,)``; see `counts_of`."""
    if isinstance(column, Strings):
        return np.append(_table(column, reference, spec), MISSING)[column.codes]
    missing = np.isnan(column)
    if not reference.edges:
        return np.where(missing, MISSING, ABOVE)
    place = np.zeros(len(column), dtype=np.uint8)
    for edge in bin_edges(reference.edges):
        place += column > edge
    last = len(reference.edges)
    lookup = np.concatenate([[BELOW], np.arange(FIRST, FIRST + last - 1), [ABOVE]])
    return np.where(missing, MISSING, lookup[place])


def _table(column: Strings, reference: ColumnReference, spec: ColumnSpec | None) -> np.ndarray:
    """Return the bin of each level."""
    if reference.kind == Kind.TEXT and reference.edges:
        lengths = np.fromiter((len(v) for v in column.levels), np.float64, len(column.levels))
        place = np.searchsorted(bin_edges(reference.edges), lengths)
        last = len(reference.edges)
        return np.concatenate([[BELOW], np.arange(FIRST, FIRST + last - 1), [ABOVE]])[place]
    if not reference.levels:
        return np.full(len(column.levels), OTHER, dtype=np.int64)
    index = {level: number for number, level in enumerate(reference.levels, FIRST)}
    if not reference.complete or spec is None:
        return np.fromiter((index.get(v, OTHER) for v in column.levels), np.int64, len(column.levels))
    known = {**dict.fromkeys(spec.levels, OTHER), **index}
    return np.fromiter((known.get(v, NEW) for v in column.levels), np.int64, len(column.levels))
