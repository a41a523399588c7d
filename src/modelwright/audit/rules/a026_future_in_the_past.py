"""A026: columns that know the targets of later rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelwright.audit.building import percent, tell
from modelwright.audit.clocks import dates, file_order, find_panel, is_clock, panel_order, parts_in_order
from modelwright.audit.findings import Action, AuditContext, Finding, Severity
from modelwright.audit.identifiers import identifier_reason
from modelwright.audit.leaks import sure_leaks
from modelwright.audit.looking import coded
from modelwright.audit.order import neighbour_likeness
from modelwright.audit.power import MIN_ROWS
from modelwright.audit.windows import BLOCKS, SHIFTS, Future, known_future, windows
from modelwright.data.columns import Strings

__all__ = ["FutureInThePast"]

# Later targets explain a column nearly exactly, and take away most of what all earlier ones leave open. A good
# forecast made by others reaches neither: what it leaves open is what nobody knows.
NEARLY_ALL = 0.95
REST = 0.2
EXACT = 0.98
EXACT_REST = 0.05
MIN_OPEN = 1e-5  # left open without the future; below, rounding decides
MIN_LIKENESS = 0.1  # neighbours alike beyond chance: the file has an order though no date says so
MAX_LEVELS = 12
MAX_CLASSES = 5
MAX_COLUMNS = 200
MAX_ROWS = 5_000
LOG_ORDER = 0.9  # rank correlation of a date with the row number, as in A018


@dataclass(frozen=True, eq=False)
class _Order:
    """An order of the rows: in words, their positions, the series (not falling) of each, and what is known of it."""

    what: str
    rows: np.ndarray
    series: np.ndarray
    dated: bool = True
    in_time: bool = True


class FutureInThePast:
    """Finds shifted targets and averages that reach into the future."""

    code: ClassVar[str] = "A026"
    title: ClassVar[str] = "Future in the past"
    what: ClassVar[str] = (
        "In the order of time, a column holds the target of a later row, or an average that reaches into later rows."
    )
    why_it_matters: ClassVar[str] = (
        "A shift in the wrong direction or a centred average gives each row what will only be known tomorrow. No split "
        "by time shows it, as the value is in the row itself."
    )
    how_detected: ClassVar[str] = (
        "Rows are put in order: things one by one in a panel, else by the date given or found, else as in the file. "
        f"The targets of {SHIFTS} rows before and after, and means of those up to {BLOCKS[-1][-1]} rows off, explain "
        f"{percent(NEARLY_ALL)} of the column, and leave open at most {percent(REST)} of what the row's own and all "
        f"earlier targets leave open. It is dropped from {percent(EXACT)} and {percent(EXACT_REST)} on, where the "
        "order is one of time. Where no date says that it is, nothing less is told."
    )
    what_is_done: ClassVar[str] = "The column is dropped where the relation is nearly exact; else it is told."

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return one finding per column, or why there is nothing to check."""
        if context.y is None:
            return "there is no target"
        if len(context.row_numbers) < context.n_rows:
            return "the rows are a sample, in which the next row is not the next"
        if np.isfinite(context.y).sum() < 2 * MIN_ROWS or np.ptp(context.y[np.isfinite(context.y)]) == 0:
            return f"there are fewer than {2 * MIN_ROWS} rows with a target, or it does not vary"
        found: dict[str, Finding] = {}
        for order in _orders(context):
            for name, future, label in self._search(context, order, set(found)):
                found[name] = self._accuse(context, name, future, label, order)
        return list(found.values())

    def _search(self, context: AuditContext, order: _Order, done: set[str]) -> Iterator[tuple[str, Future, str]]:
        assert context.y is not None
        leaks = sure_leaks(context)
        names = [n for n in context.features if n not in leaks and n not in done and not identifier_reason(context, n)]
        least, rest = (NEARLY_ALL, REST) if order.dated else (EXACT, EXACT_REST)
        for label, y in _targets(context, context.y[order.rows]):
            around, later = windows(y, order.series)
            kept = np.flatnonzero(np.isfinite(around).all(axis=1))
            kept = kept[np.unique(np.linspace(0, max(0, len(kept) - 1), min(len(kept), MAX_ROWS)).astype(np.int64))]
            rows, around = order.rows[kept], around[kept]
            for name in names[:MAX_COLUMNS]:
                if name in done:
                    continue
                best = max(
                    (known_future(x[rows], around, later) for x in _as_numbers(context, name)),
                    key=lambda f: f.r2,
                    default=None,
                )
                if best is not None and _knows(best, least, rest):
                    done.add(name)
                    yield name, best, label

    def _accuse(self, context: AuditContext, name: str, future: Future, label: str, order: _Order) -> Finding:
        exact = order.in_time and _knows(future, EXACT, EXACT_REST)
        of = f"'{context.target}'" + (f" being '{label}'" if label else "")
        when = (
            f"{of} {future.shift} row{'s' if future.shift > 1 else ''} later"
            if future.shift
            else f"an average of {of} that reaches into later rows"
        )
        return tell(
            self,
            severity=Severity.ERROR if exact else Severity.WARNING,
            columns=[name],
            message=f"'{name}' is {'' if exact else 'close to '}{when} ({order.what}): with the later targets "
            f"{percent(future.r2)} of it is explained, with the earlier ones and the row's own "
            f"{percent(future.without)}.",
            evidence={"r2": future.r2, "without": future.without, "shift": future.shift, "order": order.what},
            action=Action.DROP_COLUMN if exact else Action.TOLD,
            fix=f"compute it from earlier rows only; if it is known when the prediction is needed, allow "
            f"{self.code}:{name}"
            if exact
            else f"if it is computed from later rows, name it with --known-after {name}",
        )


def _knows(future: Future, least: float, most_rest: float) -> bool:
    opened = 1 - future.without
    return opened >= MIN_OPEN and future.r2 >= least and (1 - future.r2) <= most_rest * opened


def _orders(context: AuditContext) -> Iterator[_Order]:
    """Yield the orders in which the next row may be looked at."""
    n = len(context.row_numbers)
    one = np.zeros(n, np.int64)
    panel = find_panel(context)
    group, time = context.brief.group, context.brief.time
    if group in context.columns and time in context.columns:
        things, moments = coded(context, str(group)).codes, coded(context, str(time)).codes
        order = np.lexsort((moments, things))
        yield _Order(f"within '{group}' by '{time}'", order, things[order] + 1)
    if panel is not None:
        order = panel_order(context, panel)
        changes = np.any([np.diff(coded(context, t).codes[order]) != 0 for t in panel.things], axis=0)
        yield _Order(f"within '{panel.things[0]}' by '{panel.time}'", order, np.cumsum(np.append(False, changes)))
    known = [d for d in ([time] if time in context.columns else dates(context)) if d is not None][:2]
    for date in known:
        order = np.argsort(coded(context, date).codes, kind="stable")
        if not np.array_equal(order, np.arange(n)):
            yield _Order(f"by '{date}'", order, one)
    if any(file_order(context, d) <= -LOG_ORDER for d in known):
        return  # the file begins with the last row: its next row is the one before
    dated = bool(any(is_clock(context, d) for d in known) or parts_in_order(context))
    in_time = dated or neighbour_likeness(context) >= MIN_LIKENESS
    yield _Order("in the order of the file", np.arange(n), one, dated=dated, in_time=in_time)


def _targets(context: AuditContext, y: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    if not context.classes:
        yield "", y
        return
    sizes = np.bincount(y[np.isfinite(y)].astype(np.int64), minlength=len(context.classes))
    for c in [1] if len(sizes) == 2 else np.argsort(-sizes, kind="stable")[:MAX_CLASSES]:
        yield str(context.classes[int(c)]), np.where(np.isfinite(y), (y == c).astype(np.float64), np.nan)


def _as_numbers(context: AuditContext, name: str) -> Iterator[np.ndarray]:
    """Yield a number as it is, and a category of few levels as one flag per level."""
    column = context.columns[name]
    if not isinstance(column, Strings):
        yield column
        return
    codes, n_levels = coded(context, name).codes, coded(context, name).n_levels
    if 2 <= n_levels <= MAX_LEVELS:
        for level in range(n_levels if n_levels > 2 else 1):
            yield np.where(codes < 0, np.nan, (codes == level).astype(np.float64))
