"""A043: columns that change along time."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from modelwright.audit.building import count, names, percent, tell
from modelwright.audit.clocks import moments_in_parts
from modelwright.audit.drifting import LEAD, N_STRETCHES, drift, missing_drift, stretches
from modelwright.audit.findings import Action, AuditContext, Finding, Severity
from modelwright.audit.identifiers import identifier_reason
from modelwright.audit.leaks import sure_leaks
from modelwright.audit.looking import coded, memo, rank_correlation
from modelwright.audit.names import NOT_EVENT, tokens
from modelwright.audit.rules.a018_time_order import TimeOrder
from modelwright.audit.shifts import numbers_of, tell_apart
from modelwright.data.columns import Column, Strings
from modelwright.data.contract import Kind
from modelwright.data.inference.names import words

__all__ = ["Drift"]

MIN_ROWS = 160  # ten rows per stretch
# A column that moves steadily by one standard deviation has halves that are half of one apart: 0.2 where it is normal,
# with room for luck. (What a test table is off by, see shifts.py, is there at once and not halfway.)
LARGE_DISTANCE = 0.15
TARGET_DISTANCE = 0.1  # the target decides what a score means: half as much matters
MISSING_DIFFERENCE = 0.1
# Told apart by all columns together although none drifts by itself: 0.6 is visible, 0.75 another population (A019).
LARGE_AUC = 0.7
JOINT_LEAD = 0.1
JOINT_ROWS = 4_000
MAX_COLUMNS = 60
# A column that rises with time is a clock, whatever it is called.
CLOCK = 0.95
CALENDAR = words(
    "date time datetime timestamp day days dt ts year yr month mon mnth week weekday weekdays weekend workingday "
    "quarter qtr season hour hr minute min second sec dow doy dom dayofweek dayofyear holiday period cycle decade "
    "tag monat jahr stunde woche annee mois jour heure semaine ano mes dia hora instant index idx t"
)


class Drift:
    """Finds columns, and a target, whose early values are unlike the late ones."""

    code: ClassVar[str] = "A043"
    title: ClassVar[str] = "Drift along time"
    what: ClassVar[str] = (
        "Columns, or the target, are distributed otherwise in the later rows than in the earlier ones."
    )
    why_it_matters: ClassVar[str] = (
        "The model will be used on rows that come later still. What it learned from the early rows may not hold there, "
        "and a score from mixed times is a score of no time."
    )
    how_detected: ClassVar[str] = (
        "Rows in the order of the brief's time column, of the date that A018 finds, or of a file that A018 takes to be "
        "in the order of time. The early and the late half of a column differ by "
        f"{LARGE_DISTANCE:g} (distance of Kolmogorov and Smirnov, total variation for levels; {TARGET_DISTANCE:g} for "
        f"the target) or by {100 * MISSING_DIFFERENCE:.0f} percentage points of missing values, beyond noise at level "
        f"0.001 (for distances, or differences of mean ranks) and {LEAD:g} times as much as in all other ways of "
        f"parting {N_STRETCHES} stretches of time in two, so that seasons and swings do not count. Dates, parts of "
        "dates and what rises steadily with time are passed "
        "over. Where no "
        f"column drifts alone, a small model that tells early from late rows with an area under the ROC curve of "
        f"{LARGE_AUC:g}."
    )
    what_is_done: ClassVar[str] = "Told."

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return at most one finding on the columns and one on the target, or why there is nothing to check."""
        if len(context.row_numbers) < MIN_ROWS:
            return f"there are fewer than {MIN_ROWS} rows"
        order, said = _order(context)
        if order is None:
            return "nothing says that the rows have an order in time"
        stretch = stretches(order)
        columns = [n for n in context.features if _is_judged(context, n, order)]
        return self._target(context, stretch, said) + self._columns(context, columns, stretch, said)

    def _target(self, context: AuditContext, stretch: np.ndarray, said: str) -> list[Finding]:
        if context.y is None or context.target is None:
            return []
        y: Column = context.y
        if context.classes:
            y = Strings(
                np.where(np.isnan(context.y), -1, context.y).astype(np.int32), np.array(context.classes, object)
            )
        distance, sure = drift(y, stretch)
        if not sure or distance < TARGET_DISTANCE:
            return []
        what, values = _halves(context, stretch)
        early, late = (percent(v) if context.classes else f"{v:.4g}" for v in values)
        return [
            tell(
                self,
                severity=Severity.WARNING,
                columns=[context.target],
                message=f"'{context.target}' changes along {said}: {what} {early} in the early half, {late} in the "
                f"late half (distance {distance:.2f} of at most 1). Later rows may go on changing.",
                evidence={"distance": distance, "early": values[0], "late": values[1]},
                fix="measure on the latest rows (--split time), learn from the recent ones, and fit anew from time to "
                "time",
            )
        ]

    def _columns(self, context: AuditContext, columns: list[str], stretch: np.ndarray, said: str) -> list[Finding]:
        found: dict[str, float] = {}
        told: dict[str, str] = {}
        for name in columns:
            moved, gone = drift(context.columns[name], stretch), missing_drift(context.columns[name], stretch)
            if moved[1] and moved[0] >= LARGE_DISTANCE:
                found[name], told[name] = moved[0], f"'{name}' (distance {moved[0]:.2f})"
            elif gone[1] and gone[0] >= MISSING_DIFFERENCE:
                found[name] = gone[0]
                told[name] = f"'{name}' (missing: {100 * gone[0]:.0f} percentage points apart)"
        if not found:
            return self._together(context, columns, stretch, said)
        ranked = sorted(found, key=lambda n: -found[n])
        more = f" and {len(ranked) - 5} more" if len(ranked) > 5 else ""
        changes = "changes" if len(ranked) == 1 else "change"
        return [
            tell(
                self,
                severity=Severity.WARNING,
                columns=ranked,
                message=f"{len(ranked)} of {count(len(columns), 'column')} {changes} along {said}, early half against "
                f"late half: {', '.join(told[n] for n in ranked[:5])}{more}. What was learned from early rows may not "
                "hold later.",
                evidence={"n_columns": len(ranked), **{f"distance of {n}": found[n] for n in ranked[:20]}},
                fix="find out what changed (the world, or how it was recorded); measure on the latest rows (--split "
                "time)",
            )
        ]

    def _together(self, context: AuditContext, columns: list[str], stretch: np.ndarray, said: str) -> list[Finding]:
        columns = columns[:MAX_COLUMNS]
        rows = np.flatnonzero(stretch >= 0)
        rows = rows[np.linspace(0, len(rows) - 1, min(len(rows), JOINT_ROWS)).astype(np.int64)]
        if not columns or len(rows) < MIN_ROWS:
            return []
        table = np.column_stack([numbers_of(_taken(context.columns[n], rows)) for n in columns])
        here = stretch[rows]
        # Stretches that were not learned from are judged; the other way of parting says what swings would give.
        auc, gains = tell_apart(table, (here >= N_STRETCHES // 2).astype(np.int64), here % 2, context.brief.seed)
        if auc < LARGE_AUC:
            return []
        swing = tell_apart(table, here // 4 % 2, here % 2, context.brief.seed)[0]
        if auc < swing + JOINT_LEAD:
            return []
        top = [columns[i] for i in np.argsort(-gains)[:3] if gains[i] > 0]
        return [
            tell(
                self,
                severity=Severity.INFO,
                columns=top,
                message=f"Late rows can be told from early ones along {said} (area under the ROC curve {auc:.2f}; 0.5 "
                f"would be none), mostly by {names(top)}, though no column changes much by itself.",
                evidence={"auc": auc, "auc_of_swings": swing},
                fix="measure on the latest rows (--split time)",
            )
        ]


def _order(context: AuditContext) -> tuple[np.ndarray | None, str]:
    """Return a number per row that orders them in time and what it is, None where nothing does."""
    name = context.brief.time
    if name is None:
        found = memo(context, "time order", lambda: TimeOrder().check(context))
        if isinstance(found, str) or not found:
            return None, ""
        if not found[0].columns:
            if found[0].action is not Action.TIME and context.brief.split not in ("time", "group_time"):
                return None, ""  # an order of batches or of places has no early and late
            return np.arange(len(context.row_numbers), dtype=np.float64), "the order of the file"
        if len(found[0].columns) > 1:
            parts, moments = moments_in_parts(context)
            return moments.astype(np.float64), names(parts)
        name = found[0].columns[0]
    if name not in context.contract.names:
        return None, ""
    codes = coded(context, name).codes
    return np.where(codes < 0, np.nan, codes).astype(np.float64), f"'{name}'"


def _is_judged(context: AuditContext, name: str, order: np.ndarray) -> bool:
    """Return whether a column is neither a clock nor a part of a date, a text or a number of the row."""
    if context.contract[name].kind in (Kind.DATETIME, Kind.TEXT, Kind.ID) or name in (
        context.brief.time,
        context.brief.group,
    ):
        return False
    said = tokens(name)
    # The year that a house was built in is a property of it, and no part of the row's own date.
    calendar = CALENDAR.intersection(said) and not NOT_EVENT.intersection(said)
    if calendar or identifier_reason(context, name) or name in sure_leaks(context):
        return False
    column = context.columns[name]
    return isinstance(column, Strings) or abs(rank_correlation(np.asarray(column), order)) < CLOCK


def _taken(column: Column, rows: np.ndarray) -> Column:
    return column.take(rows) if isinstance(column, Strings) else column[rows]


def _halves(context: AuditContext, stretch: np.ndarray) -> tuple[str, list[float]]:
    """Return what is compared, and its early and late value: the class that changes most, or the median."""
    assert context.y is not None
    known = (stretch >= 0) & ~np.isnan(context.y)
    halves = [context.y[known & (stretch // (N_STRETCHES // 2) == side)] for side in (0, 1)]
    if not context.classes:
        return "median", [float(np.median(y)) for y in halves]
    shares = [np.bincount(y.astype(np.int64), minlength=len(context.classes)) / max(1, len(y)) for y in halves]
    k = 1 if len(context.classes) == 2 else int(np.abs(shares[0] - shares[1]).argmax())
    return f"share of '{context.classes[k]}'", [float(share[k]) for share in shares]
