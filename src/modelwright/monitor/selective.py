"""Labels that came by what happened: all of one class, where the predictions leave no room for that.

A contract that is cancelled is known the same day, one that is not only at the end of its term; until then the labels
that are there say nothing of the loss (Lakkaraju and others 2017, "The selective labels problem"). Of labels that are
mixed this cannot be seen.
"""

from __future__ import annotations

import math

import numpy as np

__all__ = ["IMPOSSIBLE", "only_class"]

IMPOSSIBLE = 1e-9
"""Rows that are all of one class with less than this probability, by what was predicted, were chosen by their class."""

DOUBTED = 0.05
"""A row counts as if its class had been given this probability at least: no single one is proof."""


def only_class(y: np.ndarray, prediction: np.ndarray) -> int | None:
    """Return the class that all labels are of, although by the predictions others had to be among them.

    Parameters
    ----------
    y : ndarray of float64, shape (n_rows,)
        Class numbers, NaN where there is no label.
    prediction : ndarray of float64, shape (n_rows, n_outputs)
        Probabilities; values have no classes, and None is returned.

    Returns
    -------
    int or None
        None: they are of several classes, or may well be of one.
    """
    known = np.flatnonzero(~np.isnan(y))
    if not len(known) or prediction.shape[1] < 2 or (y[known] != y[known[0]]).any():
        return None
    number = int(y[known[0]])
    likely = np.log(np.maximum(prediction[known, number], DOUBTED)).sum()
    return number if likely < math.log(IMPOSSIBLE) else None
