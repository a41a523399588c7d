"""The simplest linear model: ridge or logistic regression on a plain design matrix."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelwright.data.columns import Columns, take
from modelwright.data.contract import Contract
from modelwright.data.sampling import sample_rows
from modelwright.objectives.baselines.design import Design, fit_design

__all__ = ["FittedLinear", "Linear"]

MAX_ROWS = 20_000  # the weights of a few hundred columns do not move beyond
MAX_CELLS = 20_000_000  # rows × columns × classes: about three seconds of one core
MIN_ROWS = 1_000
RIDGE = 1.0  # the same mild penalty for both, scikit-learn's default
MAX_ITERATIONS = 100
TOLERANCE = 1e-3
# Part of the shares of the classes mixed in, so that a class not seen among the rows is improbable, not impossible.
PRIOR_WEIGHT = 1e-3


@dataclass(frozen=True, eq=False)
class FittedLinear:
    """Weights of shape (width, n_outputs) on a design; ``prior`` has shape (n_classes,) or is None for values."""

    design: Design
    weights: np.ndarray
    intercept: np.ndarray
    prior: np.ndarray | None
    bounds: tuple[float, float] | None
    n_columns: int

    def __call__(self, columns: Columns) -> np.ndarray:
        """Return probabilities, or values within the range seen in training."""
        scores = self.design(columns) @ self.weights + self.intercept
        if self.prior is None:
            return np.clip(scores, *self.bounds) if self.bounds else scores
        scores -= scores.max(axis=1, keepdims=True)
        shares = np.exp(scores)
        shares /= shares.sum(axis=1, keepdims=True)
        return (1 - PRIOR_WEIGHT) * shares + PRIOR_WEIGHT * self.prior

    @property
    def text(self) -> str:
        """What it does: ``"logistic regression on 16 columns as they are"``."""
        kind = "linear" if self.prior is None else "logistic"
        columns = "1 column as it is" if self.n_columns == 1 else f"{self.n_columns} columns as they are"
        return f"{kind} regression on {columns}"


class Linear:
    """Predicts from a weighted sum of all columns."""

    name: ClassVar[str] = "linear"

    def fit(
        self, columns: Columns, specs: Contract, y: np.ndarray, *, classes: Sequence[str], metric: str, seed: int
    ) -> FittedLinear:
        """Fit; see `modelwright.objectives.base.Baseline`."""
        n_classes = len(classes)
        design = fit_design(columns, specs)
        limit = int(np.clip(MAX_CELLS / max(design.width * max(n_classes, 1), 1), MIN_ROWS, MAX_ROWS))
        used = {s.name: columns[s.name] for s in specs.columns}
        if len(y) > limit:
            rows = sample_rows(len(y), limit, np.random.default_rng(seed))
            used, sample = take(used, rows), y[rows]
        else:
            sample = y
        matrix = design(used) if used else np.zeros((len(sample), 0))
        if n_classes:
            counts = np.bincount(y.astype(np.int64), minlength=n_classes) + 1.0
            prior = counts / counts.sum()
            weights, intercept = _logistic(matrix, sample.astype(np.int64), n_classes, prior)
            return FittedLinear(design, weights, intercept, prior, None, len(design.parts))
        weights, intercept = _ridge(matrix, sample)
        bounds = (float(y.min()), float(y.max()))
        return FittedLinear(design, weights, intercept, None, bounds, len(design.parts))


def _ridge(matrix: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return weights (width, 1) and the intercept (1,); the penalty spares the intercept."""
    centre, mean = matrix.mean(axis=0), float(y.mean())
    x = matrix - centre
    gram = x.T @ x + RIDGE * np.eye(x.shape[1])
    weights = np.linalg.solve(gram, x.T @ (y - mean))[:, None]
    return weights, np.array([mean]) - centre @ weights


def _logistic(
    matrix: np.ndarray, labels: np.ndarray, n_classes: int, prior: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return weights (width, n_classes) and intercepts; classes without rows keep the logarithm of their share."""
    weights = np.zeros((matrix.shape[1], n_classes))
    intercept = np.log(prior)
    present = np.unique(labels)
    if len(present) < 2 or matrix.shape[1] == 0:
        return weights, intercept
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1.0 / RIDGE, max_iter=MAX_ITERATIONS, tol=TOLERANCE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a baseline may stop short of the last digit
        model.fit(matrix, labels)
    if len(present) == 2:
        weights[:, present[1]], intercept[present[0]] = model.coef_[0], 0.0
        intercept[present[1]] = model.intercept_[0]
    else:
        weights[:, present], intercept[present] = model.coef_.T, model.intercept_
    absent = np.setdiff1d(np.arange(n_classes), present)
    intercept[absent] = intercept[present].min() + np.log(prior[absent] / prior[present].min())
    return weights, intercept
