"""CatBoost models as nodes: brought to the form of `ObliviousScorer` first, then statistics, questions, leaves.

A statistic of categories is looked up by a hash, and ONNX has none. But a view has so many level codes and no more: all
combinations of codes and of answers to "is this feature above that border?" are numbered, and the table of the
statistic is written out over the numbers.
"""

from __future__ import annotations

import math

import numpy as np

from modelwright.package.exports.onnx.graph import Graph, Inexpressible
from modelwright.package.exports.onnx.scorers import Site, convert_scorer
from modelwright.runtime.city import category_hash
from modelwright.runtime.ops.lookup import Lookup
from modelwright.runtime.scorers.catboost import CatboostScorer
from modelwright.runtime.scorers.oblivious import ObliviousScorer
from modelwright.runtime.statistics import Combination, Statistics
from modelwright.runtime.views import ViewPlan

__all__ = ["MOST_COMBINATIONS", "catboost", "oblivious"]

MOST_COMBINATIONS = 1_000_000
"""Of one statistic: a table of 8 MB. Combinations of two categories of a thousand levels each still fit."""

CHAIN = np.uint64(0x4906BA494954CB65)
"""The multiplier of CatBoost's hash of combinations, as in `modelwright.runtime.statistics`."""


def catboost(site: Site, scorer: CatboostScorer) -> str:
    """The model compiled to statistics and oblivious trees."""
    from modelwright.package.compiling import compile_scorer

    compiled = compile_scorer(scorer, len(site.view.names))
    if compiled is None:
        raise Inexpressible("this CatBoost model has no form that is free of the library")
    return convert_scorer(site, compiled)


def oblivious(site: Site, scorer: ObliviousScorer) -> str:
    """All questions of all trees at once; the answers of a tree are the bits of its leaf's number."""
    graph = site.graph
    n_trees, depth = scorer.asked.shape
    asked = graph.add("Gather", _features(site, scorer), graph.whole(scorer.asked.ravel().tolist()), axis=1)
    answers = graph.cast(graph.add("Greater", asked, graph.constant(scorer.border.ravel(), np.float32)), "INT64")
    bits = graph.add("Reshape", answers, graph.whole([-1, n_trees, depth]))
    number = graph.total(graph.add("Mul", bits, graph.whole([1 << d for d in range(depth)])), 2, keep=False)
    leaf = graph.add("Add", number, graph.whole([tree << depth for tree in range(n_trees)]))
    reached = graph.add("Gather", graph.double(scorer.leaves), leaf, axis=0)
    sums = graph.add("Add", graph.total(reached, 1, keep=False), graph.constant(scorer.bias[None, :]))
    _note_cuts(site, scorer)
    if scorer.exponential:
        return graph.add("Exp", sums)
    return graph.probabilities(sums, len(scorer.bias)) if scorer.n_classes else sums


def _features(site: Site, scorer: ObliviousScorer) -> str:
    """Return what is asked about, in single precision: the view, statistics, levels."""
    graph = site.graph
    own = graph.as_float32(site.matrix)
    if scorer.upward:
        upward = np.isin(np.arange(len(site.view.names)), scorer.upward)
        missing = graph.add("And", graph.add("IsNaN", own), graph.constant(upward, np.bool_))
        own = graph.where(missing, graph.constant([np.inf]), own)
    parts = [own, *_statistics(site, scorer.statistics)]
    for feature, code in scorer.levels:
        same = graph.add("Equal", _column(graph, site.matrix, feature), graph.constant([float(code)]))
        parts.append(graph.cast(same, "DOUBLE"))
    return graph.cast(graph.concat(parts), "FLOAT")


def _note_cuts(site: Site, scorer: ObliviousScorer) -> None:
    asked, border = scorer.asked.ravel(), scorer.border.ravel().astype(np.float64)
    own = np.isfinite(border) & (asked < scorer.n_features)
    for feature in np.unique(asked[own]).tolist():
        site.cuts.setdefault(feature, []).append(np.unique(border[own & (asked == feature)]))


def _statistics(site: Site, statistics: Statistics) -> list[str]:
    """Return the statistics, each of shape (rows, 1)."""
    graph = site.graph
    pairs = zip(statistics.combinations, statistics.keys, strict=True)
    places = [_place(site, combination, keys) for combination, keys in pairs]
    return [
        graph.add("Gather", graph.double(values), places[number])
        for number, values in zip(statistics.of, statistics.values, strict=True)
    ]


def _place(site: Site, combination: Combination, keys: np.ndarray) -> str:
    """Return the place of each row's combination among the keys, behind them if it is none; shape (rows, 1)."""
    graph = site.graph
    sizes = [_codes(site.view, feature) for feature in combination.categories]
    sizes += [2] * (len(combination.above) + len(combination.equal))
    if math.prod(sizes) > MOST_COMBINATIONS:
        raise Inexpressible(
            f"a statistic of it has {math.prod(sizes):,} combinations of categories, "
            f"{MOST_COMBINATIONS:,} can be written out"
        )
    number = graph.constant([[0]], np.int64)
    for digit, size in zip(_digits(site, combination), sizes, strict=True):
        number = graph.add("Add", graph.add("Mul", number, graph.whole(size)), digit)
    return graph.add("Gather", graph.constant(_table(combination, keys, sizes), np.int64), number)


def _digits(site: Site, combination: Combination) -> list[str]:
    """Return the parts of each row's combination as whole numbers from 0, each of shape (rows, 1)."""
    graph, digits = site.graph, []
    for feature in combination.categories:
        digits.append(graph.cast(_column(graph, site.matrix, feature), "INT64"))
    for feature, border, missing in combination.above:
        column = graph.as_float32(_column(graph, site.matrix, feature))
        above = graph.add("Greater", column, graph.constant([float(np.float32(border))]))
        answer = graph.cast(above, "INT64")
        digits.append(graph.where(graph.add("IsNaN", column), graph.whole([int(missing)]), answer))
    for feature, level in combination.equal:
        codes = np.arange(_codes(site.view, feature))
        same = np.array([category_hash(int(code)) == level for code in codes], dtype=np.int64)
        code = graph.cast(_column(graph, site.matrix, feature), "INT64")
        digits.append(graph.add("Gather", graph.constant(same, np.int64), code))
    return digits


def _table(combination: Combination, keys: np.ndarray, sizes: list[int]) -> np.ndarray:
    """Return the place among the keys of every combination, numbered with the last part running fastest."""
    found = np.zeros(1, dtype=np.uint64)
    for position, size in enumerate(sizes):
        parts = np.arange(size, dtype=np.uint64)
        if position < len(combination.categories):
            parts = np.array([category_hash(code) for code in range(size)], dtype=np.uint64)
        found = (CHAIN * (found[:, None] + CHAIN * parts[None, :])).ravel()
    known = {key: place for place, key in enumerate(keys.astype(np.uint64).tolist())}
    return np.array([known.get(key, len(known)) for key in found.tolist()], dtype=np.int64)


def _column(graph: Graph, matrix: str, feature: int) -> str:
    return graph.columns(matrix, [feature])


def _codes(view: ViewPlan, feature: int) -> int:
    """Return how many level codes a categorical feature of the view has, those of new and missing levels included."""
    start = 0
    for op in view.ops:
        if isinstance(op, Lookup) and start <= feature < start + len(op.names):
            column = op.table[:, feature - start]
            if np.isfinite(column).all() and (column >= 0).all() and (column == np.floor(column)).all():
                return int(column.max()) + 1
        start += len(op.names)
    raise Inexpressible("a categorical feature of it is no level code")
