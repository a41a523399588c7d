"""Columns that part the rows into some groups of one kind each: sites, regions, sources, and what the brief names."""

from __future__ import annotations

from modelwright.audit.findings import AuditContext
from modelwright.audit.looking import coded
from modelwright.data.contract import Kind
from modelwright.data.inference.names import words
from modelwright.data.personal.naming import folded

__all__ = ["MAX_GROUPS", "grouping_columns"]

MAX_GROUPS = 50

_SITES = words(
    "site sites region area district province county state country nation city town market branch store shop plant "
    "factory warehouse hospital clinic centre center ward department school campus station location territory zone "
    "source origin dataset provider vendor supplier lab laboratory batch scanner sensor device instrument study "
    "cohort survey channel partner agency standort filiale werk quelle bundesland land ort abteilung pays ville "
    "departement pais ciudad regione paese"
)
_NUMBERED = words("id ids nr no num number key code name ref of the group")
_QUALIFIED = words("sales customer client patient home work store sample data test study clinical geo geographic")


def grouping_columns(context: AuditContext) -> list[str]:
    """Return the column that groups the split and the columns named for places and sources with few levels."""
    found = [] if context.brief.group in (None, context.target) else [str(context.brief.group)]
    for name in context.features:
        if name not in found and _is_site(context, name):
            found.append(name)
    return [n for n in found if n in context.contract.names and 2 <= coded(context, n).n_levels <= MAX_GROUPS]


def _is_site(context: AuditContext, name: str) -> bool:
    if context.contract[name].kind not in (Kind.CATEGORY, Kind.NUMBER):
        return False
    said = [w for w in folded(name) if w not in _NUMBERED and w not in _QUALIFIED]
    return len(said) == 1 and said[0] in _SITES and 2 <= coded(context, name).n_levels <= MAX_GROUPS
