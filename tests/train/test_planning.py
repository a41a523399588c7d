from __future__ import annotations

import pytest

from modelwright import learners
from modelwright.train.planning import COSTLY_SHARE, CostModel, make_plan
from modelwright.train.record import Candidate


def plan_of(n_rows=50_000, *, fold_seconds=None, objective="classify", n_classes=2, n_features=20):
    return make_plan(
        objective=objective, n_rows=n_rows, n_features=n_features, n_classes=n_classes, fold_seconds=fold_seconds
    )


def test_each_family_comes_before_any_second_setting():
    families = [c.learner for c in plan_of().candidates]
    assert len(set(families[: len(set(families))])) == len(set(families))


@pytest.mark.parametrize(("n_rows", "most"), [(100, 4), (500, 8), (2_500, 15), (50, 4)])
def test_few_rows_support_few_candidates(n_rows, most):
    plan = plan_of(n_rows)
    assert len(plan.candidates) <= most
    assert all(reason for _, reason in plan.left_out)


def test_what_a_learner_cannot_do_is_left_out_with_the_reason():
    plan = plan_of(n_classes=1_000)
    assert any("classes are more than" in reason for _, reason in plan.left_out)
    assert all(learners.get(c.learner).card.max_classes >= 1_000 for c in plan.candidates)


def test_under_a_short_budget_costly_families_wait_and_settings_are_quicker():
    calm, pressed = plan_of(fold_seconds=None), plan_of(fold_seconds=5.0)
    assert all(c.pace == 1.0 for c in calm.candidates)
    by_key = {c.key: c for c in calm.candidates}
    quicker = [c for c in pressed.candidates if c.pace > 1]
    assert quicker and all(c.settings != by_key[c.key].settings and "quicker" in c.why for c in quicker)
    cost = CostModel(20, 2)
    first_turn = [c for c in pressed.candidates if c.key.endswith("/default")][2:]
    costly = [cost.estimate(c, 50_000) > COSTLY_SHARE * 5.0 for c in first_turn]
    assert costly == sorted(costly)


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
