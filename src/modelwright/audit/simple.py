"""Predictors that fit in a sentence: one split, one table, a linear formula of a few columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modelwright.audit.boosting import LEAST
from modelwright.audit.findings import AuditContext
from modelwright.audit.looking import coded
from modelwright.audit.power import N_FOLDS, PowerSample
from modelwright.data.columns import Strings

__all__ = ["Split", "best_split", "cell_table", "linear_model"]

PRIOR_ROWS = 1.0
MAX_CUTS = 100
SIDE_ROWS = 10  # rows on each side of a split
LEVELS = 10  # of a category in a linear formula; the others are one
STEPS, TOLERANCE = 100, 1e-4  # of the solver
PENALTY = 1.0


@dataclass(frozen=True, eq=False)
class Split:
    """One threshold; ``above`` and ``below`` are predictions of shape (n_outputs,), missing values go ``below``."""

    at: float
    above: np.ndarray
    below: np.ndarray

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Return predictions, shape (n_rows, n_outputs)."""
        return np.where((np.nan_to_num(x, nan=-np.inf) > self.at)[:, None], self.above, self.below)


def best_split(x: np.ndarray, y: np.ndarray, k: int) -> Split | None:
    """Return the threshold with the least loss on these rows; None where no side would have `SIDE_ROWS` rows."""
    known = x[np.isfinite(x)]
    if len(known) < 2 * SIDE_ROWS:
        return None
    values = np.unique(np.quantile(known, np.linspace(0, 1, MAX_CUTS + 2)[1:-1], method="lower"))
    order = np.nan_to_num(x, nan=-np.inf)
    best: tuple[float, float] | None = None
    for at in values[:-1] if len(values) and values[-1] == known.max() else values:
        above = order > at
        if min(above.sum(), (~above).sum()) >= SIDE_ROWS:
            loss = _loss(y[above], k) + _loss(y[~above], k)
            if best is None or loss < best[0]:
                best = (loss, float(at))
    if best is None:
        return None
    above = order > best[1]
    table = cell_table(above.astype(np.int64), y, k, 2)
    greater = known[known > best[1]]
    return Split(at=(best[1] + float(greater.min())) / 2, above=table[1], below=table[0])


def _loss(y: np.ndarray, k: int) -> float:
    if not k:
        return float(np.square(y - y.mean()).sum())
    counts = np.bincount(y, minlength=k)
    counts = counts[counts > 0]
    return float(-(counts * np.log(counts / counts.sum())).sum())


def cell_table(cells: np.ndarray, y: np.ndarray, k: int, n_cells: int) -> np.ndarray:
    """Return the mean of each cell drawn towards the overall one, shape (n_cells, n_outputs)."""
    if k:
        total = np.bincount(cells * k + y, minlength=n_cells * k).reshape(n_cells, k).astype(np.float64)
        prior = (total.sum(axis=0) + 1.0 / k) / (total.sum() + 1.0)
        share = (total + PRIOR_ROWS * prior) / (total.sum(axis=1, keepdims=True) + PRIOR_ROWS)
        share = np.clip(share, LEAST, 1)
        return share / share.sum(axis=1, keepdims=True)
    n, sums = np.bincount(cells, minlength=n_cells), np.bincount(cells, weights=y, minlength=n_cells)
    return ((sums + PRIOR_ROWS * y.mean()) / (n + PRIOR_ROWS))[:, None]


def linear_model(context: AuditContext, sample: PowerSample, names: Sequence[str]) -> np.ndarray | None:
    """Return out-of-fold predictions of a linear model, shape (n_rows, n_outputs); None for more than two classes."""
    if sample.n_classes > 2 or not names:
        return None
    x = np.column_stack([part for n in names for part in _design(context, sample, n)])
    prediction = np.empty((len(sample.rows), max(1, sample.n_classes)))
    for fold in range(N_FOLDS):
        held = sample.folds == fold
        if sample.n_classes:
            if len(np.unique(sample.y[~held])) < 2:
                return None
            event = np.clip(_logistic(x[~held], sample.y[~held], x[held]), LEAST, 1 - LEAST)
            prediction[held] = np.column_stack([1 - event, event])
        else:
            prediction[held] = _ridge(x[~held], sample.y[~held], x[held])[:, None]
    return prediction


def _ridge(x: np.ndarray, y: np.ndarray, new: np.ndarray) -> np.ndarray:
    centre, mean = x.mean(axis=0), y.mean()
    gram = (x - centre).T @ (x - centre) + PENALTY * np.eye(x.shape[1])
    return (new - centre) @ np.linalg.solve(gram, (x - centre).T @ (y - mean)) + mean


def _logistic(x: np.ndarray, y: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Return the probability of the second class in new rows; the penalty spares the intercept.

    scikit-learn comes to the same, and loads 80 MB for it that a run holds until it ends.
    """
    from scipy.optimize import minimize
    from scipy.special import expit

    def loss(found: np.ndarray) -> tuple[float, np.ndarray]:
        weights, z = found[:-1], x @ found[:-1] + found[-1]
        off = expit(z) - y
        slope = np.append(x.T @ off + PENALTY * weights, off.sum())
        return (np.logaddexp(0, z) - y * z).sum() / len(y) + PENALTY / 2 * weights @ weights / len(y), slope / len(y)

    solver = {"maxiter": STEPS, "gtol": TOLERANCE, "ftol": 0.0}
    found = minimize(loss, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B", options=solver).x
    return expit(new @ found[:-1] + found[-1])


def _design(context: AuditContext, sample: PowerSample, name: str) -> list[np.ndarray]:
    """Return a column as numbers: standardised with a flag for missing, or a flag per frequent level."""
    column = context.columns[name]
    if isinstance(column, Strings):
        levels = coded(context, name)
        frequent = np.argsort(-levels.counts, kind="stable")[:LEVELS]
        return [(levels.codes[sample.rows] == level).astype(np.float64) for level in frequent]
    x = column[sample.rows]
    known = np.isfinite(x)
    if not known.any():
        return [np.zeros(len(x))]
    low, high = np.quantile(x[known], [0.01, 0.99])
    x = np.clip(np.where(known, x, np.median(x[known])), low, high)
    spread = float(x.std()) or 1.0
    return [(x - x.mean()) / spread, *([(~known).astype(np.float64)] if not known.all() else [])]
