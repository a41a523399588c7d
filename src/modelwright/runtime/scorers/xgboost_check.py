"""A look at an XGBoost model before the library sees it.

XGBoost checks that its arrays are equally long; that a child, a parent or a feature lies inside, it believes. What is
used as an index is checked here, and what Modelwright never writes (categories, linear and DART models, other
objectives) is refused, so that those parts of the library are never reached.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from modelwright.runtime.scorers.checking import in_range, refuse, require
from modelwright.runtime.scorers.ubjson import read_ubjson

__all__ = ["check_ubj"]

OBJECTIVES = {
    "reg:squarederror": 0,
    "reg:absoluteerror": 0,
    "binary:logistic": 2,
    "multi:softprob": 3,
}
"""Objectives that Modelwright trains, with the number of classes each is for: 3 for more than two."""

MAX_FEATURES = 1_000_000
NO_PARENT = 2**31 - 1  # what the root has in its place
_NODES = {
    "left_children": "int32",
    "right_children": "int32",
    "parents": "int32",
    "split_indices": "int32",
    "split_conditions": "float32",
    "base_weights": "float32",
    "loss_changes": "float32",
    "sum_hessian": "float32",
    "split_type": "uint8",
    "default_left": "uint8",
}
_CATEGORIES = ("categories", "categories_nodes", "categories_segments", "categories_sizes")
_TREE_KEYS = {*_NODES, *_CATEGORIES, "id", "tree_param"}
_SCORE = r"-?\d+(\.\d+)?(E-?\d+)?"
_BASE_SCORE = re.compile(rf"\[{_SCORE}(,{_SCORE})*\]|{_SCORE}")  # a list since XGBoost 3.1
_LARGEST_WHOLE = re.compile(r"\d{1,9}")


def check_ubj(content: bytes, n_classes: int, name: str) -> int:
    """Return the number of features of a model.

    Parameters
    ----------
    content : bytes
    n_classes : int
        0 for values.
    name : str
        Of the file, for errors.

    Raises
    ------
    BundleError
        It is no XGBoost model of trees for so many classes, or a tree points outside itself or outside the features.
    """
    try:
        model = read_ubjson(content)
        learner = model["learner"]
        n_features = _check_learner(learner, n_classes, name)
        booster = learner["gradient_booster"]
        require(booster["name"] == "gbtree", f"{name} is no model of trees")
        _check_booster(booster["model"], n_features, n_classes, name)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        refuse(f"{name} is no XGBoost model in UBJ ({error})")
    return n_features


def _check_learner(learner: Mapping[str, Any], n_classes: int, name: str) -> int:
    parameters, objective = learner["learner_model_param"], learner["objective"]
    kind = OBJECTIVES.get(objective["name"])
    require(kind == min(n_classes, 3), f"{name} has another objective than {n_classes} classes need")
    groups = n_classes if n_classes > 2 else 0
    stated = _whole(parameters["num_class"]), _whole(parameters.get("num_target", "1"))
    require(stated == (groups, 1), f"{name} does not fit {n_classes} classes")
    if groups:
        require(
            _whole(objective["softmax_multiclass_param"]["num_class"]) == groups, f"{name} does not fit the classes"
        )
    _check_base_score(parameters["base_score"], groups, name)
    for key in ("feature_names", "feature_types"):
        require(len(learner.get(key, ())) == 0, f"{name} names features")
    n_features = _whole(parameters["num_feature"])
    require(1 <= n_features <= MAX_FEATURES, f"{name} has {n_features:,} features")
    return n_features


def _check_base_score(text: Any, groups: int, name: str) -> None:
    require(isinstance(text, str) and len(text) < 10**6 and _BASE_SCORE.fullmatch(text), f"{name} starts at no number")
    scores = np.array(text.strip("[]").split(","), dtype=np.float64)
    require(len(scores) in {1, max(groups, 1)} and np.isfinite(scores).all(), f"{name} starts at no number")


def _check_booster(model: Mapping[str, Any], n_features: int, n_classes: int, name: str) -> None:
    trees, groups = model["trees"], (n_classes if n_classes > 2 else 1)
    count = _whole(model["gbtree_model_param"]["num_trees"])
    require(isinstance(trees, list) and len(trees) == count, f"{name} has other trees than it says")
    info = _wholes(model["tree_info"])
    require(len(info) == count, f"'tree_info' in {name} does not fit")
    in_range("tree_info", info, 0, groups)
    bounds = _wholes(model.get("iteration_indptr", [0, count]))  # not there before XGBoost 2
    require(
        len(bounds) > 0 and bounds[0] == 0 and bounds[-1] == count and (np.diff(bounds) >= 0).all(),
        f"'iteration_indptr' in {name} does not fit",
    )
    require(all(len(part) == 0 for part in model.get("cats", {}).values()), f"{name} has categories")
    for number, tree in enumerate(trees):
        require(set(tree) == _TREE_KEYS and tree["id"] == number, f"{name} has a tree that cannot be")
        _check_tree(tree, n_features, name)


def _check_tree(tree: Mapping[str, Any], n_features: int, name: str) -> None:
    parameters = tree["tree_param"]
    count = _whole(parameters["num_nodes"])
    require(
        count >= 1 and _whole(parameters["num_feature"]) == n_features and parameters["size_leaf_vector"] in ("0", "1"),
        f"{name} has a tree that cannot be",
    )
    nodes: dict[str, np.ndarray] = {}
    for key, kind in _NODES.items():
        nodes[key] = tree[key]
        require(
            isinstance(nodes[key], np.ndarray) and nodes[key].dtype == kind and len(nodes[key]) == count,
            f"'{key}' in {name} does not fit",
        )
    require(all(len(tree[key]) == 0 for key in _CATEGORIES) and not nodes["split_type"].any(), f"{name} has categories")
    in_range("default_left", nodes["default_left"], 0, 2)
    for key in ("base_weights", "sum_hessian"):
        require(np.isfinite(nodes[key]).all(), f"'{key}' in {name} holds numbers that are not finite")
    _check_nodes(nodes, count, n_features, _whole(parameters["num_deleted"]), name)


def _check_nodes(nodes: Mapping[str, np.ndarray], count: int, n_features: int, n_deleted: int, name: str) -> None:
    """Walk down from the root, level by level: every node is met once, or not at all where pruning left it behind."""
    left, right, parents = nodes["left_children"], nodes["right_children"], nodes["parents"]
    require(parents[0] == NO_PARENT, f"{name} has a tree without a root")
    in_range("parents", parents[1:], 0, count)  # looked up for every node, pruned ones too
    leaf = left == -1
    require((leaf == (right == -1)).all(), f"{name} has a node with one child")
    level, met = np.zeros(1, dtype=np.int64), 0
    while len(level):
        met += len(level)
        require(met <= count, f"{name} has a tree that leads back to itself")
        inner = level[~leaf[level]]
        in_range("split_indices", nodes["split_indices"][inner], 0, n_features)
        require(not np.isnan(nodes["split_conditions"][inner]).any(), f"{name} has a threshold that is none")
        require(np.isfinite(nodes["split_conditions"][level[leaf[level]]]).all(), f"{name} has a leaf without a value")
        for side in (left, right):
            in_range("children", side[inner], 1, count)
            require((parents[side[inner]] == inner).all(), f"{name} has a child of two parents")
        require((left[inner] != right[inner]).all(), f"{name} has a node that is two children")
        level = np.concatenate([left[inner], right[inner]]).astype(np.int64)
    require(met + n_deleted == count, f"{name} has nodes that nothing leads to")


def _whole(text: Any) -> int:
    if not isinstance(text, str) or not _LARGEST_WHOLE.fullmatch(text):
        raise ValueError("a count is no whole number")
    return int(text)


def _wholes(values: Any) -> np.ndarray:
    array = np.asarray(values, dtype=np.int64 if len(values) == 0 else None)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise ValueError("a list holds other things than whole numbers")
    return array.astype(np.int64)
