"""What the sections of the report show: the words, tables and figures, by the name that the templates use."""

from __future__ import annotations

from typing import Any

from modelwright.evaluate.measurements.scores import CONSTANT
from modelwright.frame.problem import Problem
from modelwright.govern.verdict import reasons_of
from modelwright.report import (
    cases,
    charts,
    describing,
    fairness,
    figures,
    folds,
    money,
    privacy,
    reading,
    simple,
    stress,
    sure,
    tables,
    words,
)
from modelwright.report.inputs import AuditInput, ReportInput

__all__ = ["apart", "asked", "data", "drives", "good", "judged", "use", "verdict"]

# What is shown at once; the rest is folded away, and beyond the last limit it is in the JSON documents only.
IMPORTANCES_SHOWN = 15
COLUMNS_SHOWN = 25
COLUMNS_KEPT = 500
CANDIDATES_SHOWN = 15
CONFUSION_CLASSES = 40
REASONS_SHOWN = 3
CAREFUL_SHOWN = 3


def verdict(r: ReportInput) -> dict[str, Any]:
    """Return the answer in words, what stands in its way, the first findings, and simpler ways to predict."""
    e = r.evaluation
    waived = {w.gate for w in r.standing.waivers if w.holds} if r.standing else set()
    weighing = tuple(x for x in reasons_of(r.verdict) if x.gate not in waived)
    reasons = ([x for x in weighing if x.counts] or list(weighing))[:REASONS_SHOWN]
    against = e.against(CONSTANT)
    constant = None if against is None else against.score
    plain = words.headline_words(e.headline, r.problem, constant)
    return {
        "question": cases.question_words(r),
        "tiles": cases.tiles(e, r.problem),
        "flagged": cases.flagged_words(e, priced=bool(r.brief.payoff)),
        "counted": cases.counted_words(e, r.problem),
        "reasons": reasons,
        "reasons_left": len(weighing) - len(reasons),
        "headline_words": f"{plain} {words.without_model_words(constant)}".strip() if plain else "",
        "comparisons": tables.comparisons(e),
        "first": reading.readings(r.audit, r.problem),
    }


def asked(r: ReportInput) -> dict[str, Any]:
    """Return what was asked, what the data is like, and what the audit looked at."""
    return {
        "asked": describing.asked(r.brief),
        "target_shape": describing.target_shape(r),
        **data(r, r.problem),
    }


def data(r: AuditInput | ReportInput, problem: Problem | None) -> dict[str, Any]:
    """Return the source, its columns, and the rules that looked at them; without a problem no column has a use."""
    read = r.version.columns if isinstance(r, ReportInput) else ()
    columns = describing.column_rows(
        r.contract, r.profile, r.audit, r.brief, problem, most=COLUMNS_KEPT, read=frozenset(read)
    )
    return {
        "source_facts": describing.facts_of_source(r.source),
        "columns": columns,
        "columns_shown": COLUMNS_SHOWN,
        "columns_left": max(len(r.contract.columns) - COLUMNS_KEPT, 0),
        "rule_words": describing.outcome_words(r.audit.outcomes),
        "rules_apart": describing.apart(r.audit.outcomes),
        "rules_apply": sum(o.answer in ("passed", "finding", "allowed") for o in r.audit.outcomes),
        "rules_asked": sum(o.answer != "not asked" for o in r.audit.outcomes),
    }


def judged(r: ReportInput) -> dict[str, Any]:
    """Return how the model was judged, and what was tried."""
    board, others = tables.leaderboard(r.training)
    return {
        "split_words": describing.split_words(r.problem),
        "optimism_words": describing.optimism_words(r.problem),
        "split_diagram": charts.split_diagram(r.problem, folds.folds_used(r)),
        "folds_words": folds.folds_words(r),
        "repeats_words": folds.repeats_words(r),
        "chosen_from_words": folds.chosen_from_words(r),
        "leaderboard": board,
        "candidates_shown": CANDIDATES_SHOWN,
        "others": others,
    }


def good(r: ReportInput) -> dict[str, Any]:
    """Return how good it is: how it errs, in figures."""
    e = r.evaluation
    unit = next((m.unit for m in e.metrics if m.unit), "")
    return {
        "confusion": describing.confusion_rows(r) if len(r.problem.classes) <= CONFUSION_CLASSES else [],
        "curves": figures.curves(e),
        "calibration": figures.calibration(e),
        "residuals": figures.residuals(e.residuals, r.problem.target, unit) if e.residuals else [],
    }


def drives(r: ReportInput) -> dict[str, Any]:
    """Return what drives it, where it fails, and whether more rows would help."""
    shown, folded = tables.importances(r.explanation, IMPORTANCES_SHOWN)
    return {
        "importances": shown,
        "importances_more": folded,
        "effects": figures.effects(r.explanation, r.contract),
        "slices": tables.slices(r.evaluation),
        "learning": figures.learning_curve(r.evaluation),
    }


def apart(r: ReportInput) -> dict[str, Any]:
    """Return the sections that have a file of their own; those that a run has nothing for are empty."""
    e = r.evaluation
    return {
        "sure": sure.section(r.sure),
        "worth": money.section(e),
        "simple": simple.section(r.explanation.simple),
        "stress": stress.section(r.stress),
        "fair": fairness.section(e.fairness, r.audit),
        "private": privacy.section(r.privacy, e.membership),
    }


def use(r: ReportInput) -> dict[str, Any]:
    """Return how to use it, and where to be careful."""
    worse = [s for s in r.evaluation.slices if s.worse]
    needs = describing.needs(r)
    return {
        "careful": worse[:CAREFUL_SHOWN],
        "careful_left": max(len(worse) - CAREFUL_SHOWN, 0),
        "needs": needs[:COLUMNS_KEPT],
        "needs_left": max(len(needs) - COLUMNS_KEPT, 0),
        "commands": describing.commands(r),
    }
