"""Explaining models whose truth is known."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from modelwright.data.columns import Strings, take
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.evaluate import metrics
from modelwright.evaluate.measurements import Measurement
from modelwright.explain.effects import ALE, describe
from modelwright.explain.explaining import explain
from modelwright.explain.folds import MODEL, ByModel, rows_to_ask
from modelwright.explain.grids import MISSING, make_grid, written
from modelwright.explain.importance import note_order
from modelwright.explain.likeness import alike, note_alike, sets_of
from modelwright.explain.reasons import Importance
from modelwright.explain.sampling import MAX_ROWS


def table(n=4000, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    hole = rng.normal(size=n)
    hole[::5] = np.nan
    return {
        "strong": x,
        "bend": rng.normal(size=n),
        "level": Strings.from_values(rng.choice(["a", "b", "c"], n)),
        "noise": rng.normal(size=n),
        "hole": hole,
    }


CONTRACT = Contract(
    columns=tuple(
        ColumnSpec(name=n, kind=Kind.CATEGORY if n == "level" else Kind.NUMBER)
        for n in ("strong", "bend", "level", "noise", "hole")
    ),
    rows_seen=4000,
)


def chance(columns):
    level = columns["level"].levels[columns["level"].codes] == "c"
    z = 1.5 * columns["strong"] - np.abs(columns["bend"]) + 0.8 * level
    p = 1 / (1 + np.exp(-z))
    return np.column_stack([1 - p, p])


def explained(columns=None, predict=chance, **more):
    columns = columns or table()
    rng = np.random.default_rng(1)
    y = (rng.random(len(columns["strong"])) < chance(columns)[:, 1]).astype(float)
    settings = {
        "contract": CONTRACT,
        "features": tuple(columns),
        "metric": metrics.get("log_loss"),
        "seed": 0,
        "deadline_s": 10.0,
        "measured_on": "the lockbox",
        "classes": ("no", "yes"),
    }
    return explain(predict, columns, y, **(settings | more))


@pytest.mark.parametrize("metric", ["log_loss", "roc_auc", "accuracy", "f1"])
def test_finds_what_the_model_uses(metric):
    found = explained(metric=metrics.get(metric))
    ranked = [i.column for i in found.importances]
    assert ranked[0] == "strong" and set(ranked[:3]) == {"strong", "bend", "level"}
    for i in found.importances:
        if i.column in ("noise", "hole"):
            assert i.drop.value == i.drop.low == i.drop.high == 0
        elif metric != "accuracy":
            assert i.drop.low > 0
    assert found.measured_on == f"{MAX_ROWS:,} rows drawn from the lockbox"
    assert found.outcome == "chance of “yes”" and not found.notes


def test_effects_say_the_direction():
    words = {e.column: e.words for e in explained().effects}
    assert words["strong"] == "more strong, higher"
    assert words["bend"].startswith("highest around") and words["bend"].endswith("lower on both sides")
    assert words["level"].startswith("highest for “c”")
    assert words["noise"] == "hardly any effect on its own"


def test_effect_is_the_mean_prediction_when_the_column_is_set():
    columns = table(200)
    effect = next(e for e in explained(columns).effects if e.column == "level")
    fixed = dict(columns, level=Strings(np.zeros(200, np.int32), columns["level"].levels))
    slow = chance(fixed)[:, 1].mean()
    assert effect.y[effect.x.index(str(columns["level"].levels[0]))] == pytest.approx(slow, abs=1e-12)


def test_same_seed_same_explanation():
    assert explained() == explained()


def test_the_interval_covers_the_drop_on_all_rows():
    """Over many samples, the interval holds the drop on a very large one about 95 times in 100."""
    big = table(200_000, seed=99)
    truth = {}
    y = (np.random.default_rng(5).random(200_000) < chance(big)[:, 1]).astype(float)
    metric = metrics.get("log_loss")
    for name in ("strong", "bend"):
        shuffled = dict(big, **{name: np.random.default_rng(6).permutation(big[name])})
        truth[name] = metric(y, chance(shuffled)) - metric(y, chance(big))
    hits = []
    for seed in range(60):
        found = explained(table(600, seed), features=("strong", "bend", "level", "noise", "hole"), seed=seed)
        hits += [i.drop.low <= truth[i.column] <= i.drop.high for i in found.importances if i.column in truth]
    assert 0.88 <= np.mean(hits) <= 1.0


def test_a_slow_model_is_cut_short_and_says_so():
    slept = []

    def slow(columns):
        slept.append(len(columns["strong"]) * 1e-4)
        time.sleep(slept[-1])
        return chance(columns)

    found = explained(predict=slow, deadline_s=0.4)
    assert sum(slept) < 1.0
    assert any("lack of time" in note for note in found.notes) or len(found.importances) == 5
    assert not found.importances or found.importances[0].column in ("strong", "bend", "level")


def test_predict_is_called_seldom():
    calls = []

    def counted(columns):
        calls.append(len(columns["strong"]))
        return chance(columns)

    explained(predict=counted)
    assert len(calls) < 40


def test_regression_and_several_classes():
    columns = table(500)
    value = explain(
        lambda c: c["strong"][:, None] * 3,
        columns,
        columns["strong"] * 3,
        contract=CONTRACT,
        features=("strong", "noise"),
        metric=metrics.get("rmse"),
        seed=0,
        deadline_s=5,
        measured_on="all",
        target="price",
    )
    assert value.outcome == "predicted price" and value.importances[0].column == "strong"
    assert value.measured_on == "all"

    def three(c):
        e = np.exp(np.column_stack([c["strong"], c["bend"], np.zeros(len(c["bend"]))]))
        return e / e.sum(axis=1, keepdims=True)

    y = three(columns).argmax(axis=1).astype(float)
    many = explained(columns, three, metric=metrics.get("accuracy"), classes=("x", "y", "z"))
    assert many.outcome.startswith("chance of “")
    assert len(np.unique(y)) == 3


def test_undefined_metric_is_said():
    columns = table(100)
    found = explain(
        chance,
        columns,
        np.ones(100),
        contract=CONTRACT,
        features=tuple(columns),
        metric=metrics.get("roc_auc"),
        seed=0,
        deadline_s=5,
        measured_on="all",
    )
    assert found.importances == () and "not defined" in found.notes[0]
    assert found.effects  # the model can still be described


def test_nothing_to_explain():
    found = explained(features=())
    assert found.importances == () and found.effects == ()


def test_likeness():
    columns = table()
    twin = np.exp(columns["strong"])
    recoded = Strings(columns["level"].codes, np.array(["x", "y", "z"], dtype=object))
    pairs = alike(columns | {"twin": twin, "recoded": recoded}, [*columns, "twin", "recoded"])
    assert set(pairs) == {("strong", "twin"), ("level", "recoded")}
    (note,) = note_alike(sets_of([("a", "b"), ("b", "c")]))
    assert "“a”, “b” and “c” carry almost the same information" in note


def test_grids():
    assert make_grid(np.full(50, 3.0), Kind.NUMBER) is None
    assert make_grid(np.full(50, np.nan), Kind.NUMBER) is None
    grid = make_grid(np.array([1.0, 2.0, 2.0, np.nan]), Kind.NUMBER)
    assert grid.labels == ("1", "2", MISSING) and grid.n == (1, 2, 1)
    wide = make_grid(np.arange(1000.0), Kind.NUMBER)
    assert len(wide.labels) == 12 and sum(wide.n) == 1000
    assert make_grid(Strings.from_values(["a", "b", "b", None]), Kind.CATEGORY).labels == ("b", "a", MISSING)
    assert written(np.array([0.0, 1.0]), Kind.BOOLEAN) == ("no", "yes")
    assert written(np.array([0.0, 864000.0]), Kind.DATETIME) == ("1970-01-01", "1970-01-11")
    assert written(np.array([1.00001, 1.00002]), Kind.NUMBER) == ("1.00001", "1.00002")
    assert written(np.array([1955.0, 1993.0]), Kind.NUMBER) == ("1955", "1993"), "years"
    assert written(np.array([1000.0, 1993.0]), Kind.NUMBER) == ("1,000", "1,993")
    assert written(np.array([-1500.0, 2e-7]), Kind.NUMBER) == ("−1,500", "2e-07")


def test_words_of_dates_and_zigzags():
    grid = make_grid(np.arange(12.0), Kind.NUMBER)
    assert describe("t", Kind.DATETIME, grid, np.arange(12.0), 1.0) == "later, higher"
    zigzag = [0, 1] * 6
    assert describe("t", Kind.NUMBER, grid, zigzag, 1.0).startswith("up and down")
    assert describe("t", Kind.NUMBER, grid, -np.arange(12.0), 1.0) == "more t, lower"


def test_unknown_kinds_have_no_effect():
    contract = replace(CONTRACT, columns=tuple(replace(s, kind=Kind.TEXT) for s in CONTRACT.columns))
    assert explained(contract=contract).effects == ()


def test_columns_that_work_together_are_told() -> None:
    """A product is all interaction, a sum has none."""

    def product(columns):
        value = columns["strong"] * columns["bend"] + 2 * columns["hole"].copy()
        return np.nan_to_num(value)[:, None]

    columns = table(400)
    found = explained(columns, product, metric=metrics.get("rmse"), classes=(), target="price")
    assert [set(i.columns) for i in found.interactions][:1] == [{"strong", "bend"}]
    assert found.interactions[0].strength > 0.2
    added = explained(columns, lambda c: (c["strong"] + np.abs(c["bend"]))[:, None], metric=metrics.get("rmse"))
    assert not added.interactions


def test_an_order_within_the_noise_is_told() -> None:
    def importance(column, value, half):
        drop = Measurement(name="rmse", value=value, low=value - half, high=value + half, n=100, method="made up")
        return Importance(column=column, drop=drop)

    close = [importance("a", 1.0, 0.2), importance("b", 0.9, 0.2), importance("c", 0.3, 0.1)]
    (note,) = note_order(close)
    assert "“a” and “b”" in note and "“c”" not in note
    assert note_order([close[0], close[2]]) == ()
    assert note_order([importance("a", 0.1, 0.2), importance("b", 0.1, 0.2)]) == ()  # noise has no order


def test_noise_is_called_noise() -> None:
    found = {i.column: i.judgement for i in explained().importances}
    assert found["strong"] == "used" and found["noise"] == found["hole"] == "unused"
    drop = Measurement(name="rmse", value=0.1, low=-0.1, high=0.3, n=100, method="made up")
    assert Importance(column="x", drop=drop).judgement == "noise"


def of_model(columns, n_models=2):
    """The columns, each row to be asked of a model in turn."""
    n = len(next(iter(columns.values())))
    return {**columns, MODEL: (np.arange(n) % n_models).astype(float)}


def numbers_of(*names):
    return Contract(columns=tuple(ColumnSpec(name=n, kind=Kind.NUMBER) for n in names), rows_seen=1)


def explained_value(columns, predict, y, **more):
    names = tuple(n for n in columns if n != MODEL)
    settings = {"metric": metrics.get("rmse"), "seed": 0, "deadline_s": 60.0, "measured_on": "x"}
    return explain(predict, columns, y, contract=numbers_of(*names), features=names, **(settings | more))


def test_an_effect_is_measured_where_rows_are():
    """Two columns that hang together: where a row's other column says so, the first does nothing, and no row is
    elsewhere. Set one by one, as partial dependence does, it would seem to matter."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=3000)
    columns = {"a": a, "b": a + rng.normal(0, 0.05, 3000)}

    def far_from_each_other(c):
        return (c["b"] + 5.0 * np.maximum(np.abs(c["a"] - c["b"]) - 0.5, 0))[:, None]

    effects = {e.column: e for e in explained_value(columns, far_from_each_other, a).effects}
    assert effects["a"].method == ALE and np.ptp(effects["a"].y) < 0.1
    assert np.ptp(effects["b"].y) == pytest.approx(np.ptp([np.quantile(a, 1 / 24), np.quantile(a, 23 / 24)]), rel=0.1)


def test_accumulated_steps_are_the_function_where_nothing_interacts():
    rng = np.random.default_rng(1)
    columns = {"a": rng.integers(0, 8, 2000).astype(float), "b": rng.normal(size=2000)}
    predict = lambda c: (np.sin(c["a"]) + c["b"])[:, None]  # noqa: E731
    found = next(e for e in explained_value(columns, predict, columns["a"]).effects if e.column == "a")
    truth = np.sin(np.arange(8.0))
    assert np.allclose(np.array(found.y) - found.y[0], truth - truth[0])
    assert np.average(found.y, weights=found.n) == pytest.approx(predict(columns).mean())


def test_missing_values_are_compared_with_known_ones_of_the_same_rows():
    rng = np.random.default_rng(2)
    a = rng.normal(size=3000)
    a[::3] = np.nan
    predict = lambda c: np.where(np.isnan(c["a"]), 4.0, c["a"])[:, None]  # noqa: E731
    found = next(e for e in explained_value({"a": a, "b": a * 0}, predict, a * 0).effects if e.column == "a")
    assert found.x[-1] == MISSING and found.y[-1] == pytest.approx(4.0, abs=0.15)


def test_models_that_say_otherwise_are_told():
    rng = np.random.default_rng(3)
    columns = of_model({"a": rng.normal(size=2000), "b": rng.normal(size=2000)})
    turning = ByModel([lambda c: (c["b"] + 2 * c["a"])[:, None], lambda c: (c["b"] - c["a"])[:, None]])
    effects = {e.column: e for e in explained_value(columns, turning, columns["b"]).effects}
    assert effects["a"].agreement == 0.5 and "1 of 2 models, fitted on other rows, say otherwise" in effects["a"].words
    assert effects["b"].agreement == 1.0 and effects["b"].words == "more b, higher"


def test_each_row_is_asked_of_its_own_model():
    rng = np.random.default_rng(4)
    columns = of_model({"a": rng.normal(size=60)}, 3)
    models = ByModel([lambda c, k=k: (c["a"] + k)[:, None] for k in range(3)])
    assert np.allclose(models(columns)[:, 0], columns["a"] + columns[MODEL])
    assert np.allclose(models(take(columns, np.array([4, 1])))[:, 0], columns["a"][[4, 1]] + 1)


def test_rows_that_judged_the_folds_are_asked_about_where_the_lockbox_is_small():
    rng = np.random.default_rng(0)
    lockbox, valid = np.arange(100, 110), [np.arange(0, 20), np.arange(20, 40)]
    asked = rows_to_ask(lockbox, valid, 1000, rng)
    assert asked.n_lockbox == 10 and sorted(asked.rows[:10]) == list(lockbox)
    assert np.bincount(asked.model[:10]).tolist() == [5, 5]
    assert all(row in valid[model] for row, model in zip(asked.rows[10:], asked.model[10:], strict=True))
    assert len(rows_to_ask(lockbox, valid, 15, rng).rows) == 15
    assert rows_to_ask(lockbox, valid, 5, rng).n_lockbox == len(rows_to_ask(lockbox, valid, 5, rng).rows) == 10


def models_of(*slopes):
    return ByModel([lambda c, s=s: (s * c["a"] + c["b"])[:, None] for s in slopes])


def fitted_on_other_rows(slopes, seed, n=2000):
    """A truth of ``a + b`` and noise, and models that take ``a`` for ``slope`` times as much."""
    rng = np.random.default_rng(seed)
    columns = of_model({"a": rng.normal(size=n), "b": rng.normal(size=n)}, len(slopes))
    y = columns["a"] + columns["b"] + rng.normal(0, 1, n)
    return explained_value(columns, models_of(*slopes), y, seed=seed)


def test_models_that_disagree_on_what_a_column_is_worth_are_told_and_widen_its_interval():
    found = fitted_on_other_rows((1.0, 0.1, 1.0, 0.1), 0)
    note = next(n for n in found.notes if "depends on which rows a model was fitted on" in n)
    assert "“a”" in note and "“b”" not in note
    drop = {i.column: i.drop for i in found.importances}
    assert "spread of models" in drop["a"].method
    agreed = {i.column: i.drop for i in fitted_on_other_rows((1.0,) * 4, 0).importances}
    assert drop["a"].high - drop["a"].low > 2 * (agreed["a"].high - agreed["a"].low)


def test_models_that_agree_are_seldom_said_to_disagree():
    told = [any("depends on which" in n for n in fitted_on_other_rows((1.0,) * 4, s, 600).notes) for s in range(25)]
    assert sum(told) <= 2


def test_a_model_with_few_rows_is_not_asked_apart():
    assert not any("depends on" in n for n in fitted_on_other_rows((1.0, 0.0) * 20, 0, 600).notes)


def test_columns_that_stand_in_for_each_other_are_shuffled_as_one():
    """The model takes the mean of two copies: one alone is worth a fourth of what both are, as squared errors go."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=3000)
    columns = {"a": a, "copy": a + rng.normal(0, 0.01, 3000), "other": rng.normal(size=3000)}

    def mean_of_both(c):
        return (0.5 * c["a"] + 0.5 * c["copy"])[:, None]

    found = explained_value(columns, mean_of_both, a)
    (both,) = found.together
    drop = {i.column: i.drop.value for i in found.importances}
    assert set(both.columns) == {"a", "copy"} and both.drop.low > 1.5 * max(drop.values())
    assert both.drop.value == pytest.approx(np.sqrt(2), rel=0.1)
    assert any("Shuffled as one, they cost 1.4" in note for note in found.notes)
