"""Columns that come from one place are missing together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import ClassVar

from modelwright.evaluate.stress.base import Case, Rows, emptied, named

__all__ = ["GroupMissing", "families"]

MOST = 4
FIRST = 3
"""Columns that matter most, tried without all of them."""
_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


class GroupMissing:
    """The first columns together, and those whose names begin alike."""

    name: ClassVar[str] = "columns missing"

    def cases(self, rows: Rows) -> Iterator[Case]:
        sets = [rows.ranked[:FIRST]] if len(rows.ranked) > FIRST else []
        sets += families(rows.contract.names, rows.ranked)[:MOST]
        for columns in dict.fromkeys(sets):
            words = f"{named(columns)} are missing together"
            yield Case(self.name, columns, words, partial(emptied, rows.n, columns))


def families(names: tuple[str, ...], ranked: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return columns whose names begin with the same word, those with the most important column first."""
    found: dict[str, list[str]] = {}
    for name in names:
        words = _PART.findall(name)
        if len(words) > 1:
            found.setdefault(words[0].lower(), []).append(name)
    order = {name: place for place, name in enumerate(ranked)}
    several = [tuple(f) for f in found.values() if 1 < len(f) < len(names) and any(n in order for n in f)]
    return sorted(several, key=lambda f: min(order.get(n, len(order)) for n in f))
