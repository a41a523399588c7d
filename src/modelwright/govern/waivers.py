"""Waivers: a gate that was not passed, accepted by a person, for a reason, in the audit chain.

A waiver changes no verdict: the verdict stays what the gates answered, and a waiver stands beside it. It holds for one
gate of one version, until a day where one is given, and until it is withdrawn.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from modelwright.govern.verdict import Gate, Reason, Verdict, reasons_of, ships
from modelwright.ledger import Entry, now

__all__ = ["WAIVED", "WITHDRAWN", "Standing", "Waiver", "last_day", "standing", "waivers_of"]

WAIVED, WITHDRAWN = "waived", "waiver withdrawn"
CONDITIONS = "ship with conditions"


@dataclass(frozen=True, kw_only=True)
class Waiver:
    """A gate accepted although it was not passed.

    Attributes
    ----------
    version : int
    gate : str
        Its name.
    reason, by : str
        Why it is accepted, and who says so.
    because : str
        What the gate had found.
    at : str
    expires : str or None
        The last day on which it holds, ``"2027-06-30"``; None: until it is withdrawn.
    entry : int
        Number of the entry in the ledger.
    holds : bool
        False once its last day is over.
    """

    version: int
    gate: str
    reason: str
    by: str
    because: str
    at: str
    expires: str | None
    entry: int
    holds: bool


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a version stands on a day: the verdict, and what people accepted.

    Attributes
    ----------
    answer : str
        As of a verdict. A version whose blocking gates are all waived ships with conditions: each waiver is one.
    waivers : tuple of Waiver
        All that were given and not withdrawn, those that expired too.
    left : tuple of Reason
        Why it does not ship, or under which conditions it does: reasons of the verdict that nobody accepted.
    """

    answer: str
    waivers: tuple[Waiver, ...]
    left: tuple[Reason, ...]

    @property
    def ships(self) -> bool:
        return ships(self.answer)


def waivers_of(entries: Iterable[Entry], version: int, *, today: str | None = None) -> tuple[Waiver, ...]:
    """Return the waivers of a version in the order they were given, without those that were withdrawn or renewed."""
    today = today or now()[:10]
    found: dict[str, Waiver] = {}
    for entry in entries:
        if entry.kind not in (WAIVED, WITHDRAWN) or entry.body.get("version") != version:
            continue
        found.pop(entry.body["gate"], None)
        if entry.kind == WAIVED:
            found[entry.body["gate"]] = _waiver(entry, today)
    return tuple(found.values())


def _waiver(entry: Entry, today: str) -> Waiver:
    body: dict[str, Any] = entry.body
    expires: str | None = body.get("expires")
    return Waiver(
        version=body["version"],
        gate=body["gate"],
        reason=body["reason"],
        by=body["by"],
        because=body.get("because", ""),
        at=entry.at,
        expires=expires,
        entry=entry.number,
        holds=expires is None or today <= expires,
    )


def standing(verdict: Verdict, waivers: Iterable[Waiver]) -> Standing:
    """Return how a version stands under the waivers that hold."""
    given = tuple(waivers)
    waived = {w.gate for w in given if w.holds}
    failed = [g for g in verdict.gates if not g.passed]
    left = tuple(r for r in reasons_of(verdict) if r.counts and r.gate not in waived)
    if not waived & {g.name for g in failed}:
        return Standing(answer=verdict.answer, waivers=given, left=left)
    blocking = [g for g in failed if g.blocking and g.name not in waived]
    answer = CONDITIONS if not blocking else _worst(verdict, blocking)
    return Standing(answer=answer, waivers=given, left=left)


def _worst(verdict: Verdict, blocking: list[Gate]) -> str:
    """Return the answer that the gates which still block come to, the gravest of what they mean."""
    meant = {g.failing for g in blocking}
    order = ("do not ship", "do not build this", "collect more data")
    return next((answer for answer in order if answer in meant), verdict.answer)


def last_day(text: str) -> str:
    """Return a day as ``"2027-06-30"``; raises ValueError where it is none, or is over."""
    day = date.fromisoformat(text.strip())
    if day < datetime.now(UTC).date():
        raise ValueError(text)
    return day.isoformat()
