"""Random forests and extra trees in flat arrays.

All (tree, row) pairs of a block go down one level at a time, so the work is a handful of numpy gathers per level.
Branching is scikit-learn's to the bit: it compares float32 features with float64 thresholds, and ``x <= t`` for a
float32 ``x`` is the same as ``x <= t'`` with ``t'`` the largest float32 not above ``t``. A missing value goes where
the split learned to send it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from modelwright.runtime.scorers.checking import (
    classes_in,
    finite,
    in_range,
    outputs_in,
    read_arrays,
    refuse,
    require,
    write_arrays,
)

__all__ = ["ForestArrays", "ForestScorer", "as_float32"]

BLOCK_PAIRS = 16_384
"""(tree, row) pairs in flight: their state stays in the second-level cache; measured best between 4k and 64k."""

LEVELS_PER_SWEEP = 6
"""Levels between two clearings of the pairs that have arrived; they wait in their leaf meanwhile."""

ForestArrays = dict[str, np.ndarray]
"""Splits are numbered over the whole forest, a parent before its children; leaves too, separately.

``root`` (n_trees,), ``left``, ``right`` (n_splits,): a split's number, or ``-1 − leaf``; ``feature`` (n_splits,);
``threshold`` (n_splits,) float32; ``missing_left`` (n_splits,) boolean; ``value`` (n_leaves, n_outputs).
"""


class ForestScorer:
    """The mean of the leaves that a row falls into.

    Parameters
    ----------
    arrays : ForestArrays
    n_features : int
    n_classes : int
        0 for values.
    """

    scorer: ClassVar[str] = "forest"

    def __init__(self, arrays: ForestArrays, n_features: int, n_classes: int) -> None:
        self.arrays, self.n_features, self.n_classes = arrays, n_features, n_classes
        n_splits, n_leaves = len(arrays["feature"]), len(arrays["value"])
        self._n_splits = n_splits
        # A leaf becomes a split whose children are itself, so that pairs which arrive early can go on with the others.
        own = n_splits + np.arange(n_leaves, dtype=np.int32)
        child = np.empty((n_splits + n_leaves, 2), dtype=np.int32)
        child[:n_splits, 0] = _number(arrays["left"], n_splits)
        child[:n_splits, 1] = _number(arrays["right"], n_splits)
        child[n_splits:] = own[:, None]
        self._child = child.ravel()
        self._root = _number(arrays["root"], n_splits)
        self._feature = np.concatenate([arrays["feature"].astype(np.int32), np.zeros(n_leaves, dtype=np.int32)])
        self._threshold = np.concatenate([arrays["threshold"], np.zeros(n_leaves, dtype=np.float32)])
        self._missing_left = np.concatenate([arrays["missing_left"], np.zeros(n_leaves, dtype=bool)])

    def predict(self, matrix: np.ndarray, *, threads: int = 1) -> np.ndarray:
        out = np.zeros((len(matrix), self.arrays["value"].shape[1]))
        for start in range(0, len(matrix), BLOCK_PAIRS):
            rows = as_float32(matrix[start : start + BLOCK_PAIRS])
            missing = bool(np.isnan(rows).any())
            trees_at_once = max(1, BLOCK_PAIRS // len(rows))
            for first in range(0, len(self._root), trees_at_once):
                leaves = self._leaves(rows, self._root[first : first + trees_at_once], missing)
                block = out[start : start + BLOCK_PAIRS]
                for leaf in leaves:  # tree by tree: sums in the order of scikit-learn
                    block += self.arrays["value"].take(leaf, axis=0)
        return out / len(self._root)

    def _leaves(self, rows: np.ndarray, roots: np.ndarray, missing: bool) -> np.ndarray:
        """Return the leaf of every pair, shape ``(len(roots), len(rows))``."""
        n_rows, width = rows.shape
        flat = rows.ravel()
        node = np.repeat(roots, n_rows)
        base = np.tile(np.arange(n_rows) * width, len(roots))
        arrived = np.empty(len(node), dtype=np.int32)
        pairs = np.arange(len(node))
        while len(pairs):
            for _ in range(LEVELS_PER_SWEEP):
                value = flat.take(base + self._feature.take(node))
                right = ~(value <= self._threshold.take(node))
                if missing:
                    right &= ~(np.isnan(value) & self._missing_left.take(node))
                node = self._child.take(2 * node.astype(np.int64) + right)
            arrived[pairs] = node
            under_way = np.flatnonzero(node < self._n_splits)
            node, base, pairs = node.take(under_way), base.take(under_way), pairs.take(under_way)
        return (arrived - self._n_splits).reshape(len(roots), n_rows)

    def save(self, folder: Path, stem: str) -> dict[str, Any]:
        name = f"{stem}.npz"
        write_arrays(folder, name, self.arrays)
        return {
            "scorer": self.scorer,
            "files": [name],
            "n_classes": self.n_classes,
            "n_features": self.n_features,
        }

    @classmethod
    def load(cls, settings: Mapping[str, Any], folder: Path) -> ForestScorer:
        n_classes, n_features = classes_in(settings), settings.get("n_features")
        if not isinstance(n_features, int) or isinstance(n_features, bool) or n_features < 1:
            refuse(f"it states {n_features!r} features")
        whole, real = ("i", 1), ("f", 1)
        arrays = read_arrays(
            settings,
            folder,
            {
                "root": whole,
                "left": whole,
                "right": whole,
                "feature": whole,
                "threshold": real,
                "missing_left": ("b", 1),
                "value": ("f", 2),
            },
        )
        _check(arrays, n_features, outputs_in(settings))
        return cls(arrays, n_features, n_classes)


def as_float32(matrix: np.ndarray) -> np.ndarray:
    """Return the matrix as scikit-learn's trees see it; what float32 cannot hold becomes its largest number."""
    limit = np.finfo(np.float32).max
    return np.ascontiguousarray(np.clip(matrix, -limit, limit), dtype=np.float32)


def _number(child: np.ndarray, n_splits: int) -> np.ndarray:
    return np.where(child >= 0, child, n_splits - 1 - child).astype(np.int32)


def _check(arrays: ForestArrays, n_features: int, n_outputs: int) -> None:
    """Refuse a forest whose walk could leave the arrays or never end."""
    n_splits, n_leaves = len(arrays["feature"]), len(arrays["value"])
    require(len(arrays["root"]) > 0 and n_leaves > 0, "the forest is empty")
    require(n_splits + n_leaves < np.iinfo(np.int32).max, "the forest has too many nodes")
    for name in ("left", "right", "threshold", "missing_left"):
        require(len(arrays[name]) == n_splits, f"'{name}' has not one entry per split")
    in_range("feature", arrays["feature"], 0, n_features)
    require(arrays["threshold"].dtype == np.float32, "'threshold' is not of single precision")
    # infinite where a split parts the missing from the rest
    require(not np.isnan(arrays["threshold"]).any(), "'threshold' holds numbers that are none")
    finite("value", arrays["value"])
    require(arrays["value"].shape[1] == n_outputs, "'value' does not fit the classes")
    in_range("root", arrays["root"], -n_leaves, n_splits)
    number = np.arange(n_splits)
    for name in ("left", "right"):
        child = in_range(name, arrays[name], -n_leaves, n_splits)
        require(((child < 0) | (child > number)).all(), f"'{name}' leads back to a split above")
