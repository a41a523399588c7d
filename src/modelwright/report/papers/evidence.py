"""What papers cite: every document of a run as it was recorded, and the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from modelwright.documents import to_builtins
from modelwright.report.inputs import RECORDED, ReportInput
from modelwright.report.papers.base import ALL, Cited, Gap, Piece
from modelwright.report.papers.forms import FORMS

__all__ = ["Evidence", "evidence_of"]

UNRECORDED = "not recorded"


@dataclass(frozen=True)
class Evidence:
    """Recorded documents as dicts and lists, by name, and their digests.

    ``"ledger"`` is a dict of entries by number, as text; ``"version"`` what is known of the packaged version.
    """

    documents: Mapping[str, Any]
    digests: Mapping[str, str]

    def get(self, at: str) -> Any:
        """Return what is recorded at a place, None where nothing is."""
        value: Any = self.documents
        if at == ALL:
            return value
        for step in at.split("/"):
            if isinstance(value, Mapping):
                value = value.get(step)
            elif isinstance(value, list | tuple):
                value = value[int(step)] if int(step) < len(value) else None
            else:
                return None
        return value

    def cite(self, at: str, form: str = "text", *, code: bool = False) -> Piece:
        """Return what is recorded at a place, as text; ``"not recorded"`` where nothing is."""
        value = self.get(at)
        if value is None or value == "":
            return UNRECORDED
        return Cited(FORMS[form](value), at, form, code)

    def names(self, at: str) -> tuple[str, ...]:
        """Return the names of a list, empty where nothing is recorded."""
        return tuple(self.get(at) or ())

    def cite_or_gap(self, at: str, form: str = "text", what: str = "") -> Piece:
        """Return what is recorded at a place, or that a person has to say it."""
        return Gap(what) if self.get(at) in (None, "", [], ()) else self.cite(at, form)

    def each(self, at: str) -> Iterator[tuple[str, Any]]:
        """Yield place and value of every item of a list."""
        for number, value in enumerate(self.get(at) or ()):
            yield f"{at}/{number}", value


def evidence_of(r: ReportInput) -> Evidence:
    """Return the evidence that papers on a run rest on."""
    given = ((name, getattr(r, name)) for name in (*RECORDED, "privacy"))
    documents = {name: to_builtins(found) for name, found in given if found is not None}
    documents["version"] = {
        **to_builtins(r.version),
        "project": r.project,
        "run": r.run,
        "created_at": r.created_at,
        "software": dict(r.software),
        "test_note": r.test_note,
        "recalibrated": r.recalibrated,
    }
    if r.test_evaluation is not None:
        documents["tested"] = to_builtins(r.test_evaluation)
    if r.sure is not None:
        documents["sure"] = to_builtins(replace(r.sure, risks=None))  # a curve, which the report draws
    if r.standing is not None:
        documents["standing"] = to_builtins(r.standing)
    documents["ledger"] = {str(e.number): to_builtins(e) for e in r.entries}
    return Evidence(documents=documents, digests={**r.digests, "version": r.version.digest})
