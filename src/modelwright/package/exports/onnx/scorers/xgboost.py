"""XGBoost models as nodes: its JSON is read; it compares single precision with ``<`` and adds up in single precision.

The graph compares the same rounded values, and adds up in double precision: what differs is XGBoost's own rounding
(https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html has the schema).
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from modelwright.package.exports.onnx.graph import Inexpressible
from modelwright.package.exports.onnx.scorers import Site
from modelwright.package.exports.onnx.scorers.trees import LESS, Trees, add_trees
from modelwright.runtime.scorers.xgboost import XgboostScorer

__all__ = ["xgboost"]

LINKS = {"reg:squarederror": "", "reg:absoluteerror": "", "binary:logistic": "logistic", "multi:softprob": "softmax"}
"""From the sum of the trees to the answer, by objective."""


def xgboost(site: Site, scorer: XgboostScorer) -> str:
    """The base score plus the sum of the trees, through the link of the objective."""
    learner = json.loads(bytes(scorer.booster.save_raw("json")))["learner"]
    objective = learner["objective"]["name"]
    if objective not in LINKS:
        raise Inexpressible(f"its objective '{objective}' is none that this export knows")
    if learner["gradient_booster"]["name"] != "gbtree":
        raise Inexpressible(f"its booster '{learner['gradient_booster']['name']}' is none that this export knows")
    n_outputs = scorer.n_classes if scorer.n_classes > 2 else 1
    graph = site.graph
    trees = _trees(learner["gradient_booster"]["model"])
    total = add_trees(site, graph.as_float32(site.matrix), trees, n_outputs)
    margin = graph.add("Add", total, graph.constant(_base(learner, LINKS[objective], n_outputs)[None, :]))
    return graph.probabilities(margin, n_outputs) if LINKS[objective] else margin


def _base(learner: dict[str, Any], link: str, n_outputs: int) -> np.ndarray:
    """Return what is added to the trees; for two classes it is written as a probability."""
    stated = learner["learner_model_param"]["base_score"]
    values = json.loads(stated) if stated.startswith("[") else float(stated)
    base = np.array(np.broadcast_to(np.atleast_1d(np.asarray(values, dtype=np.float64)), n_outputs))
    return -np.log(1.0 / base - 1.0) if link == "logistic" else base


def _trees(model: dict[str, Any]) -> Trees:
    """Return the trees; nodes become splits and leaves, each numbered over all trees."""
    parts: dict[str, list[np.ndarray]] = {k: [] for k in ("feature", "threshold", "true", "false", "missing", "value")}
    roots = []
    n_splits = n_leaves = 0
    for tree in model["trees"]:
        if int(tree["tree_param"].get("size_leaf_vector", "1")) > 1 or any(tree.get("split_type", [])):
            raise Inexpressible("its trees have vectors for leaves, or categories of its own")
        left = np.array(tree["left_children"], dtype=np.int64)
        right = np.array(tree["right_children"], dtype=np.int64)
        split = left >= 0
        number = np.where(split, n_splits + np.cumsum(split) - 1, -1 - (n_leaves + np.cumsum(~split) - 1))
        condition = np.array(tree["split_conditions"], dtype=np.float32).astype(np.float64)
        roots.append(number[0])
        parts["feature"].append(np.array(tree["split_indices"], dtype=np.int64)[split])
        parts["threshold"].append(condition[split])
        parts["true"].append(number[left[split]])
        parts["false"].append(number[right[split]])
        parts["missing"].append(np.array(tree["default_left"], dtype=bool)[split])
        parts["value"].append(condition[~split])
        n_splits += int(split.sum())
        n_leaves += int((~split).sum())
    feature = np.concatenate(parts["feature"])
    return Trees(
        root=np.array(roots),
        feature=feature,
        mode=np.full(len(feature), LESS),
        threshold=np.concatenate(parts["threshold"]),
        true=np.concatenate(parts["true"]),
        false=np.concatenate(parts["false"]),
        missing_true=np.concatenate(parts["missing"]),
        value=np.concatenate(parts["value"])[:, None],
        target=np.array(model["tree_info"], dtype=np.int64),
    )
