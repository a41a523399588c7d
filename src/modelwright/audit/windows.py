"""What a column knows of the targets of later rows.

In an order of the rows (the file's, a date's, a panel's) each row has the targets of the rows around it. A column that
honest means could fill knows the past, and as much of the future as the past tells. One that was computed with later
targets is explained by them, and by nothing else, nearly exactly: a shifted target, a centred mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["BLOCKS", "SHIFTS", "Future", "known_future", "windows"]

SHIFTS = 7  # rows looked at one by one, on both sides
BLOCKS = ((8, 15), (16, 31))  # rows farther off by their mean, for long windows
ROWS_PER_REACH = 4  # rows of a series per row of reach, so that half of its rows have all neighbours
RIDGE = 1e-9


@dataclass(frozen=True, kw_only=True)
class Future:
    """How much of a column the targets around its rows explain.

    Attributes
    ----------
    r2 : float
        With later targets.
    without : float
        With the targets of earlier rows and the row's own alone.
    shift : int
        The later row whose target alone says most on top of the others, 1 … `SHIFTS`; 0 for none or a longer window.
    """

    r2: float
    without: float
    shift: int


def windows(y: np.ndarray, series: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the targets around each row, a column for each, and which are later ones.

    The row's own, those of `SHIFTS` rows before and after, and means of `BLOCKS` where the series are long enough.

    Parameters
    ----------
    y : ndarray of float
        Targets in order.
    series : ndarray of int
        Number of the series (thing) of each row, not falling. Rows of another series are no neighbours: NaN.
    """
    n = len(y)
    sums = np.concatenate([[0.0], np.cumsum(np.nan_to_num(y))])
    longest = float(np.median(np.bincount(series)[series])) if n else 0.0
    columns, later = [y], [False]
    for side in (-1, 1):
        for k in range(1, SHIFTS + 1):
            columns.append(_shifted(y, series, side * k))
            later.append(side > 0)
    for first, last in BLOCKS:
        for low, high in ((-last, -first), (first, last)) if longest >= ROWS_PER_REACH * last else ():
            start, stop = np.arange(n) + low, np.arange(n) + high
            inside = (start >= 0) & (stop < n)
            start, stop = np.clip(start, 0, n - 1), np.clip(stop, 0, n - 1)
            inside &= (series[start] == series) & (series[stop] == series)
            columns.append(np.where(inside, (sums[stop + 1] - sums[start]) / (last - first + 1), np.nan))
            later.append(low > 0)
    return np.column_stack(columns), np.array(later)


def _shifted(y: np.ndarray, series: np.ndarray, k: int) -> np.ndarray:
    """Return the target of the row ``k`` later (earlier where negative), NaN at the ends of a series."""
    moved: np.ndarray = np.full(len(y), np.nan)
    if abs(k) >= len(y):
        return moved
    here, there = (slice(None, -k), slice(k, None)) if k > 0 else (slice(-k, None), slice(None, k))
    moved[here] = np.where(series[here] == series[there], y[there], np.nan)
    return moved


def known_future(x: np.ndarray, around: np.ndarray, later: np.ndarray) -> Future:
    """Return how much of a column the targets around its rows explain; rows without all of them are left out."""
    whole = np.isfinite(x) & np.isfinite(around).all(axis=1)
    x, z = x[whole], around[whole]
    if len(x) < 5 * around.shape[1] or np.ptp(x) == 0:
        return Future(r2=0.0, without=0.0, shift=0)
    x = (x - x.mean()) / x.std()
    spread = z.std(axis=0)
    z = (z - z.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    gram, dot = z.T @ z / len(x), z.T @ x / len(x)
    everything = np.arange(z.shape[1])
    before = everything[~later]
    without = _explained(gram, dot, before)
    alone = [(_explained(gram, dot, np.append(before, 1 + SHIFTS + k)), k + 1) for k in range(SHIFTS)]
    r2 = _explained(gram, dot, everything)
    best, shift = max(alone)
    return Future(r2=r2, without=without, shift=shift if 1 - best <= 2 * (1 - r2) + 1e-6 else 0)


def _explained(gram: np.ndarray, dot: np.ndarray, used: np.ndarray) -> float:
    part = gram[np.ix_(used, used)] + RIDGE * np.eye(len(used))
    weights = np.linalg.solve(part, dot[used])
    return float(np.clip(2 * weights @ dot[used] - weights @ gram[np.ix_(used, used)] @ weights, 0.0, 1.0))
