"""Which rows the version leaves to a person: fitted on out-of-fold predictions, measured on rows apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from modelwright.brief import Brief
from modelwright.errors import UsageError
from modelwright.evaluate.abstaining import AtRisk, Selective, cross_fitted, fit_abstention, risk_curve
from modelwright.frame.problem import Problem
from modelwright.running import Run
from modelwright.runtime.abstaining import doubt_of_classes, doubt_of_values
from modelwright.runtime.answers import chosen_class
from modelwright.runtime.intervals import Intervals
from modelwright.steps.settling import final

if TYPE_CHECKING:
    from modelwright.package.abstaining import Abstaining
    from modelwright.package.uncertainty import Uncertainty

__all__ = ["abstain_told", "abstaining", "at_risk", "check_asked", "told_tolerance"]

TOLD = (0.01, 0.02, 0.05, 0.1, 0.2)
"""Risks that the report tells of."""


def check_asked(brief: Brief, problem: Problem) -> None:
    """Refuse a tolerance for classes, and a risk for values without a tolerance.

    Raises
    ------
    UsageError
        MW-U606.
    """
    if problem.classes and brief.tolerance is not None:
        raise UsageError(
            f"a tolerance of {brief.tolerance} was given, and '{problem.target}' has classes: they are right or wrong",
            fix="leave --tolerance out",
            code="MW-U606",
        )
    if not problem.classes and brief.abstain is not None and brief.tolerance is None:
        raise UsageError(
            f"a risk of {brief.abstain:g} was given, but not how far off a value of '{problem.target}' is wrong",
            fix="say it with --tolerance: 500 in its unit, or 10% of its median",
            code="MW-U606",
        )


def told_tolerance(tolerance: str, y: np.ndarray) -> float:
    """Return a tolerance in the target's unit; a percentage is of the median of its sizes."""
    amount = float(tolerance.rstrip("%"))
    return amount if not tolerance.endswith("%") else amount / 100 * float(np.median(np.abs(y)))


def abstaining(run: Run, uncertainty: Uncertainty | None) -> Abstaining | None:
    """Return up to which doubt the version answers, None where that cannot be told; the ledger has the reason."""
    from modelwright.package.abstaining import Abstaining

    made, note = _fitted(run, uncertainty)
    if made is None and run.brief.abstain is None:
        return None
    told = None if made is None else next((p for p in made.measured.at if p.risk == run.brief.abstain), None)
    if made is not None and told is not None and told.n:
        note = f"{note}; {told.answered:.0%} answered and {told.wrong:.1%} of them wrong on {made.measured.measured_on}"
    run.decide(
        "package",
        "abstaining",
        note,
        "the exact binomial test on rows that trained no model, from the least doubt on",
        decided_by="default" if run.brief.abstain is None else "user",
    )
    return made if made is None else Abstaining(fitted=made.fitted, note=note, measured=made.measured)


def at_risk(brief: Brief, found: Abstaining | None) -> AtRisk | None:
    """Return what comes of the risk that a brief asks for, by what its version keeps; None where it asks for none."""
    if brief.abstain is None:
        return None
    if found is None:
        return AtRisk(risk=brief.abstain, curve=None, note="too few rows that trained no model, or no intervals")
    return AtRisk(risk=brief.abstain, curve=found.measured, note=found.note)


def abstain_told(brief: Brief, found: Abstaining | None) -> dict[str, Any] | None:
    """Return what is answered at the risk that was asked for, for the summary; None where none was."""
    asked = at_risk(brief, found)
    if asked is None:
        return None
    point = asked.point
    if point is None:
        return {"risk": asked.risk, "answered": None, "wrong": None, "note": asked.note}
    return {
        "risk": asked.risk,
        "answered": {"value": point.answered, "low": point.low_answered, "high": point.high_answered},
        "wrong": {"value": point.wrong, "low": point.low, "high": point.high} if point.n else None,
        "measured_on": asked.curve.measured_on if asked.curve else "",
    }


def _fitted(run: Run, uncertainty: Uncertainty | None) -> tuple[Abstaining | None, str]:
    from modelwright.package.abstaining import Abstaining

    outcome, lockbox, y = run.outcome, run.folds.holdout, run.y[run.rows]
    widths = uncertainty.overall if uncertainty is not None and isinstance(uncertainty.overall, Intervals) else None
    tolerance = None
    if not run.plan.classes:
        if run.brief.tolerance is None:
            return None, "not asked: no tolerance says how far off a value is wrong"
        if widths is None:
            return None, "none: there are no intervals, whose width would tell of doubt"
        tolerance = told_tolerance(run.brief.tolerance, y)

    def selective(truth: np.ndarray, prediction: np.ndarray, rows: np.ndarray) -> Selective:
        units = _units(run, rows, truth, prediction)
        if widths is None:
            cut = run.plan.threshold
            return Selective(doubt_of_classes(prediction, cut), chosen_class(prediction, cut) != truth, units)
        assert tolerance is not None
        return Selective(doubt_of_values(prediction, widths), np.abs(prediction[:, 0] - truth) > tolerance, units)

    own = selective(y[outcome.rows], final(run, outcome.oof, outcome.rows), outcome.rows)
    fitted, note = fit_abstention(own, asked=run.brief.abstain, tolerance=tolerance)
    if fitted is None:
        return None, note
    risks = tuple(sorted({*TOLD, *([] if run.brief.abstain is None else [run.brief.abstain])}))
    if len(lockbox):
        held = selective(y[lockbox], final(run, outcome.holdout, lockbox), lockbox)
        where = f"a lockbox of {len(lockbox):,} rows"
        measured = risk_curve(held, fitted, risks=risks, answered=None, where=where)
    else:
        answered = cross_fitted(own, risks, seed=run.brief.seed)
        where = f"{len(own.doubt):,} rows out of fold, by limits from other rows"
        measured = risk_curve(own, fitted, risks=risks, answered=answered, where=where)
    return Abstaining(fitted=fitted, note=note, measured=measured), note


def _units(run: Run, rows: np.ndarray, y: np.ndarray, prediction: np.ndarray) -> np.ndarray | None:
    """Return which rows count as one: those of a group, or of a stretch of time whose errors are alike."""
    from modelwright.evaluate.blocks import time_blocks

    if run.folds.groups is not None:
        return run.folds.groups[rows]
    return None if run.folds.order is None else time_blocks(run.folds.order[rows], y, prediction)
