"""A012: values far outside of what a column holds, or that cannot be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelwright.audit.building import count, percent, tell
from modelwright.audit.findings import AuditContext, Finding, Severity
from modelwright.audit.identifiers import measured_numbers
from modelwright.audit.looking import Coded, coded, is_missing, values_of
from modelwright.audit.names import tokens
from modelwright.audit.sentinels import sentinel_dates, sentinel_numbers
from modelwright.audit.totals import total_row
from modelwright.data.contract import Kind

__all__ = ["ImpossibleValues"]

MIN_ROWS = 50
# Tukey's far-out fence is 3 interquartile ranges; heavy tails cross it honestly. Ten on the plain and on the
# logarithmic scale is not crossed by normal, lognormal or exponential columns, nor by Pareto tails.
FAR_IQR = 10.0
# Of the target, where one such value bends every score: less far on the logarithmic scale (a thousand times larger is
# seven, the interquartile range of a lognormal target 1.3). The gap below keeps honest tails out.
FAR_LOG_IQR_TARGET = 3.0
# ... and the gap to everything else is as wide as all of that side from the median on.
GAP_SIDES = 1.0
RARE_SHARE = 0.01
# Negative values so rare in a column of otherwise positive numbers are mistakes or something else (refunds).
RARE_NEGATIVE = 0.005
OLDEST_AGE = 122  # Jeanne Calment, 1997
MOST_BEYOND = 0.3  # where more values are beyond what the name says, the name means something else
# Where the name says what the numbers are, others cannot be: (words, lowest, highest, most above it, why). Houses and
# trees have ages, too, so that few may be above.
_LIMITS: tuple[tuple[frozenset[str], float, float, float, str], ...] = (
    (
        frozenset({"age", "ages"}),
        0.0,
        OLDEST_AGE,
        RARE_SHARE,
        f"no one is younger than 0 or has been older than {OLDEST_AGE}",
    ),
    (
        frozenset({"percent", "percentage", "pct", "perc", "humidity"}),
        0.0,
        100.0,
        MOST_BEYOND,
        "no share is below 0 or above 100 %",
    ),
    (
        frozenset({"experience", "exper", "seniority", "berufserfahrung"}),
        0.0,
        OLDEST_AGE,
        RARE_SHARE,
        "nobody has less than no experience",
    ),
)
# "percent_change" and "age_diff" may be anything; "net age" and the like are not what the limits are for.
_MAY_BE_ANYTHING = frozenset(
    {"change", "chg", "diff", "difference", "growth", "increase", "decrease", "delta", "return", "vs", "gap", "days"}
)
# Nobody between one year and this age, and a few below one year: months or a digit that is lost.
YOUNGEST_OF_ADULTS = 10.0
# A lone value so many times the next one, in a column of positive numbers that may be mostly zero. Of Pareto tails the
# next one is far from the bulk as well; the step must be twice the way from there to it, on the logarithmic scale.
LONE_TIMES = 10.0
LONE_STEPS = 2.0
LONE_ROWS = 3
LONE_OTHERS = 200
LONE_BULK = 0.95
# Negative values among positive ones that keep clear of zero by this share of their central range: signs that flipped.
SIGN_GAP = 0.15
MOST_FLIPPED = 0.1
RARE_DATES = 0.1  # dates that lie so far away are wrong in larger parts, too: an export that writes 1900 for nothing


@dataclass(frozen=True)
class _Odd:
    low: float
    high: float
    n: int
    why: str
    usual: tuple[float, float] | None = None


class ImpossibleValues:
    """Finds single values that are far outside, negative where nothing else is, or beyond any human age."""

    code: ClassVar[str] = "A012"
    title: ClassVar[str] = "Outliers and impossible values"
    tells: ClassVar[bool] = True
    what: ClassVar[str] = "A few values lie far outside of all others, or cannot be."
    why_it_matters: ClassVar[str] = (
        "They bend means, scales and squared errors, and mostly they are typing errors: the year 2060, 0 kelvin, an "
        "age of 200."
    )
    how_detected: ClassVar[str] = (
        f"At most {percent(RARE_SHARE)} of the values (dates: {percent(RARE_DATES)}), {FAR_IQR:g} interquartile ranges "
        "away from the quartiles and as far from the next value as that is from the median, on the plain and on the "
        f"(signed) logarithmic scale; negative values in at most {percent(RARE_NEGATIVE)} of a positive column, or in "
        f"up to {percent(MOST_FLIPPED)} of one that keeps clear of zero (or with nothing around zero over as wide a "
        "gap "
        "as the lower half of the others is); a largest value {LONE_TIMES:g} times "
        "the next one of a column without negative values; by the name of the column, ages below 0 or "
        f"above {OLDEST_AGE} (or below 1 where all others are grown up), experience below 0 and percentages outside "
        "of 0 to 100. Of a number as target {FAR_LOG_IQR_TARGET:g} ranges "
        "on the logarithmic scale are enough. And a last row that says 'total' or holds the sums of the columns."
    )
    what_is_done: ClassVar[str] = "Told, with example rows. The rows stay: in use such values will come up as well."

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return one finding per column and one on a row of totals, or why there is nothing to check."""
        numbers = measured_numbers(context, Kind.NUMBER, Kind.DURATION, Kind.DATETIME)
        if numbers is None:
            return "there are no numbers"
        if len(context.row_numbers) < MIN_ROWS:
            return f"there are fewer than {MIN_ROWS} rows"
        found = self._total(context)
        for name in numbers:
            values = values_of(context, name)
            is_target = name == context.target
            assert values is not None
            far_log = FAR_LOG_IQR_TARGET if is_target else FAR_IQR
            odd = _odd_values(coded(context, name), tokens(name), far_log, context.contract[name].kind is Kind.DATETIME)
            if odd is not None:
                found.append(self._told(context, name, values, odd))
        return found

    def _total(self, context: AuditContext) -> list[Finding]:
        why = total_row(context)
        if not why:
            return []
        last = int(context.row_numbers[-1])
        target = context.columns.get(context.target or "")
        left_out = target is not None and bool(is_missing(target)[-1])
        so = "It has no target, so it is left out" if left_out else "It would be learned from and scored like any other"
        return [
            tell(
                self,
                severity=Severity.INFO if left_out else Severity.WARNING,
                message=f"The last row (row {last + 1:,}) seems to be a total, no case: {why}. {so}.",
                evidence={"row": last, "total": 1},
                fix="delete the row at the source",
                rows=[last],
                n_rows=1,
            )
        ]

    def _told(self, context: AuditContext, name: str, values: np.ndarray, odd: _Odd) -> Finding:
        rows = np.flatnonzero((values >= odd.low) & (values <= odd.high))
        is_target = name == context.target
        dates = context.contract[name].kind is Kind.DATETIME
        low, high = (_day(v) if dates else f"{v:g}" for v in (odd.low, odd.high))
        shown = low if low == high else f"{low} to {high}"
        why = odd.why
        if odd.usual is not None:
            why += " {} to {}".format(*(_day(v) if dates else f"{v:g}" for v in odd.usual))
        return tell(
            self,
            severity=Severity.WARNING if is_target else Severity.INFO,
            columns=[name],
            message=f"{count(odd.n, 'value')} of '{name}' ({shown}): {why}."
            + (
                f" '{name}' is the target: so few rows can decide what is learned and every score." if is_target else ""
            ),
            evidence={"n": odd.n, "low": odd.low, "high": odd.high},
            fix="correct or empty the field at the source if it is a mistake",
            rows=context.row_numbers[rows],
            n_rows=odd.n,
        )


def _day(seconds: float) -> str:
    return str(np.datetime64(int(seconds), "s").astype("datetime64[D]"))


def _odd_values(column: Coded, words: tuple[str, ...], far_log: float, dates: bool) -> _Odd | None:
    sentinels = {v for v, _ in (sentinel_dates(column) if dates else sentinel_numbers(column))}
    keep = ~np.isin(column.values, list(sentinels)) if sentinels else np.ones(column.n_levels, dtype=bool)
    values, counts = column.values[keep], column.counts[keep]
    n = int(counts.sum())
    if n < MIN_ROWS or len(values) < 3:
        return None
    if dates:
        return _far_out(values, counts, n, far_log, RARE_DATES)
    return (
        _beyond(values, counts, words, n)
        or _infants(values, counts, words, n)
        or _flipped(values, counts, n)
        or _rare_negative(values, counts, n)
        or _far_out(values, counts, n, far_log, RARE_SHARE)
        or _lone(values, counts)
    )


def _beyond(values: np.ndarray, counts: np.ndarray, words: tuple[str, ...], n: int) -> _Odd | None:
    """Return values that the name of the column rules out."""
    if _MAY_BE_ANYTHING.intersection(words) or values[np.searchsorted(np.cumsum(counts), n / 2)] <= 1:
        return None
    for named, low, high, most, why in _LIMITS:
        for beyond, at_most in ((values > high, most), (values < low, MOST_BEYOND)):
            n_beyond = int(counts[beyond].sum())
            if named.intersection(words) and 0 < n_beyond <= at_most * n:
                return _Odd(float(values[beyond][0]), float(values[beyond][-1]), n_beyond, why)
    return None


def _infants(values: np.ndarray, counts: np.ndarray, words: tuple[str, ...], n: int) -> _Odd | None:
    """Return ages below one year in a column of otherwise grown people."""
    young = (values > 0) & (values < 1)
    n_young, others = int(counts[young].sum()), values[values >= 1]
    if not {"age", "ages"}.intersection(words) or not 0 < n_young <= RARE_SHARE * n:
        return None
    if others[0] < YOUNGEST_OF_ADULTS or values[0] < 0:
        return None
    return _Odd(
        float(values[young][0]),
        float(values[young][-1]),
        n_young,
        f"ages below one year, while all others are at least {others[0]:g}",
    )


def _lone(values: np.ndarray, counts: np.ndarray) -> _Odd | None:
    """Return the largest of positive numbers where it is many times all others, though most of them may be zero."""
    positive = values > 0
    v, c = values[positive], counts[positive]
    n_others = int(c[:-1].sum()) if len(c) else 0
    if values[0] < 0 or n_others < LONE_OTHERS or c[-1] > LONE_ROWS or v[-1] < LONE_TIMES * v[-2]:
        return None
    bulk = v[np.searchsorted(np.cumsum(c[:-1]), LONE_BULK * n_others)]
    if np.log(v[-1] / v[-2]) < LONE_STEPS * np.log(v[-2] / bulk):
        return None
    return _Odd(
        float(v[-1]), float(v[-1]), int(c[-1]), f"{v[-1] / v[-2]:,.0f} times the largest other value, {v[-2]:g}"
    )


def _flipped(values: np.ndarray, counts: np.ndarray, n: int) -> _Odd | None:
    """Return negative values of a column whose positive ones keep clear of zero."""
    below = values < 0
    n_below = int(counts[below].sum())
    if not n_below or n_below > MOST_FLIPPED * n or (values == 0).any():
        return None
    positive, position = values[~below], np.cumsum(counts[~below]) / (n - n_below)
    low, middle, high = positive[np.searchsorted(position, (0.01, 0.5, 0.99))]
    clear = high > low and min(positive[0], -values[below][-1]) >= SIGN_GAP * (high - low)
    # Of a skewed column the lower half is narrow: nothing thins out over so wide a gap and goes on behind it.
    beyond = positive[0] - values[below][-1] >= GAP_SIDES * (middle - positive[0]) and -values[below][-1] >= positive[0]
    if not clear and not beyond:
        return None
    return _Odd(
        float(values[0]), float(values[below][-1]), n_below, f"negative, while all others are at least {positive[0]:g}"
    )


def _rare_negative(values: np.ndarray, counts: np.ndarray, n: int) -> _Odd | None:
    below = values < 0
    n_below = int(counts[below].sum())
    if not n_below or n_below > RARE_NEGATIVE * n:
        return None
    # A column around zero, such as a difference, has its quartiles there; only clearly positive columns are judged.
    lowest_typical = values[np.searchsorted(np.cumsum(counts), 0.05 * n)]
    if lowest_typical < 0 or values[below][-1] > -1e-9:
        return None
    spread = values[np.searchsorted(np.cumsum(counts), 0.75 * n)] - lowest_typical
    if lowest_typical > 0 and lowest_typical < 0.1 * spread and values[0] > -spread:
        return None  # a continuous column whose tail merely reaches below zero
    return _Odd(
        float(values[0]), float(values[below][-1]), n_below, f"negative, while {percent(1 - n_below / n)} are not"
    )


def _far_out(values: np.ndarray, counts: np.ndarray, n: int, far_log: float, rare: float) -> _Odd | None:
    outside = _outside(values, counts, n, FAR_IQR)
    unit = float(np.median(np.abs(values[values != 0])))
    outside &= _outside(np.sign(values) * np.log1p(np.abs(values) / unit), counts, n, far_log)
    n_outside = int(counts[outside].sum())
    if not n_outside or n_outside > rare * n:
        return None
    side = values[outside]
    quartile = np.median(values[~outside])
    if side[0] < quartile < side[-1]:
        side = side[side > quartile]
    n_side = int(counts[np.isin(values, side)].sum())
    usual = (float(values[~outside][0]), float(values[~outside][-1]))
    return _Odd(float(side[0]), float(side[-1]), n_side, "far outside of", usual)


def _outside(values: np.ndarray, counts: np.ndarray, n: int, far: float) -> np.ndarray:
    """Return which values lie beyond a wide gap, ``far`` interquartile ranges from the quartiles."""
    low, middle, high = values[np.searchsorted(np.cumsum(counts), (0.25 * n, 0.5 * n, 0.75 * n))]
    spread = high - low
    outside = np.zeros(len(values), dtype=bool)
    if spread <= 0:
        return outside
    gap = np.diff(values)
    below = (gap >= GAP_SIDES * (middle - values[1:])) & (values[:-1] <= low - far * spread)
    above = (gap >= GAP_SIDES * (values[:-1] - middle)) & (values[1:] >= high + far * spread)
    if below.any():
        outside[: np.flatnonzero(below)[-1] + 1] = True
    if above.any():
        outside[np.flatnonzero(above)[0] + 1 :] = True
    return outside
