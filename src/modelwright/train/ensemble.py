"""Greedy ensemble selection (Caruana, Niculescu-Mizil, Crew & Ksikes, ICML 2004), with replacement.

Starts from the best candidate and adds, again and again, the one that improves the average most. The prefix with the
lowest loss is kept; on a tie within `TOLERANCE` the shorter one, so that a candidate that adds nothing is left out.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = ["greedy_weights"]

N_STEPS = 25
"""Caruana et al. and AutoGluon use 25 to 100; gains beyond 25 are within noise on small data."""

TOLERANCE = 1e-4
"""Relative improvement of the loss under which another member is not worth its cost at scoring time."""

MOST_MEMBERS = 8
"""Each further one is one more model to package and to ask for every row."""

PATIENCE = 8
"""Steps without a gain after which nothing more is to be expected."""

MAX_ROWS = 20_000
"""Rows on which candidates are compared at each step: enough for the third digit of any metric."""


def greedy_weights(
    loss: Callable[[np.ndarray, np.ndarray], float],
    y: np.ndarray,
    predictions: np.ndarray,
    *,
    max_members: int = MOST_MEMBERS,
    seed: int = 0,
) -> np.ndarray:
    """Return weights that sum to 1.

    Parameters
    ----------
    loss : callable
        ``loss(y, prediction)``, lower is better.
    y : ndarray, shape (n_rows,)
    predictions : ndarray, shape (n_candidates, n_rows, n_outputs)
        Out-of-fold predictions.
    max_members : int
        Candidates with a weight, at most.
    seed : int
        For the sample of rows on large data.

    Returns
    -------
    ndarray of float64, shape (n_candidates,)
    """
    m, n = predictions.shape[:2]
    if n > MAX_ROWS:
        rows = np.sort(np.random.default_rng(seed).permutation(n)[:MAX_ROWS])
        y, predictions = y[rows], predictions[:, rows]
    counts = np.zeros(m, int)
    total = np.zeros(predictions.shape[1:])
    best_loss, best_counts = np.inf, counts
    for step in range(1, N_STEPS + 1):
        allowed = np.arange(m) if np.count_nonzero(counts) < max_members else np.flatnonzero(counts)
        losses = np.array([_finite(loss(y, (total + predictions[i]) / step)) for i in allowed])
        chosen = allowed[int(np.argmin(losses))]
        counts[chosen] += 1
        total += predictions[chosen]
        if losses.min() < best_loss - TOLERANCE * abs(best_loss if np.isfinite(best_loss) else 0.0):
            best_loss, best_counts = float(losses.min()), counts.copy()
        elif step > best_counts.sum() + PATIENCE:
            break
    if not best_counts.any():
        best_counts[0] = 1
    return best_counts / best_counts.sum()


def _finite(value: float) -> float:
    return value if np.isfinite(value) else np.inf
