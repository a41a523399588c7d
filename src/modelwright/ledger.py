"""The ledger: every decision with its evidence, in an append-only chain.

``ledger.jsonl`` has one JSON line per entry. Each line carries the digest of the line before, so that a change in
the middle shows (`Ledger.verify`). A last line cut short by a crash is dropped when the next one is written.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from modelwright.documents import digest_bytes, encode, not_written
from modelwright.errors import ProjectError
from modelwright.evaluate.measurements import Measurement

__all__ = [
    "DECISION_KIND",
    "DONE",
    "FAILED",
    "RESUMED",
    "STARTED",
    "Decision",
    "Entry",
    "Ledger",
    "decided",
    "horizon",
    "moment_of",
    "now",
]

_GENESIS = "sha256:" + "0" * 64

STARTED, RESUMED, FAILED, DONE = "run started", "run resumed", "run failed", "run done"
"""Kinds of the entries that say that a run began, goes on after it was broken off, failed, and is finished."""

DECISION_KIND = "decision"
"""Kind of the entry of a `Decision`."""

APART = timedelta(minutes=5)
"""By how much clocks of machines that are kept may differ."""


def now() -> str:
    """Return the time in UTC, ISO 8601, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def horizon() -> datetime:
    """Return up to when a moment has come. What bears a later one was written by a clock that was set ahead."""
    return datetime.now(UTC) + APART


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A question, what was chosen and why.

    Attributes
    ----------
    stage : str
    question, choice : str
    alternatives : tuple of str
    decided_by : str
        ``"user"``, the code of a finding, ``"default"`` or ``"measurement"``.
    why : str
    measurement : Measurement or None
        The number that settled it.
    at : str
    """

    stage: str
    question: str
    choice: str
    alternatives: tuple[str, ...] = ()
    decided_by: str = "default"
    why: str = ""
    measurement: Measurement | None = None
    at: str = ""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A line of the ledger: ``kind`` is ``"decision"`` or the name of an event such as ``"promoted"``."""

    number: int
    previous: str
    run: str
    kind: str
    at: str
    body: dict[str, Any]


def moment_of(entries: Sequence[Entry], entry: Entry) -> str | None:
    """Return when an entry was made, as far as that is known.

    Where its time has not come, as a clock leaves it that was set ahead, it was made before the first later entry whose
    time has; None where there is none.
    """
    until = horizon()
    return next((e.at for e in entries if e.number >= entry.number and datetime.fromisoformat(e.at) <= until), None)


def decided(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return the entries of decisions that stand: what a stage came to in the last session that went through it.

    Where a run is broken off and goes on, a stage may be done again in other time, and come to something else.
    """
    sessions: Counter[str] = Counter()
    last: dict[tuple[str, str], int] = {}
    made = []
    for entry in entries:
        if entry.kind == RESUMED:
            sessions[entry.run] += 1
        elif entry.kind == DECISION_KIND:
            stage = (entry.run, str(entry.body.get("stage")))
            last[stage] = sessions[entry.run]
            made.append((stage, last[stage], entry))
    return tuple(entry for stage, session, entry in made if last[stage] == session)


class Ledger:
    """The ledger of a project. One writer at a time: the project's lock sees to it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, kind: str, run: str, body: Any) -> None:
        """Append an entry and flush it to disk; raises ProjectError when the disk is full or the ledger damaged."""
        raw = self._lines()
        if raw:
            self._entry(len(raw), raw[-1])
        entry = Entry(
            number=len(raw) + 1,
            previous=digest_bytes(raw[-1]) if raw else _GENESIS,
            run=run,
            kind=kind,
            at=now(),
            body=msgspec.to_builtins(body),
        )
        try:
            whole = sum(len(line) + 1 for line in raw)
            with open(self.path, "ab") as handle:
                handle.truncate(whole)
                handle.write(encode(entry) + b"\n")
                handle.flush()
                os.fsync(handle.fileno())
        except OSError as error:
            raise not_written(self.path, error) from error

    def record(self, run: str, stage: str, decisions: tuple[Decision, ...]) -> None:
        """Append the decisions of a stage, unless they are there already: by this session, or alike by a broken one."""
        entries = self.entries()
        before = [e for e in decided(entries) if (e.run, e.body.get("stage")) == (run, stage)]
        if before and not any(e.kind == RESUMED and e.run == run for e in entries[before[-1].number :]):
            return
        if before and [replace(self._decision(e), at="") for e in before] == [replace(d, at="") for d in decisions]:
            return
        for decision in decisions:
            self.append(DECISION_KIND, run, replace(decision, at=decision.at or now()))

    def entries(self) -> tuple[Entry, ...]:
        """Return all entries, oldest first."""
        return tuple(self._entry(number, line) for number, line in enumerate(self._lines(), 1))

    def decisions(self, run: str | None = None) -> tuple[Decision, ...]:
        """Return the decisions that stand, of one run or of all, see `decided`."""
        return tuple(self._decision(e) for e in decided(self.entries()) if run in (None, e.run))

    def _decision(self, entry: Entry) -> Decision:
        try:
            return msgspec.convert(entry.body, Decision)
        except msgspec.ValidationError as error:
            raise self._changed(entry.number) from error

    def verify(self) -> int:
        """Return the number of entries after checking the chain; raises ProjectError where it is broken."""
        previous = _GENESIS
        lines = self._lines()
        for number, line in enumerate(lines, 1):
            entry = self._entry(number, line)
            if entry.previous != previous or entry.number != number:
                raise self._changed(number)
            previous = digest_bytes(line)
        return len(lines)

    def _lines(self) -> list[bytes]:
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise ProjectError(
                f"the ledger '{self.path}' cannot be read: {error.strerror or error}",
                fix="check who may read it",
                code="MW-P011",
            ) from error
        return data[: data.rfind(b"\n") + 1].split(b"\n")[:-1]

    def _entry(self, number: int, line: bytes) -> Entry:
        try:
            return msgspec.json.decode(line, type=Entry)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise self._changed(number) from error

    def _changed(self, number: int) -> ProjectError:
        return ProjectError(
            f"the ledger '{self.path}' was changed at entry {number}",
            fix="restore it from a backup; entries after the change cannot be trusted",
            code="MW-P010",
        )
