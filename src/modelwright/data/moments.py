"""When a row came about, where that is said in parts: a year, a month, a day in columns of their own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelwright.data.columns import Column, Strings
from modelwright.data.parsing.moments import MONTHS

__all__ = ["joint_ranks", "part_numbers"]

MOST_STATES = 2**62  # of ranks in int64


def part_numbers(column: Column) -> np.ndarray:
    """Return the numbers of a part of a date; those of months by their English names; NaN for what is neither.

    Returns
    -------
    ndarray of float64, shape (n_rows,)
    """
    if isinstance(column, Strings):
        numbers = np.array([*(_number(str(level)) for level in column.levels), np.nan])
        values = numbers[column.codes]  # -1, missing, is the last
    else:
        values = np.asarray(column, dtype=np.float64)
    return np.where(np.isfinite(values) & (np.floor(values) == values), values, np.nan)


def _number(level: str) -> float:
    text = level.strip().casefold()
    try:
        return float(MONTHS.get(text[:3], text))
    except ValueError:
        return np.nan


def joint_ranks(parts: Sequence[Column]) -> np.ndarray:
    """Return ranks 0, 1, … of the moments that parts of a date say together, equal moments equal.

    Parameters
    ----------
    parts : sequence of Column
        From the largest (the year) to the smallest.

    Returns
    -------
    ndarray of int64, shape (n_rows,)
        -1 where a part is missing: such a row counts as the oldest.
    """
    numbers = [part_numbers(column) for column in parts]
    known = np.logical_and.reduce([~np.isnan(n) for n in numbers])
    state = np.zeros(int(known.sum()), dtype=np.int64)
    for own in numbers:
        codes = own[known]
        codes = codes - codes.min(initial=0.0)
        if (state.max(initial=0) + 1) * (codes.max(initial=0.0) + 1) > MOST_STATES:
            state, codes = (np.unique(v, return_inverse=True)[1] for v in (state, codes))
        state = state * (int(codes.max(initial=0)) + 1) + codes.astype(np.int64)
    ranks = np.full(len(known), -1, dtype=np.int64)
    ranks[known] = np.unique(state, return_inverse=True)[1]
    return ranks
