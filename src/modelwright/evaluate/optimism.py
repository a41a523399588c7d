"""Correction for choosing and scoring on the same rows: bootstrap bias-corrected cross-validation.

Tsamardinos, Greasidou and Borboudakis (2018), "Bootstrapping the out-of-sample predictions for efficient and accurate
cross-validation", Machine Learning 107: choose the ensemble on resampled out-of-fold rows and score it on the rows
left out. Two refinements keep the numbers of bootstraps small. What is averaged is how much the choice of the
resample falls short of the choice made on all rows, on the same left-out rows, so that the luck of those rows cancels.
And the interval keeps the width that all rows give (the left-out third alone would be some 1.3 times as wide).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from modelwright.evaluate.intervals import moved
from modelwright.evaluate.measurements import Measurement
from modelwright.evaluate.metrics import Metric, get

__all__ = ["Selections", "corrected", "reselect"]

MOST_BOOTSTRAPS, FEWEST_BOOTSTRAPS = 40, 20
WORK = 500_000  # size of the predictions × bootstraps: about a second of greedy selection on one core

Select = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Selections:
    """What honest choices predict, beside the choice on all rows.

    Attributes
    ----------
    on_all : ndarray of float64, shape (n_candidates,)
        Weights chosen on all rows.
    resampled : tuple of (rows, honest, whole)
        Rows that a resample left out, and the predictions on them by the weights chosen on the resample and by
        ``on_all``.
    """

    on_all: np.ndarray
    resampled: tuple[tuple[np.ndarray, np.ndarray, np.ndarray], ...]


def reselect(predictions: np.ndarray, select: Select, *, groups: np.ndarray | None = None, seed: int = 0) -> Selections:
    """Choose on all rows and on resamples of the rows, or of the groups.

    The number of resamples follows from the size alone, so that the same data give the same numbers on any machine.

    Parameters
    ----------
    predictions : ndarray of float64, shape (n_candidates, n_rows, n_outputs)
        Out-of-fold.
    select : callable
        ``select(rows)`` returns weights of shape ``(n_candidates,)`` chosen on these rows (an index, with repeats).
    groups : ndarray of int or None
        Groups are resampled as wholes.
    seed : int
    """
    rng = np.random.default_rng(seed)
    n_rows = predictions.shape[1]
    on_all = select(np.arange(n_rows))
    count = int(np.clip(WORK // max(predictions.size, 1), FEWEST_BOOTSTRAPS, MOST_BOOTSTRAPS))
    unit = np.arange(n_rows) if groups is None else np.unique(groups, return_inverse=True)[1]
    n_units = int(unit.max()) + 1
    by_unit = np.argsort(unit, kind="stable")
    starts = np.searchsorted(unit[by_unit], np.arange(n_units + 1))
    resampled = []
    for _ in range(count):
        times = np.bincount(rng.integers(0, n_units, n_units), minlength=n_units)
        left = np.flatnonzero(times[unit] == 0)
        if len(left):
            rows = np.repeat(by_unit, np.repeat(times, np.diff(starts)))
            chosen, known = select(rows), predictions[:, left]
            resampled.append((left, np.tensordot(chosen, known, axes=1), np.tensordot(on_all, known, axes=1)))
    return Selections(on_all, tuple(resampled))


def shortfall(metric: Metric, y: np.ndarray, selections: Selections, threshold: float | None = None) -> float:
    """Return by how much an honest choice scores other than the choice on all rows (its sign is the metric's).

    Zero where no resample allows a comparison.
    """
    differences = []
    for rows, honest, whole in selections.resampled:
        difference = metric(y[rows], honest, threshold) - metric(y[rows], whole, threshold)
        if math.isfinite(difference):
            differences.append(difference)
    return float(np.mean(differences)) if differences else 0.0


def corrected(
    found: Measurement, y: np.ndarray, selections: Selections, *, threshold: float | None = None
) -> Measurement:
    """Return a measurement moved by the shortfall of an honest choice; one that is not defined stays as it is.

    Parameters
    ----------
    found : Measurement
        Of the ensemble chosen on all rows.
    y : ndarray of float64, shape (n_rows,)
    """
    if found.value is None:
        return found
    metric = get(found.name)
    change = shortfall(metric, y, selections, threshold)
    # An honest choice cannot beat one that saw the rows of the score: what says so is noise.
    change = min(change, 0.0) if metric.greater_is_better else max(change, 0.0)
    return replace(moved(found, change), method=f"{found.method}, BBC-CV ({len(selections.resampled)})")
