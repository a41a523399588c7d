"""Dates, times and durations in text, numbers and Python objects, as seconds.

A moment is seconds since 1970-01-01 UTC; a time without a zone is taken as UTC. Everything is cut to whole
microseconds, so that a value is the same from a file, from JSON and from pandas. ISO 8601 with the year first is read
in every datetime column beside the column's own formats: it cannot be misunderstood, and it is what JSON clients send.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from modelwright.data.parsing.numbers import as_float

__all__ = [
    "EPOCH_UNITS",
    "EXCEL",
    "EXCEL_DAY_0",
    "MONTHS",
    "FormatReader",
    "format_reader",
    "read_duration",
    "read_iso",
    "read_moment",
]

EPOCH_UNITS = {"epoch:s": 1, "epoch:ms": 10**3, "epoch:us": 10**6, "epoch:ns": 10**9}
EXCEL = "excel"
EXCEL_DAY_0 = -2_209_161_600.0  # 1899-12-30 in seconds: sheets count a 29 February 1900 that never was
DAY = 86_400
_ORDINAL_1970 = dt.date(1970, 1, 1).toordinal()
_PIVOT = 69  # POSIX: two-digit years from 69 on are in the 20th century

MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
         "sep sept september", "oct october", "nov november", "dec december"), 1
    )
    for name in names.split()
}  # fmt: skip
_ZONE = r"Z|z|UTC|[+-]\d{2}(?::?\d{2})?"
_ISO = re.compile(
    r"(?P<Y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})"
    rf"(?:[T ](?P<H>\d{{2}})(?::(?P<M>\d{{2}})(?::(?P<S>\d{{2}})(?:[.,](?P<f>\d{{1,9}}))?)?)?\s*(?P<z>{_ZONE})?)?",
    re.ASCII,
)


class FormatReader:
    """Reads texts of one ``strptime`` format, as seconds; the regular expression is built once."""

    def __init__(self, style: str) -> None:
        self.pattern = _compiled(style)

    def __call__(self, text: str) -> float | None:
        """Return seconds since 1970 UTC, None where the text is not in the format or no such day exists."""
        match = self.pattern.fullmatch(text)
        return None if match is None else _seconds(match.groupdict())


@lru_cache(maxsize=2048)
def format_reader(style: str) -> FormatReader:
    """Return the reader of a ``strptime`` format."""
    return FormatReader(style)


def _compiled(style: str) -> re.Pattern[str]:
    # Without separators ("%Y%m%d") every part has its full width; with them "3/4/2017" is as good as "03/04/2017".
    packed = re.search(r"%[mdHMS]%|%Y%[mdH]", style) is not None
    two = r"\d{2}" if packed else r"\d{1,2}"
    parts = {
        "%Y": r"(?P<Y>\d{4})", "%y": r"(?P<y>\d{2})", "%m": f"(?P<m>{two})", "%d": f"(?P<d>{two})",
        "%H": f"(?P<H>{two})", "%I": f"(?P<I>{two})", "%M": r"(?P<M>\d{2})", "%S": r"(?P<S>\d{2})",
        "%f": r"(?P<f>\d{1,9})", "%p": r"(?P<p>[aApP])\.?[mM]\.?", "%z": f"(?P<z>{_ZONE})",
        "%b": r"(?P<b>[A-Za-z]{3,4})\.?", "%B": r"(?P<b>[A-Za-z]{3,9})",
        "%a": r"[A-Za-z]{2,4}\.?", "%A": r"[A-Za-z]{6,9}",
    }  # fmt: skip
    pieces = re.split(r"(%[A-Za-z])", style)
    return re.compile(
        "".join(parts[p] if p in parts else re.escape(p).replace(r"\ ", r"\s+") for p in pieces), re.ASCII
    )


def _seconds(part: dict[str, str | None]) -> float | None:
    """Return seconds from the named parts of a match; a missing month or day is the first."""
    if name := part.get("b"):
        month = MONTHS.get(name.lower())
        if month is None:
            return None
    else:
        month = int(part.get("m") or 1)
    if short := part.get("y"):
        year = int(short) + (1900 if int(short) >= _PIVOT else 2000)
    else:
        year = int(part.get("Y") or 1970)
    hour = int(part.get("H") or 0)
    if half := part.get("p"):
        hour = int(part.get("I") or 0)
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half in "pP" else 0)
    minute, second = int(part.get("M") or 0), int(part.get("S") or 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    try:
        day = dt.date(year, month, int(part.get("d") or 1)).toordinal() - _ORDINAL_1970
    except ValueError:  # no such day
        return None
    micro = int((part.get("f") or "0").ljust(6, "0")[:6])
    total = day * DAY + hour * 3600 + minute * 60 + second - _zone_offset(part.get("z"))
    return float(total * 1_000_000 + micro) / 1e6  # rounded twice, as a column of Arrow is


def _zone_offset(zone: str | None) -> int:
    if not zone or zone[0] not in "+-":
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    return (1 if zone[0] == "+" else -1) * (int(digits[:2]) * 3600 + int(digits[2:]) * 60)


def read_iso(text: str) -> float | None:
    """Return seconds since 1970 UTC of an ISO 8601 date or date and time, year first; None for anything else."""
    match = _ISO.fullmatch(text)
    return None if match is None else _seconds(match.groupdict())


def read_moment(value: Any, formats: Sequence[str]) -> float | None:
    """Return seconds since 1970 UTC of a text, number or date object by the formats of a column; None if unreadable."""
    if isinstance(value, str):
        text = value.strip()
        for style in formats:
            seconds = _by_number(_number(text), style) if _is_numeric_style(style) else format_reader(style)(text)
            if seconds is not None:
                return seconds
        return read_iso(text)
    if isinstance(value, dt.datetime):
        if value.tzinfo is not None:
            value = value.astimezone(dt.UTC).replace(tzinfo=None)
        delta = value - dt.datetime(1970, 1, 1)
        return _of_delta(delta)
    if isinstance(value, dt.date):
        return float((value.toordinal() - _ORDINAL_1970) * DAY)
    if isinstance(value, np.datetime64):
        return float(value.astype("datetime64[us]").astype(np.int64)) / 1e6
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        return None
    return _moment_of_number(as_float(value), formats)


def _of_delta(delta: dt.timedelta) -> float:
    return float((delta.days * DAY + delta.seconds) * 1_000_000 + delta.microseconds) / 1e6


def _moment_of_number(number: float, formats: Sequence[str]) -> float | None:
    for style in formats:
        if _is_numeric_style(style):
            return _by_number(number, style)
        if (
            style in ("%Y%m%d", "%Y%m", "%Y") and np.isfinite(number) and number == int(number)
        ):  # dates written as whole numbers
            return format_reader(style)(str(int(number)))
    return None


def _is_numeric_style(style: str) -> bool:
    return style in EPOCH_UNITS or style == EXCEL


_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)", re.ASCII)


def _number(text: str) -> float | None:
    return float(text) if _PLAIN.fullmatch(text) else None


def _by_number(number: float | None, style: str) -> float | None:
    if number is None or not np.isfinite(number):
        return None
    return EXCEL_DAY_0 + number * DAY if style == EXCEL else number / EPOCH_UNITS[style]


_CLOCK = re.compile(
    r"(?P<sign>-)?(?:(?P<days>\d+)\s*days?,?\s+)?(?P<h>\d{1,3}):(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d(?:\.\d+)?))?", re.ASCII
)
_ISO_DURATION = re.compile(
    r"P(?:(?P<w>\d+)W)?(?:(?P<d>\d+)D)?(?:T(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+(?:\.\d+)?)S)?)?", re.ASCII
)
_WORDS = re.compile(r"(\d+(?:[.,]\d+)?)\s*([a-zµ]+)\.?", re.ASCII | re.IGNORECASE)
_UNIT_SECONDS = {
    unit: seconds
    for units, seconds in (
        ("ms msec msecs millisecond milliseconds", 0.001), ("s sec secs second seconds", 1.0),
        ("min mins minute minutes", 60.0), ("h hr hrs hour hours", 3600.0), ("d day days", 86_400.0),
        ("w wk wks week weeks", 604_800.0),
    )
    for unit in units.split()
}  # fmt: skip


def read_duration(value: Any) -> float | None:
    """Return the seconds of "01:30:00", "2 days 03:00:00", "90 min", "1h 30m", "PT90M", a number or an object."""
    if isinstance(value, str):
        return _duration_of_text(value.strip())
    if isinstance(value, dt.timedelta):
        return _of_delta(value)
    if isinstance(value, dt.time):
        return value.hour * 3600 + value.minute * 60 + value.second + value.microsecond / 1_000_000
    if isinstance(value, np.timedelta64):
        return float(value.astype("timedelta64[us]").astype(np.int64)) / 1e6
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        return None
    return as_float(value)


def _duration_of_text(text: str) -> float | None:
    if match := _CLOCK.fullmatch(text):
        seconds = int(match["days"] or 0) * DAY + int(match["h"]) * 3600 + int(match["m"]) * 60 + float(match["s"] or 0)
        return -seconds if match["sign"] else seconds
    if text[:1] == "P" and len(text) > 2 and (match := _ISO_DURATION.fullmatch(text)):
        parts = zip(("w", "d", "h", "m", "s"), (604_800, DAY, 3600, 60, 1), strict=True)
        return sum(float(match[key] or 0) * seconds for key, seconds in parts)
    return _duration_of_words(text)


def _duration_of_words(text: str) -> float | None:
    parts = _WORDS.findall(text)
    if not parts:
        return _number(text)
    if _WORDS.sub("", text).replace("and", "").strip(" ,"):
        return None
    clock = len(parts) > 1  # "1h 30m": m is minutes beside another unit, metres alone
    total = 0.0
    for amount, unit in parts:
        seconds = 60.0 if clock and unit.lower() == "m" else _UNIT_SECONDS.get(unit.lower())
        if seconds is None:
            return None
        total += float(amount.replace(",", ".")) * seconds
    return total
