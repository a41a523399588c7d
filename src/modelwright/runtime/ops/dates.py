"""Moments in time: parts of the calendar, places on the circles of year, week and day, and elapsed time."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from modelwright.data.columns import Columns
from modelwright.runtime.op import RowWriter
from modelwright.runtime.ops.base import Operation, refused

__all__ = ["DAY", "FIRST", "LAST", "PARTS", "Dates", "part"]

DAY = 86_400.0

# The calendar of datetime64 is defined far beyond these; they only keep the arithmetic in 64 bits.
FIRST = -62_135_596_800.0  # year 1
LAST = 253_402_300_799.0  # year 9999


def _days(seconds: np.ndarray) -> np.ndarray:
    return np.floor(seconds / DAY)


def _dates(seconds: np.ndarray) -> np.ndarray:
    return _days(seconds).astype("datetime64[D]")


def _year(seconds: np.ndarray) -> np.ndarray:
    return _dates(seconds).astype("datetime64[Y]").astype(np.int64) + 1970.0


def _month(seconds: np.ndarray) -> np.ndarray:
    return _dates(seconds).astype("datetime64[M]").astype(np.int64) % 12 + 1.0


def _day(seconds: np.ndarray) -> np.ndarray:
    dates = _dates(seconds)
    return (dates - dates.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64) + 1.0


def _day_of_year(seconds: np.ndarray) -> np.ndarray:
    dates = _dates(seconds)
    return (dates - dates.astype("datetime64[Y]").astype("datetime64[D]")).astype(np.int64) + 1.0


def _weekday(seconds: np.ndarray) -> np.ndarray:
    return (_days(seconds) + 3.0) % 7.0  # 1 January 1970 was a Thursday; Monday is 0


def _weekend(seconds: np.ndarray) -> np.ndarray:
    return (_weekday(seconds) >= 5.0).astype(np.float64)


def _hour(seconds: np.ndarray) -> np.ndarray:
    return (seconds % DAY) / 3600.0


def _circle(
    place: Callable[[np.ndarray], np.ndarray], period: float, wave: Callable[[np.ndarray], np.ndarray]
) -> Callable[[np.ndarray], np.ndarray]:
    return lambda seconds: wave(place(seconds) * (2.0 * np.pi / period))


PARTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "elapsed": lambda seconds: seconds / DAY,
    "year": _year,
    "month": _month,
    "day": _day,
    "day_of_year": _day_of_year,
    "weekday": _weekday,
    "weekend": _weekend,
    "hour": _hour,
    "sin_year": _circle(_day_of_year, 365.25, np.sin),
    "cos_year": _circle(_day_of_year, 365.25, np.cos),
    "sin_week": _circle(_weekday, 7.0, np.sin),
    "cos_week": _circle(_weekday, 7.0, np.cos),
    "sin_day": _circle(_hour, 24.0, np.sin),
    "cos_day": _circle(_hour, 24.0, np.cos),
}
"""What can be read from seconds since 1970: ``elapsed`` in days, ``hour`` with its fraction, ``weekday`` from Monday
= 0, and sine and cosine of the place in the year, the week and the day."""


_CIRCLES = {"year": ("day_of_year", 365.25), "week": ("weekday", 7.0), "day": ("hour", 24.0)}
_WAVES = {"sin": np.sin, "cos": np.cos}
_ORDINAL_1970 = dt.date(1970, 1, 1).toordinal()


def parts_of(seconds: float, names: Sequence[str]) -> list[float]:
    """Return parts of one moment, to the bit what `PARTS` gives for many."""
    days = math.floor(seconds / DAY)
    date = dt.date.fromordinal(days + _ORDINAL_1970)
    weekday = (days + 3.0) % 7.0
    known = {
        "elapsed": seconds / DAY,
        "year": float(date.year),
        "month": float(date.month),
        "day": float(date.day),
        "day_of_year": date.toordinal() - dt.date(date.year, 1, 1).toordinal() + 1.0,
        "weekday": weekday,
        "weekend": float(weekday >= 5.0),
        "hour": (seconds % DAY) / 3600.0,
        "missing": 0.0,
    }
    found = []
    for name in names:
        if name not in known:
            wave, _, circle = name.partition("_")
            place, period = _CIRCLES[circle]
            found.append(float(_WAVES[wave](known[place] * (2.0 * np.pi / period))))
        else:
            found.append(known[name])
    return found


def part(name: str, seconds: np.ndarray) -> np.ndarray:
    """Return a part of the moments, NaN where missing."""
    missing = np.isnan(seconds)
    moments = np.where(missing, 0.0, np.minimum(np.maximum(seconds, FIRST), LAST))
    values = PARTS[name](moments)
    values[missing] = np.nan
    return values


@dataclass(frozen=True, eq=False, kw_only=True)
class Dates(Operation):
    """Parts of a datetime column: ``(clip(part, low, high) - center) * factor``, ``fill`` where missing.

    Attributes
    ----------
    parts : tuple of str
        Names in `PARTS`, or ``"missing"``: 1 where the moment is missing, else 0.
    low, high, center, factor, fill : ndarray of float64, shape (n_parts,)
        ``fill`` is the value after scaling; NaN keeps a gap.
    """

    op: ClassVar[str] = "dates"

    parts: tuple[str, ...]
    low: np.ndarray
    high: np.ndarray
    center: np.ndarray
    factor: np.ndarray
    fill: np.ndarray

    def __post_init__(self) -> None:
        super().__post_init__()
        unknown = [p for p in self.parts if p != "missing" and p not in PARTS]
        if unknown or len(self.inputs) != 1 or len(self.parts) != len(self.names):
            raise refused(self.op, f"its parts {list(self.parts)} do not fit")

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return dict.fromkeys(("low", "high", "center", "factor", "fill"), (len(self.parts),))

    def write(self, columns: Columns, out: np.ndarray) -> None:
        seconds = columns[self.inputs[0]]
        assert isinstance(seconds, np.ndarray)
        missing = np.isnan(seconds)
        moments = np.where(missing, 0.0, np.minimum(np.maximum(seconds, FIRST), LAST))
        for j, name in enumerate(self.parts):
            out[:, j] = missing if name == "missing" else PARTS[name](moments)
        np.maximum(out, self.low, out=out)
        np.minimum(out, self.high, out=out)
        out -= self.center
        out *= self.factor
        for j, name in enumerate(self.parts):
            if name != "missing":
                out[missing, j] = self.fill[j]

    def row(self, where: Mapping[str, int], out: np.ndarray) -> RowWriter:
        place = where[self.inputs[0]]
        absent = self({self.inputs[0]: np.array([np.nan])})[0]

        def write(values: Sequence[Any]) -> None:
            seconds = values[place]
            if seconds != seconds:
                out[:] = absent
                return
            out[:] = parts_of(min(max(seconds, FIRST), LAST), self.parts)
            np.maximum(out, self.low, out=out)
            np.minimum(out, self.high, out=out)
            np.subtract(out, self.center, out=out)
            np.multiply(out, self.factor, out=out)

        return write
