"""Peaks of a curve. `scipy.signal` finds them too, and loads 25 MB for it that a run holds to its end."""

from __future__ import annotations

import numpy as np

__all__ = ["peaks_of"]


def peaks_of(curve: np.ndarray, prominence: float) -> np.ndarray:
    """Return the positions of local maxima that stand out by at least ``prominence``, in order.

    A peak stands out by how far one has to go down from it, on the side where that is less, before the curve rises
    above it or ends. Of equal values beside each other the middle one is the peak; the ends of the curve are none.

    Parameters
    ----------
    curve : ndarray of float64, shape (n,)

    Returns
    -------
    ndarray of int
    """
    if len(curve) < 3:
        return np.array([], int)
    steps = np.flatnonzero(np.diff(curve) != 0)
    first, last = np.append(0, steps + 1), np.append(steps, len(curve) - 1)
    height = curve[first]
    inner = np.arange(1, len(height) - 1)
    high = inner[(height[inner] > height[inner - 1]) & (height[inner] > height[inner + 1])]
    middle = (first[high] + last[high]) // 2
    return np.array([i for i in middle if _stands_out(curve, i) >= prominence], int)


def _stands_out(curve: np.ndarray, peak: int) -> float:
    before = np.flatnonzero(curve[:peak] > curve[peak])
    after = np.flatnonzero(curve[peak:] > curve[peak])
    start, end = before[-1] + 1 if len(before) else 0, peak + after[0] if len(after) else len(curve)
    return float(curve[peak] - max(curve[start : peak + 1].min(), curve[peak:end].min()))
