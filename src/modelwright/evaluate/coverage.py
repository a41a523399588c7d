"""How often prediction intervals and sets of classes contain the truth, and how good intervals are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from modelwright.evaluate.measurements import Measurement
from modelwright.evaluate.scales import wilson
from modelwright.runtime.intervals import Intervals, Sets

__all__ = ["JUDGED", "inside", "interval_score", "measure_coverage", "measure_inside"]

JUDGED = (0.8, 0.9, 0.95)  # coverages at which shapes of interval are compared, and measured: those people ask for


def interval_score(y: np.ndarray, low: np.ndarray, high: np.ndarray, coverage: float) -> np.ndarray:
    """Return the interval score of each row, in the target's unit; lower is better (Gneiting and Raftery 2007).

    The width, plus ``2 / (1 - coverage)`` times the distance by which the truth lies outside: minimal on average for
    the true quantiles, so neither a wide nor a bold interval pays.
    """
    outside = np.maximum(low - y, 0) + np.maximum(y - high, 0)
    return (high - low) + 2 / (1 - coverage) * outside


def measure_coverage(
    fitted: Intervals | Sets, y: np.ndarray, prediction: np.ndarray, *, groups: np.ndarray | None = None
) -> tuple[Measurement, ...]:
    """Return how often the truth lies inside, on rows that took no part, at the coverages people ask for.

    Parameters
    ----------
    fitted : Intervals or Sets
    y : ndarray of float64, shape (n_rows,)
        Values or class numbers.
    prediction : ndarray of float64, shape (n_rows, n_outputs)
    groups : ndarray of int or None
        Rows of one group count as one in the width of the measurement's interval.

    Returns
    -------
    tuple of Measurement
        ``coverage_80``, ``coverage_90``, ``coverage_95``: those that the rows behind ``fitted`` support.
    """
    return measure_inside(fitted.coverages, lambda coverage: inside(fitted, y, prediction, coverage), groups)


def inside(fitted: Intervals | Sets, y: np.ndarray, prediction: np.ndarray, coverage: float) -> np.ndarray:
    """Return in which rows the truth lies inside, bool of shape ``(n_rows,)``."""
    if isinstance(fitted, Intervals):
        low, high = fitted(prediction[:, 0], coverage)
        return np.asarray((low <= y) & (y <= high))
    return fitted(prediction, coverage)[np.arange(len(y)), y.astype(np.int64)]


def measure_inside(
    coverages: np.ndarray, inside_at: Callable[[float], np.ndarray], groups: np.ndarray | None
) -> tuple[Measurement, ...]:
    """Return the share of rows inside at each coverage of `JUDGED` that is among ``coverages``.

    ``inside_at(coverage)`` says of each row whether the truth lies inside; rows of one group count as one in the width
    of the measurement's interval.
    """
    found = []
    for coverage in JUDGED:
        if coverage > coverages[-1]:
            break
        held = inside_at(coverage)
        units = len(held) if groups is None else len(np.unique(groups))
        share = float(held.mean())
        low_end, high_end = wilson(share * units, units)
        found.append(
            Measurement(
                name=f"coverage_{coverage:.0%}".removesuffix("%"),
                value=share,
                low=low_end,
                high=high_end,
                n=len(held),
                method="Wilson" if groups is None else f"Wilson, as for {units:,} groups",
            )
        )
    return tuple(found)
