"""What rows cost: the loss that is watched, what it is expected to be without labels, and what in a row raises it.

For classes the probabilities themselves say what loss to expect (confidence-based performance estimation, Guidotti et
al., NannyML 2022; Białek et al. 2024): for a row with probabilities ``p`` the Brier score summed over the classes is
``1 - Σp²`` on average (half of that for the event of two classes) and the log loss the entropy, where the probabilities
are calibrated. For values nothing does, and the loss is estimated from the row (direct loss estimation). Both get the
same correction: a ridge regression of the loss beyond that base on the bins of the columns and of the prediction, so
that the estimate for a window needs shares of bins alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwright.evaluate.valuing import brier_rows

__all__ = ["Effects", "base_of", "fit_effects", "loss_name", "loss_of"]

CLIP = 1e-6
"""Probabilities are cut here in the log loss: a single sure error must not speak for a whole window."""

STRENGTHS = (10.0, 100.0, 1000.0)
"""Of the ridge, as rows of the average bin that pull its effect to zero; the best on stretches left out is taken."""

STRETCHES = 5
SCALES = (0.5, 3.0)  # of what a ridge may have shrunk, or noise blown up
DOUBTS = (0.25, 1.0)
"""About a change at least a quarter of it is in doubt: rows move within their bins as well, which no bin shows."""

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
        return brier_rows(y, prediction)
    error = y - prediction[:, 0]
    return np.abs(error) if name == "absolute_error" else error**2


def base_of(name: str, prediction: np.ndarray) -> np.ndarray:
    """Return the loss that probabilities lead one to expect of each row; 0 for values."""
    if name == "log_loss":
        clipped = np.clip(prediction, CLIP, 1.0)
        return -(prediction * np.log(clipped)).sum(axis=1)
    if name == "brier":
        # Of two classes the event alone counts, as in the reported score: half of what the sum over both is.
        return (1 - (prediction**2).sum(axis=1)) / (2 if prediction.shape[1] == 2 else 1)
    return np.zeros(len(prediction))


@dataclass(frozen=True, kw_only=True, eq=False)
class Effects:
    """What bins add to a loss: ``effects`` and their standard ``errors``, an array per column, and the ``doubt`` that
    is left about a change that they lead to expect, as a share of it."""

    effects: list[np.ndarray]
    errors: list[np.ndarray]
    doubt: float


def fit_effects(bins: list[np.ndarray], sizes: list[int], target: np.ndarray) -> Effects:
    """Return the effects of bins on a target, by a ridge regression whose strength and scale are cross-validated.

    Parameters
    ----------
    bins : list of ndarray of int, shape (n_rows,) each
    sizes : list of int
        Bins of each column.
    target : ndarray of float64, shape (n_rows,)
    """
    design = _design(bins, sizes)
    centred = target - target.mean()
    held = {strength: _held_out(design, centred, strength) for strength in STRENGTHS}
    lost = {strength: float(((centred - fitted) ** 2).sum()) for strength, fitted in held.items()}
    best = min(lost, key=lost.__getitem__)
    if lost[best] >= float((centred**2).sum()) or len(target) < design.shape[1]:
        return Effects(effects=[np.zeros(n) for n in sizes], errors=[np.zeros(n) for n in sizes], doubt=1.0)
    scale, doubt = _tilted(bins, held[best], centred)
    gram, moments = _moments(design, centred)
    inverse = np.linalg.inv(gram + best * np.eye(len(gram)))
    effects = inverse @ moments
    noise = float((centred - design @ effects).std())
    cuts = np.cumsum(sizes)[:-1]
    shares = np.split(design.mean(axis=0), cuts)
    errors = [
        scale * noise * _spread(inverse[start : start + size, start : start + size], share)
        for start, size, share in zip((0, *cuts), sizes, shares, strict=True)
    ]
    return Effects(effects=np.split(scale * effects, cuts), errors=errors, doubt=doubt)


def _held_out(design: np.ndarray, centred: np.ndarray, strength: float) -> np.ndarray:
    """Return what is fitted for each stretch of rows on the others."""
    part = np.minimum(np.arange(len(centred)) * STRETCHES // max(len(centred), 1), STRETCHES - 1)
    fitted = np.zeros(len(centred))
    for number in range(STRETCHES):
        out = part == number
        gram, moments = _moments(design[~out], centred[~out])
        fitted[out] = design[out] @ np.linalg.solve(gram + strength * np.eye(len(gram)), moments)
    return fitted


def _tilted(bins: list[np.ndarray], fitted: np.ndarray, centred: np.ndarray) -> tuple[float, float]:
    """Return by how much estimated changes are to be multiplied, and the doubt that is left about them.

    Windows that are shifted are made of the rows themselves, the upper and the lower third of each column: a ridge
    shrinks what it estimates for them, and how much shows beside what these rows really lost.
    """
    guessed, real, noise = [], [], []
    for column in bins:
        order = np.argsort(column, kind="stable")
        third = len(order) // 3
        for rows in (order[:third], order[-third:]):
            guessed.append(float(fitted[rows].mean() - fitted.mean()))
            real.append(float(centred[rows].mean()))
            noise.append(float((centred - fitted)[rows].var()) / max(len(rows), 1))
    change, truth = np.array(guessed), np.array(real)
    size = float((change**2).sum())
    if size <= 0:
        return 1.0, 1.0
    scale = float(np.clip((change * truth).sum() / size, *SCALES))
    left = float(((truth - scale * change) ** 2).sum() - np.sum(noise)) / (scale**2 * size)
    return scale, float(np.clip(np.sqrt(max(left, 0.0)), *DOUBTS))


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
