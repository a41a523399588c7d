"""The report of an audit alone: what the data is like and what is wrong with it, without a model."""

from __future__ import annotations

from modelwright.report.html import page
from modelwright.report.inputs import AuditInput
from modelwright.report.sections import data

__all__ = ["render_audit"]


def render_audit(a: AuditInput) -> str:
    """Return the audit as one self-contained HTML document."""
    title = "Audit" + (f" for predicting {a.brief.target}" if a.brief.target else "")
    return page("audit.html", r=a, title=title, **data(a, None))
