"""Trees as bits: LightGBM's own walk is the slow twin, and the numbers are its to the bit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.package.compiling.trees import Tree, model_text
from modelwright.runtime import quick_trees
from modelwright.runtime.falling import Falling
from modelwright.runtime.origins import FromLevel, FromNumber, Now, RowSource
from modelwright.runtime.quick_trees import QuickTrees
from modelwright.runtime.tree_engine import TreeEngine


def trained(objective: str, n_classes: int = 0, *, leaves: int = 31, rounds: int = 25, missing: bool = True) -> tuple:
    import lightgbm

    rng = np.random.default_rng(leaves)
    rows = rng.normal(size=(1500, 6))
    rows[:, 4] = rng.integers(0, 40, 1500)
    if missing:
        rows[rng.random(1500) < 0.2, 0] = np.nan
        rows[:, 3] = np.where(rng.random(1500) < 0.5, np.nan, 1.0)  # the only split there is parts the missing
    signal = np.nan_to_num(rows[:, 0]) + rows[:, 1] * rows[:, 2] + np.sin(rows[:, 4]) + np.isnan(rows[:, 3])
    label = (
        signal if not n_classes else np.digitize(signal, np.quantile(signal, np.linspace(0, 1, n_classes + 1)[1:-1]))
    )
    if objective in ("poisson", "gamma", "tweedie"):
        label = np.exp(signal)
    settings_ = {"objective": objective, "num_leaves": leaves, "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 5}
    if n_classes > 2:
        settings_["num_class"] = n_classes
    data = lightgbm.Dataset(rows, label, categorical_feature=[4], free_raw_data=False)
    text = lightgbm.train(settings_, data, rounds).model_to_string()
    others = np.vstack([rows[:300], rng.normal(size=(300, 6)) * 1e3, np.full((1, 6), np.nan), np.zeros((1, 6))])
    others[300:600, 4] = rng.choice([-1.0, 0.0, 39.0, 40.0, 1e9, np.nan, 2.7], 300)
    return text, others


def scored(text: str, source: RowSource) -> Callable[[], list[float]]:
    trees = QuickTrees.of(text)
    assert trees is not None
    falling = Falling([(trees.bits, source)])
    score = trees.sum_at(falling.places[0])

    def one() -> list[float]:
        falling()
        return score()

    return one


@pytest.mark.parametrize(
    ("objective", "n_classes", "leaves", "missing"),
    [
        ("regression", 0, 31, True),
        ("regression_l1", 0, 64, True),
        ("tweedie", 0, 31, True),
        ("poisson", 0, 15, False),
        ("gamma", 0, 15, True),
        ("binary", 2, 31, True),
        ("binary", 2, 8, False),
        ("multiclass", 4, 15, True),
        ("multiclass", 3, 50, False),
    ],
)
def test_as_lightgbm_walks(objective: str, n_classes: int, leaves: int, missing: bool) -> None:
    text, rows = trained(objective, n_classes, leaves=leaves, missing=missing)
    trees, engine = QuickTrees.of(text), TreeEngine(text)
    assert trees is not None
    buffer, now = np.zeros(rows.shape[1]), Now()
    some = RowSource(buffer, now, (None, FromNumber(1), None, FromNumber(3), None, FromNumber(5)))
    falling = Falling([(trees.bits, some), (trees.bits, RowSource(buffer, now, (None,) * len(buffer)))])
    score, places = trees.sum_at(falling.places[0]), falling.places[1]
    expected, leaf = engine.predict(rows), engine.leaves(rows)
    for i in range(len(rows)):
        buffer[:], now.values = rows[i], rows[i].tolist()
        falling()
        assert score() == expected[i].tolist()
        assert trees.numbers[places].tolist() == leaf[i].tolist()


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_values_at_and_beside_thresholds(data: st.DataObject) -> None:
    thresholds = data.draw(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3))
    tree = Tree(
        feature=np.array([0, 0, 0]),
        threshold=np.array(thresholds),
        default_left=np.array(data.draw(st.lists(st.booleans(), min_size=3, max_size=3))),
        left=np.array([1, -1, -3]),
        right=np.array([2, -2, -4]),
        value=np.array([1.0, 2.0, 4.0, 8.0]),
    )
    text = model_text([tree], n_features=1, per_round=1, objective="regression")
    engine, buffer = TreeEngine(text), np.zeros(1)
    score = scored(text, RowSource(buffer, Now(), (None,)))
    near = [v for t in thresholds for v in (t, np.nextafter(t, np.inf), np.nextafter(t, -np.inf))]
    for value in (*near, np.nan, 0.0, 1e-36, -1e-36, 3e38, -3e38):
        buffer[0] = value
        assert score() == engine.predict(np.array([[value]]))[0].tolist()


def test_what_is_better_walked_down(monkeypatch: pytest.MonkeyPatch) -> None:
    text, _ = trained("regression", leaves=65, rounds=3)
    assert QuickTrees.of(text) is None
    text, _ = trained("regression", leaves=8, rounds=3)
    assert QuickTrees.of(text.replace("objective=regression", "objective=quantile")) is None
    monkeypatch.setattr(quick_trees, "MOST_FEATURES", 2)
    assert QuickTrees.of(text) is None


@pytest.mark.parametrize("objective", ["binary sigmoid:1", "tweedie"])
def test_extreme_sums(objective: str) -> None:
    for value in (-1e6, 1e6, -710.0, 0.0):
        stump = Tree(*(np.array([], dtype=np.int64) for _ in range(5)), value=np.array([value]))
        split = Tree(
            feature=np.array([0]), threshold=np.array([0.0]), default_left=np.array([True]), left=np.array([-1]),
            right=np.array([-2]), value=np.array([0.0, 1.0]),
        )  # fmt: skip
        text = model_text([split, stump], n_features=1, per_round=1, objective=objective)
        score = scored(text, RowSource(np.zeros(1), Now(), (None,)))
        assert score() == TreeEngine(text).predict(np.zeros((1, 1)))[0].tolist()


def test_features_that_come_from_levels() -> None:
    text, rows = trained("binary", 2, leaves=31)
    engine = TreeEngine(text)
    levels: dict[str | None, float] = {None: 40.0, **{f"level {code}": float(code) for code in range(40)}}
    now = Now()
    others = tuple(FromNumber(i) for i in range(6))
    score = scored(text, RowSource(np.zeros(6), now, (*others[:4], FromLevel(4, levels, 41.0), others[5])))
    for i, level in enumerate([None, "never seen", *(f"level {code}" for code in range(40))]):
        row = rows[i].copy()
        row[4] = levels.get(level, 41.0)
        now.values = [*rows[i][:4].tolist(), level, float(rows[i][5])]
        assert score() == engine.predict(row[None])[0].tolist()


def test_numbers_beyond_the_range_of_the_view_fall_as_those_at_its_end() -> None:
    for threshold in (3e38, 2e38, -3e38, -3.2e38, 3.2e38):
        tree = Tree(
            feature=np.array([0]), threshold=np.array([threshold]), default_left=np.array([False]),
            left=np.array([-1]), right=np.array([-2]), value=np.array([1.0, 2.0]),
        )  # fmt: skip
        text = model_text([tree], n_features=1, per_round=1, objective="regression")
        engine, now = TreeEngine(text), Now()
        score = scored(text, RowSource(np.zeros(1), now, (FromNumber(0),)))
        for value in (1e300, -1e300, 3e38, -3e38, 2.5e38, 0.0, np.nan):
            now.values = [value]
            assert score() == engine.predict(np.array([[np.clip(value, -3e38, 3e38)]]))[0].tolist()
