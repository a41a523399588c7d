"""What a group of rows is predicted to be: the shares of its classes, or the centre of its values."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

__all__ = ["centre", "class_share_text", "constant_of", "share_text", "value_text"]

# The constant that minimises a metric: the median for absolute errors, the mean of the logarithms for logarithmic
# ones, else the mean (Gneiting 2011, "Making and evaluating point forecasts").
_CENTRES: dict[str, tuple[str, Callable[[np.ndarray], float]]] = {
    "mae": ("median", lambda v: float(np.median(v))),
    "median_ae": ("median", lambda v: float(np.median(v))),
    "mape": ("median", lambda v: float(np.median(v))),
    "rmsle": ("geometric mean", lambda v: float(np.expm1(np.log1p(np.maximum(v, 0.0)).mean()))),
}
_MEAN = ("mean", lambda v: float(np.mean(v)))


def centre(metric: str) -> tuple[str, Callable[[np.ndarray], float]]:
    """Return the name and the function of the centre of values that a metric asks for."""
    return _CENTRES.get(metric, _MEAN)


def constant_of(y: np.ndarray, metric: str, n_outputs: int) -> np.ndarray:
    """Return the prediction, shape (n_outputs,), that suits all rows: shares of the classes, or the centre of values.

    Parameters
    ----------
    y : ndarray of float64, shape (n_rows,)
        Class numbers where there are several outputs, else values.
    metric : str
    n_outputs : int
    """
    if n_outputs == 1:
        return np.array([centre(metric)[1](y)])
    counts = np.bincount(y.astype(np.int64), minlength=n_outputs)
    return np.asarray(counts / max(counts.sum(), 1))


def share_text(share: float) -> str:
    """Return ``"12 %"``, with a decimal below 10 %."""
    return f"{share:.0%}".replace("%", " %") if share == 0 or share >= 0.1 else f"{share:.1%}".replace("%", " %")


def class_share_text(shares: np.ndarray, classes: Sequence[str]) -> str:
    """Return the chance of the event, or of the most probable of several classes: ``"12 % 'yes'"``."""
    i = 1 if len(shares) == 2 else int(np.argmax(shares))
    return f"{share_text(float(shares[i]))} '{classes[i]}'"


def value_text(value: float) -> str:
    """Return a number with four significant digits, and thousands separated."""
    size = abs(value)
    if size >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"
