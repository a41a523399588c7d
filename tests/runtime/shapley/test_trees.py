"""The walk through trees drawn at random, with more columns than a machine word has bits."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.data.columns import take
from modelwright.runtime import ViewPlan
from modelwright.runtime.ops.numbers import Numbers
from modelwright.runtime.ops.pairs import PairNumbers
from modelwright.runtime.shapley.forest import Forest
from modelwright.runtime.shapley.mixed import Mixed
from modelwright.runtime.shapley.trees import TreeEffects

from .brute import shapley

COLUMNS = tuple(f"c{j:02}" for j in range(70))
ACTING = (0, 3, 63, 64, 69)  # on both sides of a word's end
SPLITS = 12


def view() -> ViewPlan:
    pairs = PairNumbers(inputs=("c03", "c64"), names=("c03-c64",), left=(0,), right=(1,), how=("difference",))
    return ViewPlan((Numbers(inputs=COLUMNS, names=COLUMNS), pairs))


def forest_of(rng: np.random.Generator, trees: int = 3) -> Forest:
    """Return trees whose splits are drawn at random, some of them on a feature of two columns."""
    root, child, leaves = [], [], 0
    for tree in range(trees):
        first = tree * SPLITS
        root.append(first)
        open_ends = [(first, 0), (first, 1)]
        own = np.zeros((SPLITS, 2), dtype=np.int64)
        for split in range(1, SPLITS):
            node, side = open_ends.pop(int(rng.integers(len(open_ends))))
            own[node - first, side] = first + split
            open_ends += [(first + split, 0), (first + split, 1)]
        for node, side in open_ends:
            own[node - first, side] = -1 - leaves
            leaves += 1
        child.append(own)
    feature = rng.choice([*ACTING, len(COLUMNS)], SPLITS * trees)
    threshold = rng.normal(size=len(feature))
    return Forest(
        root=np.array(root),
        question=np.arange(len(feature)),
        child=np.concatenate(child),
        value=rng.normal(size=(leaves, 2)),
        bias=np.array([0.5, -1.0]),
        reads=tuple((int(f),) for f in feature),
        answers=lambda matrix, questions: matrix[:, feature[questions]] <= threshold[questions],
        link="identity",
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_random_trees_against_brute_force(seed: int) -> None:
    rng = np.random.default_rng(seed)
    forest, plan = forest_of(rng), view()
    rows = {name: rng.normal(size=3) for name in COLUMNS}
    base = {name: rng.normal(size=1) for name in COLUMNS}
    explained = TreeEffects(forest, plan, COLUMNS)
    groups = [g for g in explained.groups if len(g) > 1]
    mixed = Mixed(plan, groups, rows, base)
    found = explained.effects(mixed)
    idle = [j for j in range(len(COLUMNS)) if j not in ACTING]
    assert not found[:, idle].any()
    np.testing.assert_allclose(found.sum(axis=1), forest.sums(mixed.own) - forest.sums(mixed.base), atol=1e-10)
    one = take(rows, np.array([1]))
    acting = {COLUMNS[j]: one[COLUMNS[j]] for j in ACTING}
    exact = shapley(lambda c: forest.sums(plan({**one, **c}).matrix), base, acting)
    np.testing.assert_allclose(found[1, list(ACTING)], exact, atol=1e-10)


def test_a_feature_of_too_many_columns_is_not_walked() -> None:
    forest = forest_of(np.random.default_rng(0))
    wide = ViewPlan((Numbers(inputs=COLUMNS, names=COLUMNS),))
    together = Forest(**{**vars(forest), "reads": tuple((0, 1, 2, 3, 4, 5, 6) for _ in forest.reads)})
    assert not TreeEffects(together, wide, COLUMNS).possible
