"""Which columns change between the early and the late rows, by more than they swing anyway.

The rows are put in order and cut into 16 stretches. Early against late is one way to part the stretches in two halves;
the other fourteen Walsh functions are ways that have nothing to do with early and late, but with seasons, weeks and
chance. A column drifts where the first parts it far more than any of the others does. (A steady trend has half as much
of the second function, a jump has none.)
"""

from __future__ import annotations

import numpy as np

from modelwright.audit.looking import Coded, code_column
from modelwright.data.columns import Column, Strings

__all__ = ["LEAD", "N_STRETCHES", "drift", "missing_drift", "stretches", "walsh"]

N_STRETCHES = 16
LEAD = 1.5  # a steady trend leads by 2
NOISE_FACTOR = 1.95  # Kolmogorov-Smirnov at level 0.001
NOISE_ERRORS = 3.29  # standard errors of a difference of mean ranks, at the same level
LARGEST_ERRORS = 2.1  # of fourteen such differences by luck alone, in the median
N_BINS = 50
MAX_LEVELS = 100


def walsh() -> np.ndarray:
    """Return the Walsh functions on 16 stretches but the constant, shape (15, 16); early against late is the first."""
    table = np.ones((1, 1))
    for _ in range(4):
        table = np.block([[table, table], [table, -table]])
    changes = (table[:, 1:] != table[:, :-1]).sum(axis=1)
    return np.asarray(table[np.argsort(changes, kind="stable")][1:])


def stretches(order: np.ndarray) -> np.ndarray:
    """Return the stretch of each row, 0 … 15, of equally many rows each; -1 where the order is not known."""
    known = np.flatnonzero(~np.isnan(order))
    found = np.full(len(order), -1, dtype=np.int64)
    ranked = known[np.argsort(order[known], kind="stable")]
    found[ranked] = np.arange(len(ranked)) * N_STRETCHES // max(1, len(ranked))
    return found


def drift(column: Column, stretch: np.ndarray) -> tuple[float, bool]:
    """Return the distance between early and late known values, 0 … 1, and whether it is more than swings and noise."""
    cells, ordered = _cells(column)
    return _parted(cells, stretch, ordered)


def missing_drift(column: Column, stretch: np.ndarray) -> tuple[float, bool]:
    """Return by how much the share of missing values differs, and whether that is more than swings and noise."""
    gone = code_column(column).codes < 0
    if not gone.any():
        return 0.0, False
    return _parted(gone.astype(np.int64), stretch, True)


def _cells(column: Column) -> tuple[np.ndarray, bool]:
    found: Coded = code_column(column)
    if isinstance(column, Strings):
        rank: np.ndarray = np.empty(found.n_levels, dtype=np.int64)
        rank[np.argsort(-found.counts, kind="stable")] = np.arange(found.n_levels)
        cells = np.append(np.minimum(rank, MAX_LEVELS), -1)[found.codes]
        return cells, False
    middle = np.cumsum(found.counts) - 0.5 * found.counts
    bins = (middle / max(1, found.n_present) * N_BINS).astype(np.int64)
    return np.append(bins, -1)[found.codes], True


def _parted(cells: np.ndarray, stretch: np.ndarray, ordered: bool) -> tuple[float, bool]:
    known = (cells >= 0) & (stretch >= 0)
    if not known.any():
        return 0.0, False
    width = int(cells.max()) + 1
    counts = np.bincount(stretch[known] * width + cells[known], minlength=N_STRETCHES * width)
    counts = counts.reshape(N_STRETCHES, width).astype(np.float64)
    ways = walsh()
    first, second = (np.maximum(sign * ways, 0) @ counts for sign in (1, -1))
    n, m = first.sum(axis=1, keepdims=True), second.sum(axis=1, keepdims=True)
    if n[0] == 0 or m[0] == 0:
        return 0.0, False
    difference = first / np.maximum(n, 1) - second / np.maximum(m, 1)
    if ordered:
        distance = np.abs(np.cumsum(difference, axis=1)).max(axis=1)
    else:
        distance = np.abs(difference).sum(axis=1) / 2
    noise = NOISE_FACTOR * float(1 / n[0, 0] + 1 / m[0, 0]) ** 0.5
    early_late = float(distance[0])
    others = float(distance[1:].max())
    sure = early_late >= noise + (0 if ordered else others) and early_late >= LEAD * others
    return early_late, sure or (ordered and _ranks_moved(counts, first, second))


def _ranks_moved(counts: np.ndarray, first: np.ndarray, second: np.ndarray) -> bool:
    """Return whether the mean ranks of the early and the late rows differ by more than swings and noise.

    On few rows a distance between distributions has much noise; a move up or down shows in the means with less.
    """
    total = counts.sum(axis=0)
    rank = (np.cumsum(total) - 0.5 * total) / total.sum()
    spread = float(np.sqrt(np.average(np.square(rank - 0.5), weights=total)))
    n, m = first.sum(axis=1), second.sum(axis=1)
    moved = np.abs(first @ rank / np.maximum(n, 1) - second @ rank / np.maximum(m, 1))
    error = spread * float(1 / n[0] + 1 / m[0]) ** 0.5
    # Of the other ways the largest is off by some errors where nothing swings.
    swings = float(np.sqrt(max(0.0, moved[1:].max() ** 2 - (LARGEST_ERRORS * error) ** 2)))
    return bool(moved[0] >= max(NOISE_ERRORS * error, LEAD * swings))
