"""Fitting `modelwright.runtime.scorers.ramps`: scaling, and ramps between the quantiles of numbers."""

from __future__ import annotations

import numpy as np

from modelwright.runtime.scorers.ramps import Ramps
from modelwright.runtime.scorers.scaling import robust_scaling

__all__ = ["fit_ramps", "strength"]

QUANTILE_ROWS = 20_000
"""Rows that quantiles are looked up in: enough for the second digit of a share."""

MOST_RAMPS = 2_048
"""Of all numbers together; where they are many, each has fewer."""

NARROWEST = 1e-3
"""Width of a ramp, in quartile distances: a steeper one would make much of rounding errors."""

REPEATED = ":rank"
"""The view's normal scores of a number need no ramps: those of the number are at the same rows."""


def fit_ramps(matrix: np.ndarray, names: tuple[str, ...], most: int) -> Ramps:
    """Return robust scaling, and ``most`` ramps or fewer for each feature of three values or more."""
    scaling = robust_scaling(matrix)
    rows = np.linspace(0, len(matrix) - 1, min(len(matrix), QUANTILE_ROWS)).astype(np.intp)
    scaled = scaling(matrix[rows])
    own = [j for j, name in enumerate(names) if not name.endswith(REPEATED) and _three_values(scaled[:, j])]
    most = max(2, min(most, MOST_RAMPS // max(1, len(own))))
    feature: list[int] = []
    edges: list[np.ndarray] = []
    for j in own:
        values = _apart(np.quantile(scaled[:, j], np.linspace(0.0, 1.0, most + 1)).tolist())
        if len(values) > 2:
            feature += [j] * (len(values) - 1)
            edges.append(np.array(values))
    if not feature:
        return Ramps.none(scaling)
    low = np.concatenate([values[:-1] for values in edges])
    slope = 1.0 / (np.concatenate([values[1:] for values in edges]) - low)
    return Ramps(
        scaling, np.array(feature, dtype=np.int64), slope.astype(np.float32), (-low * slope).astype(np.float32)
    )


def strength(inputs: Ramps) -> np.ndarray:
    """Return how much each input counts at first: all ramps of a number together as much as the number."""
    of_feature = np.bincount(inputs.feature, minlength=len(inputs.scaling.centre))
    return np.concatenate([np.ones(len(of_feature)), 1.0 / np.sqrt(of_feature[inputs.feature])])


def _apart(values: list[float]) -> list[float]:
    """Return the values, in order, without those that come too soon after the one before."""
    kept = values[:1]
    for value in values[1:]:
        if value - kept[-1] > NARROWEST:
            kept.append(value)
    return kept


def _three_values(values: np.ndarray) -> bool:
    return bool(((values != values.min()) & (values != values.max())).any())
