"""Scales without bounds on which intervals are made, Wilson's interval, and quantiles."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["BOUNDS", "NORMAL_95", "SCALES", "Scale", "on_free_scale", "student_quantile", "wilson"]

NORMAL_95 = 1.959963984540054
"""Standard errors on either side that hold 95 % of a normal distribution."""


@dataclass(frozen=True)
class Scale:
    """A scale without bounds, its slope at a value, and the way back."""

    there: Callable[[float], float]
    slope: Callable[[float], float]
    back: Callable[[float], float]


def _expit(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


SCALES: dict[str, Scale] = {
    "share": Scale(lambda v: math.log(v / (1 - v)), lambda v: 1 / (v * (1 - v)), _expit),
    "correlation": Scale(math.atanh, lambda v: 1 / (1 - v * v), math.tanh),
    "positive": Scale(math.log, lambda v: 1 / v, lambda x: math.exp(min(x, 700.0))),
    "explained": Scale(lambda v: -math.log(1 - v), lambda v: 1 / (1 - v), lambda x: 1 - math.exp(min(-x, 700.0))),
    "plain": Scale(lambda v: v, lambda v: 1.0, lambda x: x),
}
BOUNDS = {
    "share": (0.0, 1.0),
    "correlation": (-1.0, 1.0),
    "positive": (0.0, math.inf),
    "explained": (-math.inf, 1.0),
    "plain": (-math.inf, math.inf),
}


def wilson(hits: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Return Wilson's (1927) interval of a share of ``n`` independent rows; (0, 1) without rows."""
    if n <= 0:
        return 0.0, 1.0
    z = _normal_quantile(level)
    share, shrink = hits / n, 1 + z * z / n
    centre = (share + z * z / (2 * n)) / shrink
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / shrink
    return (0.0 if hits == 0 else max(centre - half, 0.0)), (1.0 if hits == n else min(centre + half, 1.0))


def on_free_scale(name: str, value: float, error: float) -> tuple[float, float] | None:
    """Return value and standard error on the scale without bounds, None where the value sits on a bound."""
    lowest, highest = BOUNDS[name]
    if not lowest < value < highest:
        return None
    scale = SCALES[name]
    return scale.there(value), scale.slope(value) * error


def _normal_quantile(level: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(0.5 + level / 2))


def student_quantile(level: float, freedom: float) -> float:
    """Return how many standard errors an interval by Student's t reaches on either side."""
    from scipy.special import stdtrit  # scipy.stats takes a second to import

    return float(stdtrit(max(freedom, 1.0), 0.5 + level / 2))
