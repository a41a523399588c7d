"""Ranks with ties. What `scipy.stats` has for this takes a second to import, and 44 MB that a run holds to its end."""

from __future__ import annotations

import numpy as np

__all__ = ["average_ranks", "column_ranks"]


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


def column_ranks(values: np.ndarray) -> np.ndarray:
    """Return the rank of each value in its column, from 1; equal values share the mean of theirs, and NaN has NaN.

    Parameters
    ----------
    values : ndarray of float64, shape (n_rows, n_columns)

    Returns
    -------
    ndarray of float64, shape (n_rows, n_columns)
    """
    lines = np.ascontiguousarray(values.T)
    if not lines.size:
        return np.empty(values.shape)
    order = np.argsort(lines, axis=1)  # NaN comes last
    ordered = np.take_along_axis(lines, order, axis=1)
    place = np.arange(lines.shape[1], dtype=np.int32)
    begins = np.ones(lines.shape, dtype=bool)
    begins[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    first = np.maximum.accumulate(np.where(begins, place, 0), axis=1)
    ends = np.ones(lines.shape, dtype=bool)
    ends[:, :-1] = begins[:, 1:]
    last = np.minimum.accumulate(np.where(ends, place, len(place))[:, ::-1], axis=1)[:, ::-1]
    ranks = np.empty(lines.shape)
    np.put_along_axis(ranks, order, np.where(np.isnan(ordered), np.nan, (first + last) / 2 + 1), axis=1)
    return np.ascontiguousarray(ranks.T)
