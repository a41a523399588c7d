"""What training left, opened as plans: the models of a fold once a run, as several steps ask them."""

from __future__ import annotations

from typing import Any

from modelwright.frame.problem import Problem
from modelwright.running import Run
from modelwright.runtime.plan import Plan

__all__ = ["fold_plan", "plan_facts"]


def plan_facts(run: Run) -> dict[str, Any]:
    """Return what a plan of this run holds beside its models, once the run has settled it."""
    problem: Problem = run.documents["problem"]
    return {
        "contract": run.documents["contract"].only(problem.features),
        "objective": problem.objective,
        "classes": problem.classes,
        "calibrator": run.calibrator,
        "threshold": run.threshold,
        "decision": None if run.decided is None else run.decided.decision,
        "by_group": run.by_group,
    }


def fold_plan(run: Run, fold: int) -> Plan:
    """Return the plan of a fold's models, calibrated as the version is; it stays open until the version is packaged."""
    from modelwright.package.assembling import assemble

    if fold not in run.fold_plans:
        run.fold_plans[fold] = assemble(run.outcome.fold_members[fold], plan_facts(run))
    return run.fold_plans[fold]
