"""A029: several tables in one, and rows that sum up others."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from modelwright.audit.building import count, names, percent, tell
from modelwright.audit.findings import AuditContext, Finding, Severity
from modelwright.audit.looking import coded, is_missing, values_of
from modelwright.audit.totals import WORDS
from modelwright.data.columns import Strings

__all__ = ["SeveralTables"]

MIN_ROWS = 100
# Two tables put one after the other: a boundary in the file before which a column is nearly never filled, and after
# which it nearly always is (or the other way round); both parts are large enough to be a table.
MIN_PART = 0.05
FILLED, EMPTY = 0.9, 0.1
MIN_COLUMNS = 2
SAME_PLACE = 0.01  # boundaries of several columns within this share of the rows are one
# A change of scale: above the boundary nearly all values are larger than nearly all values below it.
APART = 0.99  # probability that a value of one part exceeds one of the other (area under the ROC curve)
CUTS = 200
# What says which table a row came from: it changes at the boundary.
TOLD_BY = 0.99
# Rows that sum up others are few, and hold large numbers.
MAX_SUMMARIES = 0.2
SUMMARY_SIZE = 3.0  # times the median of the other rows, in the median over the numbers
_SUMMARY = WORDS | {"all", "overall", "subtotal", "sub-total", "sub total", "average", "mean", "all groups", "combined"}


class SeveralTables:
    """Finds tables put one after the other, and rows that sum up others among rows of single things."""

    code: ClassVar[str] = "A029"
    title: ClassVar[str] = "Several tables in one"
    what: ClassVar[str] = (
        "The file holds rows of different kinds: two sources one after the other, or totals among single rows."
    )
    why_it_matters: ClassVar[str] = (
        "A model learns which source a row came from instead of what the row says, and where the target differs "
        "between the sources, that looks like skill. A total is not a case of its own: it repeats the rows it sums up."
    )
    how_detected: ClassVar[str] = (
        f"Sources: at one place in the file (each part holds {percent(MIN_PART)} of the rows) at least {MIN_COLUMNS} "
        f"columns that were filled in {percent(FILLED)} of the rows become empty in {percent(1 - EMPTY)}, or the other "
        f"way round, or numbers change their scale (a value of one part exceeds one of the other with probability "
        f"{APART:g}) in a file that is not in their order. Totals: a category has a value such as 'Total' or 'All' in "
        f"at most {percent(MAX_SUMMARIES)} of the rows, whose numbers are {SUMMARY_SIZE:g} times those of the others."
    )
    what_is_done: ClassVar[str] = "Told: which rows belong in the table is for the source to say."

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return the findings, or why there is nothing to check."""
        if len(context.row_numbers) < MIN_ROWS:
            return f"there are fewer than {MIN_ROWS} rows"
        return self._sources(context) + [f for n in context.features if (f := self._totals(context, n)) is not None]

    def _sources(self, context: AuditContext) -> list[Finding]:
        n = len(context.row_numbers)
        places = {c: p for c in context.features if (p := _boundary(context, c)) > 0}
        if len(places) < MIN_COLUMNS:
            return []
        middle = int(np.median(list(places.values())))
        columns = [c for c, p in places.items() if abs(p - middle) <= SAME_PLACE * n]
        if len(columns) < MIN_COLUMNS:
            return []
        said = [c for c in context.contract.names if c not in columns and _tells(context, c, middle)]
        because = f" {names(said[:1])} says which." if said else ""
        return [
            tell(
                self,
                severity=Severity.WARNING,
                columns=columns,
                message=f"The file seems to be two tables one after the other: at row "
                f"{context.row_numbers[middle] + 1:,} {count(len(columns), 'column')} ({names(columns)}) change at "
                f"once, from filled to empty or to another scale, with {percent(middle / n)} of the rows before and "
                f"{percent(1 - middle / n)} after.{because}",
                evidence={
                    "row": int(context.row_numbers[middle]),
                    "share_before": middle / n,
                    "n_columns": len(columns),
                    "told_by": said[0] if said else "",
                },
                fix="bring both sources to the same columns and units, or train on one; keep a column with the source "
                "and compare the results by it",
                rows=context.row_numbers[[middle - 1, middle]],
            )
        ]

    def _totals(self, context: AuditContext, name: str) -> Finding | None:
        column = context.columns[name]
        if not isinstance(column, Strings):
            return None
        levels = coded(context, name)
        words = [i for i, v in enumerate(levels.values) if str(v).strip(" .:").casefold() in _SUMMARY]
        total = np.isin(levels.codes, words)
        if not words or levels.n_levels - len(words) < 2 or not 0 < total.mean() <= MAX_SUMMARIES:
            return None
        size = _size(context, total)
        if size < SUMMARY_SIZE:
            return None
        return tell(
            self,
            severity=Severity.WARNING,
            columns=[name],
            message=f"{count(int(total.sum()), 'row')} of '{name}' say {names([str(levels.values[i]) for i in words])} "
            f"and hold numbers {size:.1f} times as large as the others: they sum up other rows and are no cases of "
            "their own.",
            evidence={"n_totals": int(total.sum()), "size": size},
            fix="take the totals out of the file: the rows that they sum up are in it",
            rows=context.row_numbers[total],
            n_rows=int(total.sum()),
        )


def _boundary(context: AuditContext, name: str) -> int:
    """Return the row from which on a column is filled, or empty, or of another scale; 0 for none."""
    n = len(context.row_numbers)
    gone = is_missing(context.columns[name])
    low, high = int(MIN_PART * n), int((1 - MIN_PART) * n)
    before = np.cumsum(gone)
    cut = np.arange(low, high)
    first, second = before[cut - 1] / cut, (before[-1] - before[cut - 1]) / (n - cut)
    best = int(np.abs(first - second).argmax())
    if max(first[best], second[best]) >= FILLED and min(first[best], second[best]) <= EMPTY:
        return int(cut[best])
    return _scale_boundary(context, name, low, high) if not gone.any() else 0


def _scale_boundary(context: AuditContext, name: str, low: int, high: int) -> int:
    from scipy.stats import rankdata

    values = values_of(context, name)
    if values is None or coded(context, name).n_levels < 0.01 * len(values):
        return 0
    n, ranks = len(values), rankdata(values)
    cut = np.unique(np.linspace(low, high, CUTS).astype(np.int64))
    below = np.cumsum(ranks)[cut - 1] - cut * (cut + 1) / 2
    area = below / (cut * (n - cut))  # that a value before exceeds one after
    best = int(np.abs(area - 0.5).argmax())
    if max(area[best], 1 - area[best]) < APART:
        return 0
    place = int(cut[best])
    within = [abs(_trend(part)) for part in (values[:place], values[place:])]
    return place if max(within) < 0.5 else 0


def _trend(values: np.ndarray) -> float:
    from modelwright.audit.looking import rank_correlation

    return rank_correlation(values, np.arange(len(values), dtype=np.float64))


def _tells(context: AuditContext, name: str, place: int) -> bool:
    codes = coded(context, name).codes
    levels = np.unique(codes[:place]), np.unique(codes[place:])
    if max(map(len, levels)) > 5 or name == context.target:
        return False
    shared = np.intersect1d(*levels)
    return bool(np.isin(codes, shared).mean() <= 1 - TOLD_BY)


def _size(context: AuditContext, total: np.ndarray) -> float:
    """Return how many times larger the numbers of the totals are, in the median over the columns."""
    found = []
    for name in context.contract.names:
        values = values_of(context, name)
        if values is None or not np.isfinite(values[total]).any() or not np.isfinite(values[~total]).any():
            continue
        usual = float(np.median(np.abs(values[~total & np.isfinite(values)])))
        if usual > 0 and coded(context, name).n_levels > 10:
            found.append(float(np.median(np.abs(values[total & np.isfinite(values)]))) / usual)
    return float(np.median(found)) if found else 0.0
