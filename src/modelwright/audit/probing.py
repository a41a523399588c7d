"""A quick model of the target, out of fold: what rules and decisions are measured with before anything is trained.

It is small on purpose (a gradient boosting machine of some eighty trees on a few thousand rows): differences between
two of them, on the same rows and with as many rows to learn from, tell what a column, a repair or a way of splitting
does to a score. How good a model can get is for the training to say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from modelwright.audit.boosting import predicted
from modelwright.audit.findings import AuditContext
from modelwright.audit.looking import memo
from modelwright.audit.power import N_FOLDS, PowerSample, feature_table, power_sample
from modelwright.data.columns import Columns
from modelwright.evaluate.intervals import gain, measure
from modelwright.evaluate.measurements import Measurement

__all__ = ["PROBE_ROWS", "Probe", "difference", "fitted_on", "probe", "probe_rows", "score"]

PROBE_ROWS = 6_000  # the standard error of a share is then at most 0.65 percentage points; a probe takes about a second


@dataclass(frozen=True, eq=False)
class Probe:
    """Out-of-fold predictions.

    Attributes
    ----------
    rows : ndarray of int, shape (n,)
        Ascending positions in the context.
    y : ndarray of float64, shape (n,)
        Class number, or the rank of the value scaled to 0 … 1, which no outlier rules.
    prediction : ndarray of float64, shape (n, n_outputs)
        Probability of each class, or the rank.
    """

    rows: np.ndarray
    y: np.ndarray
    prediction: np.ndarray

    @property
    def metric(self) -> str:
        """Log loss for classes, R² (of ranks) for values."""
        return "log_loss" if self.prediction.shape[1] > 1 else "r2"


def probe_rows(context: AuditContext) -> PowerSample | None:
    """Return the rows that probes look at, at most `PROBE_ROWS`; None where there is no `power_sample`."""
    sample = power_sample(context)
    if sample is None or len(sample.rows) <= PROBE_ROWS:
        return sample
    kept = np.linspace(0, len(sample.rows) - 1, PROBE_ROWS).astype(np.int64)
    return PowerSample(sample.rows[kept], sample.y[kept], sample.n_classes, sample.folds[kept])


def probe(context: AuditContext, names: Iterable[str] | None = None, columns: Columns | None = None) -> Probe | None:
    """Return out-of-fold predictions of the target from some columns, in random folds.

    Parameters
    ----------
    names : iterable of str or None
        Columns to learn from; None: all features.
    columns : Columns or None
        Other values than the context's for some columns, over all its rows: repaired ones. Not remembered.

    Returns
    -------
    Probe or None
        None without columns, or with fewer than `power.MIN_ROWS` rows with a target, or where it does not vary.
    """
    wanted = tuple(sorted(context.features if names is None else names))
    sample = probe_rows(context)
    if sample is None or not wanted:
        return None
    if columns:
        return _probe(context, wanted, sample, columns)
    return memo(context, ("probe", wanted), lambda: _probe(context, wanted, sample, None))


def _probe(context: AuditContext, names: tuple[str, ...], sample: PowerSample, columns: Columns | None) -> Probe:
    table = feature_table(context, names, sample.rows, columns)
    prediction: np.ndarray = np.empty((len(sample.rows), max(1, sample.n_classes)))
    for fold in range(N_FOLDS):
        held = sample.folds == fold
        prediction[held] = fitted_on(context, table, sample, np.flatnonzero(~held), np.flatnonzero(held))
    return Probe(sample.rows, sample.y.astype(np.float64), prediction)


def fitted_on(
    context: AuditContext, table: np.ndarray, sample: PowerSample, train: np.ndarray, held: np.ndarray
) -> np.ndarray:
    """Return predictions, shape (n_held, n_outputs), for some rows of a table by a model fitted on others of it."""
    return predicted(table[train], sample.y[train], table[held], sample.n_classes, context.brief.seed)


def score(made: Probe, *, groups: np.ndarray | None = None, seed: int = 0) -> Measurement:
    """Return how good a probe is, with its interval; ``groups`` belong to its rows."""
    return measure(made.metric, made.y, made.prediction, groups=groups, seed=seed)


def difference(made: Probe, other: Probe, *, groups: np.ndarray | None = None, seed: int = 0) -> Measurement:
    """Return by how much ``made`` is better than ``other`` on the same rows, paired; above 0 is better."""
    return gain(made.metric, made.y, made.prediction, other.prediction, groups=groups, seed=seed)
