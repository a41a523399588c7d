"""The sets of the comparison: what is predicted in each, how its test rows are put aside, and which part it is in.

Constants and rules of Modelwright may be tuned on the part ``develop``; the part ``held`` is for reporting alone. Which
set is in which part follows from `parts`, not from anybody's judgement: a test holds ``sets.csv`` equal to it.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = ["FAMILIAR", "Objective", "Set", "choose", "parts", "read_sets"]

Objective = Literal["binary", "multiclass", "regression"]
Part = Literal["develop", "held"]

FAMILIAR = frozenset(
    {
        "adult", "ames_housing", "bank_marketing", "bike_sharing_hourly", "california_housing", "covertype_20k",
        "diamonds", "german_credit", "telco_churn", "titanic", "wine_quality",
    }
)  # fmt: skip
"""Sets that everybody has looked at: never held."""

SIZES = (1_500, 8_000)
"""Rows at which a set counts as middling, and as large; parts are balanced over objective and size."""

FILE = Path(__file__).with_name("sets.csv")


@dataclass(frozen=True)
class Set:
    """One line of ``sets.csv``."""

    name: str
    target: str
    objective: Objective
    test: str
    """``random`` (stratified where there are classes), ``group:COLUMN``, or ``time:COLUMN+COLUMN`` (``time:`` is the
    order of the file)."""
    part: Part
    rows: int
    without: tuple[str, ...]
    """Columns that no system sees: known only after the answer, a second target, or a counter of rows."""


def read_sets(path: Path = FILE) -> list[Set]:
    """Return the sets in the order of the file."""
    with open(path, newline="") as handle:
        return [
            Set(
                row["set"],
                row["target"],
                _objective(row["objective"]),
                row["test"],
                "held" if row["part"] == "held" else "develop",
                int(row["rows"]),
                tuple(filter(None, row["without"].split("|"))),
            )
            for row in csv.DictReader(handle)
        ]


def _objective(word: str) -> Objective:
    for known in ("binary", "multiclass", "regression"):
        if word == known:
            return known
    raise ValueError(f"objective '{word}' is none of binary, multiclass, regression")


def choose(sets: Sequence[Set], *, names: str, part: str) -> list[Set]:
    """Return the sets named (comma-separated; all where empty) that are in a part (``develop``, ``held`` or ``all``).

    Raises
    ------
    ValueError
        A name is not that of a set.
    """
    wanted = [n for n in names.split(",") if n]
    if unknown := sorted(set(wanted) - {s.name for s in sets}):
        raise ValueError(f"no set named {', '.join(unknown)} in {FILE.name}")
    return [s for s in sets if (not wanted or s.name in wanted) and part in ("all", s.part)]


def parts(sets: Iterable[Set]) -> dict[str, Part]:
    """Return the part of each set: of every kind of set half is held, by a hash of the name.

    A kind is an objective and a size; sets that are split by time or group are a kind of their own, of any size.
    """
    kinds: dict[tuple[str, object], list[str]] = {}
    for one in sets:
        size = sum(one.rows >= least for least in SIZES)
        kinds.setdefault((one.objective, size if one.test == "random" else "apart"), []).append(one.name)
    answer: dict[str, Part] = {}
    for names in kinds.values():
        strange = sorted((n for n in names if n not in FAMILIAR), key=lambda n: hashlib.sha256(n.encode()).hexdigest())
        held = set(strange[: (len(names) + 1) // 2])
        answer |= {n: "held" if n in held else "develop" for n in names}
    return answer
