"""Ranks with ties. What `scipy.stats` has for this takes a second to import, and 44 MB that a run holds to its end."""

from __future__ import annotations

import numpy as np

__all__ = ["average_ranks"]


def average_ranks(values: np.ndarray) -> np.ndarray:
    """Return the rank of each value, from 1; equal values share the mean of theirs. Where one is NaN all are.

    Parameters
    ----------
    values : ndarray, shape (n,)

    Returns
    -------
    ndarray of float64, shape (n,)
    """
    values = np.asarray(values)
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    if len(ordered) and np.isnan(ordered[-1]):
        return np.full(len(ordered), np.nan)
    first = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if len(ordered) else order
    counts = np.diff(np.append(first, len(ordered)))
    ranks = np.empty(len(ordered))
    ranks[order] = np.repeat(first + (counts + 1) / 2, counts)
    return ranks
