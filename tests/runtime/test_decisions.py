"""Decisions in the plan: a further answer, the same for a row alone, on the disk, and only where it fits."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from modelwright.errors import BundleError
from modelwright.runtime import Plan, PlanMember
from modelwright.runtime.decisions import BestWorth, Moved
from modelwright.runtime.row import RowPlan, values_of
from tests.package.building import CONTRACT, classifier, linear, numbers_view, regressor, some_columns

DEAR = BestWorth(((1.0, -50.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)))


def three(decision: BestWorth | Moved | None = DEAR) -> Plan:
    return Plan(
        contract=CONTRACT.only(["age", "balance"]),
        objective="classify",
        classes=("a", "b", "c"),
        views={"numbers": numbers_view()},
        members=(PlanMember(name="c", view="numbers", scorer=linear(2, 3), weight=1.0),),
        decision=decision,
    )


def values() -> Plan:
    return dataclasses.replace(regressor(), decision=Moved(1.5, 2.0))


@pytest.mark.parametrize("plan", [three(), values()], ids=["classes", "values"])
def test_it_is_a_further_answer(plan: Plan, tmp_path: Path) -> None:
    columns = some_columns(60)
    prediction = plan.predict(columns)
    answers = plan.answers(prediction)
    without = dataclasses.replace(plan, decision=None).answers(prediction)
    assert list(answers) == [*without, "decision"]
    assert all(answers[name].tolist() == without[name].tolist() for name in without), "the rest stays as it is"
    plan.save(tmp_path)
    again = Plan.load(tmp_path)
    assert again.decision == plan.decision
    assert again.answers(prediction)["decision"].tolist() == answers["decision"].tolist()


@pytest.mark.parametrize("plan", [three(), values()], ids=["classes", "values"])
def test_a_row_alone_gets_the_same(plan: Plan) -> None:
    columns = some_columns(30)
    answers, alone = plan.answers(plan.predict(columns)), RowPlan(plan)
    for i in range(30):
        told = alone.answer(alone(values_of(columns, plan.contract.names, i)))
        expected = answers["decision"][i]
        assert list(told) == list(answers)
        assert told["decision"] == (expected if isinstance(expected, str) else pytest.approx(expected, rel=1e-12))


def test_decisions_avoid_what_is_dear() -> None:
    prediction = np.array([[0.3, 0.6, 0.1], [0.0, 0.9, 0.1], [0.1, 0.1, 0.8]])
    answers = three().answers(prediction)
    assert answers["prediction"].tolist() == ["b", "b", "c"] and answers["decision"].tolist() == ["a", "b", "c"]
    moved = values().answers(np.array([[10.0]]))
    assert moved["prediction"].tolist() == [10.0] and moved["decision"].tolist() == [17.0]


@pytest.mark.parametrize(
    ("make", "decision"),
    [
        (three, Moved()),
        (three, BestWorth(((1.0, 0.0), (0.0, 1.0)))),
        (three, BestWorth(((1.0, 0.0, float("nan")),) * 3)),
        (regressor, DEAR),
        (regressor, Moved(float("inf"))),
        (classifier, Moved()),
    ],
)
def test_what_does_not_fit_is_refused(make, decision) -> None:
    with pytest.raises(BundleError, match=r"the decision is not one about what it predicts.*MW-B117"):
        dataclasses.replace(make(), decision=decision)
