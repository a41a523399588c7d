"""Ways to run a graph, or one operation of it, beside what it stands for."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from modelwright.data.columns import Columns
from modelwright.data.profile import Profile
from modelwright.package.bundle import Version, open_version
from modelwright.package.exports.onnx.converting import Converted, convert
from modelwright.package.exports.onnx.gate import Agreement, Session, check_agreement
from modelwright.package.exports.onnx.probing import probes
from modelwright.package.writing import write_version
from modelwright.runtime.op import Op
from modelwright.runtime.plan import Plan, PlanMember
from modelwright.runtime.scorers.linear import LinearScorer
from modelwright.runtime.scorers.scaling import Scaling
from modelwright.runtime.views import ViewPlan
from tests.package.test_bundle import facts

NOTHING = Profile(n_rows=0, columns=())


def agreement(plan: Plan, rows: Columns) -> Agreement:
    """What the gate says of a plan, on given rows and those it makes up."""
    converted = convert(plan)
    return check_agreement(plan, converted, probes(plan, NOTHING, rows, converted.cuts, np.random.default_rng(0)))


def plan_of(op: Op, contract: object) -> Plan:
    """A plan that answers the sum of an operation's features, far less than their single values."""
    width = len(op.names)
    scaling = Scaling(np.zeros(width), np.full(width, 1e-3))
    scorer = LinearScorer(scaling, np.linspace(1.0, 2.0, width)[:, None], np.zeros(1), 0)
    return Plan(
        contract=contract,  # type: ignore[arg-type]
        objective="regress",
        classes=(),
        views={"v": ViewPlan((op,))},
        members=(PlanMember(name="sum", view="v", scorer=scorer, weight=1.0),),
    )


def answers(plan: Plan, rows: Columns) -> tuple[np.ndarray, np.ndarray, Converted]:
    """What the graph answers, and the plan."""
    converted = convert(plan)
    return Session(converted)(rows), plan.uncalibrated(rows), converted


def version_of(plan: Plan, folder: Path) -> Version:
    """The plan as a version in a folder of a project."""
    write_version(folder / "versions" / "1", plan, facts=facts(), profile=NOTHING, seed=0)
    return open_version(folder / "versions" / "1")
