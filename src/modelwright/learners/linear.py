"""Linear and logistic regression; how strongly they are regularised is chosen inside the fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from modelwright.data.sampling import sample_rows
from modelwright.learners.base import Deadline, FitContext, Fitted
from modelwright.learners.family import (
    ANY_OBJECTIVE,
    Family,
    MeasuredCard,
    Valid,
    read_settings,
    rng_seed,
    spread_classes,
)
from modelwright.runtime.scorers.linear import ABSENT, LinearScorer
from modelwright.runtime.scorers.scaling import Scaling, standard_scaling
from modelwright.runtime.view import View

__all__ = ["Linear", "LinearSettings"]

CHOICE_ROWS = 10_000
"""Rows that choose the regularisation; the choice is flat, and more rows would not move it by a step of the grid."""

INVERSE_STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)
"""scikit-learn's ``C`` on standardised features, from all but constant to all but free."""

STRENGTHS = np.logspace(-3, 5, 17)
"""Ridge penalties on standardised features, for `CHOICE_ROWS` rows or fewer."""

FOLDS, SINGLE_FOLD_ROWS = 4, 4000
"""Above so many rows one fold of the four measures well enough."""

ITERATIONS, CHUNK = 240, 40
"""At most, and between two looks at the clock. A step on the grid gets one chunk: it starts from the step before."""

SAGA_ITERATIONS, SAGA_CHUNK = 60, 12
"""The same for the elastic net, whose iterations are passes over all rows one by one."""

DESCENT_ITERATIONS = 500
"""Rounds of coordinate descent over the features."""

NEWTON_FEATURES = 200
"""Up to here Newton's method (n·p² per step, some seven steps) beats the many gradient steps of L-BFGS."""

SMALLEST_PROBABILITY = 1e-6


@dataclass(frozen=True, kw_only=True)
class LinearSettings:
    """``l1_ratio`` 0 is ridge; up to 1 it is the share of the absolute penalty (Zou and Hastie 2005)."""

    l1_ratio: float = 0.0


@dataclass(frozen=True)
class Native:
    """scikit-learn's estimator between the scalings of features and target, and the class numbers of its columns."""

    estimator: Any
    scaling: Scaling
    present: np.ndarray
    n_classes: int
    offset: float
    spread: float


class Linear(Family):
    """Ridge and elastic net, for values and for classes."""

    card: ClassVar[MeasuredCard] = MeasuredCard(
        name="linear",
        title="Linear model",
        view="linear",
        objectives=ANY_OBJECTIVE,
        max_rows=5_000_000,
        max_features=5_000,
        max_classes=200,
        stoppable=True,
        watches=False,
        weighs=True,
        source="Hoerl and Kennard 1970, Zou and Hastie 2005; strength by leave-one-out (Golub et al. 1979) or folds",
        cost=lambda n, p, k: 0.03 + 2e-9 * n * p * min(p, NEWTON_FEATURES) * k + 2e-8 * n * p * k * 10,
    )

    def portfolio(
        self, *, n_rows: int, n_features: int, n_classes: int, target: str = "plain"
    ) -> tuple[Mapping[str, Any], ...]:
        """Return ridge and elastic net."""
        return ({"name": "ridge"}, {"name": "elastic_net", "l1_ratio": 0.5})

    def _fit(
        self,
        view: View,
        y: np.ndarray,
        settings: Mapping[str, Any],
        context: FitContext,
        valid: Valid,
        iterations: int | None,
    ) -> Fitted:
        chosen = read_settings(LinearSettings, settings)
        scaling = standard_scaling(view.matrix)
        matrix = scaling(view.matrix)
        rng = np.random.default_rng(context.seed)
        offset, spread = 0.0, 1.0
        sample = sample_rows(len(y), CHOICE_ROWS, rng)
        if context.n_classes:
            estimator, note = _logistic(matrix, y.astype(np.int64), sample, chosen.l1_ratio, context, rng)
            present = estimator.classes_.astype(np.int64)
            coef, intercept = _logits(estimator, present, context.n_classes)
        else:
            offset, spread = float(y.mean()), float(y.std())
            estimator, note = _least_squares(
                matrix, (y - offset) / spread, sample, chosen.l1_ratio, rng, context.weights
            )
            present = np.zeros(1, dtype=np.int64)
            coef = spread * estimator.coef_.reshape(-1, 1)
            intercept = np.atleast_1d(offset + spread * estimator.intercept_).astype(np.float64)
        scorer = LinearScorer(scaling, np.ascontiguousarray(coef), intercept, context.n_classes)
        native = Native(estimator, scaling, present, context.n_classes, offset, spread)
        return Fitted(scorer, native, note=note)

    def _native_predict(self, native: Any, matrix: np.ndarray) -> np.ndarray:
        rows = native.scaling(matrix)
        if not native.n_classes:
            return native.offset + native.spread * native.estimator.predict(rows).reshape(-1, 1)
        return spread_classes(native.estimator.predict_proba(rows), native.present, native.n_classes)


def _logits(estimator: Any, present: np.ndarray, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return coefficients and intercepts with a logit for every class, or the one logit of two classes."""
    coef, intercept = estimator.coef_.T, estimator.intercept_
    if n_classes == 2:
        return coef, intercept
    if len(present) == 2:  # one logit was fitted; the first class gets the logit 0
        coef, intercept = np.column_stack([np.zeros(len(coef)), coef[:, 0]]), np.array([0.0, intercept[0]])
    all_coef, all_intercept = np.zeros((len(coef), n_classes)), np.full(n_classes, ABSENT)
    all_coef[:, present], all_intercept[present] = coef, intercept
    return all_coef, all_intercept


def _least_squares(
    matrix: np.ndarray,
    y: np.ndarray,
    sample: np.ndarray,
    l1_ratio: float,
    rng: np.random.Generator,
    weights: np.ndarray | None,
) -> tuple[Any, str]:
    from sklearn.linear_model import ElasticNet, ElasticNetCV, Ridge, RidgeCV

    if l1_ratio == 0.0:
        strength = float(RidgeCV(alphas=STRENGTHS).fit(matrix[sample], y[sample]).alpha_)
        estimator = Ridge(
            alpha=strength * len(y) / len(sample), solver="cholesky" if len(matrix) > matrix.shape[1] else "auto"
        )
        return estimator.fit(matrix, y, weights), f"strength {strength:.3g}"
    folds = list(_folds(np.zeros(len(sample)), rng))
    if len(folds) < 2:
        return Ridge().fit(matrix, y, weights), "too few rows to choose"
    centred = y[sample] - y[sample].mean()
    largest = np.abs(matrix[sample].T @ centred).max() / (len(sample) * l1_ratio)
    grid = max(largest, np.finfo(float).tiny) * np.logspace(0, -4, 25)
    search = ElasticNetCV(
        l1_ratio=l1_ratio, alphas=grid, cv=folds, selection="cyclic", max_iter=DESCENT_ITERATIONS, tol=1e-3
    )
    strength = float(search.fit(matrix[sample], y[sample]).alpha_)
    return ElasticNet(alpha=strength, l1_ratio=l1_ratio, max_iter=DESCENT_ITERATIONS, tol=1e-4).fit(
        matrix, y, weights
    ), f"strength {strength:.3g}"


def _logistic(
    matrix: np.ndarray,
    y: np.ndarray,
    sample: np.ndarray,
    l1_ratio: float,
    context: FitContext,
    rng: np.random.Generator,
) -> tuple[Any, str]:
    strength = _choose_inverse_strength(matrix[sample], y[sample], l1_ratio, context, rng)
    # C weighs the sum over the rows against the penalty: the same balance on all rows wants a smaller one
    estimator = _new_logistic(matrix, y, l1_ratio, strength * len(sample) / len(y), context.seed)
    stopped = _iterate(estimator, matrix, y, context.weights, context.deadline)
    note = f"C = {strength:.3g}" + (", stopped by the deadline" if stopped else "")
    return estimator, note


def _new_logistic(matrix: np.ndarray, y: np.ndarray, l1_ratio: float, strength: float, seed: int) -> Any:
    from sklearn import __version__
    from sklearn.linear_model import LogisticRegression

    common = {
        "C": strength,
        "warm_start": True,
        "max_iter": SAGA_CHUNK if l1_ratio else CHUNK,
        "random_state": rng_seed(seed),
    }
    if l1_ratio > 0.0:
        # since 1.8 the ratio alone says which penalty is meant
        named = {} if tuple(map(int, __version__.split(".")[:2])) >= (1, 8) else {"penalty": "elasticnet"}
        return LogisticRegression(solver="saga", l1_ratio=l1_ratio, tol=1e-3, **common, **named)
    newton = matrix.shape[1] <= NEWTON_FEATURES and len(np.unique(y)) == 2
    return LogisticRegression(solver="newton-cholesky" if newton else "lbfgs", tol=1e-4, **common)


def _iterate(estimator: Any, matrix: np.ndarray, y: np.ndarray, weights: np.ndarray | None, deadline: Deadline) -> bool:
    """Fit in chunks of iterations; return whether the deadline came first."""
    most = SAGA_ITERATIONS if estimator.solver == "saga" else ITERATIONS
    for _ in range(most // estimator.max_iter):
        estimator.fit(matrix, y, weights)
        if np.max(estimator.n_iter_) < estimator.max_iter:
            return False
        if deadline.passed:
            return True
    return False


def _folds(y: np.ndarray, rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield inner folds with the classes spread evenly: all, or the first alone when the rows are many."""
    n_folds = min(FOLDS, len(y) // 2)
    shuffled = rng.permutation(len(y))
    place = np.empty(len(y), dtype=np.int64)
    place[shuffled[np.argsort(y[shuffled], kind="stable")]] = np.arange(len(y)) % max(n_folds, 1)
    for fold in range(n_folds if len(y) <= SINGLE_FOLD_ROWS or not y.any() else 1):
        yield np.flatnonzero(place != fold), np.flatnonzero(place == fold)


def _choose_inverse_strength(
    matrix: np.ndarray, y: np.ndarray, l1_ratio: float, context: FitContext, rng: np.random.Generator
) -> float:
    """Return the C with the least log loss over the inner folds, walking up the grid from a warm start."""
    losses = np.zeros(len(INVERSE_STRENGTHS))
    reached = len(INVERSE_STRENGTHS)
    measured = 0
    for train, held in _folds(y, rng):
        if len(np.unique(y[train])) < 2:
            continue
        estimator = None
        rows, label = matrix[train], y[train]
        for step, strength in enumerate(INVERSE_STRENGTHS[:reached]):
            if context.deadline.passed:
                return 1.0 if measured == 0 else INVERSE_STRENGTHS[int(np.argmin(losses[:reached]))]
            estimator = estimator or _new_logistic(rows, label, l1_ratio, strength, context.seed)
            estimator.set_params(C=strength)
            estimator.fit(rows, label)
            losses[step] += _log_loss(estimator, matrix[held], y[held])
            if measured == 0 and step >= 2 and losses[step] > losses[step - 1] > losses[step - 2]:
                reached = step + 1  # twice worse in a row: it only overfits from here
                break
        measured += 1
    return INVERSE_STRENGTHS[int(np.argmin(losses[:reached]))] if measured else 1.0


def _log_loss(estimator: Any, matrix: np.ndarray, y: np.ndarray) -> float:
    proba = estimator.predict_proba(matrix)
    column = np.searchsorted(estimator.classes_, y)
    known = (column < len(estimator.classes_)) & (
        estimator.classes_[np.minimum(column, len(estimator.classes_) - 1)] == y
    )
    hit = proba[np.arange(len(y)), np.minimum(column, proba.shape[1] - 1)]
    return float(-np.log(np.maximum(np.where(known, hit, 0.0), SMALLEST_PROBABILITY)).mean())
