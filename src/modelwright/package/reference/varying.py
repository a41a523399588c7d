"""How much stretches of training rows differ from those before them: what a window may differ by without alarm.

Rows drawn at random differ by chance alone, and a test that knows only chance cries at every season, weekday and
campaign. So the training rows are cut into stretches in their order, each is compared with all that came before it, as
a window will be with training, and what the statistic has beyond chance is kept for two lengths of stretch.

The statistic of bins is the squared distance of square roots of shares over its variance under chance, ``Σ(√p - √q)² /
(1/4n + 1/4N)`` (Freeman and Tukey 1950): about chi-squared, and calm where a bin expects less than one row, in which
Pearson's explodes.
"""

from __future__ import annotations

import numpy as np

from modelwright.package.reference.documents import Variation
from modelwright.runtime.bins import FIRST

__all__ = [
    "BLOCKS",
    "LARGEST_BELIEVED",
    "block_starts",
    "distance",
    "freedom_of",
    "of_bins",
    "of_correlations",
    "of_gaps",
    "of_means",
]

BLOCKS = (96, 24)
"""Stretches that the rows are cut into; the second half of them is compared with what came before."""

FEWEST_ROWS = 30  # of a stretch
LARGEST_BELIEVED = 0.0225
"""Σ(√p - √q)² of a medium effect, 0.3 (Cohen 1988): in a file of no known order, what stretches differ by beyond it is
a sorting of the file and not its life."""


def block_starts(n_rows: int) -> list[np.ndarray]:
    """Return the bounds of the stretches for each number of them that the rows allow, ``(n_blocks + 1,)`` each."""
    return [np.linspace(0, n_rows, blocks + 1).astype(np.int64) for blocks in BLOCKS if n_rows // blocks >= FEWEST_ROWS]


def distance(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Return ``Σ(√p - √q)²`` over the last axis."""
    return ((np.sqrt(p) - np.sqrt(q)) ** 2).sum(axis=-1)


def freedom_of(shares: np.ndarray) -> float:
    """Return the degrees of freedom: bins that rows are expected in, less one."""
    return float(max(int((np.asarray(shares) > 0).sum()) - 1, 1))


def of_bins(bins: np.ndarray, n_bins: int, *, ordered: bool) -> tuple[Variation, ...]:
    """Return the variation of a column's bins. Bins beyond the range so far have their own check and are left out."""
    found = []
    for starts in block_starts(len(bins)):
        counts = _counts(bins, n_bins, starts).astype(np.float64)
        counts[:, 1:FIRST] = 0.0
        before = np.cumsum(counts, axis=0) - counts
        late = np.arange(len(counts)) >= len(counts) // 2
        n, earlier = counts.sum(axis=1)[late], before.sum(axis=1)[late]
        usable = (n > 0) & (earlier > 0)
        if usable.sum() < 2:
            continue
        p = counts[late][usable] / n[usable, None]
        q = before[late][usable] / earlier[usable, None]
        rows = 1 / (1 / n[usable] + 1 / earlier[usable])
        freedom = freedom_of(counts.sum(axis=0))
        statistic = 4 * rows * distance(p, q) / freedom
        most = np.inf if ordered else 4 * LARGEST_BELIEVED / freedom
        found.append(_variation(statistic, rows, freedom, most))
    return _ascending(found)


def of_gaps(missing: np.ndarray, *, ordered: bool) -> tuple[Variation, ...]:
    """Return the variation of the share of missing values; empty where there are none."""
    if not missing.any():
        return ()
    return of_bins(np.where(missing, FIRST, FIRST + 1), FIRST + 2, ordered=ordered)


def of_means(values: np.ndarray, *, ordered: bool) -> tuple[Variation, ...]:
    """Return the variation of the mean of values, whose statistic is the square of its z."""
    found = []
    spread = float(values.std())
    for starts in block_starts(len(values)) if spread > 0 else []:
        sums = np.add.reduceat(values, starts[:-1])
        n = np.diff(starts).astype(np.float64)
        before, earlier = np.cumsum(sums) - sums, np.cumsum(n) - n
        late = np.arange(len(n)) >= len(n) // 2
        rows = 1 / (1 / n[late] + 1 / earlier[late])
        statistic = (sums[late] / n[late] - before[late] / earlier[late]) ** 2 * rows / spread**2
        most = np.inf if ordered else LARGEST_BELIEVED
        found.append(_variation(statistic, rows, 1.0, most))
    return _ascending(found)


def of_correlations(first: np.ndarray, second: np.ndarray, *, ordered: bool) -> tuple[Variation, ...]:
    """Return the variation of the correlation of two columns of scores, on Fisher's scale."""
    found = []
    moments = np.column_stack([first, second, first * second, first * first, second * second])
    for starts in block_starts(len(first)):
        sums = np.add.reduceat(moments, starts[:-1], axis=0)
        n = np.diff(starts).astype(np.float64)
        before, earlier = np.cumsum(sums, axis=0) - sums, np.cumsum(n) - n
        late = np.arange(len(n)) >= len(n) // 2
        rows = 1 / (1 / n[late] + 1 / earlier[late])
        here = _fisher(sums[late] / n[late, None])
        there = _fisher(before[late] / earlier[late, None])
        most = np.inf if ordered else LARGEST_BELIEVED
        found.append(_variation((here - there) ** 2 * rows, rows, 1.0, most))
    return _ascending(found)


def _fisher(means: np.ndarray) -> np.ndarray:
    x, y, xy, xx, yy = means.T
    scale = np.sqrt(np.maximum((xx - x * x) * (yy - y * y), 1e-24))
    return np.arctanh(np.clip((xy - x * y) / scale, -0.999, 0.999))


def _variation(statistic: np.ndarray, rows: np.ndarray, freedom: float, most: float) -> Variation:
    """Return mean and spread of a statistic that is 1 on average under chance."""
    mean, spread = float(statistic.mean()), float(statistic.var(ddof=1))
    own = 2 * mean**2 / spread if spread > 0 else freedom
    excess = float(np.clip((mean - 1) / rows.mean(), 0.0, most))
    return Variation(
        rows=int(rows.mean()),
        excess=float(f"{excess:.4g}"),
        freedom=round(float(np.clip(own, min(1.0, freedom), freedom)), 2),
        blocks=len(statistic),
    )


def _ascending(found: list[Variation]) -> tuple[Variation, ...]:
    return tuple(sorted(found, key=lambda v: v.rows))


def _counts(bins: np.ndarray, n_bins: int, starts: np.ndarray) -> np.ndarray:
    block = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    return np.bincount(block * n_bins + bins, minlength=(len(starts) - 1) * n_bins).reshape(-1, n_bins)
