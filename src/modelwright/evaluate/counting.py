"""Metrics that are functions of the confusion matrix, with their influence functions.

All of them depend on the matrix only through its diagonal ``d``, its row sums ``r`` (true classes) and its column sums
``c`` (predicted classes), so values and derivatives take O(k), not O(k²), for k classes. Every function takes arrays
``(..., k)`` and returns ``(...)``, which is what lets one call score a thousand resampled matrices.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from modelwright.runtime.answers import chosen_class

__all__ = ["CountMetric", "labels_of", "marginals", "tally"]

CountMetric = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]

_STEP = 1e-4  # of a count, for central differences: error of the derivative about 1e-8 relative


def labels_of(prediction: np.ndarray, threshold: float | None = None) -> np.ndarray:
    """Return the predicted class numbers, shape (n_rows,), as they are answered."""
    return chosen_class(prediction, threshold)


def tally(y: np.ndarray, labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Return the confusion matrix, true classes in rows, shape (n_classes, n_classes), float64."""
    cells = np.bincount(y.astype(np.int64) * n_classes + labels, minlength=n_classes * n_classes)
    return cells.reshape(n_classes, n_classes).astype(float)


def marginals(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return diagonal, row sums and column sums of matrices ``(..., k, k)``."""
    return np.diagonal(matrix, axis1=-2, axis2=-1), matrix.sum(axis=-1), matrix.sum(axis=-2)


def _ratio(a: np.ndarray, b: np.ndarray, empty: float = 0.0) -> np.ndarray:
    return np.divide(a, b, out=np.full(np.broadcast(a, b).shape, empty), where=b > 0)


def _mean_over(values: np.ndarray, used: np.ndarray) -> np.ndarray:
    return _ratio((values * used).sum(axis=-1), used.sum(axis=-1), empty=np.nan)


def accuracy(d: np.ndarray, r: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Share of rows with the right class."""
    return _ratio(d.sum(axis=-1), r.sum(axis=-1), empty=np.nan)


def balanced_accuracy(d: np.ndarray, r: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Mean recall over the classes that occur."""
    return _mean_over(_ratio(d, r), r > 0)


def precision(d: np.ndarray, r: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Share of right ones among those predicted as the event; mean over classes for more than two."""
    if d.shape[-1] == 2:
        return _ratio(d[..., 1], c[..., 1])
    return _mean_over(_ratio(d, c), (r > 0) | (c > 0))


def recall(d: np.ndarray, r: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Share of the events that were found; mean over classes for more than two."""
    if d.shape[-1] == 2:
        return _ratio(d[..., 1], r[..., 1], empty=np.nan)
    return _mean_over(_ratio(d, r), (r > 0) | (c > 0))


def f1(d: np.ndarray, r: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Harmonic mean of precision and recall; mean over classes for more than two."""
    each = _ratio(2 * d, r + c, empty=np.nan)
    if d.shape[-1] == 2:
        return each[..., 1]
    return _mean_over(np.nan_to_num(each), (r > 0) | (c > 0))


def mcc(d: np.ndarray, r: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Matthews correlation, for any number of classes (Gorodkin 2004); 0 when a side is constant."""
    n = r.sum(axis=-1)
    spread = (n**2 - (r**2).sum(axis=-1)) * (n**2 - (c**2).sum(axis=-1))
    # Rounding may leave a spread of about -1e-9 where it is nought.
    return _ratio(n * d.sum(axis=-1) - (r * c).sum(axis=-1), np.sqrt(np.maximum(spread, 0.0)))


def kappa(d: np.ndarray, r: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Cohen's kappa: agreement beyond chance."""
    n = r.sum(axis=-1)
    chance = (r * c).sum(axis=-1) / np.where(n > 0, n, 1.0) ** 2
    return _ratio(_ratio(d.sum(axis=-1), n) - chance, 1.0 - chance, empty=np.nan)


def cell_influence(function: CountMetric, matrix: np.ndarray) -> np.ndarray:
    """Return the derivative of the metric by the count of each cell, shape (k, k); zero for classes that are absent.

    Summed with the counts as weights it is zero (the metrics do not change when all counts double).
    """
    parts = marginals(matrix)
    k = matrix.shape[0]
    slopes = []
    for which in range(3):
        moved = [np.broadcast_to(p, (2, k, k)).copy() for p in parts]
        step = _STEP * np.eye(k)
        moved[which][0] += step
        moved[which][1] -= step
        up, down = function(*moved)
        present = (parts[1] if which != 2 else parts[2]) > 0
        slopes.append(np.where(present, (up - down) / (2 * _STEP), 0.0))
    return np.diag(slopes[0]) + slopes[1][:, None] + slopes[2][None, :]
