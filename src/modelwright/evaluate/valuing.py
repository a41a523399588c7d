"""Metrics that are means of a loss per row, or made of such means, with their influence functions."""

from __future__ import annotations

import numpy as np

from modelwright.evaluate.scales import NORMAL_95

__all__ = [
    "MAPE_FLOOR",
    "absolute_rows",
    "brier_rows",
    "log_loss_rows",
    "mean_influence",
    "quantile_influence",
    "squared_rows",
]

# A target nearer to zero than this share of the mean absolute target makes its percentage error meaningless.
MAPE_FLOOR = 1e-3
_EPS = float(np.finfo(np.float64).eps)


def log_loss_rows(y: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Return minus the logarithm of the probability of the true class; probabilities are kept 2e-16 off 0 and 1."""
    own = prediction[np.arange(len(y)), y.astype(np.int64)]
    return -np.log(np.clip(own, _EPS, 1 - _EPS))


def brier_rows(y: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Return the squared error of the event's probability (two classes), or summed over all classes (0 to 2)."""
    if prediction.shape[1] == 2:
        return (prediction[:, 1] - y) ** 2
    own = prediction[np.arange(len(y)), y.astype(np.int64)]
    return np.einsum("ij,ij->i", prediction, prediction) - 2 * own + 1


def squared_rows(y: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    return (y - prediction[:, 0]) ** 2


def absolute_rows(y: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    return np.abs(y - prediction[:, 0])


def percentage_rows(y: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    return np.abs(y - prediction[:, 0]) / np.maximum(np.abs(y), _EPS)


def log_squared_rows(y: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Return the squared difference of log(1 + value); a negative prediction counts as 0."""
    return (np.log1p(y) - np.log1p(np.maximum(prediction[:, 0], 0.0))) ** 2


def mean_influence(rows: np.ndarray) -> np.ndarray:
    """Return the influence of each row on the mean; the sum of squares is the variance of the mean."""
    n = len(rows)
    return (rows - rows.mean()) / n * np.sqrt(n / max(n - 1, 1))


def r2(y: np.ndarray, prediction: np.ndarray) -> float:
    """Return the share of the variance explained; NaN for a constant target."""
    total = float(((y - y.mean()) ** 2).sum())
    return 1.0 - float(squared_rows(y, prediction).sum()) / total if total > 0 else float("nan")


def r2_influence(y: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    squared, spread = squared_rows(y, prediction), (y - y.mean()) ** 2
    total = spread.mean()
    return mean_influence(-(squared - squared.mean() / total * spread) / total) if total > 0 else np.zeros(len(y))


def quantile_influence(rows: np.ndarray, share: float) -> np.ndarray:
    """Return the influence of each row on the quantile below which ``share`` of the rows lie, (share above) / density.

    The density comes from the width of Woodruff's (1952) interval, so that the standard error is the one that a
    distribution-free interval of the quantile has.
    """
    n = len(rows)
    reach = NORMAL_95 * np.sqrt(share * (1 - share) / n)
    bottom, top = max(share - reach, 0.0), min(share + reach, 1.0)
    at, low, high = np.quantile(rows, [share, bottom, top])
    slope = (high - low) / (top - bottom)
    side = np.sign(rows - at) / 2
    return (side - side.mean()) * slope / n
