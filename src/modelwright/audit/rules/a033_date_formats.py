"""A033: dates written in several ways, or whose day and month can be confused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import ClassVar

import numpy as np

from modelwright.audit.building import MAX_EXAMPLES, count, names, percent, tell
from modelwright.audit.datestyles import DateStyles, date_styles, order_of, style_of
from modelwright.audit.findings import AuditContext, Finding, Severity
from modelwright.audit.sentinels import MISSING_WORDS
from modelwright.data.contract import ColumnSpec, Kind

__all__ = ["DateFormats"]

MIN_ROWS = 20
MIN_DATES = 0.8  # share of the texts that are dates; with fewer, the column holds something else, too
MIN_SHARE = 0.01  # of dates in other styles, or that can only be read the other way; fewer are slips
MIN_STYLE_ROWS = 3
MAX_TEXTS = 10_000
_KINDS = frozenset({Kind.DATETIME, Kind.CATEGORY, Kind.ID, Kind.TEXT})


class DateFormats:
    """Finds texts with dates in several formats, with both orders of day and month, or with an order unknown."""

    code: ClassVar[str] = "A033"
    title: ClassVar[str] = "Mixed date formats"
    what: ClassVar[str] = "The dates of a column are written in several ways, or day and month can be confused."
    why_it_matters: ClassVar[str] = (
        "The third of January read as the first of March is a wrong date that nobody sees. Dates in two formats "
        "mostly come from two sources, and some are read wrongly or not at all."
    )
    how_detected: ClassVar[str] = (
        f"At least {percent(MIN_DATES)} of the texts are dates, and at least {percent(MIN_SHARE)} of them are in "
        "other styles than most (year first, numbers with the year last by mark, month by name, eight digits, "
        "spreadsheet days); a time behind the date makes no other style. Order: dates with a first number above 12 "
        "and dates with a second number above 12 stand in one column; or no date shows which number is the day."
    )
    what_is_done: ClassVar[str] = (
        "Told. Each date is read with the first format that fits; where both orders are needed, those with both "
        "numbers up to 12 cannot be known."
    )

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return one finding per column, or why there is nothing to check."""
        texts = [n for n in context.features if n in context.raw and context.contract[n].kind in _KINDS]
        if not texts:
            return "no column of texts may hold dates"
        return [f for n in texts if (f := self._judge(context, n)) is not None]

    def _judge(self, context: AuditContext, name: str) -> Finding | None:
        raw = context.raw[name]
        texts = _texts(raw)
        found = date_styles(texts)
        if found.n_texts < MIN_ROWS:
            return None
        if found.n_dates < MIN_DATES * found.n_texts:
            return self._formats(context.contract[name])
        enough = max(MIN_STYLE_ROWS, MIN_SHARE * found.n_texts)
        if min(found.orders.get("day", 0), found.orders.get("month", 0)) >= enough:
            return self._both_orders(context, name, found.orders, found.examples)
        styles = sorted((s for s, n in found.styles.items() if n >= MIN_STYLE_ROWS), key=lambda s: -found.styles[s])
        if sum(found.styles[s] for s in styles[1:]) >= enough:
            return self._styles(context, name, found, styles)
        only_either = found.orders.get("either", 0) == found.n_dates
        if only_either and min(len(found.firsts), len(found.seconds)) > 1:
            return self._unknown_order(name, found)
        return None

    def _both_orders(
        self, context: AuditContext, name: str, orders: dict[str, int], examples: dict[str, str]
    ) -> Finding:
        day, month, either = (orders.get(order, 0) for order in ("day", "month", "either"))
        fewer = "day" if day <= month else "month"
        return tell(
            self,
            severity=Severity.WARNING,
            columns=[name],
            message=f"The dates of '{name}' are in both orders: {count(day, 'date')} such as '{examples['day']}' can "
            f"only begin with the day, {month:,} such as '{examples['month']}' only with the month. For "
            f"{count(either, 'date')} with both numbers up to 12 nobody can tell.",
            evidence={"day_first": day, "month_first": month, "either": either},
            fix="write all dates as YYYY-MM-DD at the source",
            rows=_rows(context, name, lambda text: order_of(text) == fewer),
            n_rows=min(day, month) + either,
        )

    def _styles(self, context: AuditContext, name: str, found: DateStyles, styles: list[str]) -> Finding:
        shown = ", ".join(f"'{found.examples[s]}' ({found.styles[s]:,} rows)" for s in styles)
        others = sum(found.styles[s] for s in styles[1:])
        unclear = set(found.orders) == {"either"}
        return tell(
            self,
            severity=Severity.WARNING,
            columns=[name],
            message=f"The dates of '{name}' are written in {len(styles)} ways: {shown}."
            + (" Where the day and where the month stands shows in none of them." if unclear else ""),
            evidence={"n_formats": len(styles), "n_other": others},
            done="each date was read with the first format that fits; what none fits counts as missing",
            fix="write all dates as YYYY-MM-DD at the source",
            rows=_rows(context, name, lambda text: style_of(text) in styles[1:]),
            n_rows=others,
        )

    def _formats(self, spec: ColumnSpec) -> Finding | None:
        """Tell of rarer formats that reading found."""
        styles = {re.split(r"[ T,:]*%[HI]", f)[0] for f in spec.formats}
        if spec.kind is not Kind.DATETIME or len(styles) < 2:
            return None
        return tell(
            self,
            severity=Severity.WARNING,
            columns=[spec.name],
            message=f"The dates of '{spec.name}' are written in {len(styles)} formats: {names(spec.formats)}.",
            evidence={"n_formats": len(styles)},
            done="each date was read with the first format that fits",
            fix="write all dates as YYYY-MM-DD at the source",
        )

    def _unknown_order(self, name: str, found: DateStyles) -> Finding:
        text = found.examples["either"]
        return tell(
            self,
            severity=Severity.INFO,
            columns=[name],
            message=f"Whether the day or the month comes first in '{name}' shows in none of {found.n_dates:,} dates: "
            f"both numbers are at most 12, as in '{text}'.",
            evidence={"either": found.n_dates},
            fix="write all dates as YYYY-MM-DD at the source",
            n_rows=found.n_dates,
        )


def _texts(raw: np.ndarray) -> Counter[str]:
    """Return distinct texts (of evenly spaced rows where there are very many) with how often they occur."""
    step = max(1, -(-len(raw) // MAX_TEXTS))
    counted: Counter[str] = Counter()
    for text, n in Counter(raw[::step].tolist()).items():
        if text is not None and text.strip() and text.strip().lower() not in MISSING_WORDS:
            counted[text.strip()] += n * step
    return counted


def _rows(context: AuditContext, name: str, wanted: Callable[[str], bool]) -> np.ndarray:
    """Return the first rows of the source whose texts are wanted."""
    texts = context.raw[name].tolist()
    hits = {t: wanted(t.strip()) for t in set(texts) if t is not None}
    return context.row_numbers[np.array([i for i, t in enumerate(texts) if hits.get(t)][:MAX_EXAMPLES], dtype=np.intp)]
