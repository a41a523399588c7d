"""The champion: which version serves, and how that changes.

A change has two writes: what was decided goes to the ledger, then the pointer ``champion.json`` follows. Both are
atomic and on disk before the next step begins, so that whatever ends the process between them leaves one champion and
a whole ledger. What is missing then is the second write, and `settle` makes it: the ledger is what was decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelwright import documents
from modelwright.ledger import Entry, Ledger

__all__ = ["POINTER", "PROMOTED", "ROLLED_BACK", "Champion", "champion_of", "change", "settle"]

POINTER = "champion.json"
PROMOTED, ROLLED_BACK = "promoted", "rolled back"
FIX = "restore it, or remove it and promote a version"


@dataclass(frozen=True, kw_only=True)
class Champion:
    """The version that serves; ``previous`` are those that did before, newest last."""

    version: int
    previous: tuple[int, ...] = ()


def champion_of(folder: Path) -> Champion | None:
    """Return the champion of a project, None before the first; raises ProjectError where the pointer is damaged."""
    path = folder / POINTER
    return documents.load(path, Champion, fix=FIX) if path.is_file() else None


def change(folder: Path, ledger: Ledger, champion: Champion, event: str, body: Mapping[str, Any]) -> None:
    """Have another version serve: first the ledger, then the pointer. The project's lock must be held.

    Parameters
    ----------
    folder : Path
        Of the project.
    ledger : Ledger
    champion : Champion
        From now on.
    event : str
        `PROMOTED` or `ROLLED_BACK`.
    body : mapping
        What the ledger keeps of it, beside ``from`` and ``to``: who, why, on what evidence.
    """
    before = champion_of(folder)
    ledger.append(event, "", {"from": before.version if before else None, "to": champion.version, **body})
    documents.save(champion, folder / POINTER)


def settle(folder: Path, ledger: Ledger) -> Champion | None:
    """Finish a change that was broken off between its two writes; return the champion. The lock must be held.

    Only the state that such a crash leaves is touched: the last change in the ledger began at the version that the
    pointer names, and leads to another.
    """
    for left in folder.glob(f".{POINTER}.*.tmp"):
        left.unlink(missing_ok=True)
    now = champion_of(folder)
    last = _last_change(ledger)
    if last is None or last.body.get("from") != (now.version if now else None) or last.body["from"] == last.body["to"]:
        return now
    meant = _after(now, last)
    documents.save(meant, folder / POINTER)
    return meant


def _last_change(ledger: Ledger) -> Entry | None:
    return next((e for e in reversed(ledger.entries()) if e.kind in (PROMOTED, ROLLED_BACK)), None)


def _after(now: Champion | None, entry: Entry) -> Champion:
    """Return the champion that a change leads to."""
    to = int(entry.body["to"])
    if now is None:
        return Champion(version=to)
    if entry.kind == ROLLED_BACK:
        return Champion(version=to, previous=now.previous[:-1])
    return Champion(version=to, previous=(*now.previous, now.version))
