"""XGBoost: its JSON (https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html) says all there is."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from modelwright.package.compiling.trees import MOST_NODES, Tree, model_text
from modelwright.runtime.scorer import Scorer
from modelwright.runtime.scorers.lightgbm import LightgbmScorer
from modelwright.runtime.scorers.single_sums import SingleSumsScorer
from modelwright.runtime.scorers.xgboost import XgboostScorer
from modelwright.runtime.singles import below

__all__ = ["compile_scorer"]

_IDENTITY = frozenset({"reg:squarederror", "reg:absoluteerror"})


def compile_scorer(scorer: XgboostScorer, n_features: int) -> Scorer | None:
    """Return the same model for the tree engine; None where it has what the engine has not."""
    learner = json.loads(bytes(scorer.booster.save_raw("json")))["learner"]
    objective = learner["objective"]["name"]
    model = learner["gradient_booster"].get("model", {})
    trees = model.get("trees", [])
    if not trees or not _fits(objective, scorer.n_classes) or sum(len(t["left_children"]) for t in trees) > MOST_NODES:
        return None
    per_round = scorer.n_classes if scorer.n_classes > 2 else 1
    if any(any(t.get("split_type", ())) or t.get("categories") for t in trees):
        return None  # splits on categories: we give XGBoost none
    if model["tree_info"] != [i % per_round for i in range(len(trees))]:
        return None  # several trees at a time
    converted = [_tree(tree) for tree in trees]
    offsets = _offsets(learner, objective, per_round)
    if not scorer.n_classes:
        return _values(converted, offsets[0], n_features)
    for output, offset in enumerate(offsets):
        first = converted[output]
        converted[output] = Tree(
            first.feature, first.threshold, first.default_left, first.left, first.right, first.value + offset
        )
    link = "binary sigmoid:1" if scorer.n_classes == 2 else f"multiclass num_class:{per_round}"
    text = model_text(converted, n_features=n_features, per_round=per_round, objective=link)
    return LightgbmScorer(text, scorer.n_classes)


def _values(trees: list[Tree], base: float, n_features: int) -> SingleSumsScorer:
    """Return the model that adds up as XGBoost does: probabilities would forgive another way, large values do not."""
    text = model_text(trees, n_features=n_features, per_round=1, objective="regression")
    counts = [len(tree.value) for tree in trees]
    leaves = np.concatenate([tree.value for tree in trees]).astype(np.float32)
    starts = np.cumsum([0, *counts[:-1]]).astype(np.int64)
    return SingleSumsScorer(LightgbmScorer(text, 0), leaves, starts, base)


def _fits(objective: str, n_classes: int) -> bool:
    if n_classes == 0:
        return objective in _IDENTITY
    return objective == ("binary:logistic" if n_classes == 2 else "multi:softprob")


def _offsets(learner: dict[str, Any], objective: str, per_round: int) -> list[float]:
    """Return what every sum begins with: the base score, as a margin."""
    stated = json.loads(learner["learner_model_param"]["base_score"])
    scores = np.atleast_1d(np.asarray(stated, dtype=np.float32)).astype(np.float64)
    if objective == "binary:logistic":
        scores = np.log(scores / (1.0 - scores))
    return np.broadcast_to(scores, per_round).tolist() if len(scores) in (1, per_round) else [0.0] * per_round


def _tree(tree: dict[str, Any]) -> Tree:
    left = np.asarray(tree["left_children"], dtype=np.int64)
    right = np.asarray(tree["right_children"], dtype=np.int64)
    condition = np.asarray(tree["split_conditions"], dtype=np.float32)
    order = _from_root(left, right)
    splits = [node for node in order if left[node] >= 0]
    leaves = [node for node in order if left[node] < 0]
    number = {node: new for new, node in enumerate(splits)} | {node: -1 - new for new, node in enumerate(leaves)}
    own = np.array(splits, dtype=np.int64)
    return Tree(
        feature=np.asarray(tree["split_indices"], dtype=np.int64)[own],
        threshold=below(condition[own]),
        default_left=np.asarray(tree["default_left"], dtype=bool)[own],
        left=np.array([number[c] for c in left[own].tolist()], dtype=np.int64),
        right=np.array([number[c] for c in right[own].tolist()], dtype=np.int64),
        value=condition[np.array(leaves, dtype=np.int64)].astype(np.float64),
    )


def _from_root(left: np.ndarray, right: np.ndarray) -> list[int]:
    order, waiting = [], [0]
    while waiting:
        node = waiting.pop()
        order.append(node)
        if left[node] >= 0:
            waiting += (int(right[node]), int(left[node]))
    return order
