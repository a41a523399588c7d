"""Weights that make groups and classes independent, and learners that honour them."""

import numpy as np
import pytest

from modelwright import learners
from modelwright.learners.base import Deadline, FitContext
from modelwright.runtime.view import View
from modelwright.train.balancing import Balance

WEIGHING = sorted(name for name in learners.LEARNERS if learners.get(name).card.weighs)


def _people(n=4000):
    rng = np.random.default_rng(0)
    group = (rng.random(n) < 0.3).astype(np.int64)
    y = (rng.random(n) < np.where(group == 1, 0.15, 0.45)).astype(float)
    return group, y


def test_weighted_groups_have_the_class_as_often():
    group, y = _people()
    rows = np.arange(len(y))
    weights = Balance(group, 1.0).weights(rows, y)
    rates = [np.average(y[group == g], weights=weights[group == g]) for g in (0, 1)]
    assert rates[0] == pytest.approx(rates[1], abs=0.005)
    assert weights.mean() == pytest.approx(1.0)


def test_weights_are_those_of_kamiran_and_calders():
    group, y = _people()
    weights = Balance(group, 1.0).weights(np.arange(len(y)), y)
    cell = (group == 1) & (y == 1)
    exact = (group == 1).mean() * (y == 1).mean() / cell.mean()
    assert weights[cell][0] == pytest.approx(exact, rel=0.02)


def test_strength_goes_part_of_the_way_or_beyond_it():
    group, y = _people()
    rows = np.arange(len(y))

    def rate(strength):
        weights = Balance(group, strength).weights(rows, y)
        return np.average(y[group == 1], weights=weights[group == 1])

    assert np.allclose(Balance(group, 0.0).weights(rows, y), 1.0)
    assert y[group == 1].mean() < rate(0.5) < rate(1.0) < rate(2.0)


def test_a_cell_of_few_rows_does_not_count_for_many():
    group, y = np.zeros(1000, np.int64), (np.arange(1000) % 2).astype(float)
    group[:3] = 1  # rows 0 and 2 lack the class, row 1 has it
    weights = Balance(group, 1.0).weights(np.arange(1000), y)
    assert 0.7 < weights[1] < 1.6


@pytest.mark.parametrize("name", WEIGHING)
def test_learners_follow_the_rows_that_count(name):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(600, 2))
    first = np.arange(600) % 2 == 0
    y = np.where(first, x[:, 0] > 0, x[:, 0] < 0).astype(float)  # what half of the rows say, the others deny
    learner = learners.get(name)
    settings = learner.portfolio(n_rows=600, n_features=2, n_classes=2)[0]

    def ranks(weights):
        context = FitContext(
            objective="classify",
            n_classes=2,
            metric="log_loss",
            seed=0,
            threads=1,
            deadline=Deadline(),
            weights=weights,
        )
        fitted = learner.fit(View(x, ("a", "b")), y, settings, context, iterations=40)
        return np.corrcoef(fitted.scorer.predict(x)[:, 1], x[:, 0])[0, 1]

    assert ranks(np.where(first, 1.9, 0.1)) > 0.4
    assert ranks(np.where(first, 0.1, 1.9)) < -0.4
