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
from modelwright.ledger import decided
from modelwright.report import describing, reading, tracing, words
from modelwright.report.inputs import ReportInput
from modelwright.report.sections import apart, asked, drives, good, judged, use, verdict

__all__ = ["page", "render"]

TEMPLATES = Path(__file__).parent / "templates"


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
    env.filters.update(
        effect=describing.effect_words, done=reading.done_words, settled=reading.is_settled, decided=decided
    )
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
    made = page(
        "report.html",
        r=r,
        reader=reader,
        e=r.evaluation,
        title=f"Predicting {r.problem.target}",
        **verdict(r),
        **asked(r),
        **judged(r),
        **good(r),
        **drives(r),
        **apart(r),
        **use(r),
    )
    return tracing.traced(made, r)
