"""Costs by group under a constraint: rows weighted by them train a fairer model, and it says why it cannot."""

import numpy as np
import pytest

from modelwright.data.columns import Strings
from modelwright.govern.fairness.constraining import _owed, _Rows, costs_by_group, numbers_of
from modelwright.train.balancing import Balance


def _people(n=3000, seed=0):
    rng = np.random.default_rng(seed)
    group = rng.choice(3, n, p=(0.6, 0.395, 0.005))
    matrix = rng.normal(size=(n, 3))
    matrix[:, 0] += 0.8 * (group == 1)
    matrix[:, 1] += 2.5 * (group == 1)  # tells the group
    y = (rng.random(n) < 1 / (1 + np.exp(-(1.5 * matrix[:, 0] - 0.7)))).astype(float)
    return matrix, y, group


ACTING = (0.5, 0.5)


@pytest.mark.parametrize("measures", [("selection_rate",), ("true_positive_rate", "false_positive_rate")])
def test_rows_weighted_by_the_costs_train_a_fairer_model(measures):
    from sklearn.linear_model import LogisticRegression

    matrix, y, group = _people()
    costs = costs_by_group(matrix, y, group, ACTING, measures, 0.85, seed=0)
    assert costs.shape == (3, 2)
    assert costs[2].tolist() == [1.0, 1.0], "a group of few rows counts as it is"

    def ratio(strength):
        weights = Balance(group, strength, costs=costs).weights(np.arange(len(y)), y)
        assert weights.mean() == pytest.approx(1.0)
        act = LogisticRegression().fit(matrix, y, sample_weight=weights).predict(matrix) == 1
        return min(_ratio(act, group, among) for among in ((y >= 0,) if len(measures) == 1 else (y == 1, y == 0)))

    assert ratio(1.0) > ratio(0.0) + 0.1


def _ratio(act, group, among):
    low, high = sorted(act[(group == g) & among].mean() for g in (0, 1))
    return low / high if high else 0.0


def test_it_loses_no_more_than_the_best_of_all_decisions_that_do_not_see_the_group():
    """Held against the decision that knows both chances as they are, found by trying all that could be owed."""
    rng = np.random.default_rng(1)
    member = rng.beta(2, 2, 4_000)
    event = np.clip(0.1 + 0.6 * member + rng.normal(0, 0.15, 4_000), 0.01, 0.99)
    group = (rng.random(4_000) < member).astype(int)
    y = (rng.random(4_000) < event).astype(float)
    rows = _Rows(y, group, event, np.column_stack([1 - member, member]), ACTING)
    owed = _owed(rows, ("selection_rate",), 0.8)
    act = rows.act(owed)
    assert _ratio(act, group, y >= 0) >= 0.78
    tried = []
    for a in np.linspace(-0.4, 0.8, 61):
        for b in np.linspace(-0.8, 0.4, 61):
            other = rows.act(np.array([[a, a], [b, b]]))
            if _ratio(other, group, y >= 0) >= 0.78:
                tried.append(rows.worth(other))
    assert rows.worth(act) > max(tried) - 0.005


def test_it_says_why_there_are_none():
    matrix, y, group = _people(300)
    ask = {"acting": ACTING, "measures": ("selection_rate",), "aim": 0.85, "seed": 0}
    assert costs_by_group(matrix, y, np.zeros_like(group), **ask) == "fewer than two groups have rows enough"
    assert "hardly a row" in costs_by_group(matrix, np.where(group == 1, 0.0, y), group, **ask)
    alike = np.arange(300) % 2
    told = costs_by_group(matrix, y, alike, **{**ask, "aim": 0.05})
    assert told == "the constraint holds without any cost"


def test_levels_are_numbered_by_how_frequent_they_are():
    columns = [np.array([1.0, np.nan, 3.0, 4.0]), Strings.from_values(["b", "a", "a", None])]
    found = numbers_of(columns)
    assert found[:, 1].tolist()[:3] == [1.0, 0.0, 0.0]
    assert np.isnan(found[3, 1])
    assert np.isnan(found[1, 0])
