"""Scorers as forests: LightGBM's text, CatBoost's oblivious trees, the arrays of random forests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from modelwright.runtime.quick_trees import (
    CATEGORICAL,
    DEFAULT_LEFT,
    MISSING_NAN,
    MISSING_NONE,
    beyond_zero,
    trees_in,
)
from modelwright.runtime.scorer import Scorer
from modelwright.runtime.scorers.forest import ForestScorer, as_float32
from modelwright.runtime.scorers.lightgbm import LightgbmScorer
from modelwright.runtime.scorers.oblivious import ObliviousScorer
from modelwright.runtime.scorers.single_sums import SingleSumsScorer
from modelwright.runtime.shapley.forest import Answers, Forest

__all__ = ["forest_of"]

_WORD = 32


def forest_of(scorer: Scorer) -> Forest | None:
    """Return the trees of a scorer; None where it has none, or such as are not read here."""
    if isinstance(scorer, LightgbmScorer):
        return _of_text(scorer.text, scorer.n_classes)
    if isinstance(scorer, SingleSumsScorer):
        return _of_text(scorer.trees.text, 0, scorer.leaves.astype(np.float64)[:, None], scorer.base)
    if isinstance(scorer, ObliviousScorer):
        return _of_oblivious(scorer)
    return _of_arrays(scorer) if isinstance(scorer, ForestScorer) else None


def _of_text(text: str, n_classes: int, value: np.ndarray | None = None, base: float = 0.0) -> Forest | None:
    """Return the trees of LightGBM's text; ``value`` takes the place of its leaves, ``base`` is added."""
    link = _link(text, n_classes)
    trees = list(trees_in(text))
    if link is None or not trees:
        return None
    roots, children, leaves = [], [], []
    splits = _Splits()
    n_leaves = 0
    for tree in trees:
        own = np.array(tree["leaf_value"].split(), dtype=np.float64)
        n_splits = len(splits.feature)
        if tree.get("split_feature"):
            roots.append(n_splits)
            both = np.array([tree["right_child"].split(), tree["left_child"].split()], dtype=np.int64).T
            children.append(np.where(both >= 0, both + n_splits, both - n_leaves))
            splits.add(tree)
        else:
            roots.append(-1 - n_leaves)
        leaves.append(own)
        n_leaves += len(own)
    answers = splits.answers()
    if answers is None:
        return None
    per_round = int(re.search(r"^num_tree_per_iteration=(\d+)$", text, re.MULTILINE)[1])  # type: ignore[index]
    return Forest(
        root=np.array(roots, dtype=np.int64),
        question=np.arange(len(splits.feature)),
        child=np.concatenate(children) if children else np.empty((0, 2), dtype=np.int64),
        value=_by_output(leaves, per_round) if value is None else value,
        bias=np.full(per_round, base),
        reads=tuple((f,) for f in splits.feature),
        answers=answers,
        link=link,
    )


def _link(text: str, n_classes: int) -> str | None:
    """Return what becomes of the sums; None where it is not known here."""
    found = re.search(r"^objective=(.*)$", text, re.MULTILINE)
    objective = found[1].strip() if found else ""
    if objective in ("regression", "regression_l1"):
        return "share" if n_classes == 2 else "identity"
    if objective in ("poisson", "gamma", "tweedie"):
        return "exponential"
    if objective == "binary sigmoid:1" or re.fullmatch(r"multiclass num_class:\d+", objective):
        return "probability"
    return None


def _by_output(leaves: list[np.ndarray], per_round: int) -> np.ndarray:
    """Return the leaves of all trees, each in the column of the output that its tree is for."""
    value = np.zeros((sum(map(len, leaves)), per_round))
    at = 0
    for number, own in enumerate(leaves):
        value[at : at + len(own), number % per_round] = own
        at += len(own)
    return value


class _Splits:
    """The splits of all trees of a text, one after the other."""

    def __init__(self) -> None:
        self.feature: list[int] = []
        self.threshold: list[float] = []
        self.kind: list[int] = []
        self.words: list[int] = []
        self.spans: list[tuple[int, int]] = []
        """Where the words of each split begin, and how many there are; none where it is on numbers."""

    def add(self, tree: Mapping[str, str]) -> None:
        """Add those of one tree."""
        bounds = [len(self.words) + int(b) for b in tree.get("cat_boundaries", "").split()]
        threshold, kind = list(map(float, tree["threshold"].split())), list(map(int, tree["decision_type"].split()))
        self.feature += map(int, tree["split_feature"].split())
        self.threshold += threshold
        self.kind += kind
        for t, k in zip(threshold, kind, strict=True):
            self.spans.append((bounds[int(t)], bounds[int(t) + 1] - bounds[int(t)]) if k & CATEGORICAL else (0, 0))
        self.words += map(int, tree.get("cat_threshold", "").split())

    def answers(self) -> Answers | None:
        """Return the function that says of each split whether it sends a row to the left, as LightGBM does; None where
        one takes 0 for missing, which is not read here."""
        feature, kind = np.array(self.feature, dtype=np.int64), np.array(self.kind, dtype=np.int64)
        by_codes, missing_is = kind & CATEGORICAL != 0, kind >> 2 & 3
        if not np.isin(missing_is[~by_codes], (MISSING_NONE, MISSING_NAN)).all():
            return None
        threshold, words = np.array(self.threshold), np.array(self.words, dtype=np.uint32)
        bound = np.array([beyond_zero(t) for t in self.threshold])
        if_missing = np.where(missing_is == MISSING_NAN, kind & DEFAULT_LEFT != 0, threshold >= 0.0)
        first, n_words = np.array(self.spans, dtype=np.int64).reshape(-1, 2).T

        def answers(matrix: np.ndarray, questions: np.ndarray) -> np.ndarray:
            value = matrix[:, feature[questions]]
            left: np.ndarray = value <= bound[questions]
            missing = np.isnan(value)
            if missing.any():
                left |= missing & if_missing[questions]
            here = np.flatnonzero(by_codes[questions])
            if len(here):
                left[:, here] = _has_code(value[:, here], first[questions[here]], n_words[questions[here]], words)
            return left

        return answers


def _has_code(value: np.ndarray, first: np.ndarray, n_words: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Return whether codes are among those of splits; digits behind the point are cut off, below 0 is none."""
    known = (value > -1.0) & (value < _WORD * n_words)  # NaN is neither
    code = np.where(known, value, 0.0).astype(np.int64)
    word = words.take(np.minimum(first + code // _WORD, len(words) - 1))
    return known & (word >> (code % _WORD).astype(np.uint32) & np.uint32(1)).astype(bool)


def _of_oblivious(scorer: ObliviousScorer) -> Forest:
    n_trees, depth = scorer.asked.shape
    within = np.concatenate([np.arange(1 << d) for d in range(depth)])  # the answers so far, as bits
    level = np.repeat(np.arange(depth), 1 << np.arange(depth))
    at_depth = (1 << np.arange(depth + 1)) - 1  # the first node of each level
    trees = np.arange(n_trees)[:, None]
    size = (1 << depth) - 1
    child = np.empty((n_trees, size, 2), dtype=np.int64)
    for yes in (0, 1):
        below = within | yes << level
        inner = level + 1 < depth
        child[:, :, yes] = np.where(inner, trees * size + at_depth[level + 1] + below, -1 - ((trees << depth) + below))
    asked, border = scorer.asked.ravel(), scorer.border.ravel()
    link = "exponential" if scorer.exponential else "probability" if scorer.n_classes else "identity"

    def answers(matrix: np.ndarray, questions: np.ndarray) -> np.ndarray:
        above: np.ndarray = scorer.features(matrix)[:, asked[questions]] > border[questions]
        return above

    return Forest(
        root=np.arange(n_trees) * size,
        question=(trees * depth + level).ravel(),
        child=child.reshape(-1, 2),
        value=scorer.leaves,
        bias=scorer.bias,
        reads=tuple(_reads(scorer, j) for j in asked.tolist()),
        answers=answers,
        link=link,
    )


def _reads(scorer: ObliviousScorer, asked: int) -> tuple[int, ...]:
    """Return the features that a feature, a statistic or "has this level?" comes from."""
    statistic = asked - scorer.n_features
    if statistic < 0:
        return (asked,)
    if statistic < len(scorer.statistics):
        return tuple(dict.fromkeys(scorer.statistics.combinations[scorer.statistics.of[statistic]].features))
    return (scorer.levels[statistic - len(scorer.statistics)][0],)


def _of_arrays(scorer: ForestScorer) -> Forest:
    arrays: dict[str, Any] = scorer.arrays
    feature, threshold, missing_left = arrays["feature"], arrays["threshold"], arrays["missing_left"]

    def answers(matrix: np.ndarray, questions: np.ndarray) -> np.ndarray:
        value = as_float32(matrix)[:, feature[questions]]
        left: np.ndarray = (value <= threshold[questions]) | (np.isnan(value) & missing_left[questions])
        return left

    return Forest(
        root=arrays["root"].astype(np.int64),
        question=np.arange(len(feature)),
        child=np.column_stack([arrays["right"], arrays["left"]]).astype(np.int64),
        value=arrays["value"].astype(np.float64) / len(arrays["root"]),
        bias=np.zeros(arrays["value"].shape[1]),
        reads=tuple((f,) for f in feature.tolist()),
        answers=answers,
        link="identity",
    )
