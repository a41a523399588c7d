"""Decisions of single precision as decisions of double precision.

Some libraries compare a feature rounded to float32. Which float64 numbers round to one side of a threshold is an
interval, so a threshold can be moved to its end and the decisions are the same for every number there is.
"""

from __future__ import annotations

import numpy as np

__all__ = ["at_most", "below"]


def at_most(threshold: np.ndarray) -> np.ndarray:
    """Return t so that ``x <= t`` holds for the float64 numbers x whose float32 is at most ``threshold`` (float32)."""
    low = threshold.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):  # at infinity, which stays as it is
        high = np.nextafter(threshold, np.float32(np.inf)).astype(np.float64)
        middle = low + (high - low) / 2.0  # exact; the tie goes to the even one of the two
    even = threshold.view(np.uint32) % 2 == 0
    moved = np.where(even, middle, np.nextafter(middle, -np.inf))
    return np.where(np.isfinite(high), moved, low)


def below(threshold: np.ndarray) -> np.ndarray:
    """Return t so that ``x <= t`` holds for the float64 numbers x whose float32 is less than ``threshold``."""
    return at_most(np.nextafter(threshold, np.float32(-np.inf)))
