"""The learning curve, and what more rows would buy."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from modelwright.data.sampling import sample_rows
from modelwright.evaluate.intervals import gain, measure, sum_by
from modelwright.evaluate.measurements import LearningPoint
from modelwright.evaluate.metrics import Metric

__all__ = ["learning_curve"]

# Exponents of error = a + b·n^-c met in practice (Hestness et al. 2017; Viering and Loog 2023): 0.05 to 1.
POWERS = np.linspace(0.05, 1.0, 20)
DRAWS = 400
MOST_ROWS = 50_000  # a sample of more rows, the same for all sizes


def learning_curve(
    metric: Metric,
    y: np.ndarray,
    learning: Sequence[tuple[int, np.ndarray]],
    *,
    threshold: float | None = None,
    groups: np.ndarray | None = None,
    unit: str = "",
    seed: int = 0,
) -> tuple[tuple[LearningPoint, ...], str]:
    """Return the score by number of training rows, and what twice as many would buy, in one sentence.

    The error is taken to fall as a + b·n^-c, fitted to the points and to draws from their joint noise (the points share
    their rows, so their noise is mostly common). Where the last step was not a gain beyond the noise, "flat" is said.

    Parameters
    ----------
    learning : sequence of (n_train, prediction)
        Ascending, predictions on the rows of ``y``.
    """
    if len(y) > MOST_ROWS:
        kept = sample_rows(len(y), MOST_ROWS, np.random.default_rng(seed))
        y, groups = y[kept], None if groups is None else groups[kept]
        learning = [(size, p[kept]) for size, p in learning]
    points = tuple(
        LearningPoint(
            n_train=size, score=measure(metric, y, p, groups=groups, threshold=threshold, unit=unit, seed=seed)
        )
        for size, p in learning
    )
    known = [i for i, point in enumerate(points) if point.score.value is not None]
    if len(known) < 2:
        return points, "not known: fewer than two sizes were tried"
    last, before = learning[known[-1]], learning[known[-2]]
    step = gain(metric, y, last[1], before[1], groups=groups, seed=seed, threshold=threshold, other_threshold=threshold)
    start = points[known[0]]
    end = points[known[-1]]
    if step.low is None or step.value is None or step.low <= 0:
        return points, (
            f"flat: from {before[0]:,} to {last[0]:,} training rows {metric.title} did not get better beyond the noise "
            f"({_signed(step.value)}); more rows of this kind would buy little"
        )
    words = (
        f"still rising: {metric.title} went from {_number(start.score.value)} with {start.n_train:,} training rows to "
        f"{_number(end.score.value)} with {end.n_train:,}"
    )
    if len(known) < 3:
        return points, f"{words}; more rows would help"
    expected, low, high = _doubling(metric, y, [learning[i] for i in known], threshold, groups, seed)
    return points, f"{words}; twice as many would buy about {_signed(expected)} ({_signed(low)} to {_signed(high)})"


def _doubling(
    metric: Metric,
    y: np.ndarray,
    learning: Sequence[tuple[int, np.ndarray]],
    threshold: float | None,
    groups: np.ndarray | None,
    seed: int,
) -> tuple[float, float, float]:
    """Return the gain expected from doubling the training rows, with a 95 % interval, more is better."""
    sizes = np.array([float(n) for n, _ in learning])
    sign = -1.0 if metric.greater_is_better else 1.0
    errors = sign * np.array([metric(y, p, threshold) for _, p in learning])
    units = np.array([sum_by(metric.influence(y, p, threshold)[0], groups) for _, p in learning])
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((DRAWS, len(sizes))) @ _root(units @ units.T)
    gains = _fitted_gain(sizes, np.vstack([errors, errors + noise]))
    low, high = np.quantile(gains[1:], [0.025, 0.975])
    return float(gains[0]), float(min(low, gains[0])), float(max(high, gains[0]))


def _root(covariance: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T


def _fitted_gain(sizes: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Return the fall of a + b·n^-c from the last size to twice that size, for each row of errors."""
    best = np.full(len(errors), np.inf)
    gains = np.zeros(len(errors))
    # Later points matter more for what comes next.
    weights = sizes / sizes.sum()
    for power in POWERS:
        shape = (sizes / sizes[-1]) ** -power
        centred = shape - weights @ shape
        middle = errors @ weights
        b = np.maximum(((errors - middle[:, None]) * weights) @ centred / (weights @ centred**2), 0.0)
        misfit = ((errors - middle[:, None] - b[:, None] * centred) ** 2) @ weights
        lower = misfit < best
        best = np.where(lower, misfit, best)
        gains = np.where(lower, b * (1 - 2.0**-power), gains)
    return gains


def _number(value: float | None) -> str:
    return "?" if value is None else (f"{value:.4g}" if abs(value) >= 1 else f"{value:.4f}")


def _signed(value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return "not known"
    return f"{value:+.3g}"
