"""`Classifier` and `Regressor` under scikit-learn's conventions, and with tables as people have them."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import modelwright as mw
from modelwright.errors import ContractError, DataError, UsageError

from .conftest import first_key

ONE = [mw.Classifier(trials=1), mw.Regressor(trials=1)]
SEVERAL = [mw.Classifier(trials=10), mw.Regressor(trials=10)]


@parametrize_with_checks(ONE)
def test_conventions(estimator: Any, check: Any, quick: None) -> None:
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks(SEVERAL)
def test_conventions_of_an_ensemble(estimator: Any, check: Any) -> None:
    check(estimator)


def mixed(rows: int = 80, seed: int = 0) -> pd.DataFrame:
    """Return a frame with every kind of column people have, gaps in most of them, and ``y``."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "number": rng.normal(size=rows),
            "whole": rng.integers(0, 50, rows),
            "nullable": pd.array(rng.integers(0, 9, rows), dtype="Int64"),
            "text": rng.choice(["red", "green", "blue"], rows),
            "category": pd.Categorical(rng.choice(["low", "mid", "high"], rows), ["low", "mid", "high"], ordered=True),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 400, rows), unit="D"),
            "flag": rng.random(rows) < 0.5,
            "maybe": pd.array(rng.choice([True, False, None], rows), dtype="boolean"),
            "object": [i if i % 3 else str(i) for i in range(rows)],
            7: rng.normal(size=rows),
        }
    )
    frame.columns = frame.columns.map(str)
    frame["y"] = frame["number"] + (frame["text"] == "red") + 0.1 * rng.normal(size=rows)
    for name in ("number", "nullable", "text", "category", "day"):
        frame.loc[rng.choice(rows, 8, replace=False), name] = pd.NaT if name == "day" else None
    return frame


X = mixed().drop(columns="y")
Y = mixed()["y"]
BINARY = Y.gt(Y.median()).to_numpy()


def test_mixed_frames():
    model = mw.Regressor(trials=1).fit(X, Y)
    assert list(model.feature_names_in_) == list(X.columns) and model.n_features_in_ == X.shape[1]
    later = mixed(30, seed=1).drop(columns="y")
    later["text"] = later["text"].astype(object)
    later.loc[0, "text"] = "a new one"
    predicted = model.predict(later)
    assert predicted.shape == (30,) and np.isfinite(predicted).all()
    assert model.score(X, Y) > 0.5


def test_one_row_means_the_same_alone(quick):
    model = mw.Classifier(trials=1).fit(X, BINARY)
    together = model.predict_proba(X)
    for i in (0, 5, 17):
        np.testing.assert_allclose(model.predict_proba(X.iloc[[i]])[0], together[i], rtol=1e-9)


LABELS = {
    "texts": np.where(BINARY, "yes", "no"),
    "objects": np.where(BINARY, "yes", "no").astype(object),
    "booleans": BINARY,
    "whole numbers": BINARY.astype(int) * 5 - 2,
    "numbers": np.where(BINARY, 1.0, 0.0),
    "a series": pd.Series(np.where(BINARY, "yes", "no"), index=np.arange(80)[::-1]),
    "a category": pd.Series(pd.Categorical(np.where(BINARY, "b", "a"), ["b", "a", "never"])),
    "pandas strings": pd.Series(np.where(BINARY, "yes", "no"), dtype="string"),
    "nullable booleans": pd.Series(BINARY, dtype="boolean"),
    "three classes": np.array(["a", "b", "c"])[np.digitize(Y, np.quantile(Y, [0.3, 0.6]))],
    "a list": ["yes" if b else "no" for b in BINARY],
}


@pytest.mark.parametrize("kind", LABELS)
def test_labels(kind, quick):
    y = LABELS[kind]
    model = mw.Classifier(trials=1).fit(X, y)
    plain = np.asarray(y)
    assert list(model.classes_) == sorted(set(plain.tolist()))
    predicted = model.predict(X)
    assert set(predicted.tolist()) <= set(plain.tolist()) and predicted.shape == (80,)
    probability = model.predict_proba(X)
    assert probability.shape == (80, len(model.classes_))
    np.testing.assert_allclose(probability.sum(axis=1), 1)
    np.testing.assert_array_equal(model.classes_[probability.argmax(axis=1)], predicted)
    assert 0 <= model.score(X, y) <= 1


@pytest.mark.parametrize("name", ["polars", "lazy polars", "integer names", "object array", "list of lists"])
def test_other_tables(name):
    numbers = X[["number", "whole"]].fillna(0)
    made = {
        "polars": pl.from_pandas(numbers),
        "lazy polars": pl.from_pandas(numbers).lazy(),
        "integer names": numbers.set_axis([0, 1], axis=1),
        "object array": X[["number", "text", "flag"]].to_numpy(dtype=object),
        "list of lists": numbers.to_numpy().tolist(),
    }[name]
    model = mw.Regressor(trials=1).fit(made, Y)
    assert np.isfinite(model.predict(made)).all()
    assert hasattr(model, "feature_names_in_") == ("polars" in name)


def test_cross_validation(quick):
    scores = cross_val_score(mw.Classifier(trials=1), X, LABELS["texts"], cv=3, scoring="roc_auc", error_score="raise")
    assert scores.shape == (3,) and np.isfinite(scores).all()
    out = cross_val_predict(mw.Regressor(trials=1), X, Y, cv=3)
    assert np.corrcoef(out, Y)[0, 1] > 0.3


def test_pipelines():
    plain = X[["number", "whole"]].fillna(0)
    model = make_pipeline(StandardScaler(), mw.Regressor(trials=1)).fit(plain, Y)
    assert model.predict(plain).shape == (80,)
    scaled = ColumnTransformer([("scaled", StandardScaler(), ["number", "whole"])], remainder="passthrough")
    scaled.set_output(transform="pandas")
    whole = Pipeline([("scale", scaled), ("model", mw.Regressor(trials=1))]).fit(X, Y)
    assert whole.score(X, Y) > 0.5


def test_grid_search(quick):
    search = GridSearchCV(mw.Classifier(trials=1), {"budget": ["2s", "5s"], "seed": [0, 1]}, cv=2, error_score="raise")
    search.fit(X[["number", "text"]], BINARY)
    assert search.best_params_["budget"] in {"2s", "5s"} and len(search.cv_results_["params"]) == 4


def test_clone_and_parameters():
    model = mw.Classifier(budget="30s", metric="roc_auc", seed=3, trials=1, memory="4GB")
    assert clone(model).get_params() == model.get_params()
    assert model.set_params(seed=4).seed == 4
    assert repr(mw.Classifier(seed=3)) == "Classifier(seed=3)"


@pytest.mark.parametrize("learner", ["linear", "catboost", "lightgbm", "xgboost"])
def test_users_may_copy(learner, monkeypatch):
    """What users do with an estimator in memory is theirs; nothing that Modelwright saves is a pickle."""
    from modelwright.learners import catboost
    from modelwright.train import worth

    monkeypatch.setattr(worth, "ANCHORS_SMALL", (first_key(learner),))
    monkeypatch.setattr(catboost, "ROUNDS_LIMIT", 20)
    model = mw.Regressor(trials=1).fit(X[["number", "text"]], Y)
    expected = model.predict(X[["number", "text"]])
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):  # noqa: S301 - our own bytes
        np.testing.assert_array_equal(other.predict(X[["number", "text"]]), expected)


def test_the_same_twice():
    first, second = (mw.Regressor(trials=1, seed=5).fit(X, Y).predict(X) for _ in range(2))
    assert first.tobytes() == second.tobytes()


def test_the_metric_is_taken(quick):
    model = mw.Classifier(trials=1, metric="accuracy").fit(X, BINARY)
    assert model.training_.metric == "accuracy"
    assert mw.Regressor(trials=1, metric="mae").fit(X, Y).training_.metric == "mae"


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"metric": "roc_ac"}, "did you mean 'roc_auc'"),
        ({"metric": "rmse"}, "rmse.*classification"),
        ({"budget": "soon"}, "budget"),
        ({"seed": -1}, "seed"),
        ({"seed": "a"}, "seed"),
        ({"trials": 0}, "trials"),
        ({"memory": "lots"}, "size"),
    ],
)
def test_wrong_parameters(parameters, words):
    with pytest.raises(UsageError, match=words):
        mw.Classifier(**parameters).fit(X, BINARY)


def test_unusable_rows():
    with pytest.raises(DataError, match="one class only"):
        mw.Classifier(trials=1).fit(X, np.ones(80))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        mw.Regressor(trials=1).fit(X, Y[:-1])
    with pytest.raises(ValueError, match="NaN"):
        mw.Regressor(trials=1).fit(X, Y.where(Y > 0))
    with pytest.raises(ValueError, match="missing"):
        mw.Classifier(trials=1).fit(X, pd.Series(LABELS["texts"]).where(BINARY))
    with pytest.raises(DataError, match="mixes texts"):
        mw.Classifier(trials=1).fit(X, np.array([1, "a"] * 40, dtype=object))
    with pytest.raises(DataError, match="1 column name is there more than once: 'number'") as caught:
        mw.Regressor(trials=1).fit(pd.concat([X, X[["number"]]], axis=1), Y)
    assert caught.value.code == "MW-D196"
    for complex_ones in (X.assign(number=X["whole"] * 1j), X.assign(text=[1j, "a"] * 40)):
        with pytest.raises(DataError, match="complex") as caught:
            mw.Regressor(trials=1).fit(complex_ones, Y)
        assert caught.value.code == "MW-D191"
    model = mw.Regressor(trials=1).fit(X, Y)
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(X.drop(columns="number"))
    with pytest.raises(ContractError, match="'number' is no number: 80 of 80"):
        model.predict(X.assign(number="high"))


@pytest.mark.parametrize("learner", ["linear", "catboost", "lightgbm", "xgboost", "mlp"])
def test_nothing_reaches_the_terminal(learner, capfd, recwarn, monkeypatch):
    """Not even where a fold lacks a class, of which some libraries warn in C++."""
    from modelwright.train import worth

    monkeypatch.setattr(worth, "ANCHORS_SMALL", (first_key(learner),))
    rare = np.array(["a", "b", "c", "d"])[np.r_[3, [0, 1, 2] * 13]]
    model = mw.Classifier(trials=1).fit(X[["number", "text"]][:40], rare)
    assert [m.name.split("/")[0] for m in model.plan_.members] == [learner]
    told = capfd.readouterr()
    assert told.out == told.err == "" and not [str(w.message) for w in recwarn]


def test_nothing_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.chdir(tmp_path)
    mw.Regressor(trials=1).fit(X, Y).predict(X)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_the_budget_is_kept():
    import time

    rng = np.random.default_rng(0)
    rows = rng.normal(size=(6_000, 12))
    began = time.monotonic()
    mw.Classifier(budget="15s").fit(rows, rows[:, 0] + rng.normal(size=6_000) > 0)
    assert time.monotonic() - began < 20


def test_threads(monkeypatch):
    """Fits in several threads do not meet, not even in the libraries."""
    from concurrent.futures import ThreadPoolExecutor

    from modelwright.train import worth

    monkeypatch.setattr(worth, "ANCHORS_SMALL", ("catboost/default",))
    rows, y = X[["number", "text"]][:40], np.arange(40) % 3
    with ThreadPoolExecutor(3) as pool:
        models = list(pool.map(lambda seed: mw.Classifier(trials=1, seed=0).fit(rows, y), range(3)))
    first, *others = (m.predict_proba(rows) for m in models)
    assert all(m.plan_.members[0].name.startswith("catboost") for m in models)
    for other in others:
        np.testing.assert_array_equal(first, other)
