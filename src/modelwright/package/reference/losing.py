"""What rows cost: the loss that is watched, what it is expected to be without labels, and what in a row raises it.

For classes the probabilities themselves say what loss to expect (confidence-based performance estimation, Guidotti et
al., NannyML 2022; Białek et al. 2024): for a row with probabilities ``p`` the Brier score is ``1 - Σp²`` on average and
the log loss the entropy, where the probabilities are calibrated. For values nothing does, and the loss is estimated
from the row (direct loss estimation). Both get the same correction: a ridge regression of the loss beyond that base on
the bins of the columns and of the prediction, so that the estimate for a window needs shares of bins alone.
"""

from __future__ import annotations

import numpy as np

__all__ = ["base_of", "loss_name", "loss_of", "ridge"]

CLIP = 1e-6
"""Probabilities are cut here in the log loss: a single sure error must not speak for a whole window."""

STRENGTHS = (10.0, 100.0, 1000.0)
"""Of the ridge, as rows of the average bin that pull its effect to zero; the best on stretches left out is taken."""

STRETCHES = 5

_ABSOLUTE = frozenset({"mae", "mape", "median_ae"})


def loss_name(metric: str, classes: bool) -> str:
    """Return the loss that is watched for a metric: a mean over rows, which metrics of rankings are not."""
    if classes:
        return "log_loss" if metric == "log_loss" else "brier"
    return "absolute_error" if metric in _ABSOLUTE else "squared_error"


def loss_of(name: str, y: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Return the loss of each row.

    Parameters
    ----------
    y : ndarray of float64, shape (n_rows,)
        Class numbers or values.
    prediction : ndarray of float64, shape (n_rows, n_outputs)
    """
    if name == "log_loss":
        own = prediction[np.arange(len(y)), y.astype(np.int64)]
        return -np.log(np.clip(own, CLIP, 1.0))
    if name == "brier":
        own = prediction[np.arange(len(y)), y.astype(np.int64)]
        return (prediction**2).sum(axis=1) - 2 * own + 1
    error = y - prediction[:, 0]
    return np.abs(error) if name == "absolute_error" else error**2


def base_of(name: str, prediction: np.ndarray) -> np.ndarray:
    """Return the loss that probabilities lead one to expect of each row; 0 for values."""
    if name == "log_loss":
        clipped = np.clip(prediction, CLIP, 1.0)
        return -(prediction * np.log(clipped)).sum(axis=1)
    if name == "brier":
        return 1 - (prediction**2).sum(axis=1)
    return np.zeros(len(prediction))


def ridge(bins: list[np.ndarray], sizes: list[int], target: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the effects of bins on a target and their standard errors, a pair of arrays per column.

    Parameters
    ----------
    bins : list of ndarray of int, shape (n_rows,) each
    sizes : list of int
        Bins of each column.
    target : ndarray of float64, shape (n_rows,)
    """
    design = _design(bins, sizes)
    centred = target - target.mean()
    part = np.minimum(np.arange(len(target)) * STRETCHES // max(len(target), 1), STRETCHES - 1)
    pull = len(target) / max(design.shape[1], 1)
    lost = dict.fromkeys(STRENGTHS, 0.0)
    for number in range(STRETCHES):
        held = part == number
        gram, moments = _moments(design[~held], centred[~held])
        for strength in STRENGTHS:
            fitted = np.linalg.solve(gram + strength * np.eye(len(gram)), moments)
            lost[strength] += float(((centred[held] - design[held] @ fitted) ** 2).sum())
    best = min(lost, key=lost.__getitem__)
    if lost[best] >= float((centred**2).sum()) or pull < 1:
        zeros = [np.zeros(size) for size in sizes]
        return zeros, [z.copy() for z in zeros]
    gram, moments = _moments(design, centred)
    inverse = np.linalg.inv(gram + best * np.eye(len(gram)))
    effects = inverse @ moments
    noise = (centred - design @ effects).std()
    cuts = np.cumsum(sizes)[:-1]
    shares = np.split(design.mean(axis=0), cuts)
    starts = (0, *cuts)
    errors = [
        noise * _spread(inverse[start : start + size, start : start + size], share)
        for start, size, share in zip(starts, sizes, shares, strict=True)
    ]
    return np.split(effects, cuts), errors


def _spread(covariance: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return the standard deviations of effects less their mean: shares of bins sum to one, so that alone counts.

    The covariance is the posterior one of the ridge seen as a prior, which holds what shrinking takes away from the
    effects of bins with few rows: the very bins that a shift fills.
    """
    centring = np.eye(len(shares)) - np.asarray(shares, dtype=np.float64)[None, :]
    return np.sqrt(np.maximum(np.diag(centring @ covariance @ centring.T), 0.0))


def _design(bins: list[np.ndarray], sizes: list[int]) -> np.ndarray:
    design = np.zeros((len(bins[0]), sum(sizes)), dtype=np.float32)
    rows = np.arange(len(bins[0]))
    start = 0
    for column, size in zip(bins, sizes, strict=True):
        design[rows, start + column] = 1.0
        start += size
    return design


def _moments(design: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return (design.T @ design).astype(np.float64), design.T.astype(np.float64) @ target
