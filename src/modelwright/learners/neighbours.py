"""k nearest neighbours with kernel weights (Hechenbichler and Schliep 2004)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from modelwright.data.sampling import sample_rows
from modelwright.learners.base import FitContext, Fitted
from modelwright.learners.family import ANY_OBJECTIVE, Family, MeasuredCard, Valid, read_settings, spread_classes
from modelwright.runtime.scorers.neighbours import NeighboursScorer, kernel_weights, nearest, rows_at_once
from modelwright.runtime.scorers.scaling import Scaling, standard_scaling
from modelwright.runtime.view import View

__all__ = ["Neighbours", "NeighboursSettings"]

ROW_CAP = 5_000
"""Rows kept: a row is scored against all of them, and the version holds them."""

CHOICES = (5, 10, 20, 40, 80)
CHOICE_ROWS = 1500
"""Rows that choose k, each left out in turn: 1500 × 5,000 distances take a quarter of a second."""

SMALLEST_PROBABILITY = 1e-3
"""Floor under the probabilities that choose k: a single neighbourhood without the true class must not decide alone."""


@dataclass(frozen=True, kw_only=True)
class NeighboursSettings:
    """``k`` None is chosen by leaving rows out, see `CHOICES`."""

    k: int | None = None


@dataclass(frozen=True)
class Native:
    """scikit-learn's estimator, the scaling in front of it and the class numbers of its columns."""

    estimator: Any
    scaling: Scaling
    present: np.ndarray
    n_classes: int


class Neighbours(Family):
    """k nearest neighbours."""

    card: ClassVar[MeasuredCard] = MeasuredCard(
        name="neighbours",
        title="k nearest neighbours",
        view="linear",
        objectives=ANY_OBJECTIVE,
        max_rows=100_000,
        max_features=500,
        max_classes=100,
        stoppable=False,
        watches=False,
        keeps_rows=True,
        source="Hechenbichler and Schliep 2004, Weighted k-nearest-neighbor techniques",
        cost=lambda n, p, k: 0.02 + min(n, CHOICE_ROWS) * (2e-8 * min(n, ROW_CAP) + 1.5e-6 * p) + 5e-8 * n * p,
    )

    def portfolio(
        self, *, n_rows: int, n_features: int, n_classes: int, target: str = "plain"
    ) -> tuple[Mapping[str, Any], ...]:
        """Return the one setting."""
        return ({"name": "default"},)

    def _fit(
        self,
        view: View,
        y: np.ndarray,
        settings: Mapping[str, Any],
        context: FitContext,
        valid: Valid,
        iterations: int | None,
    ) -> Fitted:
        chosen = read_settings(NeighboursSettings, settings)
        rng = np.random.default_rng(context.seed)
        kept = sample_rows(len(y), ROW_CAP, rng)
        scaling = standard_scaling(view.matrix)
        rows = scaling(view.matrix[kept]).astype(np.float32)
        target = y[kept].astype(np.int32) if context.n_classes else y[kept]
        k = chosen.k or _choose_k(rows, target, context.n_classes, rng)
        k = max(1, min(k, len(rows) - 1))
        scorer = NeighboursScorer(scaling, rows, target, k, context.n_classes)
        present = np.unique(target) if context.n_classes else np.zeros(1, dtype=np.int64)
        native = Native(_estimator(rows, target, k, context.n_classes), scaling, present, context.n_classes)
        note = f"k = {k}" + ("" if len(kept) == len(y) else f", {ROW_CAP} of {len(y)} rows kept")
        return Fitted(scorer, native, note=note)

    def _native_predict(self, native: Any, matrix: np.ndarray) -> np.ndarray:
        rows = native.scaling(matrix)
        if not native.n_classes:
            return native.estimator.predict(rows).reshape(-1, 1)
        return spread_classes(native.estimator.predict_proba(rows), native.present, native.n_classes)


def _estimator(rows: np.ndarray, target: np.ndarray, k: int, n_classes: int) -> Any:
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

    kind = KNeighborsClassifier if n_classes else KNeighborsRegressor
    estimator = kind(n_neighbors=min(k + 1, len(rows)), weights=kernel_weights, algorithm="brute")
    return estimator.fit(rows.astype(np.float64), target)


def _choose_k(rows: np.ndarray, target: np.ndarray, n_classes: int, rng: np.random.Generator) -> int:
    """Return the k of `CHOICES` with the least leave-one-out loss on a sample of the rows."""
    asked = np.arange(len(rows)) if len(rows) <= CHOICE_ROWS else rng.choice(len(rows), CHOICE_ROWS, replace=False)
    most = min(max(CHOICES) + 2, len(rows))
    step = rows_at_once(rows)
    parts = [
        nearest(rows, rows[part].astype(np.float64), most) for part in np.split(asked, range(step, len(asked), step))
    ]
    numbers, squared = (np.concatenate(column) for column in zip(*parts))
    # the row itself goes last, whatever the order among its duplicates; then it is cut off
    squared = np.where(numbers == asked[:, None], np.inf, squared)
    order = np.argsort(squared, axis=1, kind="stable")[:, :-1]
    found = target[np.take_along_axis(numbers, order, axis=1)]
    distances = np.sqrt(np.take_along_axis(squared, order, axis=1))
    distances[np.isinf(distances)] = 0.0
    losses = {
        k: _loss(found[:, : k + 1], distances[:, : k + 1], target[asked], n_classes) for k in CHOICES if k < most - 1
    }
    return min(losses, key=losses.__getitem__) if losses else CHOICES[0]


def _loss(found: np.ndarray, distances: np.ndarray, truth: np.ndarray, n_classes: int) -> float:
    weights = kernel_weights(distances)
    weights /= weights.sum(axis=1, keepdims=True)
    if not n_classes:
        return float(np.square((found * weights).sum(axis=1) - truth).mean())
    hit = np.where(found == truth[:, None], weights, 0.0).sum(axis=1)
    return float(-np.log(np.maximum(hit, SMALLEST_PROBABILITY)).mean())
