"""Money as measurements: means of what each row brings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from modelwright.evaluate.evidence import Evidence
from modelwright.evaluate.intervals import mean_measurement
from modelwright.evaluate.measurements import Measurement

__all__ = ["THOUSAND", "money", "per_thousand", "times"]

THOUSAND = 1000
"""Cases that money is told of: of one case it is mostly small change."""


def money(name: str, rows: np.ndarray, evidence: Evidence, currency: str, seed: int) -> Measurement:
    """Return the mean of the money of rows, with an interval that allows for groups and shared training rows."""
    return mean_measurement(name, rows, groups=evidence.groups, seed=seed, unit=currency, inflation=evidence.inflation)


def per_thousand(name: str, rows: np.ndarray, evidence: Evidence, currency: str, seed: int) -> Measurement:
    """Return the money of 1,000 cases, from that of each row; as `money`."""
    return times(money(name, rows, evidence, currency, seed), THOUSAND, name)


def times(found: Measurement, factor: float, name: str) -> Measurement:
    """Return a measurement of so many cases together, from one of a case."""
    value, low, high = (None if v is None else factor * v for v in (found.value, found.low, found.high))
    return replace(found, name=name, value=value, low=low, high=high)
