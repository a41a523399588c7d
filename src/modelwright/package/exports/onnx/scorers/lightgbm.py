"""LightGBM models as nodes: its text format is read, its rules of branching are followed to the bit.

What happens to a missing value depends on the split: where training saw none at the feature it counts as 0, otherwise
it goes where the split learned to send it; at a set of levels it is no member
(https://github.com/microsoft/LightGBM/blob/master/include/LightGBM/tree.h, ``NumericalDecision`` and
``CategoricalDecision``).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from modelwright.package.exports.onnx.graph import Inexpressible
from modelwright.package.exports.onnx.scorers import Site
from modelwright.package.exports.onnx.scorers.trees import LESS_OR_EQUAL, MEMBER, Trees, add_trees
from modelwright.runtime.scorers.lightgbm import LightgbmScorer
from modelwright.runtime.scorers.single_sums import SingleSumsScorer

__all__ = ["lightgbm", "single_sums"]

CATEGORICAL, DEFAULT_LEFT = 1, 2
MISSING_NONE, MISSING_ZERO, MISSING_NAN = 0, 1, 2
"""Bits of ``decision_type``: the first two, and the type of missing values in the two above."""

LINKS = {
    "regression": "",
    "regression_l1": "",
    "poisson": "exp",
    "gamma": "exp",
    "tweedie": "exp",
    "binary": "logistic",
    "multiclass": "softmax",
}
"""From the sum of the trees to the answer, by objective."""

ZERO = float(np.float32(1e-35))
"""Smaller numbers are 0 to the library when it takes a row (``kZeroThreshold`` in its ``meta.h``)."""

Block = dict[str, str]


def lightgbm(site: Site, scorer: LightgbmScorer) -> str:
    """The sum of the trees, through the link of the objective."""
    graph = site.graph
    head, blocks = _read(scorer.text)
    link, slope = _link(head)
    n_outputs = scorer.n_classes if scorer.n_classes > 2 else 1
    total = add_trees(site, _taken(site), _trees(blocks, n_outputs), n_outputs)
    if link == "exp":
        return graph.add("Exp", total)
    if link:
        return graph.probabilities(graph.add("Mul", total, graph.constant([slope])), n_outputs)
    if scorer.n_classes == 2:  # the sum is the probability of the second class
        return graph.concat([graph.add("Sub", graph.constant([1.0]), total), total])
    return total


def single_sums(site: Site, scorer: SingleSumsScorer) -> str:
    """Every tree by itself; then the leaves are added up one after the other in single precision, as in the plan."""
    graph = site.graph
    _, blocks = _read(scorer.trees.text)
    trees = replace(_trees(blocks, len(blocks)), value=scorer.leaves.astype(np.float64)[:, None])
    leaves = graph.cast(add_trees(site, _taken(site), trees, len(blocks)), "FLOAT")
    column = graph.add("Slice", leaves, graph.whole([0]), graph.whole([1]), graph.whole([1]))
    base = graph.add("Expand", graph.constant([scorer.base], np.float32), graph.add("Shape", column))
    sums = graph.add("CumSum", graph.concat([base, leaves]), graph.whole(1))
    return graph.cast(graph.columns(sums, [len(blocks)]), "DOUBLE")


def _taken(site: Site) -> str:
    """Return the matrix as the library takes it."""
    graph = site.graph
    tiny = graph.add("LessOrEqual", graph.add("Abs", site.matrix), graph.constant([ZERO]))
    return graph.where(tiny, graph.constant([0.0]), site.matrix)


def _read(text: str) -> tuple[Block, list[Block]]:
    head, *trees = text.split("\nTree=")
    if trees:
        trees[-1] = trees[-1].partition("\nend of trees")[0]
    if "\naverage_output" in head:
        raise Inexpressible("its trees are averaged, which this export does not know")
    return _fields(head), [_fields(tree) for tree in trees]


def _fields(block: str) -> Block:
    return dict(line.split("=", 1) for line in block.split("\n") if "=" in line)


def _link(head: Block) -> tuple[str, float]:
    """Return the link of the objective, and the factor before it."""
    name, *options = head.get("objective", "").split()
    if name not in LINKS or "sqrt" in options:
        raise Inexpressible(f"its objective '{head.get('objective', '')}' is none that this export knows")
    settings = dict(option.split(":", 1) for option in options if ":" in option)
    return LINKS[name], float(settings.get("sigmoid", 1.0)) if LINKS[name] == "logistic" else 1.0


def _trees(blocks: list[Block], n_outputs: int) -> Trees:
    parts: list[dict[str, np.ndarray]] = []
    roots: list[int] = []
    members: dict[int, np.ndarray] = {}
    n_splits = n_leaves = 0
    for block in blocks:
        value = np.array(block["leaf_value"].split(), dtype=np.float64)
        grown = len(value) > 1
        roots.append(n_splits if grown else -1 - n_leaves)
        if grown:
            part, sets = _splits(block)
            members |= {n_splits + split: codes for split, codes in sets.items()}
            for side in ("true", "false"):
                part[side] = np.where(part[side] >= 0, part[side] + n_splits, part[side] - n_leaves)
            parts.append(part)
            n_splits += len(value) - 1
        parts.append({"value": value})
        n_leaves += len(value)

    def joined(key: str, kind: type = np.int64) -> np.ndarray:
        return np.concatenate([np.empty(0, kind), *(part[key] for part in parts if key in part)])

    return Trees(
        root=np.array(roots),
        feature=joined("feature"),
        mode=joined("mode"),
        threshold=joined("threshold", np.float64),
        true=joined("true"),
        false=joined("false"),
        missing_true=joined("missing_true", np.bool_),
        value=joined("value", np.float64)[:, None],
        target=np.arange(len(blocks)) % n_outputs,
        members=members,
    )


def _splits(block: Block) -> tuple[dict[str, np.ndarray], dict[int, np.ndarray]]:
    """Return the splits of one tree, and the sets of its categorical ones."""

    def wholes(key: str) -> np.ndarray:
        return np.array(block[key].split(), dtype=np.int64)

    threshold, kind = np.array(block["threshold"].split(), dtype=np.float64), wholes("decision_type")
    categorical = (kind & CATEGORICAL) > 0
    missing = (kind >> 2) & 3
    if (missing[~categorical] == MISSING_ZERO).any():
        raise Inexpressible("it takes zeros for missing values (zero_as_missing)")
    learned = (kind & DEFAULT_LEFT) > 0
    missing_true = np.where(missing == MISSING_NAN, learned, threshold >= 0.0) & ~categorical
    part = {
        "feature": wholes("split_feature"),
        "mode": np.where(categorical, MEMBER, LESS_OR_EQUAL),
        "threshold": threshold,
        "true": wholes("left_child"),
        "false": wholes("right_child"),
        "missing_true": missing_true,
    }
    return part, _sets(block, categorical, threshold)


def _sets(block: Block, categorical: np.ndarray, threshold: np.ndarray) -> dict[int, np.ndarray]:
    """Return the level codes at each categorical split: bits in words of 32, the words of all sets in one row."""
    if not categorical.any():
        return {}
    bounds = np.array(block["cat_boundaries"].split(), dtype=np.int64)
    words = np.array(block["cat_threshold"].split(), dtype=np.uint32)
    sets = {}
    for split in np.flatnonzero(categorical).tolist():
        number = int(threshold[split])
        own = words[bounds[number] : bounds[number + 1]].astype("<u4")
        sets[split] = np.flatnonzero(np.unpackbits(own.view(np.uint8), bitorder="little")).astype(np.float64)
    return sets
