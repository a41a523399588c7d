"""Calibrators for one prediction at a time. The slow, obvious twin is the calibrator on a table of one row.

Sums and products of Python's numbers are numpy's to the bit; logarithms and powers are not, so those are numpy's own.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

import numpy as np

from modelwright.runtime.calibrators import (
    LIMIT,
    SLOPE_BEYOND,
    SMALLEST,
    Beta,
    Calibrator,
    Isotonic,
    Sigmoid,
    Temperature,
)

__all__ = ["RowCalibrator", "row_calibrator"]

RowCalibrator = Callable[[list[float]], list[float]]


def row_calibrator(calibrator: Calibrator, n_classes: int) -> RowCalibrator:
    """Return the function that calibrates the probabilities of one row; for one thread at a time."""
    if isinstance(calibrator, Isotonic):
        return _between(calibrator)
    if n_classes == 2 and isinstance(calibrator, Temperature | Sigmoid | Beta):
        return _by_odds(calibrator)
    return lambda prediction: calibrator(np.array([prediction]))[0].tolist()


def _softly(value: float) -> float:
    inside = -LIMIT if value < -LIMIT else LIMIT if value > LIMIT else value
    return inside + SLOPE_BEYOND * (value - inside)


def _by_odds(calibrator: Temperature | Sigmoid | Beta) -> RowCalibrator:
    """Return the function for those that say what the log odds become."""
    both, one = np.empty(2), np.empty(1)
    log, exp = np.log, np.exp
    odds_of = _odds_of(calibrator)

    def calibrate(prediction: list[float]) -> list[float]:
        without, event = prediction
        # NaN is larger than nothing: it stays
        both[0] = SMALLEST if without < SMALLEST else without
        both[1] = SMALLEST if event < SMALLEST else event
        odds = odds_of(*log(both, out=both).tolist())
        one[0] = -abs(odds)
        small = exp(one, out=one).item()
        likely, unlikely = 1.0 / (1.0 + small), small / (1.0 + small)
        return [unlikely, likely] if odds >= 0 else [likely, unlikely]

    return calibrate


def _odds_of(calibrator: Temperature | Sigmoid | Beta) -> Callable[[float, float], float]:
    """Return the function from the logarithms of both probabilities to the log odds."""
    if isinstance(calibrator, Beta):
        a, b, c = calibrator.a, calibrator.b, calibrator.c
        return lambda without, event: a * _softly(event) - b * _softly(without) + c
    slope = calibrator.slope
    if isinstance(calibrator, Temperature):
        return lambda without, event: slope * _softly(event - without)
    offset = calibrator.offset
    return lambda without, event: slope * _softly(event - without) + offset


def _between(calibrator: Isotonic) -> RowCalibrator:
    """Return the function that interpolates, as ``np.interp`` does."""
    x, y = calibrator.x, calibrator.y
    slopes = (np.diff(y) / np.diff(x)).tolist()
    last = len(x) - 1

    def calibrate(prediction: list[float]) -> list[float]:
        value = prediction[1]
        at = bisect_right(x, value) - 1
        if value != value:
            event = value
        elif at < 0 or at >= last:
            event = y[max(at, 0)]
        else:
            event = slopes[at] * (value - x[at]) + y[at]
        return [1.0 - event, event]

    return calibrate
