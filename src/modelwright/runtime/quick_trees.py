"""LightGBM's text as trees of bits: see `modelwright.runtime.bit_trees`.

The numbers are those of the engine to the bit: same leaves, added in the same order, same link.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from modelwright.runtime.bit_trees import MOST_BYTES, Asked, BitTrees, distinct

__all__ = ["CATEGORICAL", "DEFAULT_LEFT", "MISSING_NAN", "MISSING_NONE", "QuickTrees", "beyond_zero", "trees_in"]

MOST_LEAVES = 64  # of a tree: bits of a machine word
MOST_FEATURES = 160  # asked for by the trees; each costs a search
CATEGORICAL, DEFAULT_LEFT = 1, 2
MISSING_NONE, MISSING_NAN = 0, 2
_ZERO = 1.0000000180025095e-35
"""LightGBM reads a value as close to 0 as this as 0 (``kZeroThreshold``)."""

MOST_CODES = 4096  # of a feature with splits on categories

Sum = Callable[[], list[float]]


class _Split(NamedTuple):
    """A split: which tree, what goes left, and the bits of the leaves on its left."""

    tree: int
    threshold: float
    missing_left: bool
    codes: list[int] | None
    left: int


@dataclass(frozen=True, eq=False)
class QuickTrees:
    """The trees of a model, as bits.

    Attributes
    ----------
    bits : BitTrees
    leaves : ndarray of float64
        Of all trees, from left to right.
    numbers : ndarray of int64
        The number of each leaf in its tree.
    outputs : int
        Trees of a round.
    link : callable
        From the sums of a row to what the model predicts.
    """

    bits: BitTrees
    leaves: np.ndarray
    numbers: np.ndarray
    outputs: int
    link: Callable[[list[float]], list[float]]

    @classmethod
    def of(cls, text: str) -> QuickTrees | None:
        """Return the trees of a model in LightGBM's text that was checked; None where walking down is better."""
        trees = list(trees_in(text))
        link = _link(text)
        sizes = [len(tree["leaf_value"].split()) for tree in trees]
        if not trees or link is None or max(sizes) > MOST_LEAVES:
            return None
        word = np.dtype(np.uint32 if max(sizes) <= 32 else np.uint64)
        features: dict[int, list[_Split]] = {}
        leaves: list[float] = []
        numbers: list[int] = []
        for number, tree in enumerate(trees):
            order = _read(number, tree, features)
            if order is None:
                return None
            values = list(map(float, tree["leaf_value"].split()))
            leaves += [values[leaf] for leaf in order]
            numbers += order
        if len(features) > MOST_FEATURES or _n_rows(features) * len(trees) * word.itemsize > MOST_BYTES:
            return None
        asked = {feature: _asked(splits, len(trees), word) for feature, splits in sorted(features.items())}
        known = {feature: own for feature, own in asked.items() if own is not None}
        if not known or len(known) < len(asked):
            return None
        bits = BitTrees(word=word, starts=np.cumsum([0, *sizes[:-1]]).astype(np.int64), asked=known)
        outputs = int(re.search(r"^num_tree_per_iteration=(\d+)$", text, re.MULTILINE)[1])  # type: ignore[index]
        return cls(bits, np.array(leaves), np.array(numbers, dtype=np.int64), outputs, link)

    def sum_at(self, places: np.ndarray) -> Sum:
        """Return the function that gives the prediction for a row that falls to these places at the moment."""
        leaves, outputs, link = self.leaves, self.outputs, self.link
        if outputs == 1:
            return lambda: link([np.add.accumulate(leaves.take(places)).item(-1)])
        return lambda: link(np.add.accumulate(leaves.take(places).reshape(-1, outputs), axis=0)[-1].tolist())


def trees_in(text: str) -> Iterator[dict[str, str]]:
    """Yield the lines of each tree of LightGBM's text, by key."""
    for block in text.split("\nTree=")[1:]:
        yield dict(line.split("=", 1) for line in block.split("\nend of trees")[0].split("\n") if "=" in line)


def _link(text: str) -> Callable[[list[float]], list[float]] | None:
    """Return what LightGBM makes of sums (src/objective/*.hpp, ``ConvertOutput``); None where it is not known here."""
    found = re.search(r"^objective=(.*)$", text, re.MULTILINE)
    objective = found[1].strip() if found else ""
    if objective in ("regression", "regression_l1"):
        return lambda sums: sums
    if objective in ("poisson", "gamma", "tweedie"):
        return _exponential
    if objective == "binary sigmoid:1":
        return _logistic
    return _softmax if re.fullmatch(r"multiclass num_class:\d+", objective) else None


def _exponential(sums: list[float]) -> list[float]:
    try:
        return [math.exp(sums[0])]
    except OverflowError:
        return [math.inf]


def _logistic(sums: list[float]) -> list[float]:
    try:
        return [1.0 / (1.0 + math.exp(-sums[0]))]
    except OverflowError:
        return [0.0]


def _softmax(sums: list[float]) -> list[float]:
    most, total = max(sums), 0.0
    powers = [math.exp(s - most) for s in sums]
    for power in powers:
        total += power
    return [power / total for power in powers]


def _read(number: int, tree: Mapping[str, str], features: dict[int, list[_Split]]) -> list[int] | None:
    """Note the splits of a tree by their feature; return its leaves from left to right. None: it has what is not
    handled here."""
    if not tree.get("split_feature"):  # a tree of one leaf
        return [0]
    left, right, feature, kind = (
        list(map(int, tree[key].split())) for key in ("left_child", "right_child", "split_feature", "decision_type")
    )
    threshold = list(map(float, tree["threshold"].split()))
    codes_of = _codes(tree)
    order: list[int] = []
    waiting = [0]
    while waiting:
        node = waiting.pop()
        if node < 0:
            order.append(-1 - node)
        else:
            waiting += (right[node], left[node])
    bit = [0] * len(order)
    for at, leaf in enumerate(order):
        bit[leaf] = 1 << at
    below = [0] * len(left)  # bits of the leaves below a split
    for node in range(len(left) - 1, -1, -1):  # children have higher numbers
        one, other = left[node], right[node]
        own = bit[-1 - one] if one < 0 else below[one]
        below[node] = own | (bit[-1 - other] if other < 0 else below[other])
        missing, codes = kind[node] >> 2 & 3, None
        if kind[node] & CATEGORICAL:
            codes = codes_of[int(threshold[node])]
            missing_left = False
        elif missing == MISSING_NAN:
            missing_left = bool(kind[node] & DEFAULT_LEFT)
        elif missing == MISSING_NONE:
            missing_left = threshold[node] >= 0.0  # a missing value counts as 0
        else:
            return None
        features.setdefault(feature[node], []).append(_Split(number, threshold[node], missing_left, codes, own))
    return order


def _codes(tree: Mapping[str, str]) -> list[list[int]]:
    """Return the codes that go left at each split on categories of a tree."""
    if "cat_boundaries" not in tree:
        return []
    words = list(map(int, tree["cat_threshold"].split()))
    bounds = list(map(int, tree["cat_boundaries"].split()))
    return [
        [32 * i + bit for i, word in enumerate(words[first:last]) if word for bit in range(32) if word >> bit & 1]
        for first, last in pairwise(bounds)
    ]


def _n_rows(features: Mapping[int, list[_Split]]) -> int:
    """Return about how many rows the tables of all features have: one per threshold and two more."""
    return sum(len({split.threshold for split in splits}) + 2 for splits in features.values())


def _asked(splits: list[_Split], n_trees: int, word: np.dtype) -> Asked | None:
    """Return what splits on one feature ask of it; None where they do not ask alike, or of too many codes."""
    by_codes = {split.codes is not None for split in splits}
    if len(by_codes) > 1:
        return None
    return _asked_of_codes(splits, n_trees, word) if by_codes == {True} else _asked_of_numbers(splits, n_trees, word)


def _asked_of_numbers(splits: list[_Split], n_trees: int, word: np.dtype) -> Asked:
    of_splits = np.array([beyond_zero(split.threshold) for split in splits])
    thresholds = distinct(of_splits)
    # rows: no threshold is below the value, one is, …, all are; it is missing
    table = np.full((len(thresholds) + 2, n_trees), np.iinfo(word).max, dtype=word)
    rows = np.searchsorted(thresholds, of_splits) + 1
    trees = np.array([split.tree for split in splits])
    gone = ~np.array([split.left for split in splits], dtype=word)
    right = np.array([not split.missing_left for split in splits])  # where a missing value goes
    np.bitwise_and.at(table, (rows, trees), gone)
    np.bitwise_and.at(table[-1], trees[right], gone[right])
    np.bitwise_and.accumulate(table[:-1], axis=0, out=table[:-1])
    missing = len(table) - 1
    return Asked(
        thresholds, lambda values: table[np.where(np.isnan(values), missing, np.searchsorted(thresholds, values))]
    )


def _asked_of_codes(splits: list[_Split], n_trees: int, word: np.dtype) -> Asked | None:
    """LightGBM cuts a code's digits behind the point off; below 0 and beyond the largest it is none."""
    n_codes = max(max(split.codes or (0,)) for split in splits) + 1
    if n_codes > MOST_CODES:
        return None
    table = np.full((n_codes + 1, n_trees), np.iinfo(word).max, dtype=word)
    for split in splits:
        gone = np.full(len(table), ~word.type(split.left), dtype=word)
        gone[split.codes] = np.iinfo(word).max
        table[:, split.tree] &= gone

    def answer(values: np.ndarray) -> np.ndarray:
        known = (values > -1.0) & (values < n_codes)  # NaN is neither
        return table[np.where(known, np.trunc(np.where(known, values, 0.0)), n_codes).astype(np.intp)]

    return Asked(np.array([-1.0, *np.nextafter(np.arange(1.0, n_codes + 1), 0.0)]), answer)


def beyond_zero(threshold: float) -> float:
    """Return the threshold that does for a value what this one does for the value as LightGBM reads it."""
    if 0.0 <= threshold < _ZERO:
        return _ZERO
    return math.nextafter(-_ZERO, -math.inf) if -_ZERO <= threshold < 0.0 else threshold
