"""Trees of any library as LightGBM's text format holds them.

The engine that scores them compares float64 features with float64 thresholds, ``x <= t`` to the left; for libraries
that work in single precision see `modelwright.runtime.singles`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["MOST_NODES", "Tree", "model_text"]

MOST_NODES = 600_000
"""Splits and leaves that are worth being text: some 25 MB, read in half a second. Larger forests stay arrays."""

_CATEGORICAL, _DEFAULT_LEFT, _MISSING_IS_NAN = 1, 2, 8  # bits of LightGBM's decision_type
_WORD = 32


@dataclass(frozen=True, eq=False)
class Tree:
    """One tree; a single leaf has no splits.

    Attributes
    ----------
    feature : ndarray of int, shape (n_splits,)
    threshold : ndarray of float64, shape (n_splits,)
        ``x <= threshold`` goes left; unused where the split is on categories.
    default_left : ndarray of bool, shape (n_splits,)
        Where a missing value goes.
    left, right : ndarray of int, shape (n_splits,)
        Number of a split, or ``-1 - leaf``; a split comes before its children.
    value : ndarray of float64, shape (n_leaves,)
    categories : sequence of (tuple of int or None)
        Codes that go left, for splits on categories; empty where no split is one.
    """

    feature: np.ndarray
    threshold: np.ndarray
    default_left: np.ndarray
    left: np.ndarray
    right: np.ndarray
    value: np.ndarray
    categories: Sequence[tuple[int, ...] | None] = ()


def model_text(trees: Iterable[Tree], *, n_features: int, per_round: int, objective: str) -> str:
    """Return the model as LightGBM's text, version 4.

    Parameters
    ----------
    trees : iterable of Tree
        ``per_round`` trees for each round, one per output.
    objective : str
        What is made of the sums: ``"regression"`` (nothing), ``"binary sigmoid:1"``, ``"multiclass num_class:3"``.
    """
    head = (
        "tree\nversion=v4\n"
        f"num_class={per_round}\nnum_tree_per_iteration={per_round}\nlabel_index=0\n"
        f"max_feature_idx={n_features - 1}\nobjective={objective}\n"
        f"feature_names={' '.join(f'f{i}' for i in range(n_features))}\n"
        f"feature_infos={' '.join(['none'] * n_features)}\n"
    )
    return "\n".join([head, *(_tree_text(number, tree) for number, tree in enumerate(trees)), "end of trees\n"])


def _tree_text(number: int, tree: Tree) -> str:
    lines = [f"Tree={number}", f"num_leaves={len(tree.value)}"]
    kinds = _MISSING_IS_NAN + np.where(tree.default_left, _DEFAULT_LEFT, 0)
    threshold, sets = [repr(t) for t in tree.threshold.tolist()], _sets(tree)
    for at, found in enumerate(sets):
        threshold[found[0]] = str(at)
        kinds[found[0]] = _CATEGORICAL
    lines.append(f"num_cat={len(sets)}")
    if len(tree.feature):
        lines += [
            f"split_feature={_joined(tree.feature)}",
            f"threshold={' '.join(threshold)}",
            f"decision_type={_joined(kinds)}",
            f"left_child={_joined(tree.left)}",
            f"right_child={_joined(tree.right)}",
        ]
    lines.append(f"leaf_value={' '.join(map(repr, tree.value.tolist()))}")
    if sets:
        bounds = np.cumsum([0, *(len(words) for _, words in sets)])
        lines.append(f"cat_boundaries={_joined(bounds)}")
        lines.append(f"cat_threshold={' '.join(str(w) for _, words in sets for w in words)}")
    return "\n".join([*lines, "is_linear=0", "shrinkage=1", "", ""])


def _sets(tree: Tree) -> list[tuple[int, list[int]]]:
    """Return for each split on categories its number and the bits of the codes that go left, in words of 32."""
    found = []
    for split, codes in enumerate(tree.categories):
        if codes is not None:
            words = [0] * (max(codes, default=0) // _WORD + 1)
            for code in codes:
                words[code // _WORD] |= 1 << code % _WORD
            found.append((split, words))
    return found


def _joined(numbers: np.ndarray) -> str:
    return " ".join(map(str, np.asarray(numbers).tolist()))
