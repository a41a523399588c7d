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

from modelwright.evaluate.intervals import measure, moved
from modelwright.evaluate.measurements import Measurement
from modelwright.evaluate.metrics import Metric, get

__all__ = ["Selections", "bbc", "corrected", "reselect"]

MOST_BOOTSTRAPS, FEWEST_BOOTSTRAPS = 100, 20
WORK = 1_000_000  # candidates × rows × bootstraps: about two seconds of greedy selection on one core

Select = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Selections:
    """The choice on all rows, shape (m,), and the choices on resamples with the rows each has left out."""

    on_all: np.ndarray
    resampled: tuple[tuple[np.ndarray, np.ndarray], ...]


def reselect(
    n_rows: int, n_candidates: int, select: Select, *, groups: np.ndarray | None = None, seed: int = 0
) -> Selections:
    """Choose on all rows and on resamples of the rows, or of the groups.

    The number of resamples follows from the size alone, so that the same data give the same numbers on any machine.
    """
    rng = np.random.default_rng(seed)
    count = int(np.clip(WORK // max(n_rows * n_candidates, 1), FEWEST_BOOTSTRAPS, MOST_BOOTSTRAPS))
    if groups is None:
        members: list[np.ndarray] | None = None
        n_units = n_rows
    else:
        _, number = np.unique(groups, return_inverse=True)
        n_units = int(number.max()) + 1
        order = np.argsort(number, kind="stable")
        members = np.split(order, np.cumsum(np.bincount(number))[:-1])
    resampled = []
    for _ in range(count):
        picked = rng.integers(0, n_units, n_units)
        left = np.setdiff1d(np.arange(n_units), picked)
        rows = picked if members is None else np.concatenate([members[u] for u in picked])
        left_rows = left if members is None else np.concatenate([members[u] for u in left] or [left])
        if len(left_rows):
            resampled.append((select(rows), left_rows))
    return Selections(select(np.arange(n_rows)), tuple(resampled))


def shortfall(
    metric: Metric, y: np.ndarray, predictions: np.ndarray, selections: Selections, threshold: float | None = None
) -> float:
    """Return by how much an honest choice scores other than the choice on all rows (its sign is the metric's).

    Zero where no resample allows a comparison.
    """
    whole = np.tensordot(selections.on_all, predictions, axes=1)
    differences = []
    for weights, rows in selections.resampled:
        honest = np.tensordot(weights, predictions[:, rows], axes=1)
        difference = metric(y[rows], honest, threshold) - metric(y[rows], whole[rows], threshold)
        if math.isfinite(difference):
            differences.append(difference)
    return float(np.mean(differences)) if differences else 0.0


def corrected(
    found: Measurement,
    y: np.ndarray,
    predictions: np.ndarray,
    selections: Selections,
    *,
    threshold: float | None = None,
) -> Measurement:
    """Return a measurement moved by the shortfall of an honest choice; one that is not defined stays as it is.

    Parameters
    ----------
    found : Measurement
        Of the ensemble chosen on all rows.
    predictions : ndarray of float64, shape (n_candidates, n_rows, n_outputs)
    """
    if found.value is None:
        return found
    metric = get(found.name)
    change = shortfall(metric, y, predictions, selections, threshold)
    # An honest choice cannot beat one that saw the rows of the score: what says so is noise.
    change = min(change, 0.0) if metric.greater_is_better else max(change, 0.0)
    return replace(moved(found, change), method=f"{found.method}, BBC-CV ({len(selections.resampled)})")


def bbc(
    metric: str | Metric,
    y: np.ndarray,
    predictions: np.ndarray,
    select: Select,
    *,
    groups: np.ndarray | None = None,
    seed: int = 0,
) -> Measurement:
    """Return the score of choosing an ensemble, corrected for the optimism of choosing on the rows of the score.

    Parameters
    ----------
    metric : str or Metric
    y : ndarray of float64, shape (n_rows,)
    predictions : ndarray of float64, shape (n_candidates, n_rows, n_outputs)
        Out-of-fold.
    select : callable
        ``select(rows)`` returns weights of shape ``(n_candidates,)`` chosen on these rows (an index, with repeats).
    groups : ndarray of int or None
        Groups are resampled as wholes.
    seed : int
    """
    selections = reselect(len(y), len(predictions), select, groups=groups, seed=seed)
    whole = np.tensordot(selections.on_all, predictions, axes=1)
    return corrected(measure(metric, y, whole, groups=groups, seed=seed), y, predictions, selections)
