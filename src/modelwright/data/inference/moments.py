"""Dates: which formats a text column is written in, and which numbers are dates."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from modelwright.data.inference.names import hints, is_time
from modelwright.data.inference.numbers import READABLE_SHARE
from modelwright.data.parsing.moments import EXCEL, format_reader, read_duration, read_iso

__all__ = ["DatesFound", "find_dates", "find_dates_of_numbers", "is_durations", "swapped"]

MAX_TEXTS = 3000
MAX_FORMATS = 3
MIN_FORMAT_SHARE = 0.01
"""Share of the values from which another format of the column is believed."""

MIN_DURATIONS = 5  # different values before "3d" is believed to be three days
CLEARER = 0.8
"""Of two readings, the one with fewer than this share of the other's steps back in time is the right one."""

EPOCH_FROM, EPOCH_TO = 315_532_800.0, 4_102_444_800.0  # 1980 to 2100, in seconds
EXCEL_FROM, EXCEL_TO = 14_611.0, 73_051.0  # 1940 to 2100, in days
MIN_YEAR, MAX_YEAR = 1800, 2200

_DATES = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y", "%m.%d.%Y",
    "%d %b %Y", "%d-%b-%Y", "%d/%b/%Y", "%d %B %Y", "%d. %B %Y", "%d-%B-%Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y",
    "%B %d %Y", "%Y-%b-%d", "%Y %b %d", "%d %b, %Y", "%d%b%Y", "%a %b %d %Y", "%a, %d %b %Y", "%A, %B %d, %Y",
    "%d/%m/%y", "%m/%d/%y", "%d-%m-%y", "%m-%d-%y", "%d.%m.%y", "%m.%d.%y", "%d-%b-%y", "%d %b %y", "%d%b%y",
    "%y/%m/%d", "%y-%m-%d",
)  # fmt: skip
_TIMES = ("", " %H:%M:%S", " %H:%M", "T%H:%M:%S", "T%H:%M", " %H:%M:%S.%f", "T%H:%M:%S.%f", " %I:%M:%S %p",
          " %I:%M %p", " %I:%M%p", ", %H:%M", ", %I:%M %p", ", %I:%M:%S %p", ":%H:%M:%S")  # fmt: skip
_ZONED = ("%z", " %z")
_OTHERS = (
    "%Y%m%d", "%Y%m%d%H%M%S", "%Y%m%dT%H%M%S", "%Y%m%d %H:%M:%S", "%Y-%m", "%Y/%m", "%m/%Y", "%m-%Y", "%b %Y",
    "%b-%Y", "%B %Y", "%B-%Y", "%B, %Y", "%Y %b", "%Y-%b", "%b-%y", "%b %y", "%a %b %d %H:%M:%S %Y",
    "%a %b %d %H:%M:%S %z %Y", "%H:%M:%S %d/%m/%Y", "%H:%M %d/%m/%Y",
)  # fmt: skip


@lru_cache(maxsize=1)
def _candidates() -> tuple[str, ...]:
    timed = [d + t for d in _DATES for t in _TIMES]
    zoned = [s + z for s in timed if "%H" in s and s.startswith(("%Y-", "%Y/", "%d/%b", "%a")) for z in _ZONED]
    return (*timed, *zoned, *_OTHERS)


@dataclass(frozen=True, kw_only=True)
class DatesFound:
    """The formats of a column of dates, the most frequent first, and why."""

    formats: tuple[str, ...]
    why: str


def find_dates(texts: list[str], counts: np.ndarray, codes: np.ndarray) -> DatesFound | None:
    """Return the formats in which distinct texts are dates, None where they are no dates.

    Parameters
    ----------
    texts : list of str
        Distinct, not missing, stripped.
    counts : ndarray of int
    codes : ndarray of int
        Position in ``texts`` per row, -1 where missing: the order of the rows tells day-first from month-first.
    """
    if not _plausible(texts[:50]):
        return None
    chosen: list[str] = []
    why: list[str] = []
    rest = list(range(min(len(texts), MAX_TEXTS)))
    total = counts[rest].sum()
    while rest and len(chosen) < MAX_FORMATS:
        style, told, matched = _best(texts, counts, rest, codes, [swapped(s) for s in chosen])
        if style is None or counts[matched].sum() < MIN_FORMAT_SHARE * total:
            break
        chosen.append(style)
        why += [told] if told else []
        gone = set(matched)
        rest = [i for i in rest if i not in gone]
    left = [i for i in rest if read_iso(texts[i]) is None]
    if not chosen or counts[left].sum() > (1 - READABLE_SHARE) * total:
        return None
    return DatesFound(formats=tuple(chosen), why="; ".join([f"dates as {' or '.join(chosen)}", *why]))


def _plausible(texts: list[str]) -> bool:
    """Return whether some texts have the length and the digits of a date."""
    likely = sum(6 <= len(t) <= 40 and sum(ch.isdigit() for ch in t) >= 3 for t in texts)
    return likely > len(texts) / 2


def _best(
    texts: list[str], counts: np.ndarray, rest: list[int], codes: np.ndarray, barred: list[str | None]
) -> tuple[str | None, str, list[int]]:
    """Return the format that reads most of the remaining values, the reason if it was a close call, and which."""
    probes = [texts[i] for i in rest[:: max(len(rest) // 5, 1)][:5]]
    possible = [
        style
        for style in _candidates()
        if style not in barred and any(_alike(style, p) and format_reader(style)(p) is not None for p in probes)
    ]
    found = {s: [i for i in rest if format_reader(s)(texts[i]) is not None] for s in possible}
    if not found:
        return None, "", []
    style = max(found, key=lambda s: counts[found[s]].sum())  # the first of equals: four-digit years, ISO
    other = swapped(style)
    if other is None or other not in found:
        return style, "", found[style]
    mine, its = counts[found[style]].sum(), counts[found[other]].sum()
    order = "the day" if style.index("%d") < style.index("%m") else "the month"
    if mine != its:
        return style, f"{order} comes first: the other order reads only {its / mine:.0%} of the values", found[style]
    style, why = _by_order(style, other, texts, codes)
    return style, why, found[style]


def _alike(style: str, probe: str) -> bool:
    """Return whether the punctuation of a format is in a text: cheaper than a regular expression per format."""
    return all(style.count(mark) <= probe.count(mark) for mark in "/-.:,T")


def swapped(style: str) -> str | None:
    """Return a format of digits with day and month exchanged; None where their order cannot be mistaken."""
    day, month = style.find("%d"), style.find("%m")
    if day < 0 or month < 0 or style.startswith(("%Y", "%y")):
        return None
    return style.replace("%d", "\0").replace("%m", "%d").replace("\0", "%m")


def _by_order(one: str, other: str, texts: list[str], codes: np.ndarray) -> tuple[str, str]:
    """Decide between two formats that read everything: rows are often in order of time, or nearly."""
    back = {}
    for style in (one, other):
        read = format_reader(style)
        moments = np.array([np.nan if (s := read(t)) is None else s for t in texts] + [np.nan])[codes]
        moments = moments[~np.isnan(moments)]
        back[style] = min(int((np.diff(moments) < 0).sum()), int((np.diff(moments) > 0).sum()))
    low, high = sorted((one, other), key=lambda s: back[s])
    if back[low] < CLEARER * back[high]:
        return low, f"{low} and {high} both read all values; as {low} the rows are better in order of time"
    default = next(s for s in (one, other) if (s.index("%m") < s.index("%d")) == ("/" in s))
    return default, f"day and month cannot be told apart by the values: {default} is assumed (set the kind to change)"


def find_dates_of_numbers(name: str, numbers: np.ndarray) -> DatesFound | None:
    """Return the format in which numbers are dates: 20170331, seconds or milliseconds since 1970, days of a sheet.

    Whole numbers that are all valid days as ``yyyymmdd`` are dates under any name: of the numbers with eight digits
    one in 250 would be. The other forms need a name that speaks of time.
    """
    low, high = float(numbers.min()), float(numbers.max())
    whole = bool((numbers == np.floor(numbers)).all())
    if whole and low >= MIN_YEAR * 10_000 and high <= MAX_YEAR * 10_000 + 1231 and _all_days(numbers):
        return DatesFound(formats=("%Y%m%d",), why="all values are valid days as yyyymmdd")
    if not is_time(name):
        return None
    if whole and low >= MIN_YEAR * 100 and high <= MAX_YEAR * 100 + 12 and np.isin(numbers % 100, range(1, 13)).all():
        return DatesFound(formats=("%Y%m",), why="all values are valid months as yyyymm, and the name speaks of time")
    for style, unit, factor in (("epoch:s", "seconds", 1), ("epoch:ms", "milliseconds", 10**3),
                                ("epoch:us", "microseconds", 10**6), ("epoch:ns", "nanoseconds", 10**9)):  # fmt: skip
        if EPOCH_FROM * factor <= low and high <= EPOCH_TO * factor:
            return DatesFound(formats=(style,), why=f"{unit} since 1970, by range and name")
    if low >= EXCEL_FROM and high <= EXCEL_TO and hints(name, frozenset({"date", "datetime"})):
        return DatesFound(formats=(EXCEL,), why="days as spreadsheets count them, by range and name")
    return None


def _all_days(numbers: np.ndarray) -> bool:
    values = np.unique(numbers)
    read = format_reader("%Y%m%d")
    return len(values) > 1 and all(read(str(int(v))) is not None for v in values[:MAX_TEXTS])


def is_durations(texts: list[str], counts: np.ndarray) -> bool:
    """Return whether texts are durations: "01:30:00", "90 min", "1h 30m"."""
    texts, counts = texts[:MAX_TEXTS], counts[:MAX_TEXTS]
    read = np.array([any(c == ":" or c.isalpha() for c in t) and read_duration(t) is not None for t in texts])
    clock = sum(":" in t for t in texts)
    return bool(counts[read].sum() >= READABLE_SHARE * counts.sum()) and (
        len(texts) >= MIN_DURATIONS or clock == len(texts)
    )
