"""A look at a LightGBM text model before the library sees it.

LightGBM's parser trusts its input: an index outside a tree is read from memory all the same. The parts that are used
as an index are checked here.
"""

from __future__ import annotations

import numpy as np

from modelwright.runtime.scorers.checking import in_range, refuse, require

__all__ = ["check_text"]


def check_text(text: str, name: str) -> int:
    """Return the number of trees in a model.

    Raises
    ------
    BundleError
        It is no LightGBM model of version 3 or 4, or a tree points outside itself or outside the features.
    """
    head, *trees = text.split("\nTree=")
    header = _fields(head)
    require(head.startswith("tree\n") and header.get("version") in {"v3", "v4"}, f"{name} is no LightGBM model")
    n_features = _whole(header.get("max_feature_idx", ""), name) + 1
    require(n_features >= 1 and "linear_tree=1" not in head, f"{name} has no features")
    if trees:
        trees[-1], end, _ = trees[-1].partition("\nend of trees")
        require(end, f"{name} ends early")
    for tree in trees:
        _check_tree(_fields(tree), n_features, name)
    return len(trees)


def _fields(block: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in block.split("\n") if "=" in line)


def _whole(value: str, name: str) -> int:
    try:
        return int(value)
    except ValueError:
        refuse(f"{name} has {value[:20]!r} where a whole number belongs")


def _wholes(fields: dict[str, str], key: str, count: int, name: str) -> np.ndarray:
    try:
        values = np.array(fields.get(key, "").split(), dtype=np.int64)
    except (ValueError, OverflowError):
        refuse(f"'{key}' in {name} holds other things than whole numbers")
    require(len(values) == count, f"'{key}' in {name} has {len(values)} entries, not {count}")
    return values


def _check_tree(tree: dict[str, str], n_features: int, name: str) -> None:
    n_leaves = _whole(tree.get("num_leaves", ""), name)
    require(n_leaves >= 1 and tree.get("is_linear", "0") == "0", f"{name} has a tree that cannot be")
    require(len(tree.get("leaf_value", "").split()) == n_leaves, f"'leaf_value' in {name} does not fit")
    n_splits = n_leaves - 1
    if n_splits == 0:
        return
    in_range("split_feature", _wholes(tree, "split_feature", n_splits, name), 0, n_features)
    require(len(tree.get("threshold", "").split()) == n_splits, f"'threshold' in {name} does not fit")
    number = np.arange(n_splits)
    for key in ("left_child", "right_child"):
        child = in_range(key, _wholes(tree, key, n_splits, name), -n_leaves, n_splits)
        require(((child < 0) | (child > number)).all(), f"'{key}' in {name} leads back to a split above")
    kinds = _wholes(tree, "decision_type", n_splits, name)
    _check_categories(tree, kinds, name)


def _check_categories(tree: dict[str, str], kinds: np.ndarray, name: str) -> None:
    """Categorical splits store the number of a bit set in the place of the threshold."""
    n_sets = _whole(tree.get("num_cat", ""), name)
    categorical = (kinds & 1) == 1
    require(n_sets >= 0 and (n_sets > 0 or not categorical.any()), f"'num_cat' in {name} does not fit")
    if n_sets == 0:
        return
    bounds = _wholes(tree, "cat_boundaries", n_sets + 1, name)
    words = len(tree.get("cat_threshold", "").split())
    require(
        bounds[0] == 0 and bounds[-1] == words and (np.diff(bounds) >= 0).all(),
        f"'cat_boundaries' in {name} do not fit",
    )
    try:
        sets = np.array(tree["threshold"].split(), dtype=np.float64)[categorical]
    except ValueError:
        refuse(f"'threshold' in {name} holds other things than numbers")
    require(
        np.isfinite(sets).all() and (sets >= 0).all() and (sets < n_sets).all(), f"'threshold' in {name} does not fit"
    )
