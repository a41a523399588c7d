"""Facts of sorted numbers: sorting once costs a tenth of hashing, and of asking for each quantile."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["distinct_of_sorted", "quantiles_of_sorted"]


def distinct_of_sorted(ordered: np.ndarray) -> int:
    """Return how many different values there are in sorted numbers without NaN."""
    return 0 if not len(ordered) else 1 + int(np.count_nonzero(ordered[1:] != ordered[:-1]))


def quantiles_of_sorted(ordered: np.ndarray, shares: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return quantiles of sorted numbers without NaN, at least one, as ``numpy.quantile`` interpolates them.

    Between numbers so far apart that nothing can be interpolated (-1e308 and 1e308), the nearer one is taken.
    """
    place = np.asarray(shares, dtype=np.float64) * (len(ordered) - 1)
    below = np.floor(place).astype(np.int64)
    low, high = ordered[below], ordered[np.minimum(below + 1, len(ordered) - 1)]
    with np.errstate(over="ignore", invalid="ignore"):
        found = low + (high - low) * (place - below)
    return np.where(np.isfinite(found), found, ordered[np.rint(place).astype(np.int64)])
