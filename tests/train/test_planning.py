from __future__ import annotations

import pytest

from modelwright import learners
from modelwright.train.planning import FASTEST_PACE, CostModel, make_plan, most_candidates, paced
from modelwright.train.record import Candidate
from modelwright.train.worth import anchors, worth_of


def plan_of(n_rows=50_000, *, objective="classify", n_classes=2, n_features=20):
    return make_plan(objective=objective, n_rows=n_rows, n_features=n_features, n_classes=n_classes)


@pytest.mark.parametrize("n_rows", [300, 50_000])
def test_the_anchors_come_first_then_what_is_worth_most_a_second(n_rows):
    candidates = plan_of(n_rows).candidates
    assert tuple(c.key for c in candidates[:2]) == anchors(n_rows)
    cost = CostModel(20, 2)
    rates = [worth_of(c.key, n_rows) / cost.estimate(c, n_rows) for c in candidates[2:]]
    assert rates == sorted(rates, reverse=True)


def test_amounts_have_candidates_of_their_own():
    plain = plan_of(20_000, objective="regress", n_classes=0).candidates
    amount = make_plan(objective="regress", n_rows=20_000, n_features=20, n_classes=0, target="amount").candidates
    assert {c.key for c in amount} - {c.key for c in plain} == {"lightgbm/tweedie", "catboost/tweedie"}


@pytest.mark.parametrize(("n_rows", "most"), [(100, 5), (500, 10), (2_500, 20), (50, 5), (10**7, 60)])
def test_few_rows_support_few_candidates(n_rows, most):
    assert most_candidates(n_rows) == most


def test_what_a_learner_cannot_do_is_left_out_with_the_reason():
    plan = plan_of(n_classes=1_000)
    assert any("classes are more than" in reason for _, reason in plan.left_out)
    assert all(learners.get(c.learner).card.max_classes >= 1_000 for c in plan.candidates)


@pytest.mark.parametrize("candidate", plan_of().candidates, ids=lambda c: c.key)
def test_a_candidate_above_its_share_gets_quicker_settings_where_there_are_any(candidate):
    assert paced(candidate, 5.0, 10.0) is candidate
    quicker = paced(candidate, 20.0, 10.0)
    if quicker is candidate:
        return
    assert quicker.pace == 2.0 and quicker.settings != candidate.settings and "quicker" in quicker.why
    assert paced(candidate, 1e6, 10.0).pace == FASTEST_PACE


def test_the_cost_model_learns_from_what_fits_take():
    cost = CostModel(20, 2)
    one, other = plan_of().candidates[:2]
    before = cost.estimate(one, 10_000), cost.estimate(other, 10_000)
    cost.learn(one, 10_000, 10 * before[0])
    assert cost.estimate(one, 10_000) == pytest.approx(10 * before[0], rel=0.01)
    assert before[1] < cost.estimate(other, 10_000) < 10 * before[1]  # a slow machine is slow for all


@pytest.mark.parametrize("name", sorted(learners.LEARNERS))
def test_quicker_settings_are_settings(name):
    learner = learners.get(name)
    for settings in learner.portfolio(n_rows=50_000, n_features=10, n_classes=2):
        quicker = learner.quicker(settings, 4.0)
        assert set(settings) <= set(quicker)
        assert learner.quicker(settings, 1.0).items() >= {k: v for k, v in settings.items() if k != "name"}.items()


def test_keys_are_unique_and_settings_have_no_name():
    candidates: tuple[Candidate, ...] = plan_of().candidates
    assert len({c.key for c in candidates}) == len(candidates)
    assert all("name" not in c.settings for c in candidates)


def test_wide_tables_are_also_tried_by_the_columns_that_surely_tell():
    plan = plan_of(500, n_features=5_000)
    sure = {c.key for c in plan.candidates if c.view.endswith(":sure")}
    assert {f"{name}/sure" for name in learners.LEARNERS} == sure
    assert tuple(c.key for c in plan.candidates[:2]) == anchors(500, wide=True)
    others = {c.key for c in plan.candidates} - sure
    assert {"catboost/default", "lightgbm/default"} <= others
    assert not any(c.view == "linear" for c in plan.candidates)
    assert "linear/ridge" in {c.key for c in plan_of(500, n_features=900).candidates}
    assert not any(c.view.endswith(":sure") for c in plan_of(500).candidates)


def test_a_fit_of_a_wide_table_costs_what_the_columns_that_it_sees_cost():
    cost = CostModel(5_000, 2)
    of = {c.key: c for c in plan_of(500, n_features=5_000).candidates}
    broad, sure = cost.estimate(of["catboost/default"], 500), cost.estimate(of["catboost/sure"], 500)
    assert sure < broad / 3
    assert broad == CostModel(50_000, 2).estimate(of["catboost/default"], 500)


def test_a_quick_model_comes_first_where_a_round_of_boosting_has_very_many_trees():
    def first(n_classes):
        return [c.key for c in plan_of(5_000, n_classes=n_classes, n_features=8).candidates[:2]]

    assert first(45) == ["linear/ridge", "lightgbm/default"] and first(10)[0] == "lightgbm/default"
