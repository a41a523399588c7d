"""Effects against brute force: on the scale on which a model adds up, and in the unit of the answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modelwright.data.columns import take
from modelwright.data.profiling import make_profile
from modelwright.package.compiling import compile_plan
from modelwright.runtime.calibrators import Beta, Isotonic, Sigmoid, Vector
from modelwright.runtime.reasons import typical_row
from modelwright.runtime.shapley.explainer import Explainer
from modelwright.runtime.shapley.links import LINKS
from modelwright.runtime.shapley.mixed import Mixed, side_by_side
from tests.package.fitting import TABLE, fitted

from .brute import each_row

ROWS = 4
EXACT = ("linear", "lightgbm", "xgboost", "catboost", "random_forest")


def case(learners, n_classes, **more):
    plan, checks, _ = fitted(learners, n_classes, **more)
    plan = compile_plan(plan, checks)
    rows = {name: checks[name] for name in plan.contract.names}
    return plan, rows, typical_row(plan.contract, make_profile(checks, TABLE))


def sums_of(plan, rows, reference):
    """Return the effects on the sums of the first member, and those by brute force."""
    explainer = Explainer(plan, reference)
    member, explained = plan.members[0], explainer._members[0]
    assert explained is not None
    view = plan.views[member.view]
    own, base = side_by_side(reference, take(rows, np.arange(ROWS)))
    groups = [g for g in explained.groups if len(g) > 1]
    found = explained.effects(Mixed(view, groups, own, base))
    return found, each_row(lambda c: explained.sums(view(c).matrix), reference, rows, ROWS), groups


@pytest.mark.parametrize("n_classes", [0, 2, 3])
@pytest.mark.parametrize("learner", EXACT)
def test_effects_on_sums_are_the_shapley_values(learner: str, n_classes: int) -> None:
    plan, rows, reference = case((learner,), n_classes)
    found, exact, _ = sums_of(plan, rows, reference)
    np.testing.assert_allclose(found, exact, atol=1e-9 * max(1.0, np.abs(exact).max()))
    assert np.abs(exact).max() > 1e-3


@pytest.mark.parametrize("learner", ["lightgbm", "catboost"])
def test_features_made_of_two_columns_are_shared_exactly(learner: str) -> None:
    plan, rows, reference = case((learner,), 2, view="crossed")
    found, exact, groups = sums_of(plan, rows, reference)
    assert any(len(g) == 2 for g in groups)
    np.testing.assert_allclose(found, exact, atol=1e-9 * max(1.0, np.abs(exact).max()))


@pytest.mark.parametrize("n_classes", [0, 2, 3])
@pytest.mark.parametrize("learner", EXACT)
def test_sums_and_link_give_what_the_member_predicts(learner: str, n_classes: int) -> None:
    plan, rows, reference = case((learner,), n_classes)
    explained, member = Explainer(plan, reference)._members[0], plan.members[0]
    matrix = plan.views[member.view](rows).matrix
    np.testing.assert_allclose(
        LINKS[explained.link](explained.sums(matrix)), member.scorer.predict(matrix), rtol=1e-6, atol=1e-9
    )


@pytest.mark.parametrize(
    "n_classes, more",
    [
        (0, {}),
        (0, {"transform": "log1p"}),
        (2, {}),
        (2, {"calibrator": Sigmoid(1.3, -0.2)}),
        (2, {"calibrator": Beta(0.8, 1.4, 0.1)}),
        (2, {"calibrator": Isotonic((0.0, 0.3, 0.7, 1.0), (0.01, 0.2, 0.9, 0.99))}),
        (3, {}),
        (3, {"calibrator": Vector((0.9, 1.1, 1.3), (0.1, 0.0, -0.2))}),
    ],
    ids=["values", "log1p", "two", "sigmoid", "beta", "isotonic", "three", "vector"],
)
def test_effects_of_ensembles_add_up_in_the_unit_of_the_answer(n_classes: int, more) -> None:
    calibrator = more.get("calibrator")
    plan, rows, reference = case(EXACT, n_classes, transform=more.get("transform", "identity"))
    plan = replace(plan, calibrator=calibrator)
    found = Explainer(plan, reference)(rows)
    assert found.exact.all()
    np.testing.assert_array_equal(found.outcome, plan.predict(rows))
    np.testing.assert_allclose(found.effects.sum(axis=1), found.outcome - found.typical, atol=1e-6)


@pytest.mark.parametrize("learner", ["neighbours", "mlp"])
def test_other_models_are_asked(learner: str) -> None:
    plan, rows, reference = case((learner,), 2)
    found = Explainer(plan, reference)(rows)
    exact = each_row(plan.predict, reference, rows, ROWS)
    np.testing.assert_allclose(found.effects[:ROWS], exact, atol=1e-9)
    np.testing.assert_allclose(found.effects.sum(axis=1), found.outcome - found.typical, atol=1e-9)
    assert found.exact.all()  # six columns: every set of them is asked for


def test_members_that_disagree_are_told() -> None:
    plan, rows, reference = case(("lightgbm", "linear"), 2)
    found = Explainer(plan, reference)(rows)
    alone = [
        Explainer(replace(plan, members=(replace(m, weight=1.0),), views={m.view: plan.views[m.view]},
                          contract=TABLE.only(plan.views[m.view].inputs)), reference)(rows)
        for m in plan.members
    ]  # fmt: skip
    j = found.effects.shape[1] - 1
    signs = [np.sign(a.effects[:, list(TABLE.only(plan.views[m.view].inputs).names).index(plan.contract.names[j]), 1])
             for a, m in zip(alone, plan.members)]  # fmt: skip
    total = np.sign(found.effects[:, j, 1])
    expected = np.where(total == 0, 1.0, 0.5 * (signs[0] == total) + 0.5 * (signs[1] == total))
    np.testing.assert_allclose(found.agreement[:, j, 1], expected)


def test_a_row_is_explained_the_same_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    plan, rows, reference = case(("lightgbm", "linear", "neighbours"), 2)
    whole = Explainer(plan, reference)(rows)
    monkeypatch.setattr("modelwright.runtime.shapley.explainer.CELLS", 1)
    np.testing.assert_allclose(Explainer(plan, reference)(rows).effects, whole.effects, atol=1e-12)
