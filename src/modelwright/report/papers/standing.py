"""How a version stands: the answer of its gates, in a few lines that every paper opens with."""

from __future__ import annotations

from modelwright.report.papers.base import Block, Table, Text, line
from modelwright.report.papers.evidence import Evidence

__all__ = ["gates_table", "standing_of"]


def standing_of(ev: Evidence) -> tuple[Block, ...]:
    """Return the verdict."""
    return (Text(line(ev.cite("verdict/answer", "answer"), ". ", ev.cite("verdict/summary", "sentence"))),)


def gates_table(ev: Evidence) -> Table:
    """Return what every gate answered."""
    rows = tuple(
        (
            line(ev.cite(f"{at}/name")),
            line(ev.cite(f"{at}/passed", "passed")),
            line("blocks" if gate["blocking"] else "informs"),
            line(ev.cite(f"{at}/why", "sentence")),
        )
        for at, gate in ev.each("verdict/gates")
    )
    return Table(("Gate", "Answer", "If not passed, it", "Why"), rows)
