"""Dates come in another format, or from another time zone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar

import numpy as np

from modelwright.data.contract import ColumnSpec, Kind
from modelwright.evaluate.stress.base import Case, Raw, Rows, named

__all__ = ["Dates"]

MOST = 3
HOURS = 10
"""Between the clocks of San Francisco and Helsinki. Days written without a time become those before."""


class Dates:
    """Of each important date, month and day change places; the format is another; the clock is ten hours behind."""

    name: ClassVar[str] = "dates"

    def cases(self, rows: Rows) -> Iterator[Case]:
        for spec in rows.important(frozenset({Kind.DATETIME}), MOST):
            for words, change in (
                ("comes as day.month.year instead of its own format", _german),
                ("has month and day in each other's place", _swapped),
                (f"is of a clock {HOURS} hours behind", _behind),
            ):
                yield Case(
                    self.name,
                    (spec.name,),
                    f"{named([spec.name])} {words}",
                    partial(change, rows, spec),
                )


def _moments(rows: Rows, spec: ColumnSpec) -> list[datetime | None]:
    values = np.asarray(rows.columns[spec.name])
    return [None if np.isnan(v) else datetime.fromtimestamp(float(v), UTC) for v in values]


def _german(rows: Rows, spec: ColumnSpec, rng: np.random.Generator) -> Raw:
    return {spec.name: [None if m is None else m.strftime("%d.%m.%Y %H:%M:%S") for m in _moments(rows, spec)]}


def _swapped(rows: Rows, spec: ColumnSpec, rng: np.random.Generator) -> Raw:
    """Months and days change places where the day may be a month; other dates stay, as a reader would take them."""
    found: list[Any] = []
    for m in _moments(rows, spec):
        moved = m if m is None or m.day > 12 else m.replace(month=m.day, day=m.month)
        found.append(np.nan if moved is None else moved.timestamp())
    return {spec.name: rows.numbers(spec, np.array(found))}


def _behind(rows: Rows, spec: ColumnSpec, rng: np.random.Generator) -> Raw:
    return {spec.name: rows.numbers(spec, np.asarray(rows.columns[spec.name]) - HOURS * 3600.0)}
