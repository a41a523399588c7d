"""What random forests and extra trees share: growing under a deadline, and the way into flat arrays."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from modelwright.learners.base import Deadline, FitContext, Fitted
from modelwright.learners.family import Family, Valid, read_settings, rng_seed, spread_classes
from modelwright.runtime.scorers.forest import ForestArrays, ForestScorer, as_float32
from modelwright.runtime.view import View

__all__ = ["TREE_ROWS", "Forest", "ForestSettings", "flatten"]

TREES = 300
"""AutoGluon's and TabRepo's number; the gain of more is below the noise of a fold."""

MODEL_BYTES = 48 << 20
"""What all trees of a forest may take together: a version stays tens of megabytes, and fitting below a gigabyte."""

SPLIT_BYTES = 15
"""Of one split in `ForestArrays`: two children, feature, threshold and a flag."""

LEAVES_BOUNDS = (256, 15_000)
"""The upper one is AutoGluon's ``max_leaf_nodes``."""

TREE_ROWS = 20_000
"""Rows drawn for a tree of a bootstrapped forest: beyond, many trees are worth more than large ones (a tree on 50,000
rows × 50 numbers takes the better part of a second)."""

WEIGHED_LEAF = 3
"""Least rows of a leaf where rows have weights: one of a single row answers its label, whatever the row weighs."""

CHUNK_SECONDS = 0.15
"""Trees are grown in chunks of about this long, so a deadline is met within it."""


_ARRAYS = ("root", "left", "right", "feature", "threshold", "missing_left", "value")


@dataclass(frozen=True, kw_only=True)
class ForestSettings:
    """Settings under scikit-learn's own names."""

    max_features: float | str = "sqrt"
    min_samples_leaf: int = 1
    n_estimators: int = TREES


@dataclass(frozen=True)
class Native:
    """scikit-learn's forest and the class numbers of its columns."""

    forest: Any
    present: np.ndarray
    n_classes: int


class Forest(Family):
    """Trees grown independently and averaged."""

    bootstrap: ClassVar[bool]

    def _estimator(self, n_classes: int) -> type:
        raise NotImplementedError

    def _fit(
        self,
        view: View,
        y: np.ndarray,
        settings: Mapping[str, Any],
        context: FitContext,
        valid: Valid,
        iterations: int | None,
    ) -> Fitted:
        chosen = read_settings(ForestSettings, settings)
        n_classes = context.n_classes
        wanted = iterations or chosen.n_estimators
        forest = self._estimator(n_classes)(
            max_features=chosen.max_features,
            min_samples_leaf=max(chosen.min_samples_leaf, 1 if context.weights is None else WEIGHED_LEAF),
            max_leaf_nodes=most_leaves(len(view), wanted, n_classes),
            bootstrap=self.bootstrap,
            max_samples=TREE_ROWS if self.bootstrap and len(view) > TREE_ROWS else None,
            warm_start=True,
            random_state=rng_seed(context.seed),
            n_jobs=context.threads,
        )
        label = y.astype(np.int64) if n_classes else y
        _grow(forest, as_float32(view.matrix), label, context.weights, wanted, context.deadline)
        grown = len(forest.estimators_)
        present = forest.classes_.astype(np.int64) if n_classes else np.zeros(1, dtype=np.int64)
        scorer = ForestScorer(flatten(forest, present, n_classes), view.matrix.shape[1], n_classes)
        note = "" if grown == wanted else f"stopped by the deadline after {grown} of {wanted} trees"
        return Fitted(scorer, Native(forest, present, n_classes), grown, note)

    def _native_predict(self, native: Any, matrix: np.ndarray) -> np.ndarray:
        rows = as_float32(matrix)
        if not native.n_classes:
            return native.forest.predict(rows).reshape(-1, 1)
        return spread_classes(native.forest.predict_proba(rows), native.present, native.n_classes)


def most_leaves(n_rows: int, n_trees: int, n_classes: int) -> int | None:
    """Return the limit on the leaves of a tree; None where the rows are fewer anyway."""
    leaf_bytes = SPLIT_BYTES + (4 * n_classes if n_classes else 8)
    limit = int(np.clip(MODEL_BYTES // (n_trees * leaf_bytes), *LEAVES_BOUNDS))
    return None if n_rows <= limit else limit


def _grow(
    forest: Any, rows: np.ndarray, label: np.ndarray, weights: np.ndarray | None, wanted: int, deadline: Deadline
) -> None:
    """Add trees in chunks that double until they take `CHUNK_SECONDS`; at least one tree is grown."""
    chunk = max(1, forest.n_jobs)
    grown = 0
    while grown < wanted:
        started = time.monotonic()
        chunk = min(chunk, wanted - grown)
        forest.set_params(n_estimators=grown + chunk)
        forest.fit(rows, label, sample_weight=weights)
        grown += chunk
        took = time.monotonic() - started
        if deadline.left < took * 1.1:
            step = int(chunk * deadline.left / max(took * 1.1, 1e-9))
            if step < 1:
                return
            chunk = step
        elif took < CHUNK_SECONDS:
            chunk *= 2


def flatten(forest: Any, present: np.ndarray, n_classes: int) -> ForestArrays:
    """Return scikit-learn's trees as `ForestArrays`."""
    parts: dict[str, list[np.ndarray]] = {name: [] for name in _ARRAYS}
    n_splits = n_leaves = 0
    for estimator in forest.estimators_:
        tree = estimator.tree_
        is_leaf = tree.children_left < 0
        number = np.where(is_leaf, -np.cumsum(is_leaf) - n_leaves, np.cumsum(~is_leaf) - 1 + n_splits).astype(np.int32)
        split = ~is_leaf
        parts["root"].append(number[:1])
        parts["left"].append(number[tree.children_left[split]])
        parts["right"].append(number[tree.children_right[split]])
        parts["feature"].append(tree.feature[split].astype(np.int32))
        parts["threshold"].append(_round_down(tree.threshold[split]))
        parts["missing_left"].append(tree.missing_go_to_left[split].astype(bool))
        value = tree.value[is_leaf, 0, :]
        parts["value"].append(spread_classes(value, present, n_classes).astype(np.float32) if n_classes else value)
        n_splits += int(split.sum())
        n_leaves += int(is_leaf.sum())
    return {name: np.concatenate(arrays) for name, arrays in parts.items()}


def _round_down(threshold: np.ndarray) -> np.ndarray:
    """Return the largest float32 not above each threshold."""
    near = threshold.astype(np.float32)
    return np.where(near > threshold, np.nextafter(near, np.float32(-np.inf)), near).astype(np.float32)
