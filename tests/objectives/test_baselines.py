import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.data.columns import Strings, take
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.objectives.baselines import BASELINES, Constant, Linear, OneRule
from modelwright.objectives.baselines.bins import MISSING, OTHER, make_bins
from modelwright.objectives.baselines.one_rule import FOLDS, _cross_validated_loss
from modelwright.objectives.checks import make_table


def _contract(**kinds):
    return Contract(columns=tuple(ColumnSpec(name=n, kind=k) for n, k in kinds.items()), rows_seen=0)


def _fit(baseline, columns, specs, y, classes=(), metric="rmse"):
    return baseline.fit(columns, specs, np.asarray(y, dtype=float), classes=classes, metric=metric, seed=0)


@pytest.mark.parametrize(
    ("metric", "value"),
    [("rmse", 22.0), ("mae", 3.0), ("median_ae", 3.0), ("rmsle", np.expm1(np.log1p([1, 2, 3, 4, 100]).mean()))],
)
def test_constant_is_the_centre_the_metric_asks_for(metric, value):
    columns, specs = make_table(5)
    fitted = _fit(Constant(), columns, specs, [1, 2, 3, 4, 100], metric=metric)
    np.testing.assert_allclose(fitted(columns), np.full((5, 1), value))


def test_constant_predicts_shares_in_words():
    columns, specs = make_table(4)
    fitted = _fit(Constant(), columns, specs, [0, 0, 0, 1], ("no", "yes"))
    assert fitted(columns).tolist() == [[0.75, 0.25]] * 4
    assert fitted.text == "always predicts 'no', the most frequent class (75 % of the rows)"


def test_one_rule_finds_the_column_that_says_most():
    rng = np.random.default_rng(0)
    level = rng.integers(0, 3, 600)
    columns = {
        "noise": rng.normal(size=600),
        "contact": Strings.from_values(np.array(["cellular", "unknown", "post"])[level]),
        "many": Strings.from_values([f"v{i}" for i in range(600)]),
    }
    specs = _contract(noise=Kind.NUMBER, contact=Kind.CATEGORY, many=Kind.ID)
    y = (rng.random(600) < np.array([0.1, 0.5, 0.9])[level]).astype(float)
    fitted = _fit(OneRule(), columns, specs, y, ("no", "yes"))
    assert fitted.text.startswith("by 'contact': ")
    assert "'cellular' → " in fitted.text
    assert "'yes'" in fitted.text
    unseen = {**columns, "contact": Strings.from_values([None, "fax", "cellular"] * 200)}
    shares = fitted(unseen)[:3, 1]
    assert shares[2] < 0.2 < shares[0]
    assert shares[0] == pytest.approx(y.mean(), abs=0.02)
    assert shares[1] == pytest.approx(y.mean(), abs=0.02)


def test_one_rule_cuts_numbers_and_names_the_ranges():
    x = np.linspace(0, 1, 400)
    fitted = _fit(OneRule(), {"x": x}, _contract(x=Kind.NUMBER), np.where(x > 0.5, 10.0, 20.0))
    assert fitted.text.startswith("by 'x': up to ")
    assert "above" in fitted.text
    assert fitted({"x": np.array([0.1, 0.9])})[:, 0] == pytest.approx([20, 10], abs=1)


def test_one_rule_fast_tables_equal_the_obvious_loop():
    rng = np.random.default_rng(1)
    codes, fold, y = rng.integers(0, 4, 80), rng.permutation(80) % FOLDS, rng.integers(0, 3, 80).astype(float)
    losses = []
    for f in range(FOLDS):
        train, valid = fold != f, fold == f
        prior = (np.bincount(y[train].astype(int), minlength=3) + 1e-9) / (train.sum() + 3e-9)
        for i in np.flatnonzero(valid):
            same = train & (codes == codes[i])
            share = (np.sum(same & (y == y[i])) + 10 * prior[int(y[i])]) / (same.sum() + 10)
            losses.append(-np.log(share))
    assert _cross_validated_loss(codes, 4, y, fold, 3) == pytest.approx(np.mean(losses), rel=1e-9)


def test_one_rule_without_columns_is_a_constant():
    fitted = _fit(OneRule(), {"x": np.zeros(4)}, _contract(), [1, 2, 3, 6])
    assert fitted({"x": np.zeros(2)}).tolist() == [[3.0], [3.0]]
    assert "no column" in fitted.text


def test_linear_recovers_a_line_and_stays_in_range():
    rng = np.random.default_rng(0)
    x, level = rng.normal(size=500), rng.integers(0, 2, 500)
    columns = {"x": x, "level": Strings.from_values(np.array(["a", "b"])[level])}
    y = 3 * x + 5 * level + 1
    fitted = _fit(Linear(), columns, _contract(x=Kind.NUMBER, level=Kind.CATEGORY), y)
    assert np.abs(fitted(columns)[:, 0] - y).mean() < 0.1
    far = fitted({"x": np.array([1e9]), "level": Strings.from_values([None])})
    assert y.min() <= far[0, 0] <= y.max()
    assert fitted.text == "linear regression on 2 columns as they are"
    one = _fit(Linear(), {"x": x}, _contract(x=Kind.NUMBER), y)
    assert one.text == "linear regression on 1 column as it is"


def test_linear_gives_unseen_classes_little_but_something():
    columns, specs = make_table(60)
    y = (columns["number"] > 0).astype(float)
    shares = _fit(Linear(), columns, specs, y, ("a", "b", "c"))(columns)
    assert shares[:, 2].max() < 0.1
    assert shares.min() > 0
    assert np.mean(shares.argmax(1) == y) > 0.9
    lone = _fit(Linear(), columns, specs, np.zeros(60), ("a", "b"))(columns)
    assert (lone[:, 0] > 0.9).all()


def test_linear_is_the_logistic_regression_of_scikit_learn():
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 2))
    y = (x @ [1.0, -2.0] + rng.normal(size=300) > 0).astype(float)
    columns = {"a": x[:, 0], "b": x[:, 1]}
    ours = _fit(Linear(), columns, _contract(a=Kind.NUMBER, b=Kind.NUMBER), y, ("n", "y"))(columns)[:, 1]
    scaled = (x - x.mean(0)) / x.std(0)
    theirs = LogisticRegression(tol=1e-8).fit(scaled, y).predict_proba(scaled)[:, 1]
    assert np.abs(ours - theirs).max() < 5e-3


@pytest.mark.parametrize("baseline", BASELINES, ids=lambda b: b.name)
@settings(max_examples=25, deadline=None)
@given(n=st.integers(2, 40), n_classes=st.integers(0, 5), seed=st.integers(0, 9))
def test_baselines_survive_any_small_table(baseline, n, n_classes, seed):
    rng = np.random.default_rng(seed)
    classes = tuple("abcde"[:n_classes]) if n_classes >= 2 else ()
    y = rng.integers(0, len(classes), n).astype(float) if classes else rng.normal(size=n)
    columns, specs = make_table(n, seed)
    prediction = _fit(baseline, columns, specs, y, classes)(take(columns, np.arange(n)[::-1]))
    assert prediction.shape == (n, max(len(classes), 1))
    assert np.isfinite(prediction).all()


def test_bins_hold_missing_and_unknown_apart():
    spec = ColumnSpec(name="x", kind=Kind.CATEGORY)
    bins = make_bins(Strings.from_values(["a"] * 9 + ["rare"]), spec)
    assert bins(Strings.from_values([None, "rare", "new", "a"])).tolist() == [MISSING, OTHER, OTHER, 2]
    flag = make_bins(np.array([0.0] * 8 + [1.0] * 8 + [np.nan]), ColumnSpec(name="b", kind=Kind.BOOLEAN))
    assert flag(np.array([np.nan, 0.0, 1.0])).tolist() == [MISSING, 2, 3]
    assert [flag.label(i) for i in range(flag.count)] == ["missing", "any other", "false", "true"]
    dates = make_bins(1e9 + 86400.0 * np.arange(100), ColumnSpec(name="d", kind=Kind.DATETIME))
    assert dates.label(2).startswith("up to 2001-")
    assert make_bins(np.full(5, np.nan), ColumnSpec(name="n", kind=Kind.NUMBER))(np.full(2, np.nan)).tolist() == [0, 0]


def test_a_large_table_is_fitted_as_a_small_one():
    rng = np.random.default_rng(0)
    columns = {f"x{i}": rng.normal(size=200_000) for i in range(10)}
    specs = _contract(**dict.fromkeys(columns, Kind.NUMBER))
    y = (columns["x3"] > 1).astype(float)
    said = {b.name: _fit(b, columns, specs, y, ("no", "yes"))(columns) for b in BASELINES}
    assert all(p.shape == (200_000, 2) and np.isfinite(p).all() for p in said.values())


def test_few_values_are_named_one_by_one():
    bins = make_bins(np.repeat([0.0, 1.0, 2.0], 20), ColumnSpec(name="parts", kind=Kind.NUMBER))
    assert [bins.label(i) for i in range(2, bins.count)] == ["0", "1", "2"]
    assert bins(np.array([0.0, 1.0, 2.0, 9.0])).tolist() == [2, 3, 4, 4]


def test_long_levels_are_shortened_and_texts_make_no_rule():
    level = "a very long\tlevel " * 9
    bins = make_bins(Strings.from_values([level] * 9), ColumnSpec(name="x", kind=Kind.CATEGORY))
    assert len(bins.label(2)) == 42
    assert "\t" not in bins.label(2)
    texts = {"x": Strings.from_values(["yes sir", "no sir"] * 50)}
    fitted = _fit(OneRule(), texts, _contract(x=Kind.TEXT), [1, 0] * 50, ("no", "yes"))
    assert "no column" in fitted.text


@pytest.mark.parametrize(("levels", "told", "more"), [(5, 5, ""), (8, 8, ""), (12, 4, ", and 8 more")])
def test_a_short_rule_is_told_whole(levels, told, more):
    column = Strings.from_values([f"level{i}" for i in range(levels)] * 60)
    y = [float(i) for i in range(levels)] * 60
    text = _fit(OneRule(), {"x": column}, _contract(x=Kind.CATEGORY), y).text
    assert text.count("→") == told and text.endswith(more or "")
    assert ("more" in text) == bool(more)
