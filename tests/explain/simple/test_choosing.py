"""Which model is put on the page, what it costs, and what is said of it."""

from __future__ import annotations

import time

import numpy as np
import pytest

from modelwright.data.columns import Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.evaluate import metrics
from modelwright.explain.simple.choosing import choose
from modelwright.explain.simple.measuring import NO_COLUMN, Against, simple_model
from modelwright.explain.simple.rows import Fit
from modelwright.explain.simple.scoring import predict_simple

from .conftest import made

RMSE = metrics.get("rmse")


def parted(n, lockbox=True):
    """Return the judged rows and three folds."""
    rows = np.random.default_rng(0).permutation(n)
    held = np.sort(rows[: n // 4]) if lockbox else np.arange(n)
    rest = rows[n // 4 :] if lockbox else rows
    part = np.arange(len(rest)) % 3
    return held, [(np.sort(rest[part != f]), np.sort(rest[part == f])) for f in range(3)]


def numbers(signal, n=1500, noise=0.3, seed=1):
    rng = np.random.default_rng(seed)
    columns = {f"x{i}": rng.normal(size=n) for i in range(4)}
    contract = Contract(columns=tuple(ColumnSpec(name=c, kind=Kind.NUMBER) for c in columns), rows_seen=n)
    return Fit(columns, signal(columns) + rng.normal(0, noise, n), contract, (), "t", "identity")


def chosen(fit, metric=RMSE, lockbox=True):
    held, folds = parted(len(fit.y), lockbox)
    return choose(fit, folds, held, metric, lockbox=lockbox, seed=0, deadline=time.monotonic() + 600)


@pytest.mark.parametrize(
    ("form", "signal"),
    [
        ("linear", lambda c: 2 * c["x0"] - c["x1"]),
        ("points", lambda c: 2.0 * (np.abs(c["x0"]) > 0.7) - 1.5 * (np.abs(c["x1"]) > 0.5) + (c["x2"] > 0)),
        ("tree", lambda c: 3.0 * ((c["x0"] > 0) == (c["x1"] > 0.2)) + 0.5 * (c["x0"] > 0)),
    ],
)
def test_the_form_is_that_of_the_truth(form, signal):
    found = chosen(numbers(signal))
    assert found.model.form == form
    (taken,) = (c for c in found.candidates if c.chosen)
    assert taken.form == form and taken.loss <= 1.1 * min(c.loss for c in found.candidates)


def test_columns_that_say_nothing_are_not_on_the_page():
    assert chosen(numbers(lambda c: 2 * c["x0"] - c["x1"])).model.columns == ("x0", "x1")


def test_a_lockbox_is_judged_by_the_model_that_is_shown():
    fit = numbers(lambda c: c["x0"])
    found = chosen(fit)
    held, _ = parted(len(fit.y))
    assert (found.judged == predict_simple(found.model, fit.take(held).columns)).all()


def test_without_a_lockbox_no_row_is_judged_by_a_model_that_has_seen_it():
    """Of pure noise nothing is foretold: what is judged on the rows of the fit would look better than a constant."""
    fit = numbers(lambda c: 0 * c["x0"], n=300, noise=1.0)
    found = chosen(fit, lockbox=False)
    assert not np.isnan(found.judged).any()
    assert RMSE(fit.y, found.judged) > 0.99 * fit.y.std()


def against(fit, prediction, lockbox=True):
    held, folds = parted(len(fit.y), lockbox)
    shipped = Against(rows=held, prediction=prediction[held], lockbox=lockbox, unit="€")
    return simple_model(fit, folds, shipped, RMSE, seed=0, deadline_s=600)


def test_take_the_simple_one_where_the_other_is_no_better():
    fit = numbers(lambda c: 2 * c["x0"])
    found = against(fit, 2 * fit.columns["x0"][:, None] + np.random.default_rng(2).normal(0, 0.05, (len(fit.y), 1)))
    assert found.take and found.advice.startswith("Take the simple one: a short equation of 1 column")
    assert found.gain.low <= 0


def test_the_price_is_told_where_the_other_is_better():
    fit = numbers(lambda c: 2 * c["x0"] * c["x1"] * c["x2"], noise=0.05)
    truth = 2 * fit.columns["x0"] * fit.columns["x1"] * fit.columns["x2"]
    found = against(fit, truth[:, None])
    assert not found.take and found.gain.low > 0
    assert "of RMSE (" in found.advice and found.advice.endswith(("columns.", "column."))
    assert found.score.value == pytest.approx(found.gain.value + RMSE(fit.y, truth[:, None]), rel=0.2)


def test_a_page_that_is_no_better_than_a_constant_is_not_to_be_taken():
    fit = numbers(lambda c: 0 * c["x0"], n=400, noise=1.0)
    held, folds = parted(len(fit.y))
    truth = fit.y[:, None] * 0.9
    constant = np.full((len(held), 1), fit.y.mean())
    noise = np.random.default_rng(1).normal(0, 1, (len(held), 1))
    for prediction, said in ((truth[held], "the model is better than the page by"), (noise, "nor is the model")):
        shipped = Against(rows=held, prediction=prediction, lockbox=True, unit="€", constant=constant)
        found = simple_model(fit, folds, shipped, RMSE, seed=0, deadline_s=600)
        assert not found.take and not found.over_constant.low > 0
        assert found.advice.startswith("Do not take the page: ") and "no better than a constant" in found.advice
        assert said in found.advice


def test_a_page_that_says_something_is_held_against_a_constant_too():
    fit = numbers(lambda c: 2 * c["x0"])
    held, folds = parted(len(fit.y))
    constant = np.full((len(held), 1), fit.y.mean())
    shipped = Against(rows=held, prediction=2 * fit.columns["x0"][held, None], lockbox=True, constant=constant)
    found = simple_model(fit, folds, shipped, RMSE, seed=0, deadline_s=600)
    assert found.take and found.over_constant.low > 0 and found.advice.startswith("Take the simple one")


def test_shares_are_told_in_points():
    fit = made("binary")
    held, folds = parted(len(fit.y))
    perfect = np.column_stack([1.0 - fit.y, fit.y])[held]
    shipped = Against(rows=held, prediction=perfect, lockbox=True, threshold=0.5)
    found = simple_model(fit, folds, shipped, metrics.get("roc_auc"), seed=0, deadline_s=600)
    assert " points of ROC AUC (" in found.advice
    assert found.measured_on == f"{len(held):,} rows, the model on the same ones"


def test_texts_alone_fit_on_no_page():
    n = 200
    columns = {"remark": Strings.from_values(f"text {i}" for i in range(n))}
    contract = Contract(columns=(ColumnSpec(name="remark", kind=Kind.TEXT),), rows_seen=n)
    fit = Fit(columns, np.arange(n, dtype=float), contract, (), "t", "identity")
    found = against(fit, np.zeros((n, 1)))
    assert found.model is None and found.why_not == NO_COLUMN


def test_many_classes_get_a_tree():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 12, 1200).astype(float)
    contract = Contract(columns=(ColumnSpec(name="x", kind=Kind.NUMBER),), rows_seen=1200)
    fit = Fit({"x": x}, x, contract, tuple("abcdefghijkl"), "t", "softmax")
    assert chosen(fit, metrics.get("log_loss")).model.form == "tree"


def test_a_class_that_a_fold_has_not_is_no_obstacle():
    fit = made("classes", 300)
    fit = Fit(fit.columns, np.where(fit.y == 2, 1.0, fit.y), fit.contract, fit.classes, "t", "softmax")
    fit.y[:2] = 2.0
    found = chosen(fit, metrics.get("log_loss"))
    assert np.isfinite(found.judged).all() and np.allclose(found.judged.sum(axis=1), 1)
