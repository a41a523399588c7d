"""How each calibrator is fitted. Every function returns None where the rows do not allow that kind."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from modelwright.runtime.calibrators import (
    Beta,
    Calibrator,
    Isotonic,
    Sigmoid,
    Temperature,
    Vector,
    log_odds,
    log_probabilities,
)

__all__ = ["BINARY_FITS", "MULTICLASS_FITS", "Fit"]

Fit = Callable[[np.ndarray, np.ndarray], Calibrator | None]

NEWTON_STEPS = 50
RIDGE = 1e-6  # keeps Newton's equations solvable when a feature is constant
ISOTONIC_EVENTS = (
    200  # rows of the rarer class below which isotonic regression overfits (Niculescu-Mizil, Caruana 2005)
)
ISOTONIC_SLOPE = 1e-3  # share of the identity mixed in, so that plateaus still rise and the order of rows is kept
VECTOR_ROWS_PER_CLASS = 30
SMALLEST_SLOPE = 1e-3


def fit_temperature(y: np.ndarray, prediction: np.ndarray) -> Calibrator | None:
    """Fit one slope by maximum likelihood."""
    from scipy.optimize import minimize_scalar

    logs = log_probabilities(prediction)
    if prediction.shape[1] == 2:
        odds = log_odds(prediction) * np.where(y == 1, 1.0, -1.0)

        def loss(slope: float) -> float:
            return float(np.logaddexp(0.0, -slope * odds).mean())
    else:
        own = logs[np.arange(len(y)), y.astype(np.int64)]

        def loss(slope: float) -> float:
            return float((np.log(np.exp(slope * logs).sum(axis=1)) - slope * own).mean())

    found = minimize_scalar(lambda power: loss(float(np.exp(power))), bounds=(-3.0, 3.0), method="bounded")
    return Temperature(float(np.exp(found.x)))


def fit_sigmoid(y: np.ndarray, prediction: np.ndarray) -> Calibrator | None:
    """Fit slope and offset of the log odds with Platt's smoothed targets."""
    slope, offset = _logistic(log_odds(prediction)[:, None], _smoothed(y))
    return Sigmoid(float(slope), float(offset)) if slope > SMALLEST_SLOPE else None


def fit_beta(y: np.ndarray, prediction: np.ndarray) -> Calibrator | None:
    """Fit both slopes; one that comes out negative is left out, as Kull et al. do."""
    logs = log_probabilities(prediction)
    sides = np.column_stack([logs[:, 1], -logs[:, 0]])
    target = _smoothed(y)
    a, b, c = _logistic(sides, target)
    if a < 0:
        (b, c), a = _logistic(sides[:, 1:], target), 0.0
    elif b < 0:
        (a, c), b = _logistic(sides[:, :1], target), 0.0
    if min(a, b) < 0 or max(a, b) <= SMALLEST_SLOPE:
        return None
    return Beta(float(a), float(b), float(c))


def fit_isotonic(y: np.ndarray, prediction: np.ndarray) -> Calibrator | None:
    """Pool adjacent violators, shrink every block to the base rate by one row, and join the blocks' centres."""
    from scipy.optimize import isotonic_regression

    events = float(y.sum())
    if min(events, len(y) - events) < ISOTONIC_EVENTS:
        return None
    x, number = np.unique(prediction[:, 1], return_inverse=True)
    weight = np.bincount(number).astype(float)
    share = np.bincount(number, weights=y) / weight
    starts = isotonic_regression(share, weights=weight).blocks[:-1]
    rows = np.add.reduceat(weight, starts)
    base = events / len(y)
    level = (np.add.reduceat(share * weight, starts) + base) / (rows + 1)
    centre = np.add.reduceat(x * weight, starts) / rows
    level = np.maximum.accumulate(level)
    inside = (centre > 0) & (centre < 1)
    points = np.concatenate([[0.0], centre[inside], [1.0]])
    levels = np.concatenate([level[:1], level[inside], level[-1:]])
    levels = (1 - ISOTONIC_SLOPE) * levels + ISOTONIC_SLOPE * points
    rising = np.diff(points, prepend=-1.0) > 1e-12  # centres that rounding has made one
    rising &= np.diff(levels, prepend=-1.0) > 0
    rising[-1] = True
    return Isotonic(tuple(points[rising].tolist()), tuple(levels[rising].tolist()))


def fit_vector(y: np.ndarray, prediction: np.ndarray) -> Calibrator | None:
    """Fit a slope and an offset per class by maximum likelihood."""
    from scipy.optimize import minimize

    n, k = prediction.shape
    counts = np.bincount(y.astype(np.int64), minlength=k)
    if counts.min() < VECTOR_ROWS_PER_CLASS:
        return None
    logs = log_probabilities(prediction)
    truth = np.zeros((n, k))
    truth[np.arange(n), y.astype(np.int64)] = 1.0

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        slopes, offsets = np.exp(parameters[:k]), parameters[k:]
        scores = logs * slopes + offsets
        top = scores.max(axis=1, keepdims=True)
        powers = np.exp(scores - top)
        total = powers.sum(axis=1, keepdims=True)
        value = float((np.log(total) + top).sum() - (scores * truth).sum()) / n
        error = (powers / total - truth) / n
        return value, np.concatenate([(error * logs).sum(axis=0) * slopes, error.sum(axis=0)])

    found = minimize(loss, np.zeros(2 * k), jac=True, method="L-BFGS-B", bounds=[(-3.0, 3.0)] * k + [(-10.0, 10.0)] * k)
    return Vector(tuple(np.exp(found.x[:k]).tolist()), tuple(found.x[k:].tolist()))


def _smoothed(y: np.ndarray) -> np.ndarray:
    """Return Platt's targets, a little off 0 and 1, so that separable rows do not send the slope to infinity."""
    events = y.sum()
    return np.where(y == 1, (events + 1) / (events + 2), 1 / (len(y) - events + 2))


def _logistic(features: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return slopes and intercept of a logistic regression on fractional targets, by damped Newton steps."""
    design = np.column_stack([features, np.ones(len(features))])
    weights = np.zeros(design.shape[1])
    weights[0] = 1.0

    def loss(w: np.ndarray) -> float:
        scores = design @ w
        return float((np.logaddexp(0.0, scores) - target * scores).sum()) + RIDGE * float(w @ w) / 2

    best = loss(weights)
    for _ in range(NEWTON_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(design @ weights, -500, 500)))
        slope = design.T @ (chance - target) + RIDGE * weights
        bend = (design.T * (chance * (1 - chance))) @ design + RIDGE * np.eye(len(weights))
        step = np.linalg.solve(bend, slope)
        while (after := loss(weights - step)) > best and np.abs(step).max() > 1e-10:
            step = step / 2
        if best - after <= 1e-10 * abs(best):
            break
        weights, best = weights - step, after
    return weights


BINARY_FITS: dict[str, Fit] = {
    "temperature": fit_temperature,
    "sigmoid": fit_sigmoid,
    "beta": fit_beta,
    "isotonic": fit_isotonic,
}
MULTICLASS_FITS: dict[str, Fit] = {"temperature": fit_temperature, "vector": fit_vector}
