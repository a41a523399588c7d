"""Models of other libraries in the engine for trees: the libraries' own predictions are what must come out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.errors import BundleError
from modelwright.package.compiling import compile_plan, compile_scorer
from modelwright.package.compiling.trees import Tree, model_text
from modelwright.package.parity import check_columns, check_parity
from modelwright.runtime import Plan
from modelwright.runtime.city import city64
from modelwright.runtime.ops.base import LARGEST
from modelwright.runtime.origins import Now, RowSource
from modelwright.runtime.scorers import load
from modelwright.runtime.scorers.catboost import CatboostScorer, features_data
from modelwright.runtime.scorers.forest import ForestScorer
from modelwright.runtime.scorers.lightgbm import LightgbmScorer
from modelwright.runtime.scorers.oblivious import ObliviousScorer
from modelwright.runtime.scorers.single_sums import SingleSumsScorer
from modelwright.runtime.scorers.xgboost import XgboostScorer
from modelwright.runtime.singles import at_most, below
from tests.package.fitting import TABLE, fitted
from tests.runtime.rows import row_scorer_of

singles = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(singles, st.floats(allow_nan=False, allow_infinity=False))
def test_thresholds_of_single_precision(threshold: float, x: float) -> None:
    one = np.array([threshold], dtype=np.float32)
    near = [x, threshold, *np.nextafter(at_most(one), [-np.inf, np.inf]).tolist(), float(at_most(one)[0])]
    with np.errstate(over="ignore"):
        for value in (*near, *np.nextafter(below(one), [-np.inf, np.inf]).tolist(), float(below(one)[0])):
            rounded = np.float32(value)
            if abs(value) <= LARGEST:  # as features are
                assert (value <= at_most(one)[0]) == (rounded <= one[0])
                assert (value <= below(one)[0]) == (rounded < one[0])


def test_a_tree_with_everything() -> None:
    tree = Tree(
        feature=np.array([0, 1]),
        threshold=np.array([0.5, 0.0]),
        default_left=np.array([True, False]),
        left=np.array([1, -2]),
        right=np.array([-1, -3]),
        value=np.array([1.0, 20.0, 300.0]),
        categories=[None, (0, 3, 40)],
    )
    stump = Tree(*(np.array([], dtype=np.int64) for _ in range(5)), value=np.array([0.25]))
    scorer = LightgbmScorer(model_text([tree, stump], n_features=2, per_round=1, objective="regression"), 0)
    rows = np.array([[0.6, 0], [0.5, 0], [0.4, 3], [np.nan, 40], [0.1, 1], [0.1, 64], [0.1, np.nan]])
    assert scorer.predict(rows)[:, 0].tolist() == [1.25, 20.25, 20.25, 20.25, 300.25, 300.25, 300.25]


@pytest.mark.parametrize("n_classes", [0, 2, 3])
@pytest.mark.parametrize("name", ["xgboost", "catboost", "random_forest", "extra_trees"])
def test_learners(name: str, n_classes: int) -> None:
    plan, rows, native = fitted((name,), n_classes)
    checks = check_columns(rows, TABLE.only(plan.contract.names), seed=1)
    compiled = compile_plan(plan, checks)
    kept = isinstance(compiled.members[0].scorer, ForestScorer)
    assert kept == ("r" in name and name.endswith(("forest", "trees")) and n_classes > 2)
    kind: type = ObliviousScorer if name == "catboost" else LightgbmScorer
    if name == "xgboost" and not n_classes:
        kind = SingleSumsScorer
    assert kept or isinstance(compiled.members[0].scorer, kind)
    assert check_parity(plan, compiled, rows, native).passed
    assert check_parity(plan, compiled, checks, {}).max_difference <= 5e-7


def test_catboost_with_trees_that_have_no_splits() -> None:
    from catboost import CatBoostClassifier

    x = np.column_stack([np.tile([0.0, 1.0], 50), np.repeat([0.0, 1.0], 50)])
    model = CatBoostClassifier(iterations=5, depth=2, rsm=0.5, verbose=0, allow_writing_files=False, thread_count=1)
    scorer = CatboostScorer(model.fit(x, np.tile([0, 0, 1, 1], 25)), [], 2, 2)
    compiled = compile_scorer(scorer, 2)
    assert isinstance(compiled, ObliviousScorer)
    assert np.abs(compiled.predict(x) - scorer.predict(x)).max() < 1e-12


def test_no_library_but_the_engine_is_in_a_compiled_plan(tmp_path) -> None:
    plan, rows, _ = fitted(("xgboost", "catboost", "lightgbm", "extra_trees"), 2)
    compile_plan(plan, rows).save(tmp_path)
    assert sorted(p.suffix for p in (tmp_path / "model").iterdir()) == [".npz", ".txt", ".txt", ".txt"]
    loaded = Plan.load(tmp_path)
    np.testing.assert_array_equal(loaded.predict(rows), compile_plan(plan, rows).predict(rows))


def test_what_does_not_agree_stays_as_it_is(monkeypatch) -> None:
    plan, rows, _ = fitted(("xgboost",), 2)
    right = compile_scorer(plan.members[0].scorer, len(plan.views[plan.members[0].view].names))
    assert isinstance(right, LightgbmScorer)
    wrong = LightgbmScorer(right.text.replace("leaf_value=", "leaf_value=0.1", 1), 2)
    monkeypatch.setattr("modelwright.package.compiling.compile_scorer", lambda *_: wrong)
    assert compile_plan(plan, rows).members == plan.members


def test_large_values_are_added_up_as_xgboost_adds_them(tmp_path) -> None:
    import xgboost

    rng = np.random.default_rng(0)
    rows = rng.normal(size=(600, 5))
    rows[rng.random(rows.shape) < 0.1] = np.nan
    label = np.nansum(rows, axis=1) * 5e4 + 1.8e5
    booster = xgboost.train({"max_depth": 5, "nthread": 1}, xgboost.DMatrix(rows, label), 120)
    scorer = XgboostScorer(booster, 0)
    compiled = compile_scorer(scorer, 5)
    assert isinstance(compiled, SingleSumsScorer)
    expected = scorer.predict(rows)
    np.testing.assert_array_equal(compiled.predict(rows), expected)
    again = load(compiled.save(tmp_path, "m"), tmp_path)
    buffer = np.zeros(5)
    sources = [RowSource(buffer, Now(), (None,) * 5)]
    one, walked = row_scorer_of([again], sources), again.row(buffer)
    for i in range(50):
        buffer[:] = rows[i]
        assert one() == walked() == expected[i].tolist()
    good = compiled.save(tmp_path, "n")
    for change in ({"files": good["files"][:1]}, {"base": 0.1}, {"base": None}, {"n_classes": 2}, {"rounds": 3}):
        with pytest.raises(BundleError):
            load({**good, **change}, tmp_path)


# --- statistics of categories ---------------------------------------------------------------------------------------


def interacting(n_classes: int, complexity: int) -> tuple[CatboostScorer, np.ndarray]:
    """Return a model of CatBoost that combines categories, and rows with levels it never saw."""
    from catboost import CatBoost, Pool

    rng = np.random.default_rng(0)
    n = 1500
    codes = np.column_stack([rng.integers(0, 40, n), rng.integers(0, 30, n), rng.integers(0, 3, n)]).astype(float)
    numbers = rng.normal(size=(n, 2))
    numbers[rng.random(n) < 0.1, 0] = np.nan
    matrix = np.column_stack([numbers[:, 0], codes[:, 0], numbers[:, 1], codes[:, 1:]])
    signal = rng.normal(size=(40, 30))[codes[:, 0].astype(int), codes[:, 1].astype(int)] + numbers[:, 1]
    label = signal if not n_classes else np.digitize(signal, [0.0] if n_classes == 2 else [-0.5, 0.5])
    loss = {0: "RMSE", 2: "Logloss"}.get(n_classes, "MultiClass")
    model = CatBoost(
        {
            "loss_function": loss, "iterations": 30, "max_ctr_complexity": complexity, "one_hot_max_size": 2,
            "thread_count": 1, "logging_level": "Silent", "allow_writing_files": False, "random_seed": 1,
        }
    )  # fmt: skip
    model.fit(Pool(features_data(matrix, [1, 3, 4]), label=label))
    others = matrix.copy()
    others[:, 1], others[:, 3] = rng.integers(-1, 60, n), rng.integers(0, 45, n)
    others[:300, 0] = others[200:500, 2] = np.nan
    return CatboostScorer(model, [1, 3, 4], 5, n_classes), np.vstack([matrix, others])


@pytest.mark.parametrize("complexity", [1, 4])
@pytest.mark.parametrize("n_classes", [0, 2, 3])
def test_statistics_of_categories(n_classes: int, complexity: int, tmp_path) -> None:
    scorer, rows = interacting(n_classes, complexity)
    compiled = compile_scorer(scorer, 5)
    assert isinstance(compiled, ObliviousScorer)
    assert complexity == 1 or any(len(c.features) > 1 for c in compiled.statistics.combinations)
    got = compiled.predict(rows)
    np.testing.assert_allclose(got, scorer.predict(rows), rtol=1e-12, atol=1e-12)
    again = load(compiled.save(tmp_path, "m"), tmp_path)
    np.testing.assert_array_equal(again.predict(rows), got)
    buffer = np.zeros(5)
    one = again.row(buffer)
    for i in range(0, len(rows), 37):
        buffer[:] = rows[i]
        np.testing.assert_allclose(one(), got[i], rtol=0, atol=1e-15 if n_classes else 0)


def test_malformed_statistics_are_refused(tmp_path) -> None:
    compiled = compile_scorer(interacting(2, 1)[0], 5)
    assert isinstance(compiled, ObliviousScorer)
    good = compiled.save(tmp_path, "m")
    for change in (
        {"combinations": []},
        {"combinations": [{"categories": [9]}] * len(compiled.statistics.combinations)},
        {"combinations": [{"categories": "x"}]},
        {"n_features": 4},
        {"n_features": True},
        {"files": []},
        {"files": ["../m.npz"]},
        {"n_classes": 3},
    ):
        with pytest.raises(BundleError):
            load({**good, **change}, tmp_path)


def test_hashes_of_texts() -> None:
    """What CatBoost 1.2 writes for one-hot levels of these names."""
    known = {b"0": -1438285038, b"1": 1121341681, b"2": -1284790409, b"hello world!": -82514573}
    for text, expected in known.items():
        low = city64(text) & 0xFFFFFFFF
        assert (low - (1 << 32) if low >= 1 << 31 else low) == expected
    with pytest.raises(ValueError, match="short"):
        city64(b"x" * 17)


def test_a_forest_that_is_too_large_stays_arrays(monkeypatch) -> None:
    plan, _, _ = fitted(("random_forest",), 0)
    monkeypatch.setattr("modelwright.package.compiling.forest.MOST_NODES", 10)
    assert compile_scorer(plan.members[0].scorer, 5) is None
    assert replace(plan).members == plan.members
