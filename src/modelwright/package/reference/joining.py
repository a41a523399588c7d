"""How columns go together, all of them at once: correlations of ranks, and trees that know rows from scrambled ones.

Correlations see what is monotone, in any pair of the columns used most. Everything else is seen by a classifier (the
two-sample test of Lopez-Paz and Oquab 2017, turned so that it needs no row of training later): a few small trees learn
to tell the training rows from the same rows with each column shuffled on its own, which have the same columns and
nothing that goes together. By how much more they believe in rows than in shuffled rows is one number for a window, and
it falls where what they have learned no longer holds. Both are of bins alone, so that no value of a row is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from modelwright.package.reference import varying
from modelwright.package.reference.documents import ColumnReference, JointReference, JointTree, PairVariation
from modelwright.runtime.bins import FIRST

__all__ = ["JOINED", "believed", "fit_joint", "rank_scores", "scrambled"]

JOINED = 24
"""Columns used most that are looked at together: 276 correlations are five kilobytes."""

TREES, LEAVES = 32, 8
"""Some five kilobytes."""

BY_NODE = 0.4
"""Share of the columns that a split looks at: at the root all are alike, and each is to have its turn."""

FEWEST_ROWS = 1_000
"""Fewer rows do not show what goes together beyond what trees know by heart."""

ROWS = 20_000  # for the trees, half of them, and for how far they are right, the other half
SEED = 20


def rank_scores(column: ColumnReference) -> np.ndarray:
    """Return a score for each bin: the middle of its ranks; missing and outside are at the middle of all."""
    shares = np.asarray(column.shares)
    values = shares[FIRST:]
    total = max(values.sum(), 1e-12)
    middle = (np.cumsum(values) - values / 2) / total
    below, above = (0.0, 1.0) if column.edges else (0.5, 0.5)
    return np.concatenate([[0.5, below, above], middle]) - 0.5


def fit_joint(
    columns: Sequence[ColumnReference], binned: Mapping[str, np.ndarray], *, ordered: bool
) -> JointReference | None:
    """Return how the columns used most go together, None where there are fewer than two.

    Parameters
    ----------
    columns : sequence of ColumnReference
    binned : mapping of ndarray of int, shape (n_rows,)
        The bin of each row, in the order of time, of the columns that have bins.
    ordered : bool
        Whether the order is known.
    """
    able = [c for c in columns if len(c.shares) > FIRST + 1 and c.name in binned]
    chosen = sorted(able, key=lambda c: -(c.use or 0.0))[:JOINED]
    scores = {c.name: rank_scores(c)[binned[c.name]] for c in chosen}
    chosen = [c for c in chosen if scores[c.name].std() > 1e-9]
    if len(chosen) < 2:
        return None
    names = tuple(c.name for c in chosen)
    correlations, variation = _correlations([scores[n] for n in names], ordered=ordered)
    bins = np.column_stack([binned[n] for n in names])
    step = max(1, -(-len(bins) // ROWS))
    return JointReference(
        columns=names,
        correlations=correlations,
        variation=variation,
        **_trees(bins[::step], ordered=ordered),
    )


def _correlations(
    scores: Sequence[np.ndarray], *, ordered: bool
) -> tuple[tuple[float, ...], tuple[PairVariation, ...]]:
    """Return the correlations of all pairs, row by row of the upper triangle, and how much each of them varies."""
    found, several = [], []
    for i, first in enumerate(scores):
        for second in scores[i + 1 :]:
            found.append(round(float(np.corrcoef(first, second)[0, 1]), 3))
            several.append(varying.of_correlations(first, second, ordered=ordered))
    lengths = zip(*several, strict=True)  # each pair has the same stretches
    return tuple(found), tuple(
        PairVariation(
            rows=own[0].rows, blocks=own[0].blocks, excess=tuple(float(f"{v.excess:.1e}") for v in own)
        )
        for own in lengths
    )  # fmt: skip


def scrambled(bins: np.ndarray) -> np.ndarray:
    """Return rows whose columns are shuffled each on its own."""
    rng = np.random.default_rng(SEED)
    return np.column_stack([rng.permutation(column) for column in bins.T])


def _trees(bins: np.ndarray, *, ordered: bool) -> dict[str, Any]:
    """Return the trees, and by how much more they believe in rows they have not seen than in shuffled ones."""
    if len(bins) < FEWEST_ROWS:
        return {}
    known, kept = bins[::2], bins[1::2]
    trees = _fitted(known)
    more = believed(trees, kept) - believed(trees, scrambled(kept))
    return {
        "trees": trees,
        "believed": float(f"{more.mean():.4g}"),
        "deviation": float(f"{max(float(more.std()), 1e-6):.4g}"),
        "rows": len(kept),
        "unlike": varying.of_means(more, ordered=ordered),
    }


def _fitted(bins: np.ndarray) -> tuple[JointTree, ...]:
    import lightgbm

    # Drawn with replacement: a root then has something to split on, and below it what goes together shows.
    drawn = bins[np.random.default_rng(SEED).integers(0, len(bins), len(bins))]
    x = np.vstack([bins, scrambled(drawn)]).astype(np.float32)
    y = np.repeat([1.0, 0.0], len(bins))
    settings = {
        "objective": "binary",
        "num_leaves": LEAVES,
        "learning_rate": 0.3,
        "min_data_in_leaf": max(20, len(bins) // 100),
        "feature_fraction_bynode": BY_NODE,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "use_missing": False,
        "seed": SEED,
        "verbosity": -1,
    }
    booster = lightgbm.train(settings, lightgbm.Dataset(x, label=y, params={"verbosity": -1}), TREES)
    return tuple(_tree(t["tree_structure"]) for t in booster.dump_model()["tree_info"])


def _tree(root: Mapping[str, Any]) -> JointTree:
    """Return a tree of LightGBM as lists: nodes in the order in which they are met, leaves as negative numbers."""
    columns: list[int] = []
    limits: list[int] = []
    children: list[list[int]] = []
    leaves: list[float] = []

    def visit(node: Mapping[str, Any]) -> int:
        if "leaf_value" in node:
            leaves.append(float(f"{node['leaf_value']:.3g}"))
            return -len(leaves)
        place = len(columns)
        columns.append(int(node["split_feature"]))
        limits.append(int(np.floor(node["threshold"])))
        children.append([0, 0])
        children[place] = [visit(node["left_child"]), visit(node["right_child"])]
        return place

    visit(root)
    return JointTree(
        columns=tuple(columns),
        limits=tuple(limits),
        left=tuple(c[0] for c in children),
        right=tuple(c[1] for c in children),
        leaves=tuple(leaves),
    )


def believed(trees: Sequence[JointTree], bins: np.ndarray) -> np.ndarray:
    """Return how much the trees believe that rows go together as in training, 0 to 1, shape ``(n_rows,)``."""
    total = np.zeros(len(bins))
    rows = np.arange(len(bins))
    for tree in trees:
        if not tree.columns:  # a single leaf
            total += tree.leaves[0]
            continue
        columns, limits = np.asarray(tree.columns), np.asarray(tree.limits)
        left, right = np.asarray(tree.left), np.asarray(tree.right)
        node = np.zeros(len(bins), dtype=np.int64)
        for _ in range(len(tree.columns)):
            inner = node >= 0
            if not inner.any():
                break
            at = np.where(inner, node, 0)
            went = np.where(bins[rows, columns[at]] <= limits[at], left[at], right[at])
            node = np.where(inner, went, node)
        total += np.asarray(tree.leaves)[-node - 1]
    return 1 / (1 + np.exp(-total))
