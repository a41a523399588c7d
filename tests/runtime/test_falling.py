"""All trees of a plan at once: each model alone, and walking down, are the slow twins."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.package.compiling import compile_plan
from modelwright.runtime import answer_tables, left_of_trees, quick_trees, scorer
from modelwright.runtime.falling import Falling, TooLarge
from modelwright.runtime.origins import FromLevel, FromNumber, Now, RowSource
from modelwright.runtime.plan import Plan
from modelwright.runtime.quick_trees import QuickTrees
from modelwright.runtime.row import RowPlan, values_of
from modelwright.runtime.tree_engine import TreeEngine
from tests.package.fitting import fitted

from .test_quick_trees import trained

MODELS = ("lightgbm", "xgboost", "catboost", "extra_trees")


def compiled(n_classes: int) -> tuple[Plan, np.ndarray, list[list[object]]]:
    plan, rows, _ = fitted(MODELS, n_classes)
    plan = compile_plan(plan, rows)
    count = len(rows[plan.contract.names[0]])
    return plan, plan.predict(rows), [values_of(rows, plan.contract.names, i) for i in range(count)]


@pytest.mark.parametrize("n_classes", [0, 2, 3])
def test_models_of_all_kinds_together(n_classes: int) -> None:
    plan, expected, rows = compiled(n_classes)
    assert len({type(member.scorer) for member in plan.members}) >= 2
    quick = RowPlan(plan)
    assert len(quick._first) == 1  # one look for all trees
    assert np.array_equal(np.array([quick(row) for row in rows]), expected)


@pytest.mark.parametrize("where", [left_of_trees, answer_tables])
def test_what_is_too_large_is_walked_down(where: object, monkeypatch: pytest.MonkeyPatch) -> None:
    plan, expected, rows = compiled(2)
    monkeypatch.setattr(where, "MOST_BYTES", 1)
    quick = RowPlan(plan)
    assert not quick._first
    assert np.array_equal(np.array([quick(row) for row in rows]), expected)


def test_nothing_is_made_of_what_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    text, _ = trained("regression", leaves=31)
    trees = QuickTrees.of(text)
    assert trees is not None
    monkeypatch.setattr(answer_tables, "MOST_BYTES", 1000)
    monkeypatch.setattr(answer_tables.Layout, "table", None)
    with pytest.raises(TooLarge):
        Falling([(trees.bits, RowSource(np.zeros(6), Now(), (None,) * 6))])
    monkeypatch.setattr(quick_trees, "MOST_BYTES", 1000)
    monkeypatch.setattr(quick_trees, "_asked", None)
    assert QuickTrees.of(text) is None


def test_models_that_are_too_large_together_fall_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    plan, expected, rows = compiled(2)
    (together,) = RowPlan(plan)._first
    assert isinstance(together, Falling)
    monkeypatch.setattr(left_of_trees, "MOST_BYTES", together.nbytes - 1)
    quick = RowPlan(plan)
    apart = len(quick._first)
    assert 1 < apart <= len(MODELS)
    assert np.array_equal(np.array([quick(row) for row in rows]), expected)
    apart_bytes = sum(one.nbytes for one in quick._first if isinstance(one, Falling))
    monkeypatch.setattr(scorer, "MOST_BYTES_APART", apart_bytes - 1)
    quick = RowPlan(plan)
    assert len(quick._first) < apart
    assert np.array_equal(np.array([quick(row) for row in rows]), expected)


@pytest.mark.parametrize("most", [1, 6, 256, 100_000])
def test_tables_multiplied_out(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    text, rows = trained("binary", 2, leaves=31)
    trees, engine = QuickTrees.of(text), TreeEngine(text)
    assert trees is not None
    levels: dict[str | None, float] = {None: 40.0, **{f"level {code}": float(code) for code in range(40)}}
    now = Now()
    origins = (*map(FromNumber, range(4)), FromLevel(4, levels, 41.0), FromNumber(5))
    monkeypatch.setattr(left_of_trees, "MUCH", 0)
    monkeypatch.setattr(left_of_trees, "MOST_MULTIPLIED", most)
    one = Falling([(trees.bits, RowSource(np.zeros(6), now, origins))])
    score = trees.sum_at(one.places[0])
    for i, level in enumerate([None, "never seen", *(f"level {code}" for code in range(40))]):
        row = rows[i].copy()
        row[4] = levels.get(level, 41.0)
        now.values = [*rows[i][:4].tolist(), level, float(rows[i][5])]
        one()
        assert score() == engine.predict(row[None])[0].tolist()
