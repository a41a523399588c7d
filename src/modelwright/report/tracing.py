"""The auditor's reading: where each number of the report comes from.

Numbers with an interval are found in the finished page by their text, and the place in the recorded document that they
are the text of is put behind each. Where several read alike, the one that stands there counts: an element that shows a
measurement of a list says which (``data-place``), and a section prefers the documents that its numbers are from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import partial
from typing import Any

from markupsafe import escape

from modelwright import format as fmt
from modelwright.evaluate.measurements import Measurement
from modelwright.ledger import DECISION_KIND
from modelwright.report.inputs import ReportInput

__all__ = ["SECTIONS", "places", "traced"]

DOCUMENTS = ("evaluation", "problem", "audit", "explanation", "training", "stress", "sure")
"""Documents with measurements, those that say it first before those that repeat it."""

SECTIONS = {
    "verdict": ("verdict", "evaluation"),
    "first": ("audit",),
    "simpler": ("evaluation",),
    "asked": ("brief", "problem"),
    "data": ("source", "contract", "profile"),
    "findings": ("audit",),
    "judged": ("problem",),
    "leaderboard": ("training",),
    "good": ("evaluation",),
    "sure": ("evaluation", "packaged"),
    "money": ("evaluation",),
    "simple": ("explanation",),
    "drives": ("explanation",),
    "fails": ("evaluation",),
    "stress": ("stress",),
    "groups": ("evaluation",),
    "privacy": ("privacy", "evaluation"),
    "learning": ("evaluation",),
    "use": ("packaged", "contract"),
    "limits": ("verdict", "audit"),
}
"""By section of the report: the documents that its numbers are from."""

_TAG = re.compile(r"(<[^>]+>)")
_SECTION = re.compile(r'<section id="(\w+)"[^>]*>')
_PLACE = re.compile(r' data-place="([^"]*)"')
_MEASURED = re.compile(r"[−\d][^\s()<]* \([^()<]+ to [^()<]+\)")
_CLOSED = {"style", "script", "svg", "title", "option"}
"""Elements whose text is none that is read in order."""
DIGITS = 12  # of a digest: no two documents of a run share so many


def traced(page: str, r: ReportInput) -> str:
    """Return the page with the source of every section, and the place of every measurement, in it."""
    known = places(r)
    made: list[str] = []
    closed: list[str] = []
    roots: tuple[str, ...] = ()
    own = ""
    for part in _TAG.split(page):
        if part.startswith("<"):
            name = re.match(r"</?(\w+)", part)
            if name and name[1] in _CLOSED and not part.endswith("/>"):
                closed = closed[:-1] if part.startswith("</") else [*closed, name[1]]
            section, place = _SECTION.match(part), _PLACE.search(part)
            roots = SECTIONS.get(section[1], ()) if section else roots
            own = place[1] if place else "" if part.startswith("</") else own
            made.append(part + (_evidence(section[1], r) if section else ""))
        else:
            wanted = (own, *roots) if own else roots
            made.append(part if closed else _MEASURED.sub(partial(_marked, known=known, wanted=wanted), part))
    return "".join(made)


def places(r: ReportInput) -> dict[str, tuple[str, ...]]:
    """Return the places of all measurements with an interval, by their text without a unit."""
    found: dict[str, tuple[str, ...]] = {}
    for name in DOCUMENTS:
        for at, measurement in _measurements(getattr(r, name, None), name):
            found[_text(measurement)] = (*found.get(_text(measurement), ()), at)
    for entry in r.entries:
        measured = entry.body.get("measurement") if entry.kind == DECISION_KIND else None
        if measured and measured.get("value") is not None:
            text = _text(Measurement(**measured))
            found[text] = (*found.get(text, ()), f"ledger/{entry.number}")
    found.pop("", None)
    return found


def _measurements(value: Any, at: str) -> Iterator[tuple[str, Measurement]]:
    if isinstance(value, Measurement):
        yield at, value
    elif isinstance(value, tuple | list):
        for number, each in enumerate(value):
            yield from _measurements(each, f"{at}/{number}")
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _measurements(getattr(value, field.name), f"{at}/{field.name}")


def _text(m: Measurement) -> str:
    """Return a measurement as the report writes it, without its unit; empty where it has no interval."""
    between = fmt.bounds(m)
    return f"{fmt.amount(m).removesuffix(f' {m.unit}' if m.unit else '')} ({between})" if between else ""


def _marked(found: re.Match[str], *, known: dict[str, tuple[str, ...]], wanted: tuple[str, ...]) -> str:
    """Return a number with its place: of those that read alike the first below what is wanted, most wanted first."""
    text = found[0]
    held = known.get(text, ())
    if not held:
        return text
    place = next((at for want in wanted for at in held if f"{at}/".startswith(f"{want}/")), held[0])
    return f'<span title="{escape(place)}">{text}</span><span class="place">{escape(place)}</span>'


def _evidence(section: str, r: ReportInput) -> str:
    """Return the line that names the documents of a section, with their digests; empty where none is known."""
    named = [
        f"{escape(name)} <code>{escape(r.digests[name].removeprefix('sha256:')[:DIGITS])}</code>"
        for name in SECTIONS.get(section, ())
        if name in r.digests
    ]
    if not named:
        return ""
    where = f"runs/{escape(r.run)}/" if r.run else ""
    return f'<p class="evidence">Recorded in {where}: {", ".join(named)}</p>'
