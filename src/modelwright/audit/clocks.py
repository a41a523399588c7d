"""What tells when a row came about: dates, parts of dates, a running count, and a beat in the order of the file.

A *panel* is a table of things (shops, shares, engines) looked at several times: thing and time together are a key of
it, although so many rows drawn at random from so many things and moments would repeat some. This needs no names and
no order of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise, takewhile

import numpy as np

from modelwright.audit.findings import AuditContext
from modelwright.audit.identifiers import identifier_reason
from modelwright.audit.looking import coded, memo, rank_correlation
from modelwright.audit.names import NOT_EVENT, STEP, TIME, entity, tokens
from modelwright.audit.peaks import peaks_of
from modelwright.data.columns import Strings
from modelwright.data.contract import Kind
from modelwright.data.moments import joint_ranks, part_numbers
from modelwright.data.ranks import average_ranks

__all__ = [
    "MIN_MOMENTS",
    "MIN_PRESENT",
    "Panel",
    "beat",
    "date_in_parts",
    "dates",
    "file_order",
    "find_panel",
    "is_clock",
    "moments_in_parts",
    "panel_order",
    "parts_in_order",
]

MIN_MOMENTS = 10
MIN_PRESENT = 0.9
YEARS = (1900.0, 2100.0)
ALWAYS_LATER = 0.999  # rank correlation of a date with the row number, but for a few rows out of place
# Words for parts of a date, from the largest to the smallest.
_PARTS = (
    frozenset(("year", "yr", "yyyy")),
    frozenset(("quarter", "qtr")),
    frozenset(("month", "mon", "mm")),
    frozenset(("day", "dom", "dayofmonth", "dd")),
    frozenset(("hour", "hr", "hh")),
    frozenset(("minute", "min")),
)
_NO_PART = frozenset(("week", "weekday", "dow", "season", "holiday", "workingday"))
_NO_THING = frozenset(("date", "dt", "time", "of", "the", "in", "no", "nr", "num", "number", "name"))
_OF_TIME = frozenset.union(*_PARTS) | _NO_PART | TIME
SORTED_ROWS = 0.999
# A key: at most one row in a thousand repeats, where draws would repeat at least this many rows.
REPEATS_BY_CHANCE = 20
KEY_REPEATS = 0.001
MIN_ROWS_PER_THING = 6.0
MIN_THINGS_AT_A_TIME = 1.8  # moments that hardly repeat make a key with anything
MAX_THING_COLUMNS = 12
MAX_TIMES = 4
# A running count begins at 0 or 1 and leaves nothing out; there are never more things at a later count.
COUNT_DENSITY = 0.9
# Features that differ in fewer than one of twenty looks at the same thing are properties of the thing.
CHANGES = 0.05
# A beat: the likeness of rows so far apart comes back after it was gone, twice. Orders of place and of batches fade.
BEAT_DEPTH = 0.3
MIN_BEAT, MAX_BEAT = 4, 1_000


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Things looked at several times.

    Attributes
    ----------
    things : tuple of str
        The one or two columns that name the thing.
    time : str
    calendar : bool
        The time is a date or a year; False for a running count of each thing.
    n_things, n_moments : int
    bare : bool
        Nothing but the time changes from look to look: all that can be asked is how known things go on.
    """

    things: tuple[str, ...]
    time: str
    calendar: bool
    n_things: int
    n_moments: int
    bare: bool


def dates(context: AuditContext) -> list[str]:
    """Return the dates and years that may say when a row came about: no birth, no expiry, nearly always there."""
    return [n for n in context.contract.names if n != context.target and _is_date(context, n)]


def _is_date(context: AuditContext, name: str) -> bool:
    column, words = coded(context, name), tokens(name)
    if column.n_levels < MIN_MOMENTS or column.n_present < MIN_PRESENT * len(column.codes):
        return False
    if NOT_EVENT.intersection(words):
        return False
    kind = context.contract[name].kind
    if kind is Kind.DATETIME:
        return True
    if kind is not Kind.NUMBER or "year" not in words or isinstance(context.columns[name], Strings):
        return False
    whole = bool(np.all(column.values == np.floor(column.values)))
    return whole and column.values[0] >= YEARS[0] and column.values[-1] <= YEARS[1]


def file_order(context: AuditContext, name: str) -> float:
    """Return how much the file is in the order of a column (rank correlation with the row number)."""
    return memo(context, ("file order", name), lambda: _order(context, name))


def _order(context: AuditContext, name: str) -> float:
    codes = coded(context, name).codes
    return rank_correlation(np.where(codes < 0, np.nan, codes), np.arange(len(codes), dtype=np.float64))


def is_clock(context: AuditContext, name: str) -> bool:
    """Return whether the file is in the order of this date, from row to row: a log."""
    return _is_date(context, name) and abs(file_order(context, name)) >= ALWAYS_LATER


def parts_in_order(context: AuditContext) -> tuple[str, ...]:
    """Return the columns (year, month, day, …) that together never fall along the file; empty where none do.

    They have at least `MIN_MOMENTS` different values together.
    """
    found: list[str] = []
    state = np.zeros(len(context.row_numbers), np.int64)
    for words in _PARTS:
        name = next((n for n in context.features if _is_part(context, n, words)), None)
        if name is None and not found:
            return ()
        if name is None:
            continue
        finer = state * (coded(context, name).n_levels + 1) + coded(context, name).codes
        if len(finer) < MIN_MOMENTS or float(np.mean(np.diff(finer) >= 0)) < SORTED_ROWS:
            break
        state = np.unique(finer, return_inverse=True)[1]
        found.append(name)
    return tuple(found) if len(state) and state.max() + 1 >= MIN_MOMENTS else ()


def date_in_parts(context: AuditContext) -> tuple[str, ...]:
    """Return the columns that are called year, month, day, … of the same thing and together may be a date, whatever
    order rows are in; the year first."""
    parts: dict[frozenset[str], dict[int, str]] = {}
    for name in context.features:
        part = _part(name)
        if part is not None and coded(context, name).n_missing == 0:
            parts.setdefault(_thing(name), {}).setdefault(part, name)
    dated = [found for found in parts.values() if 0 in found and len(found) > 1]
    return tuple(name for _, name in sorted(max(dated, key=len).items())) if dated else ()


def _part(name: str) -> int | None:
    """Return the finest part of a date that a column is called, by its place in `_PARTS`; None where it is none."""
    return next((i for i in reversed(range(len(_PARTS))) if _called(name, _PARTS[i])), None)


def _thing(name: str) -> frozenset[str]:
    """Return the words of a name that say of what it is the year, the month or the day."""
    said = tokens(name)
    if any("".join(said) in words for words in _PARTS):
        return frozenset()
    return frozenset(said).difference(*_PARTS, _NO_THING)


def moments_in_parts(context: AuditContext) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the columns of year, month, day and hour, in whatever order the rows are, and the moment of each row.

    Moments are numbered in their order; ``()`` where they are fewer than `MIN_MOMENTS`. Months may be names.
    """
    found = list(takewhile(lambda n: _says_part(context, n), date_in_parts(context)))
    moments = joint_ranks([context.columns[n] for n in found]) if len(found) > 1 else np.array([], dtype=np.int64)
    return (tuple(found) if moments.max(initial=0) + 1 >= MIN_MOMENTS else ()), moments


def _says_part(context: AuditContext, name: str) -> bool:
    # "min" is more often a minimum than a minute
    return not _called(name, _PARTS[-1]) and not np.isnan(part_numbers(context.columns[name])).any()


def _called(name: str, words: frozenset[str]) -> bool:
    said = tokens(name)
    if _NO_PART.intersection(said) or NOT_EVENT.intersection(said):
        return False
    return "".join(said) in words or bool(words.intersection(said))


def _is_part(context: AuditContext, name: str, words: frozenset[str]) -> bool:
    column = coded(context, name)
    return (
        not isinstance(context.columns[name], Strings)
        and _called(name, words)
        and 1 < column.n_levels <= 366
        and column.n_missing == 0
    )


# -------------------------------------------------------------------------------------------------------- panels


def find_panel(context: AuditContext) -> Panel | None:
    """Return the panel that the table is, None where it is none."""
    return memo(context, "panel", lambda: _panel(context))


def _panel(context: AuditContext) -> Panel | None:
    n = len(context.row_numbers)
    calendar = dates(context)
    counts = [c for c in context.features if c not in calendar and _may_count(context, c)]
    counts.sort(key=lambda c: (not STEP.intersection(tokens(c)), -_rises(context, c)))
    repeated = [t for t in calendar + counts if n >= MIN_THINGS_AT_A_TIME * coded(context, t).n_levels]
    for time in repeated[:MAX_TIMES]:
        for things in _things(context, time):
            code = _numbered(context, things)
            n_things, n_moments = int(code.max()) + 1, coded(context, time).n_levels
            if n < MIN_ROWS_PER_THING * n_things or n * n / (2 * n_things * n_moments) < REPEATS_BY_CHANCE:
                continue
            keys = np.unique(code * (n_moments + 1) + coded(context, time).codes)
            if len(keys) >= (1 - KEY_REPEATS) * n:
                bare = _is_bare(context, code, time, things)
                return Panel(
                    things=things,
                    time=time,
                    calendar=time in calendar,
                    n_things=n_things,
                    n_moments=n_moments,
                    bare=bare,
                )
    return None


def _may_count(context: AuditContext, name: str) -> bool:
    column = coded(context, name)
    if isinstance(context.columns[name], Strings) or context.contract[name].kind is not Kind.NUMBER:
        return False
    if column.n_levels < MIN_MOMENTS or column.n_missing or column.values[0] not in (0.0, 1.0):
        return False
    if entity(name)[0] or identifier_reason(context, name) or not np.all(column.values == np.floor(column.values)):
        return False
    dense = column.n_levels >= COUNT_DENSITY * (column.values[-1] - column.values[0] + 1)
    thirds = np.array_split(column.counts, 3)
    means = [float(part.mean()) for part in thirds]
    # Sampled rows leave the counts uneven; twice the standard error of the smaller mean is allowed for.
    return bool(dense) and all(b <= a + 2 * np.sqrt(a / len(thirds[0])) for a, b in pairwise(means))


def _rises(context: AuditContext, name: str) -> float:
    """Return in what share of the rows the count is one more than in the row before."""
    return float(np.mean(np.diff(coded(context, name).codes) == 1))


def _things(context: AuditContext, time: str) -> Iterator[tuple[str, ...]]:
    """Yield columns, then pairs of them, that may name a thing."""
    n = len(context.row_numbers)
    used = []
    for name in context.contract.names:
        if name in (time, context.target) or context.contract[name].kind is Kind.DATETIME:
            continue
        if _OF_TIME.intersection(tokens(name)):
            continue
        column = coded(context, name)
        whole = column.values.dtype == object or bool(np.all(column.values == np.floor(column.values)))
        if whole and 2 <= column.n_levels <= n / MIN_ROWS_PER_THING and not column.n_missing:
            used.append(name)
    used.sort(key=lambda name: -coded(context, name).n_levels)
    words = [n for n in used if isinstance(context.columns[n], Strings)]
    yield from ((name,) for name in used[:MAX_THING_COLUMNS])
    yield from combinations(words[: MAX_THING_COLUMNS // 2], 2)


def _numbered(context: AuditContext, names: tuple[str, ...]) -> np.ndarray:
    state = np.zeros(len(context.row_numbers), np.int64)
    for name in names:
        column = coded(context, name)
        state = np.unique(state * (column.n_levels + 1) + column.codes, return_inverse=True)[1]
    return state


def panel_order(context: AuditContext, panel: Panel) -> np.ndarray:
    """Return the rows sorted by thing, and by time within."""
    return np.lexsort((coded(context, panel.time).codes, _numbered(context, panel.things)))


def _is_bare(context: AuditContext, code: np.ndarray, time: str, things: tuple[str, ...]) -> bool:
    order = np.lexsort((coded(context, time).codes, code))
    same = np.diff(code[order]) == 0
    for name in context.features:
        if name in things or name == time or _OF_TIME.intersection(tokens(name)) or identifier_reason(context, name):
            continue
        if float(np.mean(np.diff(coded(context, name).codes[order])[same] != 0)) > CHANGES:
            return False
    return True


# ---------------------------------------------------------------------------------------------------------- beats


def beat(context: AuditContext) -> int:
    """Return after how many rows the target repeats itself along the file (24 for hours), 0 where it does not.

    The likeness of rows so far apart (autocorrelation of ranks, or of the class nearest to one half) must fall and
    come back by `BEAT_DEPTH`, once and again. Sampled tables have lost their beat.
    """
    return memo(context, "beat", lambda: _beat(context))


def _beat(context: AuditContext) -> int:
    if context.y is None or len(context.row_numbers) < context.n_rows:
        return 0
    y = context.y[~np.isnan(context.y)]
    if len(y) < 2 * MIN_BEAT or np.ptp(y) == 0:
        return 0
    z = average_ranks(y) if not context.classes else (y == _middle(y)).astype(np.float64)
    z = z - z.mean()
    spectrum = np.fft.rfft(z, 2 * len(z))
    likeness = np.fft.irfft(spectrum * np.conj(spectrum))[: min(len(z) // 3, 2 * MAX_BEAT)]
    likeness = likeness / likeness[0]
    peaks = peaks_of(likeness[: len(likeness) // 2], BEAT_DEPTH)
    for peak in peaks[peaks >= MIN_BEAT]:
        near = max(1, peak // 10)
        again = likeness[2 * peak - near : 2 * peak + near + 1].max() - likeness[peak : 2 * peak].min()
        if again >= BEAT_DEPTH:
            return int(peak)
    return 0


def _middle(y: np.ndarray) -> float:
    classes, counts = np.unique(y, return_counts=True)
    return float(classes[np.abs(counts / counts.sum() - 0.5).argmin()])
