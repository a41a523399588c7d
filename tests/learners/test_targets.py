"""Amounts are told apart, and get losses of their own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from modelwright.learners import get
from modelwright.learners.checks import make_context
from modelwright.learners.targets import AMOUNT, PLAIN, kind_of
from modelwright.runtime import scorers
from modelwright.runtime.view import View

BOTH = ("lightgbm", "catboost")
RNG = np.random.default_rng(3)
PRICES, COUNTS = RNG.lognormal(3.0, 0.8, 2_000), RNG.poisson(0.7, 2_000).astype(float)
CLAIMS = np.where(RNG.random(2_000) < 0.8, 0.0, PRICES)


@pytest.mark.parametrize("y", [PRICES, COUNTS, CLAIMS, 1e-6 * PRICES], ids=["prices", "counts", "claims", "tiny"])
def test_amounts(y: np.ndarray) -> None:
    assert kind_of(y) == AMOUNT


@pytest.mark.parametrize(
    "y",
    [
        PRICES - 30.0,
        -PRICES,
        PRICES.max() - PRICES,
        RNG.normal(400.0, 5.0, 500),
        RNG.random(500),
        np.ones(9),
        np.zeros(0),
    ],
    ids=["below zero", "negative", "tail to the left", "far from zero", "even", "one value", "none"],
)
def test_plain_values(y: np.ndarray) -> None:
    assert kind_of(y) == PLAIN


def factors(n_rows: int, seed: int, *, mean_alone: bool = False) -> tuple[View, np.ndarray]:
    """Return rows whose features multiply, a category among them, and an amount with zeros, or its mean."""
    rng = np.random.default_rng(seed)
    level = rng.integers(0, 8, n_rows)
    rows = np.column_stack([rng.normal(size=(n_rows, 3)), level])
    mean = np.exp(2.0 + rows[:, 0] + 0.8 * rows[:, 1] + np.linspace(-1, 1, 8)[level])
    view = View(rows, ("a", "b", "c", "level"), (3,))
    return view, mean if mean_alone else rng.poisson(3.0, n_rows) * rng.gamma(5.0, mean / 15.0)


def settings_of(learner: str, name: str) -> dict:
    found = get(learner).portfolio(n_rows=900, n_features=4, n_classes=0, target=AMOUNT)
    return next(dict(s) for s in found if s["name"] == name)


@pytest.mark.parametrize("name", BOTH)
def test_only_amounts_are_tried_with_the_logarithm_of_the_mean(name: str) -> None:
    plain, amount = (
        {s["name"] for s in get(name).portfolio(n_rows=900, n_features=4, n_classes=0, target=kind)}
        for kind in (PLAIN, AMOUNT)
    )
    assert amount - plain == {"tweedie"} and plain < amount


@pytest.mark.parametrize("name", BOTH)
def test_factors_are_learned_better_than_with_the_squared_error(name: str) -> None:
    learner = get(name)
    (view, y), valid, (new, truth) = factors(2_000, 0), factors(300, 1), factors(2_000, 2, mean_alone=True)
    losses = {}
    for kind in ("default", "tweedie"):
        fitted = learner.fit(view, y, settings_of(name, kind), make_context("regress", 0), valid=valid)
        losses[kind] = float(np.mean((fitted.scorer.predict(new.matrix)[:, 0] - truth) ** 2))
    assert y.min() == 0.0 and losses["tweedie"] < 0.5 * losses["default"]


@pytest.mark.parametrize("unit", [1e-5, 1e7])
@pytest.mark.parametrize("name", BOTH)
def test_the_unit_of_the_target_changes_nothing_but_the_unit(name: str, unit: float) -> None:
    learner = get(name)
    (view, y), (new, _) = factors(400, 0), factors(100, 2)
    fitted = [
        learner.fit(view, factor * y, settings_of(name, "tweedie"), make_context("regress", 0), iterations=30)
        for factor in (1.0, unit)
    ]
    one, other = (f.scorer.predict(new.matrix) for f in fitted)
    assert one.min() > 0.0
    np.testing.assert_allclose(other, unit * one, rtol=1e-5)
    np.testing.assert_allclose(learner.native_predict(fitted[1].native, new.matrix), other, rtol=1e-12)


@pytest.mark.parametrize("name", BOTH)
def test_values_below_zero_are_fitted_all_the_same(name: str) -> None:
    learner = get(name)
    view, y = factors(300, 0)
    fitted = [
        learner.fit(view, y - 5.0, settings_of(name, kind), make_context("regress", 0), iterations=10)
        for kind in ("default", "tweedie")
    ]
    one, other = (f.scorer.predict(view.matrix) for f in fitted)
    np.testing.assert_array_equal(one, other)


def test_a_tree_without_splits_is_the_mean() -> None:
    view, y = factors(39, 0)
    settings = {**settings_of("lightgbm", "tweedie"), "num_leaves": 2, "lambda_l2": 1e12}
    fitted = get("lightgbm").fit(view, y, settings, make_context("regress", 0), iterations=1)
    np.testing.assert_allclose(fitted.scorer.predict(view.matrix)[:, 0], y.mean(), rtol=1e-6)


@pytest.mark.parametrize("name", BOTH)
def test_a_saved_model_of_an_amount(tmp_path: Path, name: str) -> None:
    view, y = factors(300, 0)
    fitted = get(name).fit(view, y, settings_of(name, "tweedie"), make_context("regress", 0), iterations=10)
    loaded = scorers.load(fitted.scorer.save(tmp_path, "m0"), tmp_path)
    np.testing.assert_array_equal(loaded.predict(view.matrix), fitted.scorer.predict(view.matrix))


def test_descriptions_from_before_there_were_amounts_are_of_plain_values(tmp_path: Path) -> None:
    view, y = factors(300, 0)
    fitted = get("catboost").fit(view, y, settings_of("catboost", "default"), make_context("regress", 0), iterations=10)
    settings = fitted.scorer.save(tmp_path, "m0")
    assert settings.pop("exponential") is False
    loaded = scorers.load(settings, tmp_path)
    np.testing.assert_array_equal(loaded.predict(view.matrix), fitted.scorer.predict(view.matrix))
