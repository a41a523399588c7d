"""The report: one HTML file that needs nothing but itself.

No network, no font, no image from elsewhere: a content security policy forbids them, and pins the one style sheet and
the one script (a convenience: copying, filtering, printing) by their digests. All data goes through Jinja's escaping
or `charts.svg`, so a column named ``<script>`` is text.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from modelwright import format as fmt
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
    tracing,
    words,
)
from modelwright.report.inputs import ReportInput

__all__ = ["page", "render"]

TEMPLATES = Path(__file__).parent / "templates"
# What is shown at once; the rest is folded away, and beyond the last limit it is in the JSON documents only.
IMPORTANCES_SHOWN = 15
COLUMNS_SHOWN = 25
COLUMNS_KEPT = 500
CANDIDATES_SHOWN = 15
CONFUSION_CLASSES = 40
REASONS_SHOWN = 3
CAREFUL_SHOWN = 3


@cache
def environment() -> Environment:
    """Return the templates with the formats as filters; strict: a name that is not there is an error."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update({name: getattr(fmt, name) for name in fmt.__all__})
    env.filters.update(metric=words.title_of, explained=words.explained, tone=words.tone_of)
    env.filters.update(effect=describing.effect_words, done=reading.done_words, settled=reading.is_settled)
    env.globals.update(answers=words.ANSWERS)
    return env


def page(template: str, **context: Any) -> str:
    """Return a rendered page with its style, script and the policy that pins them."""
    style = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    script = (TEMPLATES / "report.js").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; style-src '{_pin(style)}'; script-src '{_pin(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    # Files of the package, not data: they go in as they are, or their digests would not match.
    return (
        environment()
        .get_template(template)
        .render(style=Markup(style), script=Markup(script), policy=Markup(policy), **context)
    )


def _pin(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def render(r: ReportInput, *, reader: str = "engineer") -> str:
    """Return the report as one self-contained HTML document.

    Parameters
    ----------
    r : ReportInput
    reader : str
        Which reading is shown first: ``"manager"``, ``"engineer"`` or ``"auditor"``; a switch at the top changes it.
    """
    shown, folded = tables.importances(r.explanation, IMPORTANCES_SHOWN)
    board, others = tables.leaderboard(r.training)
    e = r.evaluation
    columns = describing.column_rows(r.contract, r.profile, r.audit, r.brief, r.problem)
    waived = {w.gate for w in r.standing.waivers if w.holds} if r.standing else set()
    weighing = tuple(x for x in describing.reasons(r.verdict) if x.gate not in waived)
    reasons = ([x for x in weighing if x.counts] or list(weighing))[:REASONS_SHOWN]
    unit = next((m.unit for m in e.metrics if m.unit), "")
    constant = next((c.score for c in e.comparisons if c.name == "constant"), None)
    plain = words.headline_words(e.headline, r.problem, constant)
    made = page(
        "report.html",
        r=r,
        reader=reader,
        e=e,
        title=f"Predicting {r.problem.target}",
        question=cases.question_words(r),
        tiles=cases.tiles(e, r.problem),
        flagged=cases.flagged_words(e, priced=bool(r.brief.payoff)),
        counted=cases.counted_words(e, r.problem),
        reasons=reasons,
        reasons_left=len(weighing) - len(reasons),
        headline_words=f"{plain} {words.without_model_words(constant)}".strip() if plain else "",
        comparisons=tables.comparisons(e),
        first=reading.readings(r.audit, r.problem),
        rule_words=describing.outcome_words(r.audit.outcomes),
        rules_apart=describing.apart(r.audit.outcomes),
        rules_asked=sum(o.answer != "not asked" for o in r.audit.outcomes),
        asked=describing.asked(r.brief),
        source_facts=describing.facts_of_source(r.source),
        columns=columns[:COLUMNS_KEPT],
        columns_shown=COLUMNS_SHOWN,
        columns_left=max(len(columns) - COLUMNS_KEPT, 0),
        target_shape=describing.target_shape(r),
        split_words=describing.split_words(r.problem),
        optimism_words=describing.optimism_words(r.problem),
        split_diagram=charts.split_diagram(r.problem, folds.folds_used(r)),
        folds_words=folds.folds_words(r),
        repeats_words=folds.repeats_words(r),
        chosen_from_words=folds.chosen_from_words(r),
        leaderboard=board,
        candidates_shown=CANDIDATES_SHOWN,
        others=others,
        confusion=describing.confusion_rows(r) if len(r.problem.classes) <= CONFUSION_CLASSES else [],
        curves=figures.curves(e),
        calibration=figures.calibration(e),
        residuals=figures.residuals(e.residuals, r.problem.target, unit) if e.residuals else [],
        simple=simple.section(r.explanation.simple),
        importances=shown,
        importances_more=folded,
        effects=figures.effects(r.explanation, r.contract),
        slices=tables.slices(e),
        careful=[s for s in e.slices if s.worse][:CAREFUL_SHOWN],
        careful_left=max(sum(s.worse for s in e.slices) - CAREFUL_SHOWN, 0),
        fair=fairness.section(e.fairness, r.audit),
        private=privacy.section(r.privacy, e.membership),
        learning=figures.learning_curve(e),
        worth=money.section(e),
        stress=stress.section(r.stress),
        sure=sure.section(r.sure),
        needs=describing.needs(r)[:COLUMNS_KEPT],
        commands=describing.commands(r),
    )
    return tracing.traced(made, r)
