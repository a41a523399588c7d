"""Costs by group that a reduction finds: rows weighted by them train a fairer model, and it says why it cannot."""

import numpy as np
import pytest

from modelwright.data.columns import Strings
from modelwright.govern.fairness import constraining
from modelwright.govern.fairness.constraining import costs_by_group, numbers_of
from modelwright.train.balancing import Balance


def _people(n=3000, seed=0):
    rng = np.random.default_rng(seed)
    group = rng.choice(3, n, p=(0.6, 0.39, 0.01))
    matrix = rng.normal(size=(n, 3))
    matrix[:, 0] += 0.8 * (group == 1)
    matrix[:, 1] += 2.5 * (group == 1)  # tells the group
    y = (rng.random(n) < 1 / (1 + np.exp(-(1.5 * matrix[:, 0] - 0.7)))).astype(float)
    return matrix, y, group


@pytest.mark.parametrize("measures", [("selection_rate",), ("true_positive_rate", "false_positive_rate")])
def test_rows_weighted_by_the_costs_train_a_fairer_model(measures):
    pytest.importorskip("fairlearn")
    from sklearn.linear_model import LogisticRegression

    matrix, y, group = _people()
    costs = costs_by_group(matrix, y, group, measures, 0.85, seed=0)
    assert costs.shape == (3, 2)
    weights = Balance(group, costs=costs).weights(np.arange(len(y)), y)
    assert weights.mean() == pytest.approx(1.0)

    def ratio(**fit):
        act = LogisticRegression().fit(matrix, y, **fit).predict(matrix) == 1
        low, high = sorted(act[(group == g) & ((y == 0) | (len(measures) == 1))].mean() for g in (0, 1))
        return low / high

    assert ratio(sample_weight=weights) > ratio() + 0.1


def test_it_says_why_there_are_none(monkeypatch):
    matrix, y, group = _people(300)
    monkeypatch.setattr(constraining, "find_spec", lambda name: None)
    assert "fairlearn is not installed" in costs_by_group(matrix, y, group, ("selection_rate",), 0.85, seed=0)


def test_one_group_needs_no_costs():
    pytest.importorskip("fairlearn")
    matrix, y, group = _people(300)
    told = costs_by_group(matrix, y, np.zeros_like(group), ("selection_rate",), 0.85, seed=0)
    assert told == "fewer than two groups have rows enough"


def test_levels_are_numbered_by_how_frequent_they_are():
    columns = [np.array([1.0, np.nan, 3.0, 4.0]), Strings.from_values(["b", "a", "a", None])]
    found = numbers_of(columns)
    assert found[:, 1].tolist()[:3] == [1.0, 0.0, 0.0]
    assert np.isnan(found[3, 1])
    assert np.isnan(found[1, 0])
