"""The report of an audit alone: what the data is like and what is wrong with it, without a model."""

from __future__ import annotations

from modelwright.report import describing
from modelwright.report.html import COLUMNS_KEPT, COLUMNS_SHOWN, page
from modelwright.report.inputs import AuditInput

__all__ = ["render_audit"]


def render_audit(a: AuditInput) -> str:
    """Return the audit as one self-contained HTML document."""
    columns = describing.column_rows(a.contract, a.profile, a.audit, a.brief, None)
    return page(
        "audit.html",
        r=a,
        title="Audit" + (f" for predicting {a.brief.target}" if a.brief.target else ""),
        rule_words=describing.outcome_words(a.audit.outcomes),
        rules_apart=describing.apart(a.audit.outcomes),
        rules_asked=sum(o.answer != "not asked" for o in a.audit.outcomes),
        source_facts=describing.facts_of_source(a.source),
        columns=columns[:COLUMNS_KEPT],
        columns_shown=COLUMNS_SHOWN,
        columns_left=max(len(columns) - COLUMNS_KEPT, 0),
    )
