"""A look at a LightGBM text model before the library sees it.

LightGBM's parser trusts its input: an index outside a tree is read from memory all the same, a size in the header moves
its reading beyond the end, an objective for more classes than there are writes beyond the answer. So the text must be
laid out as LightGBM lays it out, each line known and there once, such that there is one way to read it; and all that is
used as an index, a count or a size is checked.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

import numpy as np

from modelwright.runtime.scorers.checking import finite, in_range, refuse, require

__all__ = ["check_text"]

MAX_DEPTH = 5_000  # of a tree; LightGBM explains a row by recursion, and its own trees are some hundred deep
MAX_DECISION = 12  # decision_type: bit 0 categories, bit 1 missing goes left, bits 2 and 3 what is missing (0, 1, 2)
_HEADER = {
    *("version", "num_class", "num_tree_per_iteration", "label_index", "max_feature_idx", "objective"),
    *("average_output", "feature_names", "monotone_constraints", "feature_infos", "tree_sizes"),
}
_PER_SPLIT = ("internal_count", "split_gain", "internal_value", "internal_weight")  # for people, but parsed: what is no
_PER_LEAF = ("leaf_count", "leaf_weight")  # number there ends the process
_TREE = {
    *("num_leaves", "num_cat", "split_feature", "threshold", "decision_type", "left_child", "right_child"),
    *("cat_boundaries", "cat_threshold", "leaf_value", "is_linear", "shrinkage", *_PER_SPLIT, *_PER_LEAF),
}
MOST_SEEN = 64  # digests of texts that were right, with their number of trees
_SEEN: dict[bytes, int] = {}
_WHOLE = re.compile(r"-?[0-9]{1,10}")
_REAL = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?")
_ONE_OUTPUT = re.compile(r"(regression|regression_l1|poisson|gamma|tweedie|binary sigmoid:[0-9.]+)?")
_SEVERAL_OUTPUTS = re.compile(r"multiclass num_class:([0-9]+)")
_WHOLE_MARKS, _REAL_MARKS = b"0123456789- ", b"0123456789-+.einfa "


def check_text(text: str, name: str) -> int:
    """Return the number of trees in a model.

    Parameters
    ----------
    text : str
    name : str
        Of the file, for errors.

    Raises
    ------
    BundleError
        It is no LightGBM model of version 3 or 4, can be read in two ways, or a tree points outside itself or outside
        the features.

    Notes
    -----
    A text that was found to be right is not looked at again: a run opens the models that it packages several times.
    """
    digest = hashlib.sha256(text.encode(errors="surrogatepass")).digest()
    n_trees = _SEEN.get(digest)
    if n_trees is None:
        n_trees = _check(text, name)
        if len(_SEEN) >= MOST_SEEN:
            _SEEN.clear()
        _SEEN[digest] = n_trees
    return n_trees


def _check(text: str, name: str) -> int:
    body, end, rest = text.partition("\nend of trees\n")
    head, *trees = body.split("\nTree=")
    require(end and body.isascii() and "\r" not in text and "\0" not in text, f"{name} is no LightGBM model")
    require("\n[linear_tree: 1" not in rest, f"{name} has linear models in its leaves")
    header = _header(head, name)
    n_features = _count(header, "max_feature_idx", name) + 1
    for key in ("feature_names", "feature_infos"):
        require(len(header.get(key, "").split(" ")) == n_features, f"'{key}' in {name} does not fit")
    per_round = _count(header, "num_tree_per_iteration", name)
    require(
        1 <= per_round == _count(header, "num_class", name) and len(trees) % per_round == 0,
        f"{name} has trees for other classes than it states",
    )
    _check_objective(header.get("objective", ""), per_round, name)
    if "tree_sizes" in header:  # LightGBM starts reading each tree where these say; text written for it may do without
        sizes = [str(len("Tree=") + len(tree) + 1) for tree in trees]
        require(header["tree_sizes"].split() == sizes, f"'tree_sizes' in {name} does not fit")
    for number, tree in enumerate(trees):
        _check_tree(_fields(tree, number, name), n_features, name)
    return len(trees)


def _header(head: str, name: str) -> dict[str, str]:
    first, *lines = head.rstrip("\n").split("\n")
    require(first == "tree", f"{name} is no LightGBM model")
    header = _unique(lines, _HEADER, name)
    require(header.get("version") in {"v3", "v4"}, f"{name} is no LightGBM model of version 3 or 4")
    return header


def _fields(block: str, number: int, name: str) -> dict[str, str]:
    """Return the lines of a tree; LightGBM ends it at the first empty line and looks for the next tree after those."""
    first, *lines = block.rstrip("\n").split("\n")
    require(first == str(number) and block.endswith("\n"), f"{name} has a tree out of turn or without an end")
    return _unique(lines, _TREE, name)


def _unique(lines: list[str], known: set[str], name: str) -> dict[str, str]:
    pairs = [line.split("=") for line in lines]
    found = {pair[0]: pair[-1] if len(pair) > 1 else "" for pair in pairs}
    require(
        len(found) == len(lines) and known.issuperset(found) and all(len(pair) <= 2 for pair in pairs),
        f"{name} has a line that is unknown or there twice",
    )
    return found


def _check_objective(objective: str, per_round: int, name: str) -> None:
    several = _SEVERAL_OUTPUTS.fullmatch(objective)
    fits = int(several[1]) == per_round > 1 if several else per_round == 1 and _ONE_OUTPUT.fullmatch(objective)
    require(fits, f"{name} has an objective that does not fit {per_round} outputs")


def _count(fields: Mapping[str, str], key: str, name: str) -> int:
    value = fields.get(key, "")
    require(_WHOLE.fullmatch(value) and int(value) >= 0, f"'{key}' in {name} is no count")
    return int(value)


def _entries(fields: Mapping[str, str], key: str, count: int, marks: bytes, name: str) -> list[str]:
    """Return so many entries, one blank between two, of no other characters than ``marks``."""
    value = fields.get(key, "")
    entries = value.split(" ") if value else []
    require(len(entries) == count and "" not in entries, f"'{key}' in {name} has other than {count} entries")
    require(not value.encode().translate(None, marks), f"'{key}' in {name} holds other things than numbers")
    return entries


def _wholes(fields: Mapping[str, str], key: str, count: int, name: str) -> np.ndarray:
    try:
        return np.array(list(map(int, _entries(fields, key, count, _WHOLE_MARKS, name))), dtype=np.int64)
    except (ValueError, OverflowError):
        refuse(f"'{key}' in {name} holds other things than whole numbers")


def _reals(fields: Mapping[str, str], key: str, count: int, name: str) -> np.ndarray:
    try:
        values = np.array(list(map(float, _entries(fields, key, count, _REAL_MARKS, name))), dtype=np.float64)
    except ValueError:
        refuse(f"'{key}' in {name} holds other things than numbers")
    return values


def _check_tree(tree: Mapping[str, str], n_features: int, name: str) -> None:
    n_leaves = _count(tree, "num_leaves", name)
    require(n_leaves >= 1 and tree.get("is_linear", "0") == "0", f"{name} has a tree that cannot be")
    require(_REAL.fullmatch(tree.get("shrinkage", "1")), f"'shrinkage' in {name} is no number")
    n_splits = n_leaves - 1
    finite("leaf_value", _reals(tree, "leaf_value", n_leaves, name))
    for keys, count in ((_PER_SPLIT, n_splits), (_PER_LEAF, n_leaves)):
        for key in keys:
            if tree.get(key):
                (_wholes if key.endswith("_count") else _reals)(tree, key, count, name)
    if n_splits == 0:
        require(tree.get("num_cat") == "0", f"{name} has a tree that cannot be")
        return
    in_range("split_feature", _wholes(tree, "split_feature", n_splits, name), 0, n_features)
    kinds = in_range("decision_type", _wholes(tree, "decision_type", n_splits, name), 0, MAX_DECISION)
    _check_children(tree, n_splits, name)
    _check_thresholds(tree, (kinds & 1) == 1, name)


def _check_children(tree: Mapping[str, str], n_splits: int, name: str) -> None:
    """A split comes before its children, and each split and leaf is the child of one: so it is a tree, and ends."""
    children = np.concatenate([_wholes(tree, key, n_splits, name) for key in ("left_child", "right_child")])
    in_range("children", children, -n_splits - 1, n_splits)
    number = np.tile(np.arange(n_splits), 2)
    require(((children < 0) | (children > number)).all(), f"{name} has a tree that leads back to a split above")
    met = np.bincount(children + n_splits + 1, minlength=2 * n_splits + 1)
    require((met == np.where(np.arange(len(met)) == n_splits + 1, 0, 1)).all(), f"{name} has a child of two splits")
    if n_splits > MAX_DEPTH:
        depth = [0] * n_splits
        for child, above in sorted(zip(children.tolist(), number.tolist(), strict=True)):
            if child > 0:
                depth[child] = depth[above] + 1
        require(max(depth) < MAX_DEPTH, f"{name} has a tree deeper than {MAX_DEPTH:,}")


def _check_thresholds(tree: Mapping[str, str], categorical: np.ndarray, name: str) -> None:
    """Splits on categories store the number of a bit set in the place of the threshold."""
    n_sets = _count(tree, "num_cat", name)
    thresholds = _reals(tree, "threshold", len(categorical), name)
    # infinite where a split parts the missing from the rest: LightGBM writes it so
    require(not np.isnan(thresholds).any(), f"'threshold' in {name} holds numbers that are none")
    finite("threshold", thresholds[categorical])
    require((n_sets > 0) == categorical.any(), f"'num_cat' in {name} does not fit")
    if n_sets == 0:
        return
    bounds = _wholes(tree, "cat_boundaries", n_sets + 1, name)
    n_words = len(tree.get("cat_threshold", "").split(" "))
    require(
        bounds[0] == 0 and bounds[-1] == n_words and (np.diff(bounds) >= 0).all(),
        f"'cat_boundaries' in {name} do not fit",
    )
    in_range("cat_threshold", _wholes(tree, "cat_threshold", n_words, name), 0, 2**32)
    sets = thresholds[categorical]
    require((sets == np.floor(sets)).all(), f"'threshold' in {name} does not fit")
    in_range("threshold", sets, 0, n_sets)
