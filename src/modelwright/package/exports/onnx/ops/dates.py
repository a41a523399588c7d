"""Moments in time as nodes; see `modelwright.runtime.ops.dates`.

The calendar is arithmetic on whole days (Hinnant 2013, "chrono-compatible low-level date algorithms",
https://howardhinnant.github.io/date_algorithms.html), counted in eras of 400 years from 1 March of the year 0: within
the years 1 to 9999 all of it is positive, so that division needs no care.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np

from modelwright.package.exports.onnx.graph import Graph
from modelwright.package.exports.onnx.inputs import Sources
from modelwright.runtime.ops.dates import DAY, FIRST, LAST, Dates

__all__ = ["dates"]

MARCH_0 = 719_468
"""Days from 1 March of the year 0 to 1 January 1970."""
JANUARY_1 = 719_162
"""Days from 1 January of the year 1 to 1 January 1970."""
ERA = 146_097
"""Days in 400 years."""


class _Calendar:
    """The parts of a column of moments, each made once and only where it is asked for."""

    def __init__(self, graph: Graph, seconds: str) -> None:
        self.graph, self.seconds = graph, seconds

    def _whole(self, op: str, a: str, b: str | int) -> str:
        return self.graph.add(op, a, b if isinstance(b, str) else self.graph.whole(b))

    def _real(self, op: str, a: str, b: float) -> str:
        return self.graph.add(op, a, self.graph.constant(b))

    @cached_property
    def elapsed(self) -> str:
        return self._real("Div", self.seconds, DAY)

    @cached_property
    def days(self) -> str:
        return self.graph.cast(self.graph.add("Floor", self.elapsed), "INT64")

    @cached_property
    def _march_year(self) -> tuple[str, str]:
        """The year that begins in March, and the day in it from 0."""
        day = self._whole("Add", self.days, MARCH_0)
        era = self._whole("Div", day, ERA)
        of_era = self._whole("Sub", day, self._whole("Mul", era, ERA))
        leap = self._whole("Sub", of_era, self._whole("Div", of_era, 1_460))
        leap = self._whole("Add", leap, self._whole("Div", of_era, 36_524))
        leap = self._whole("Sub", leap, self._whole("Div", of_era, ERA - 1))
        year = self._whole("Div", leap, 365)
        return self._whole("Add", year, self._whole("Mul", era, 400)), self._whole("Sub", of_era, self._days_to(year))

    def _days_to(self, years: str) -> str:
        """Days in so many years of the Gregorian calendar, of one era."""
        days = self._whole("Add", self._whole("Mul", years, 365), self._whole("Div", years, 4))
        return self._whole("Sub", days, self._whole("Div", years, 100))

    @cached_property
    def _march_month(self) -> str:
        """Months since March."""
        fifths = self._whole("Add", self._whole("Mul", self._march_year[1], 5), 2)
        return self._whole("Div", fifths, 153)

    @cached_property
    def month(self) -> str:
        early = self._whole("Less", self._march_month, 10)
        added, taken = self._whole("Add", self._march_month, 3), self._whole("Sub", self._march_month, 9)
        return self.graph.where(early, added, taken)

    @cached_property
    def day(self) -> str:
        before = self._whole("Div", self._whole("Add", self._whole("Mul", self._march_month, 153), 2), 5)
        return self._whole("Add", self._whole("Sub", self._march_year[1], before), 1)

    @cached_property
    def year(self) -> str:
        later = self.graph.cast(self._whole("LessOrEqual", self.month, 2), "INT64")
        return self._whole("Add", self._march_year[0], later)

    @cached_property
    def day_of_year(self) -> str:
        past = self._whole("Sub", self.year, 1)
        start = self._whole("Add", self._days_to(past), self._whole("Div", past, 400))
        since = self._whole("Add", self._whole("Sub", self.days, start), JANUARY_1)
        return self._whole("Add", since, 1)

    @cached_property
    def weekday(self) -> str:
        return self._whole("Mod", self._whole("Add", self.days, 3), 7)

    @cached_property
    def weekend(self) -> str:
        return self._whole("GreaterOrEqual", self.weekday, 5)

    @cached_property
    def hour(self) -> str:
        rest = self.graph.add("Mod", self.seconds, self.graph.constant(DAY), fmod=1)
        negative = self._real("Less", rest, 0.0)
        return self._real("Div", self.graph.where(negative, self._real("Add", rest, DAY), rest), 3600.0)

    def circle(self, place: str, period: float, wave: str) -> str:
        """Sine or cosine of the place on a circle; onnxruntime had no cosine of doubles for a long time."""
        angle = self._real("Mul", self.graph.cast(place, "DOUBLE"), 2.0 * np.pi / period)
        return self.graph.add("Sin", angle if wave == "Sin" else self._real("Add", angle, np.pi / 2.0))


_PARTS: dict[str, Callable[[_Calendar], str]] = {
    "elapsed": lambda at: at.elapsed,
    "year": lambda at: at.year,
    "month": lambda at: at.month,
    "day": lambda at: at.day,
    "day_of_year": lambda at: at.day_of_year,
    "weekday": lambda at: at.weekday,
    "weekend": lambda at: at.weekend,
    "hour": lambda at: at.hour,
    "sin_year": lambda at: at.circle(at.day_of_year, 365.25, "Sin"),
    "cos_year": lambda at: at.circle(at.day_of_year, 365.25, "Cos"),
    "sin_week": lambda at: at.circle(at.weekday, 7.0, "Sin"),
    "cos_week": lambda at: at.circle(at.weekday, 7.0, "Cos"),
    "sin_day": lambda at: at.circle(at.hour, 24.0, "Sin"),
    "cos_day": lambda at: at.circle(at.hour, 24.0, "Cos"),
}


def dates(graph: Graph, op: Dates, sources: Sources) -> str:
    """The parts, clipped and scaled, filled where the moment is missing."""
    seconds = sources.value(op.inputs[0])
    missing = graph.add("IsNaN", seconds)
    at = _Calendar(graph, graph.where(missing, graph.constant([0.0]), graph.clip(seconds, FIRST, LAST)))
    parts = [graph.cast(missing if name == "missing" else _PARTS[name](at), "DOUBLE") for name in op.parts]
    centred = graph.add("Sub", graph.clip(graph.concat(parts), op.low, op.high), graph.constant(op.center))
    features = graph.add("Mul", centred, graph.constant(op.factor))
    kept = np.array([name == "missing" for name in op.parts])
    filled = graph.where(graph.constant(kept, np.bool_), features, graph.constant(op.fill))
    return graph.where(missing, filled, features)
