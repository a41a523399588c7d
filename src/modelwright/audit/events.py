"""Columns that by their names measure the event that the target tells of: ``arr_time`` of ``arr_delay``.

Names prove nothing, and such a column alone may explain little (an hour of arrival says little of the delay), while
with its planned twin it is the target. So they are asked about, never dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from modelwright.audit.names import AFTER_STRONG, AFTER_WEAK, BEFORE, TIME, tokens

__all__ = ["same_event"]

LATENESS = frozenset(["delay", "delays", "delayed", "late", "lateness", "tardiness", "overdue"])
"""Words of targets that compare what happened with what was planned."""

LASTING = LATENESS | frozenset(["duration", "elapsed", "lasted"])
"""Words of targets that are known when an event is over."""

PLANNED = frozenset(["planned", "plan", "scheduled", "schedule", "sched", "promised", "booked", "crs"])
"""Words of columns that say what was to happen; the column without the word says what did."""

_FLAGS = frozenset(["is", "has", "was"])
_SPANS = frozenset(["time", "duration", "elapsed"])
_MOMENTS = TIME | _SPANS | frozenset(["at", "on", "hour", "minute", "second", "timestamp", "stamp", "clock"])


def same_event(names: Sequence[str], target: str) -> dict[str, str]:
    """Return columns that seem to be written down when the event happens, and why they seem so.

    Three signs: a planned twin ("sched_arr_time" beside "arr_time"); the first word of a target that tells of lateness
    or of how long something took, with a word of time behind it ("arr_delay", "arr_time"); and, for lateness and beside
    one of these, how long a part of the event took ("air_time").
    """
    plans = _plans(names)
    found = {name: why for name in names if name != target and (why := _sign(name, plans, target))}
    if not found or not LATENESS.intersection(tokens(target)):
        return found
    spans = {n: f"{_span_words(n)}, which is known when '{target}' is" for n in names if n != target and _span(n)}
    return {name: (found.get(name) or spans[name]) for name in names if name in found or name in spans}


def _sign(name: str, plans: Mapping[tuple[str, ...], str], target: str) -> str:
    own = tokens(name)
    if BEFORE.intersection(own) or not own:
        return ""
    planned = plans.get(tuple(w for w in own if w != "actual"), "")
    if planned:
        return f"'{planned}' says what was planned, so it says what happened"
    said = tokens(target)
    alike = len(own) > 1 and len(said) > 1 and own[0] == said[0] and own[0] not in TIME | _FLAGS
    if alike and LASTING.intersection(said[1:]) and (_MOMENTS | AFTER_STRONG | AFTER_WEAK).intersection(own[1:]):
        return f"it is named after the same event as '{target}'"
    return ""


def _plans(names: Sequence[str]) -> dict[tuple[str, ...], str]:
    """Return the first name with a word of planning by what it is a plan of; times alone are of no event."""
    found: dict[tuple[str, ...], str] = {}
    for name in names:
        words = tokens(name)
        rest = tuple(w for w in words if w not in PLANNED)
        if len(rest) < len(words) and not TIME.issuperset(rest):
            found.setdefault(rest, name)
    return found


def _span_words(name: str) -> str:
    """A name such as 'dep_time' may be either; a moment that was planned would say so."""
    return "it says how long something took" + (", or when it happened" if tokens(name)[-1] == "time" else "")


def _span(name: str) -> bool:
    own = tokens(name)
    return len(own) > 1 and own[-1] in _SPANS and not BEFORE.intersection(own) and not TIME.issuperset(own)
