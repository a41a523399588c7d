"""Is the order of a column's whole numbers real? Scores and counts say yes, codes of classes say no.

Were the numbers mere codes, any other numbering would do as well. So the numbering found is compared with random ones
(a permutation test, Good 2005) in three ways:

- *trend*: how much of the differences between the means of the other columns runs straight along the numbers,
- *path*: how far the means wander when one walks from each number to the next,
- *counts*: how much the frequencies jump from each number to the next; those of a score or a count rise and fall.

The shares of numberings that look at least as ordered are combined by their geometric mean (Fisher's method without
its reference distribution, as the three are not independent).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np

from modelwright.data.columns import Columns, Strings
from modelwright.data.contract import Contract, Kind
from modelwright.data.ranks import average_ranks

__all__ = ["Order", "measure_order"]

MAX_ROWS = 5_000
MAX_COLUMNS = 60
MAX_LEVELS = 8  # per category: its most frequent levels
NUMBERINGS = 1_000
ALL_UP_TO = 6  # 6! = 720 numberings are all tried


@dataclass(frozen=True, kw_only=True)
class Order:
    """Shares of numberings that look at least as ordered as the real one; small means that the order is real.

    ``trend`` and ``path`` are None without other columns to compare with.
    """

    trend: float | None
    path: float | None
    counts: float

    @property
    def share(self) -> float:
        """The geometric mean."""
        found = [s for s in (self.trend, self.path, self.counts) if s is not None]
        return float(np.exp(np.mean(np.log(found))))


def measure_order(
    values: np.ndarray, columns: Columns, contract: Contract, names: tuple[str, ...], rng: np.random.Generator
) -> Order:
    """Return how real the order of whole numbers is.

    Parameters
    ----------
    values : ndarray of float64, shape (n_rows,)
        At least three distinct values; NaN is left out.
    columns : Columns
    names : tuple of str
        Columns to compare with; text and ids among them are skipped.
    """
    rows = np.flatnonzero(np.isfinite(values))
    codes, counts = np.unique(values[rows], return_counts=True)
    if len(rows) > MAX_ROWS:
        rows = np.sort(rng.choice(rows, MAX_ROWS, replace=False))
    inside = np.searchsorted(codes, values[rows])
    numberings = _numberings(len(codes), rng)
    walk = np.argsort(numberings, axis=1)
    jumps = np.abs(np.diff(np.log(counts)[walk], axis=1)).sum(axis=1)
    features = _standardised(columns, contract, names, rows)
    seen: np.ndarray = np.bincount(inside, minlength=len(codes)).astype(np.float64)
    if not features.shape[1]:
        return Order(trend=None, path=None, counts=_share_at_least(-jumps))
    means = np.stack([np.bincount(inside, weights=f, minlength=len(codes)) for f in features.T], axis=1)
    means = means / np.maximum(seen, 1)[:, None]
    distance = np.sqrt(((means[:, None] - means[None]) ** 2).sum(axis=2))
    steps = distance[walk[:, :-1], walk[:, 1:]].sum(axis=1)
    # Square roots: a rare value counts less than a frequent one, but not next to nothing.
    straight = _explained(numberings, means, np.sqrt(seen))
    return Order(trend=_share_at_least(straight), path=_share_at_least(-steps), counts=_share_at_least(-jumps))


def _numberings(n: int, rng: np.random.Generator) -> np.ndarray:
    """Return numberings of n codes, the real one first; float64 of shape (n_numberings, n)."""
    if n <= ALL_UP_TO:
        return np.array(list(permutations(range(n))), dtype=np.float64)
    drawn = rng.permuted(np.tile(np.arange(n, dtype=np.float64), (NUMBERINGS, 1)), axis=1)
    drawn[0] = np.arange(n)
    return drawn


def _share_at_least(statistic: np.ndarray) -> float:
    """Return the share of numberings whose statistic is at least that of the first, itself included."""
    return float(np.mean(statistic >= statistic[0] - 1e-12 * abs(statistic[0])))


def _explained(numberings: np.ndarray, means: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return, for each numbering, the weighted squared covariance of numbers and means, summed over features."""
    p = weight / weight.sum()
    numbers = numberings - (numberings @ p)[:, None]
    numbers /= np.sqrt(numbers**2 @ p)[:, None]
    along: np.ndarray = (((numbers * p) @ (means - p @ means)) ** 2).sum(axis=1)
    return along


def _standardised(columns: Columns, contract: Contract, names: tuple[str, ...], rows: np.ndarray) -> np.ndarray:
    """Return features with mean 0 and variance 1 (ranks of numbers, indicators of levels), (n_rows, n_features)."""
    parts: list[np.ndarray] = []
    for name in names:
        kind = contract[name].kind
        if kind in (Kind.TEXT, Kind.ID, Kind.CONSTANT):
            continue
        column = columns[name]
        if isinstance(column, Strings):
            codes = column.codes[rows]
            often = np.argsort(-np.bincount(codes[codes >= 0], minlength=len(column.levels)), kind="stable")
            parts += [(codes == level).astype(np.float64) for level in often[:MAX_LEVELS]]
        else:
            parts.append(_ranks(column[rows]))
        if len(parts) >= MAX_COLUMNS:
            break
    varying = [p for p in parts if p.std() > 0]
    return np.stack([(p - p.mean()) / p.std() for p in varying], axis=1) if varying else np.zeros((len(rows), 0))


def _ranks(column: np.ndarray) -> np.ndarray:
    """Return ranks; missing values get the middle one."""
    known = np.isfinite(column)
    ranks = np.full(len(column), (np.count_nonzero(known) + 1) / 2)
    ranks[known] = average_ranks(column[known])
    return ranks
