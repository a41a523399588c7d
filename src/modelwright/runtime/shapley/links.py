"""From what a model adds up to what is answered: effects on sums become effects on what is made of them.

One number in: effects are scaled by the ratio of the two differences (the rescale rule of Shrikumar et al. 2017, which
Chen, Lundberg and Lee 2022 carry through whole pipelines). Several numbers in: each is scaled by the mean slope along
the straight line from the reference to the row (Aumann and Shapley 1974), of which the ratio is the case of one.
Either way effects that add up before do so after.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from modelwright.runtime.scorers.linear import probabilities

__all__ = ["LINKS", "passed_on"]

LARGEST_LOG = 709.0  # beyond, the value is none that float64 holds
NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)
STEP = 1e-5
"""Of slopes by central differences: the cube root of float64's precision, where their error is smallest."""

TINY = 1e-9
"""A difference below this share of the effects that make it up is rounding: the slope takes the place of the ratio."""

Function = Callable[[np.ndarray], np.ndarray]

LINKS: dict[str, Function] = {
    "identity": lambda sums: sums,
    "share": lambda sums: np.column_stack([1.0 - sums[:, 0], sums[:, 0]]),
    "probability": probabilities,
    "exponential": lambda sums: np.exp(np.minimum(sums, LARGEST_LOG)),
}
"""What becomes of sums: shape ``(n_rows, n_sums)`` in, ``(n_rows, n_outputs)`` out."""


def passed_on(
    effects: np.ndarray, low: np.ndarray, high: np.ndarray, function: Function, before: np.ndarray, after: np.ndarray
) -> np.ndarray:
    """Return effects on what a function makes of numbers, given effects on the numbers.

    Parameters
    ----------
    effects : ndarray, shape (n_rows, n_columns, n_in)
    low, high : ndarray, shape (n_rows, n_in)
        The numbers of the reference and of the row.
    function : callable
        Pure and row by row, ``(n, n_in)`` to ``(n, n_out)``.
    before, after : ndarray, shape (n_rows, n_out)
        What it gives for both.

    Returns
    -------
    ndarray, shape (n_rows, n_columns, n_out)
        They add up to ``after - before`` for every row and output, as far as ``effects`` add up.
    """
    whole = after - before
    if effects.shape[2] == 1:
        moved = effects.sum(axis=1)
        size = np.abs(effects).sum(axis=1)
        plain = np.abs(moved) > TINY * size
        ratio = whole / np.where(plain, moved, 1.0)
        if not plain.all():
            ratio = np.where(plain, ratio, _slopes(function, high)[:, 0])
        return effects * ratio[:, None, :]
    middle = low[:, None] + (NODES[:, None] + 1.0) / 2.0 * (high - low)[:, None]
    slopes = _slopes(function, middle.reshape(-1, low.shape[1]))
    slopes = slopes.reshape(len(low), len(NODES), *slopes.shape[1:])
    found = np.einsum("rcj,n,rnjk->rck", effects, WEIGHTS / 2.0, slopes)
    return found + _spread(found, whole - found.sum(axis=1))


def _slopes(function: Function, at: np.ndarray) -> np.ndarray:
    """Return the slope of every output by every number in, shape ``(n, n_in, n_out)``."""
    slopes = []
    for j in range(at.shape[1]):
        step = STEP * np.maximum(1.0, np.abs(at[:, j]))
        up, down = at.copy(), at.copy()
        up[:, j] += step
        down[:, j] -= step
        slopes.append((function(up) - function(down)) / (2.0 * step)[:, None])
    return np.stack(slopes, axis=1)


def _spread(effects: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """Return what numerical integration has missed, shared among columns by the size of their effects."""
    size = np.abs(effects)
    total = size.sum(axis=1, keepdims=True)
    return np.divide(size, total, out=np.zeros_like(size), where=total > 0) * missing[:, None]
