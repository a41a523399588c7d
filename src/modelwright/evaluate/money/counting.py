"""Money as measurements: means of what each row brings."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from modelwright.evaluate.evidence import Evidence
from modelwright.evaluate.intervals import influence_gain
from modelwright.evaluate.measurements import Measurement
from modelwright.evaluate.valuing import mean_influence

__all__ = ["money", "times"]


def money(name: str, rows: np.ndarray, evidence: Evidence, currency: str, seed: int) -> Measurement:
    """Return the mean of the money of rows, with an interval that allows for groups and shared training rows."""
    n = len(rows)
    value = float(rows.mean()) if n else None
    low = high = None
    method = "no interval: fewer than two rows"
    if n > 1 and value is not None:
        influence = mean_influence(rows) * math.sqrt(evidence.inflation)
        _, low, high, method = influence_gain(value, influence, n - 1.0, groups=evidence.groups, seed=seed)
        method = method.replace("paired, no row differs", "all rows alike").removeprefix("paired ")
    return Measurement(name=name, value=value, low=low, high=high, n=n, method=method, unit=currency)


def times(found: Measurement, factor: float, name: str) -> Measurement:
    """Return a measurement of so many cases together, from one of a case."""
    value, low, high = (None if v is None else factor * v for v in (found.value, found.low, found.high))
    return replace(found, name=name, value=value, low=low, high=high)
