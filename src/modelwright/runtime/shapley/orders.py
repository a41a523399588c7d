"""Shapley values of any function of columns, by asking it: exact where few columns differ, else over drawn orders.

Each order turns the reference into the row column by column, so effects add up exactly however few are drawn; what more
orders buy is which columns they fall to (Castro, Gómez and Tejada 2009). Orders are drawn with their reverses, which
takes out the largest part of the noise: over both, what two columns do together is halved exactly (Mitchell et al.
2022). They are the same for every row, so a row has the same effects alone and in a batch.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from modelwright.data.columns import Column, Columns, Strings
from modelwright.runtime.shapley.mixed import codes_or_values
from modelwright.runtime.shapley.sums import weights_of

__all__ = ["ORDERS", "effects_by_asking", "exact_by_asking"]

MOST_DIFFERENT = 8
"""Columns that differ up to which all combinations are asked for: 256 predictions, as many as drawn orders take."""

ORDERS = 16
"""Drawn where more differ, half of them reversed."""

Predict = Callable[[Columns], np.ndarray]


def exact_by_asking(differs: np.ndarray) -> np.ndarray:
    """Return whether each row's effects are exact; ``differs`` is of shape (n_rows, n_columns)."""
    exact: np.ndarray = differs.sum(axis=1) <= MOST_DIFFERENT
    return exact


def effects_by_asking(predict: Predict, own: Columns, base: Columns, differs: np.ndarray) -> np.ndarray:
    """Return the effects on every output, float64 of shape ``(n_rows, n_columns, n_outputs)``.

    Parameters
    ----------
    predict : callable
        Columns to ``(n_rows, n_outputs)``.
    own, base : Columns
        Rows, and the reference as one row; texts share their levels.
    differs : ndarray of bool, shape (n_rows, n_columns)
        Where the row is not as the reference, by the order of ``own``.
    """
    columns = [np.flatnonzero(different) for different in differs]
    if not columns:
        return np.zeros((0, differs.shape[1], 1))
    plans = [_asked(len(places)) for places in columns]
    mine = np.zeros((sum(len(inside) for inside, _ in plans), differs.shape[1]), dtype=bool)
    row = np.repeat(np.arange(len(plans)), [len(inside) for inside, _ in plans])
    starts = np.searchsorted(row, np.arange(len(plans)))
    for start, places, (inside, _) in zip(starts, columns, plans):
        mine[start : start + len(inside), places] = inside
    answers = predict({name: _made(own[name], base[name], row, mine[:, j]) for j, name in enumerate(own)})
    found = np.zeros((*differs.shape, answers.shape[1]))
    for i, (start, places, (inside, weights)) in enumerate(zip(starts, columns, plans)):
        found[i, places] = weights @ answers[start : start + len(inside)]
    return found


@lru_cache(maxsize=8)
def _asked(k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return which of k columns are the row's in what is asked, shape ``(n_asked, k)``, and what the answers count for
    each of them, shape ``(k, n_asked)``."""
    if k <= MOST_DIFFERENT:
        return (np.arange(1 << k)[:, None] >> np.arange(k) & 1).astype(bool), weights_of(k)
    rng = np.random.default_rng(k)
    drawn = [rng.permutation(k) for _ in range(ORDERS // 2)]
    inside, weights = [], np.zeros((k, ORDERS * (k + 1)))
    for number, order in enumerate([*drawn, *(o[::-1] for o in drawn)]):
        place = np.argsort(order)
        inside.append(place[None, :] < np.arange(k + 1)[:, None])
        first = number * (k + 1)
        weights[np.arange(k), first + place + 1] += 1.0 / ORDERS
        weights[np.arange(k), first + place] -= 1.0 / ORDERS
    return np.concatenate(inside), weights


def _made(own: Column, base: Column, row: np.ndarray, mine: np.ndarray) -> Column:
    """Return a column of what is asked: the row's value where it is to be, else the reference's."""
    values, typical = codes_or_values(own), codes_or_values(base)
    made: np.ndarray = np.where(mine, values[row], typical[0]).astype(values.dtype, copy=False)
    return Strings(made, own.levels) if isinstance(own, Strings) else made
