"""How a version stands: the answer of its gates and what people waived, in a few lines that every paper opens with."""

from __future__ import annotations

from typing import Any

from modelwright.ledger import STARTED
from modelwright.report.papers.base import Block, Items, Line, Piece, Table, Text, line
from modelwright.report.papers.evidence import Evidence

__all__ = ["as_of", "gates_table", "standing_of", "thresholds_table"]


def as_of(ev: Evidence) -> tuple[Block, ...]:
    """Return which version a paper is on and up to what it tells the ledger: what came later is not in it."""
    numbers = [int(n) for n in ev.get("ledger") or {}]
    if not numbers:
        return ()
    entry = f"ledger/{max(numbers)}"
    told = line(
        "On version ",
        ev.cite("version/number", "count"),
        ", as of ",
        ev.cite(f"{entry}/at", "when"),
        " (entry ",
        ev.cite(f"{entry}/number", "count"),
        " of the ledger).",
    )
    return (Text(told),)


def standing_of(ev: Evidence) -> tuple[Block, ...]:
    """Return the verdict, and every waiver with its entry in the ledger."""
    verdict = line(ev.cite("verdict/answer", "answer"), ". ", ev.cite("verdict/summary", "sentence"))
    blocks: list[Block] = [Text(verdict)]
    waived = [(at, w) for at, w in ev.each("standing/waivers")]
    if waived:
        stands = line("With what was waived since: ", ev.cite("standing/answer", "answer"), ".")
        blocks += [Text(stands), Items(tuple(_waiver(ev, at, w) for at, w in waived))]
    changed = [line("Changed threshold: ", ev.cite(at, "sentence")) for at, _ in ev.each("verdict/notes")]
    return (*blocks, Items(tuple(changed))) if changed else tuple(blocks)


def _waiver(ev: Evidence, at: str, waiver: dict[str, Any]) -> Line:
    entry = f"ledger/{waiver['entry']}"
    told: list[Piece] = [
        "Waived: ",
        ev.cite(f"{entry}/body/gate"),
        ", by ",
        ev.cite(f"{entry}/body/by"),
        " on ",
        ev.cite(f"{entry}/at", "when"),
    ]
    if waiver["expires"]:
        told += [", until ", ev.cite(f"{entry}/body/expires", "day")]
    if not waiver["holds"]:
        told.append(" (which is over: it holds no more)")
    return line(
        *told, ": ", ev.cite(f"{entry}/body/reason", "sentence"), " Found: ", ev.cite(f"{at}/because", "sentence")
    )


def gates_table(ev: Evidence) -> Table:
    """Return what every gate answered."""
    waived = {w["gate"] for _, w in ev.each("standing/waivers") if w["holds"]}
    rows = tuple(
        (
            line(ev.cite(f"{at}/name")),
            line(ev.cite(f"{at}/passed", "passed"), ", waived" if gate["name"] in waived else ""),
            line("blocks" if gate["blocking"] else "informs"),
            line(ev.cite(f"{at}/why", "sentence")),
        )
        for at, gate in ev.each("verdict/gates")
    )
    return Table(("Gate", "Answer", "If not passed, it", "Why"), rows)


def thresholds_table(ev: Evidence) -> tuple[Block, ...]:
    """Return the thresholds that held, which the ledger has had since before training."""
    rows = tuple(
        (
            line(ev.cite(f"{at}/name")),
            line(ev.cite(f"{at}/value", "number")),
            line("the brief" if fixed["by_brief"] else "default"),
        )
        for at, fixed in ev.each("verdict/thresholds")
    )
    if not rows:
        return ()
    began = next((n for n, e in (ev.get("ledger") or {}).items() if e["kind"] == STARTED), None)
    since = (
        (", which entry ", ev.cite(f"ledger/{began}/number", "count"), " of the ledger has had since") if began else ()
    )
    told = line("Fixed before training, by the brief ", ev.cite("verdict/brief", code=True), *since, ":")
    return Text(told), Table(("Threshold", "Value", "By"), rows)
