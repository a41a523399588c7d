"""A052: the first or last rows along a date have one outcome."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

import numpy as np

from modelwright.audit.building import count, names, percent, tell
from modelwright.audit.clocks import dates, file_order
from modelwright.audit.findings import Action, AuditContext, Finding, Severity
from modelwright.audit.leaks import sure_leaks
from modelwright.audit.looking import auc, coded, values_of
from modelwright.audit.power import MIN_ROWS, power_sample
from modelwright.data.contract import Kind

__all__ = ["LateOutcomes"]

# Of the other classes a tenth is left, as far as rates go: what the world does to a rate in the span of one table is
# less (the flights that are late double from month to month, the flights that are not never vanish).
LEFT = 0.1
# Of the rows that lie beyond the cut: at least two other stretches are as long.
MIN_SHARE, MAX_SHARE = 0.02, 1 / 3
# Twice the log likelihood ratio of two rates against one. Along a shuffled date the largest over all cuts passes 20 in
# one of a thousand tables; seasons and batches are what the comparison with other stretches is for.
SURE = 30.0
# What every other stretch of as many rows has of the usual rate, with room for luck: an outcome that is not known yet
# breaks off, while trends wane first, and seasons and batches have come before.
ELSEWHERE = 0.4
NEXT = 20  # rows of the other classes that are expected next to the cut: looked at by themselves
# The class is one of several in the rest. Where it is not, the date tells the classes apart: a trend passed a limit.
OCCURS = 0.1
# Other dates that tell the rows beyond the cut from the rest, by the area under their ROC curve: as good as the date.
TELLS = 0.85
LOG_ORDER = 0.9  # rank correlation of a year with the row number, as in A018


@dataclass(frozen=True, kw_only=True)
class _End:
    """Rows on one side of a moment that nearly all have one class."""

    name: str
    late: bool
    moment: float
    label: int
    n_rows: int
    inside: float
    rest: float
    sure: float


class LateOutcomes:
    """Finds dates beyond which nearly all rows have one class, as if the outcome was not known yet."""

    code: ClassVar[str] = "A052"
    title: ClassVar[str] = "Outcome not known for late rows"
    what: ClassVar[str] = (
        "From some day on (or up to it) nearly all rows have one class, which is only one of several in the other rows."
    )
    why_it_matters: ClassVar[str] = (
        "Rows are often kept, or given a class, by what was known of them when the table was drawn. Late rows have not "
        "been followed long enough: all are 'no' because nothing has happened yet, or all are 'yes' because only those "
        "were settled. A model learns the day instead of the thing, looks good on such rows, and says the same of "
        "every row to come."
    )
    how_detected: ClassVar[str] = (
        "Every cut along every date that may say when a row came about, whatever the order of the file (a year only "
        f"where the file is in its order). Beyond the cut are {percent(MIN_SHARE)} to {percent(MAX_SHARE)} of the "
        f"rows; the rate of the other classes is at most {LEFT:g} times that of the rest (twice the log likelihood "
        f"ratio of two rates against one {SURE:g} or more); no stretch of the rest with as many rows, and none next "
        f"to the cut, has less than {ELSEWHERE:g} times its mean; and the class has {percent(OCCURS)} of the rest, so "
        "that trends, seasons and batches do not count. Dates that hold the answer by themselves are other rules' "
        "business."
    )
    what_is_done: ClassVar[str] = (
        "The model does not see the dates along which it is so, nor others that tell the same rows (area under the ROC "
        f"curve {TELLS:g}), and the verdict has a condition: other columns may "
        "tell the late rows, too, and the score is measured on them."
    )

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return at most one finding, or why there is nothing to check."""
        if context.y is None or not context.classes:
            return "there are no classes to predict"
        if power_sample(context) is None:
            return f"there are fewer than {MIN_ROWS} rows with a target, or it does not vary"
        columns = [n for n in dates(context) if n not in sure_leaks(context) and _is_moment(context, n)]
        if not columns:
            return "no date says when a row came about"
        found = [end for n in columns if (end := _end(context, n)) is not None]
        return [self._tell(context, sorted(found, key=lambda e: -e.sure))] if found else []

    def _tell(self, context: AuditContext, ends: list[_End]) -> Finding:
        best = ends[0]
        since = "from" if best.late else "up to"
        columns = [e.name for e in ends]
        columns += [n for n in _telling(context, best) if n not in columns]
        also = (
            f" {names(columns[1:])} {'tell' if len(columns) > 2 else 'tells'} those rows, too." if columns[1:] else ""
        )
        reason = (
            "the outcome of late rows was not known yet, or only rows with one outcome were kept"
            if best.late
            else "of early rows, only those with one outcome were kept"
        )
        when = _said(context, best.name, best.moment)
        return tell(
            self,
            severity=Severity.WARNING,
            columns=columns,
            message=f"Of the {count(best.n_rows, 'row')} {since} {when} in '{best.name}', {percent(best.inside)} have "
            f"'{context.target}' = '{context.classes[best.label]}'; of the others {percent(best.rest)}, and in no "
            f"stretch of them as long nearly all. Either {reason}, or the date came about with the outcome.{also}",
            evidence={
                "moment": when,
                "late": int(best.late),
                "inside": best.inside,
                "rest": best.rest,
                "n_inside": best.n_rows,
                "likelihood": best.sure,
            },
            action=Action.DROP_COLUMN,
            done=f"dropped: the model never sees {'it' if len(columns) == 1 else 'them'}; the rows stay, in training "
            "and in the score",
            fix=f"leave the rows {since} {when} out, or wait until their outcome is known, and run again; if their "
            f"classes are right, allow {self.code}",
            n_rows=best.n_rows,
        )


def _telling(context: AuditContext, end: _End) -> list[str]:
    """Return the dates that tell the rows beyond the cut from the others."""
    time = values_of(context, end.name)
    assert time is not None
    beyond = time >= end.moment if end.late else time <= end.moment
    found = []
    for name in context.features:
        values = values_of(context, name)
        if values is None or context.contract[name].kind is not Kind.DATETIME:
            continue
        known = np.isfinite(values) & np.isfinite(time)
        if known.sum() < MIN_ROWS:
            continue
        area = auc(values[known], beyond[known])  # NaN where all rows are on one side
        if max(area, 1 - area) >= TELLS:
            found.append(name)
    return found


def _is_moment(context: AuditContext, name: str) -> bool:
    """Return whether this is a date, or a year that the file is in the order of: others are properties of things."""
    return context.contract[name].kind is Kind.DATETIME or abs(file_order(context, name)) >= LOG_ORDER


def _said(context: AuditContext, name: str, value: float) -> str:
    if context.contract[name].kind is not Kind.DATETIME:
        return f"{value:g}"
    return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d")


def _end(context: AuditContext, name: str) -> _End | None:
    """Return the surest end of a date with one class, None where there is none."""
    assert context.y is not None
    column = coded(context, name)
    rows = np.flatnonzero((column.codes >= 0) & ~np.isnan(context.y))
    rows = rows[np.argsort(column.codes[rows], kind="stable")]
    if len(rows) < MIN_ROWS:
        return None
    y, codes = context.y[rows].astype(np.int64), column.codes[rows]
    found = [
        _End(
            name=name,
            late=late,
            moment=float(column.values[codes[-n] if late else codes[n - 1]]),
            label=label,
            n_rows=n,
            inside=1 - float(other[-n:].mean() if late else other[:n].mean()),
            rest=1 - float(other[:-n].mean() if late else other[n:].mean()),
            sure=sure,
        )
        for label in np.unique(y).tolist()
        for late in (True, False)
        for other in [y != label]
        for n, sure in [_cut(other, codes, late)]
        if n
    ]
    return max(found, key=lambda e: e.sure, default=None)


def _cut(other: np.ndarray, codes: np.ndarray, late: bool) -> tuple[int, float]:
    """Return how many rows at one end are nearly without the other classes, and how sure that is; (0, 0.0) for none.

    Parameters
    ----------
    other : ndarray of bool
        Whether a row has another class, in order of time.
    codes : ndarray of int
        Number of the moment of each row, not falling: rows of one moment are not parted.
    late : bool
        The end that is looked at.
    """
    if late:
        other, codes = other[::-1], codes[::-1]
    n, sums = len(other), np.cumsum(other)
    size = np.flatnonzero(codes[1:] != codes[:-1]) + 1
    size = size[(size >= MIN_SHARE * n) & (size <= MAX_SHARE * n)]
    inside, total = sums[size - 1].astype(np.float64), float(sums[-1])
    rest = (total - inside) / (n - size)
    ratio = 2 * (
        _likelihood(inside, size)
        + _likelihood(total - inside, n - size)
        - _likelihood(np.array([total]), np.array([n]))
    )
    ratio[(inside > LEFT * rest * size) | (rest > 1 - OCCURS)] = 0.0
    if not len(size) or ratio.max() < SURE:
        return 0, 0.0
    best = int(ratio.argmax())
    m = int(size[best])
    before, usual = np.concatenate([[0], sums])[m:], float(rest[best])
    near = min(m, int(np.ceil(NEXT / usual)))
    alike = (before[m:] - before[:-m]).min() >= ELSEWHERE * usual * m
    breaks = before[near] - before[0] >= ELSEWHERE * usual * near
    return (m, float(ratio[best])) if alike and breaks else (0, 0.0)


def _likelihood(hits: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Return the log likelihood of so many hits at their own rate."""
    from scipy.special import xlogy

    return np.asarray(xlogy(hits, hits / n) + xlogy(n - hits, 1 - hits / n))
