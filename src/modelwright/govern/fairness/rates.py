"""One number of one group with its uncertainty, and ratios and differences of two.

A share has Wilson's interval on the rows that count as independent: rows of one person or place are fewer by the design
effect (Korn and Graubard 1998). Ratios and differences are made from the intervals of both sides (MOVER: Newcombe 1998,
Donner and Zou 2012), which needs no normal approximation of the ratio and holds where a group has no case at all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from modelwright.evaluate.intervals import sum_by
from modelwright.evaluate.measurements import Measurement
from modelwright.evaluate.scales import student_quantile, wilson

__all__ = ["Rate", "difference", "drawn_together", "mean_of", "over", "ratio", "share", "shrink"]

LEVEL = 0.95
TINY = 1e-120
"""Variance of what does not vary, so that its square is a number."""


@dataclass(frozen=True, kw_only=True)
class Rate:
    """A number of one group.

    Attributes
    ----------
    value : float
        NaN where no row counts.
    error : float
        Standard error.
    n : int
        Rows that count: of a true positive rate, those with the event.
    units : int
        Independent ones among them: rows, or groups of rows.
    kind : str
        ``"share"``, ``"positive"`` or ``"plain"``: where its interval is made.
    effective : float
        Of a share, the independent rows that would be as uncertain.
    highest : float
        Of a positive one that is 0, the upper end of its 95 % interval.
    """

    value: float
    error: float
    n: int
    units: int
    kind: str
    effective: float = 0.0
    highest: float = 0.0

    def between(self, level: float = LEVEL) -> tuple[float, float] | None:
        """Return the interval, None where there is none."""
        if not math.isfinite(self.value) or self.units < 2:
            return None
        if self.kind == "share":
            return wilson(self.value * self.effective, self.effective, level)
        reach = student_quantile(level, self.units - 1) * self.error
        if self.kind == "plain":
            return self.value - reach, self.value + reach
        if self.value <= 0:
            return 0.0, self.highest
        step = math.exp(min(reach / self.value, 700.0))
        return self.value / step, self.value * step

    def measured(self, name: str) -> Measurement:
        """Return it as a measurement."""
        known, bounds = math.isfinite(self.value), self.between()
        low, high = bounds or (None, None)
        how = {"share": "Wilson", "positive": "on the logarithm", "plain": "Student's t"}[self.kind]
        if self.kind == "share" and self.units < self.n:
            how += ", clustered"
        method = how if bounds else "no interval: too few rows" if known else "not defined: no such rows"
        value = float(self.value) if known else None
        return Measurement(name=name, value=value, low=low, high=high, n=self.n, method=method, greater_is_better=True)


def share(hits: np.ndarray, groups: np.ndarray | None) -> Rate:
    """Return the share of rows that are hits."""
    n = len(hits)
    if n == 0:
        return Rate(value=float("nan"), error=float("nan"), n=0, units=0, kind="share")
    value = float(hits.mean())
    deviation = sum_by(hits - value, groups)
    units = len(deviation)
    plain = value * (1 - value) / n
    if groups is None or units < 2:
        effective = float(n if groups is None else units)
    elif plain == 0:
        effective = float(units)
    else:
        clustered = float(deviation @ deviation) * units / (units - 1) / n**2
        effective = n / max(clustered / plain, 1.0)
    return Rate(
        value=value, error=math.sqrt(value * (1 - value) / effective), n=n, units=units, kind="share",
        effective=effective,
    )  # fmt: skip


def mean_of(values: np.ndarray, groups: np.ndarray | None, *, positive: bool) -> Rate:
    """Return the mean of a number per row, which is never below 0 where ``positive``."""
    n = len(values)
    kind = "positive" if positive else "plain"
    if n == 0:
        return Rate(value=float("nan"), error=float("nan"), n=0, units=0, kind=kind)
    value = float(values.mean())
    deviation = sum_by(values - value, groups)
    units = len(deviation)
    error = math.sqrt(float(deviation @ deviation) * units / max(units - 1, 1)) / n
    return Rate(value=value, error=error, n=n, units=units, kind=kind)


def over(observed: np.ndarray, predicted: np.ndarray, groups: np.ndarray | None) -> Rate:
    """Return the sum observed over the sum predicted: 1 where chances come true on the whole."""
    n, total = len(observed), float(predicted.sum())
    if n == 0 or total <= 0:
        return Rate(value=float("nan"), error=float("nan"), n=n, units=0, kind="positive")
    value = float(observed.sum()) / total
    deviation = sum_by(observed - value * predicted, groups)
    units = len(deviation)
    error = math.sqrt(float(deviation @ deviation) * units / max(units - 1, 1)) / total
    highest = wilson(0, units)[1] * n / total if value == 0 else 0.0
    return Rate(value=value, error=error, n=n, units=units, kind="positive", highest=highest)


def ratio(low: Rate, high: Rate, level: float) -> tuple[float | None, float | None, float | None]:
    """Return low over high and its interval; no value where high is 0."""
    if not high.value > 0:
        return None, None, None
    value = low.value / high.value
    one, other = low.between(level), high.between(level)
    if one is None or other is None:
        return value, None, None
    (l1, u1), (l2, u2) = one, other
    product = low.value * high.value
    return value, _root(product, l1, low.value, u2, high.value, -1), _root(product, u1, low.value, l2, high.value, 1)


def _root(product: float, end: float, one: float, other_end: float, other: float, sign: int) -> float | None:
    """Return one end of a ratio's interval (Donner and Zou 2012, equation 9), None where it has no bound."""
    across, under = end * (2 * one - end), other_end * (2 * other - other_end)
    if under <= 0:
        return None if sign > 0 else 0.0
    inside = max(product**2 - across * under, 0.0)
    return max((product + sign * math.sqrt(inside)) / under, 0.0)


def difference(low: Rate, high: Rate, level: float) -> tuple[float, float | None, float | None]:
    """Return high minus low and its interval (Newcombe 1998, method 10)."""
    value = high.value - low.value
    one, other = low.between(level), high.between(level)
    if one is None or other is None:
        return value, None, None
    down = math.hypot(high.value - other[0], one[1] - low.value)
    up = math.hypot(other[1] - high.value, low.value - one[0])
    return value, value - down, value + up


def drawn_together(values: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Return values drawn to the mean of their groups, the more the less is known of them.

    Empirical Bayes with a normal spread of groups (Morris 1983), whose variance is the moment estimate of DerSimonian
    and Laird (1986).

    Parameters
    ----------
    values : ndarray, shape (..., n_groups)
    noise : ndarray, shape (..., n_groups)
        Variance of the error of each.
    """
    noise = np.maximum(noise, TINY)
    weight = 1 / noise
    total = weight.sum(axis=-1, keepdims=True)
    mean = (weight * values).sum(axis=-1, keepdims=True) / total
    spread = (weight * np.square(values - mean)).sum(axis=-1, keepdims=True) - (values.shape[-1] - 1)
    scale = total - np.square(weight).sum(axis=-1, keepdims=True) / total
    between = np.where(scale > 0, np.maximum(spread / np.where(scale > 0, scale, 1.0), 0.0), 0.0)
    share = 1 / (noise + between)
    middle = (values * share).sum(axis=-1, keepdims=True) / share.sum(axis=-1, keepdims=True)
    drawn: np.ndarray = (between * values + noise * middle) * share
    return drawn


def shrink(rates: list[Rate]) -> list[float | None]:
    """Return what each group is taken for when its own rows are few: drawn to the mean of all groups.

    See `drawn_together`. The error of a share follows from the mean, so that one row does not look sure.
    """
    known = [r for r in rates if math.isfinite(r.value) and r.units > 0]
    if len(known) < 2:
        return [r.value if math.isfinite(r.value) else None for r in rates]
    total = sum(r.n for r in known)
    whole = sum(r.n * r.value for r in known) / total
    drawn = iter(drawn_together(np.array([r.value for r in known]), np.array([_noise(r, whole) for r in known])))
    return [float(next(drawn)) if math.isfinite(r.value) and r.units > 0 else None for r in rates]


def _noise(rate: Rate, whole: float) -> float:
    if rate.kind == "share":
        return whole * (1 - whole) / max(rate.effective, 1.0)
    return rate.error**2 if rate.units > 1 and rate.error > 0 else max(whole**2, 1e-12) / max(rate.n, 1)
