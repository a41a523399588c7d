"""Trees of any library as one TreeEnsemble node.

The node of ai.onnx.ml 5 compares doubles with doubles and adds up in double precision; its predecessors answer in
single precision. A leaf gives one number to one output. Where leaves are rows of several numbers (class probabilities
of a forest), every tree has an output of its own that says which leaf was reached, and the rows are read from a table.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from modelwright.package.exports.onnx.graph import ML, Graph, Inexpressible
from modelwright.package.exports.onnx.scorers import Site

__all__ = ["LESS", "LESS_OR_EQUAL", "MEMBER", "Trees", "add_trees"]

LESS_OR_EQUAL, LESS, MEMBER = 0, 1, 6
"""Modes of a split (https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsemble.html); a row for which the comparison
``value ≤ threshold``, ``value < threshold``, ``value is a member`` holds goes to the true branch."""

SUM = 1
MOST_SPLITS = 20_000_000
"""A node with more takes over a gigabyte: the file format ends at two."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Trees:
    """Splits numbered over all trees, and leaves, separately; a child is a split's number or ``-1 − leaf``.

    Attributes
    ----------
    root : ndarray of int, shape (n_trees,)
    feature, mode, true, false : ndarray of int, shape (n_splits,)
    threshold : ndarray of float64, shape (n_splits,)
        Unused by members.
    missing_true : ndarray of bool, shape (n_splits,)
        Whether a missing value goes to the true branch.
    value : ndarray of float64, shape (n_leaves, width)
    target : ndarray of int, shape (n_trees,), or None
        The output that each tree adds to, where leaves have one number and there are several outputs.
    members : dict of ndarray
        By split, the level codes of its set.
    """

    root: np.ndarray
    feature: np.ndarray
    mode: np.ndarray
    threshold: np.ndarray
    true: np.ndarray
    false: np.ndarray
    missing_true: np.ndarray
    value: np.ndarray
    target: np.ndarray | None = None
    members: dict[int, np.ndarray] = field(default_factory=dict)


def add_trees(site: Site, matrix: str, trees: Trees, n_outputs: int) -> str:
    """Return the sum of the leaves reached, double of shape (rows, n_outputs).

    Parameters
    ----------
    matrix : str
        The features; `Site.matrix`, or that in the precision of the library.
    """
    if len(trees.feature) > MOST_SPLITS:
        raise Inexpressible(f"its trees have {len(trees.feature):,} splits, the format holds {MOST_SPLITS:,}")
    _note_cuts(site, trees)
    graph = site.graph
    grown = np.flatnonzero(trees.root >= 0)
    stumps = np.flatnonzero(trees.root < 0)  # trees of one leaf only
    width = trees.value.shape[1]
    target = np.zeros(len(trees.root), dtype=np.int64) if trees.target is None else trees.target
    base = np.zeros(n_outputs)
    for tree in stumps:
        leaf = trees.value[-1 - trees.root[tree]]
        base += leaf if width == n_outputs and trees.target is None else np.eye(n_outputs)[target[tree]] * leaf[0]
    if not len(grown):
        zero = graph.add("Mul", graph.columns(matrix, [0]), graph.constant([0.0]))
        rows = graph.where(graph.add("IsNaN", zero), graph.constant([0.0]), zero)
        return graph.add("Add", rows, graph.constant(base[None, :]))
    if width == 1:
        total = _ensemble(graph, matrix, trees, grown, trees.value[:, 0], target[grown], n_outputs)
    else:
        numbers = np.arange(len(trees.value), dtype=np.float64)
        reached = _ensemble(graph, matrix, trees, grown, numbers, np.arange(len(grown)), len(grown))
        leaves = graph.add("Gather", graph.double(trees.value), graph.cast(reached, "INT64"), axis=0)
        total = graph.total(leaves, 1, keep=False)
    return graph.add("Add", total, graph.constant(base[None, :])) if base.any() else total


def _ensemble(
    graph: Graph,
    matrix: str,
    trees: Trees,
    grown: np.ndarray,
    weights: np.ndarray,
    targets: np.ndarray,
    n_targets: int,
) -> str:
    """Add the node; tree ``grown[i]`` gives ``weights[leaf]`` to the output ``targets[i]``."""
    leaf_true, leaf_false = trees.true < 0, trees.false < 0
    sets: dict[str, object] = {}
    if trees.members:
        ended = [np.append(trees.members[split], np.nan) for split in sorted(trees.members)]
        sets["membership_values"] = graph.tensor(np.concatenate(ended))
    return graph.add(
        "TreeEnsemble",
        matrix,
        domain=ML,
        aggregate_function=SUM,
        post_transform=0,
        n_targets=n_targets,
        tree_roots=trees.root[grown].tolist(),
        nodes_featureids=trees.feature.tolist(),
        nodes_modes=graph.tensor(trees.mode.astype(np.uint8)),
        nodes_splits=graph.tensor(np.where(trees.mode == MEMBER, 0.0, trees.threshold).astype(np.float64)),
        nodes_truenodeids=np.where(leaf_true, -1 - trees.true, trees.true).tolist(),
        nodes_falsenodeids=np.where(leaf_false, -1 - trees.false, trees.false).tolist(),
        nodes_trueleafs=leaf_true.astype(int).tolist(),
        nodes_falseleafs=leaf_false.astype(int).tolist(),
        nodes_missing_value_tracks_true=trees.missing_true.astype(int).tolist(),
        leaf_targetids=_of_leaves(trees, grown, targets).tolist(),
        leaf_weights=graph.tensor(np.asarray(weights, dtype=np.float64)),
        **sets,
    )


def _of_leaves(trees: Trees, grown: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return for every leaf the output of its tree: what holds for a root is handed down to the leaves."""
    of_split = np.full(len(trees.feature), -1)
    of_split[trees.root[grown]] = targets
    of_leaf = np.zeros(len(trees.value), dtype=np.int64)
    front = trees.root[grown]
    while len(front):
        children = np.concatenate([trees.true[front], trees.false[front]])
        handed = np.tile(of_split[front], 2)
        inner = children >= 0
        of_split[children[inner]] = handed[inner]
        of_leaf[-1 - children[~inner]] = handed[~inner]
        front = children[inner]
    return of_leaf


def _note_cuts(site: Site, trees: Trees) -> None:
    finite = (trees.mode != MEMBER) & np.isfinite(trees.threshold)
    for feature in np.unique(trees.feature[finite]).tolist():
        values = np.unique(trees.threshold[finite & (trees.feature == feature)])
        site.cuts.setdefault(feature, []).append(values)
