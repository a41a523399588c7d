"""What nobody changes in a person, as far as a run knows: counterfactuals leave it as it is."""

from __future__ import annotations

from pathlib import Path

from modelwright import documents
from modelwright.audit.findings import Audit
from modelwright.audit.people import named_attribute
from modelwright.brief import Brief
from modelwright.govern.privacy.documents import Privacy

__all__ = ["held_columns"]

ABOUT_PEOPLE = frozenset({"A045", "A046", "A047"})
"""The audit rules that speak of columns about people: personal data, protected attributes, small groups."""


def held_columns(run: Path) -> tuple[str, ...]:
    """Return the columns that the brief of a run protects, those in which its policy found personal data, and those
    that its audit found to be about people and that name a protected attribute; what the run has not come to is left
    out.

    Raises
    ------
    ProjectError
        A document of the run is damaged.
    """
    held: tuple[str, ...] = ()
    if (path := run / "brief.json").is_file():
        held = documents.load(path, Brief).protected
    if (path := run / "privacy.json").is_file():
        privacy = documents.load(path, Privacy)
        personal = [c.column for c in (*privacy.columns, *privacy.judged) if c.datum]
        held = (*held, *personal, *privacy.kept)
    if not (path := run / "audit.json").is_file():
        return tuple(dict.fromkeys(held))
    findings = documents.load(path, Audit).findings
    found = [c for f in findings if f.code in ABOUT_PEOPLE for c in f.columns if named_attribute(c)]
    return tuple(dict.fromkeys((*held, *found)))
