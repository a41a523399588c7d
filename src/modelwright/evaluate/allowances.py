"""What the interval of a score allows for beyond the rows that measured it.

The rows give the interval its width as if one given model had been judged once. A job does something else, in three
ways, and each is paid for:

1. Cross-validated scores come from models that share training rows, and the version that ships is one more such model.
   The share of the variance that no repetition takes away is that of Nadeau and Bengio (2003), see `shared_training`.
2. A lockbox that is lucky looks certain, too: score and spread come from the same few rows. Rows predicted out of fold
   show the same spread, and there are more of them, see `pooled`.
3. The models that were judged saw fewer rows than the version. How much that matters the learning curve says; the
   interval's better end reaches further by it, the value stays what was measured, see `step_to_all` and `extended`.

`benchmarks/judgement/coverage.py` counts how often the intervals then hold the truth.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from modelwright.evaluate.intervals import independent_influences, plain_trials
from modelwright.evaluate.measurements import Measurement
from modelwright.evaluate.metrics import Metric, get
from modelwright.evaluate.scales import BOUNDS, SCALES

__all__ = ["Unseen", "extended", "pooled", "shared_training", "step_to_all"]

# Errors fall with a power of the number of rows, in practice 0.05 to 1 (Hestness et al. 2017; Viering and Loog 2023).
# From four fifths of the rows to all it is a fifth to a third of what the last doubling bought, whichever it is.
POWER = 0.5
MOST_UNSEEN = 50_000  # rows; a spread is then known to a hundredth, and the 26 areas of 26 classes take a second


@dataclass(frozen=True, eq=False)
class Unseen:
    """Rows predicted by models that were not fitted on them, drawn as those that measure the score are.

    Attributes
    ----------
    y : ndarray of float64, shape (n_rows,)
    prediction : ndarray of float64, shape (n_rows, n_outputs)
    groups : ndarray of int, shape (n_rows,), or None
    """

    y: np.ndarray
    prediction: np.ndarray
    groups: np.ndarray | None = None

    def some(self, seed: int) -> Unseen:
        """Return these, or rows (with groups: whole groups) drawn from them, about `MOST_UNSEEN` at most."""
        if len(self.y) <= MOST_UNSEEN:
            return self
        unit = np.arange(len(self.y)) if self.groups is None else np.unique(self.groups, return_inverse=True)[1]
        sizes = np.bincount(unit)
        order = np.random.default_rng([seed, 23]).permutation(len(sizes))
        kept = np.zeros(len(sizes), dtype=bool)
        kept[order[: max(2, int(np.searchsorted(np.cumsum(sizes[order]), MOST_UNSEEN, "right")))]] = True
        rows = np.flatnonzero(kept[unit])
        return Unseen(self.y[rows], self.prediction[rows], None if self.groups is None else self.groups[rows])


def shared_training(n_judged: int, n_train: float, n_test: float) -> float:
    """Return the variance of a cross-validated score over that of its rows.

    Nadeau and Bengio (2003), "Inference for the generalization error", Machine Learning 52, put the variance of J test
    scores at (1/J + n_test/n_train)·S². With S² the variance σ²/n_test of a mean of rows, the second term is
    σ²/n_train: as if no more rows judged than trained, however often the folds are drawn. The first term stands for
    what drawing them again takes away, and is small beside it (Bouckaert and Frank 2004). So σ²/n of all rows becomes
    σ²/n_train; where only some of the folds were used, σ²/n_judged grows by as much.

    Parameters
    ----------
    n_judged : int
        Rows judged, each once in every repetition.
    n_train, n_test : float
        Rows that a fold trains with, and those that it judges.
    """
    return 1.0 + n_judged * (1.0 / n_train - 1.0 / (n_train + n_test))


def pooled(
    metric: Metric,
    y: np.ndarray,
    prediction: np.ndarray,
    unseen: Unseen,
    *,
    groups: np.ndarray | None = None,
    threshold: float | None = None,
) -> float:
    """Return the variance that a score's rows and others like them agree on, over that of its rows alone.

    On the scale without bounds, where spread goes less with the value; weighted by the number of independent units. At
    least 1: rows that spread more than the others are believed. 1 for plain shares, whose variance follows from the
    value, and where there is nothing to compare.
    """
    if plain_trials(metric, y, prediction, threshold) is not None and groups is None:
        return 1.0
    own = _spread(metric, y, prediction, groups, threshold)
    other = _spread(metric, unseen.y, unseen.prediction, unseen.groups, threshold)
    if own is None or other is None:
        return 1.0
    (variance, n), (other_variance, other_n) = own, other
    return max(1.0, (n * variance + other_n * other_variance * other_n / n) / (n + other_n) / variance)


def _spread(
    metric: Metric, y: np.ndarray, prediction: np.ndarray, groups: np.ndarray | None, threshold: float | None
) -> tuple[float, int] | None:
    """Return the variance on the scale without bounds and the number of units, None where there is no variation."""
    lowest, highest = BOUNDS[metric.scale]
    value = float("nan") if metric.undefined(y, prediction) else metric(y, prediction, threshold)
    if not lowest < value < highest:
        return None
    units, _ = independent_influences(metric, y, prediction, groups, threshold)
    variance = float(units @ units) * SCALES[metric.scale].slope(value) ** 2
    return (variance, len(units)) if len(units) > 1 and variance > 0 else None


def step_to_all(
    metric: Metric,
    y: np.ndarray,
    learning: Sequence[tuple[int, np.ndarray]],
    n_all: int,
    *,
    threshold: float | None = None,
) -> float:
    """Return what is expected from the most rows of a learning curve to all rows, on the scale without bounds.

    What the last step of the curve bought is carried on, as a power law says. Zero where it bought nothing, where there
    is no curve, or where it ends at all rows; and where a threshold decides: it was chosen for the last model alone, so
    what recall or F1 do on the way there says how chances moved across it, and not what was learned.

    Parameters
    ----------
    y : ndarray of float64, shape (n_rows,)
    learning : sequence of (n_train, prediction)
        Ascending, predictions on the rows of ``y``.
    n_all : int
        Rows that the version is fitted on.
    """
    if len(learning) < 2 or (threshold is not None and metric.needs == "label"):
        return 0.0
    (fewer, before), (most, last) = learning[-2:]
    lowest, highest = BOUNDS[metric.scale]
    values = [metric(y, p, threshold) for p in (before, last)]
    if not fewer < most < n_all or not all(lowest < v < highest for v in values):
        return 0.0
    there = SCALES[metric.scale].there
    bought = (there(values[1]) - there(values[0])) * (1 if metric.greater_is_better else -1)
    return max(0.0, bought) * (1 - (most / n_all) ** POWER) / ((most / fewer) ** POWER - 1)


def extended(found: Measurement, step: float) -> Measurement:
    """Return a measurement whose better end reaches further by a step on the scale without bounds."""
    if step <= 0 or found.low is None or found.high is None:
        return found
    metric = get(found.name)
    lowest, highest = BOUNDS[metric.scale]
    end = found.high if metric.greater_is_better else found.low
    if not lowest < end < highest or not math.isfinite(step):
        return found
    scale = SCALES[metric.scale]
    # Only for losses on (0, ∞) is less on the scale without bounds better.
    reached = scale.back(scale.there(end) + (step if metric.greater_is_better else -step))
    method = f"{found.method}, better end moved by the learning curve"
    if metric.greater_is_better:
        return replace(found, high=reached, method=method)
    return replace(found, low=reached, method=method)
