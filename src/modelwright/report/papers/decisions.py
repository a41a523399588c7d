"""The decision log: the ledger of a run in words, one line for each entry."""

from __future__ import annotations

from modelwright.champions import PROMOTED, ROLLED_BACK
from modelwright.govern.waivers import WAIVED, WITHDRAWN
from modelwright.ledger import DECISION_KIND, DONE, FAILED, RESUMED, STARTED
from modelwright.report.papers.base import Block, Line, Paper, Piece, Section, Table, Text, line
from modelwright.report.papers.evidence import Evidence

__all__ = ["TELLING", "decisions"]

EVENTS = {
    STARTED: "The run began.",
    RESUMED: "The run had been broken off, and went on.",
    FAILED: "The run failed: ",
    DONE: "The run was finished: ",
    PROMOTED: "A version became the champion.",
    ROLLED_BACK: "The champion before serves again.",
    "rows added": "The rows count as known: later retrainings learn from them as well.",
    "retrained": "A new version was trained on new rows and held against the champion.",
    "recalibrated": "Its probabilities were fitted again on later labels.",
    "proposed": "A promotion was proposed: ",
    WAIVED: "A gate was waived: ",
    WITHDRAWN: "A waiver was withdrawn: ",
}
"""By the kind of event that is about a run or its version: what happened."""

TELLING = {
    FAILED: "error",
    DONE: "verdict_summary",
    "retrained": "challenge/why",
    WAIVED: "reason",
    WITHDRAWN: "reason",
}
"""By the kind of event: the place in its body that says what of it, where that is not ``"why"``."""


def decisions(ev: Evidence) -> Paper:
    """Return the decision log."""
    ledger = ev.get("ledger") or {}
    made = [n for n, e in ledger.items() if e["kind"] == DECISION_KIND]
    events = [n for n, e in ledger.items() if e["kind"] != DECISION_KIND]
    sections = [
        Section(line(title), (_decided(ev, [n for n in made if ledger[n]["body"]["stage"] == stage]),))
        for stage, title in _stages(ev, made)
    ]
    if events:
        sections.append(Section(line("Events"), (_happened(ev, events),)))
    lead = line(
        "The entries of the ledger on run ",
        ev.cite("version/run", code=True),
        ", each with its number. Every line carries the digest of the one before, so that a change shows.",
    )
    return Paper(
        kind="decisions",
        title=line("Decision log: predicting ", ev.cite("problem/target")),
        lead=(Text(lead),),
        sections=tuple(sections),
    )


def _stages(ev: Evidence, made: list[str]) -> list[tuple[str, str]]:
    names = dict.fromkeys(ev.get(f"ledger/{n}/body/stage") for n in made)
    return [(name, name[:1].upper() + name[1:]) for name in names]


def _decided(ev: Evidence, numbers: list[str]) -> Block:
    rows = []
    for n in numbers:
        at = f"ledger/{n}/body"
        choice: Line = line(ev.cite(f"{at}/choice"))
        if ev.get(f"{at}/alternatives"):
            choice = line(*choice, ", instead of ", ev.cite(f"{at}/alternatives", "names"))
        why: Line = line(ev.cite(f"{at}/why", "sentence"))
        if ev.get(f"{at}/measurement/value") is not None:
            name, value = ev.cite(f"{at}/measurement/name", "metric"), ev.cite(f"{at}/measurement", "measured")
            why = line(*why, " Measured: ", name, " ", value, ".")
        rows.append(
            (
                line(ev.cite(f"ledger/{n}/number", "count")),
                line(ev.cite(f"{at}/question")),
                choice,
                line(ev.cite(f"{at}/decided_by")),
                why,
            )
        )
    return Table(("Entry", "Question", "Choice", "Decided by", "Why"), tuple(rows))


def _happened(ev: Evidence, numbers: list[str]) -> Block:
    rows = []
    for n in numbers:
        kind = ev.get(f"ledger/{n}/kind")
        known = EVENTS.get(kind)
        told: list[Piece] = [known if known is not None else ev.cite(f"ledger/{n}/kind", "sentence")]
        field = f"ledger/{n}/body/{TELLING.get(kind, 'why')}"
        if ev.get(field):
            told += ["" if (known or " ").endswith(" ") else " ", ev.cite(field, "sentence")]
        by = ev.cite(f"ledger/{n}/body/by") if ev.get(f"ledger/{n}/body/by") else "Modelwright"
        when = ev.cite(f"ledger/{n}/at", "when")
        rows.append((line(ev.cite(f"ledger/{n}/number", "count")), line(when), line(by), line(*told)))
    return Table(("Entry", "When", "By", "What"), tuple(rows))
