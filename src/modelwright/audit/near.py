"""Columns that follow the target too closely to be measurements, however easy the problem is for the others.

Strength out of proportion (see `leaks`) is silent where all columns together predict well. What is judged here needs no
comparison: a flag that is right in nineteen of twenty rows of every class, or a number that has the target's own place
in the order of nearly all rows. None of it proves a leak,
so most of it is told. A trend that two series share is no sign of any of it, nor is what the rows before tell anyway:
in a smooth series yesterday's value follows today's closely.
"""

from __future__ import annotations

import numpy as np

from modelwright.audit.clocks import dates, file_order, find_panel, panel_order
from modelwright.audit.existence import MIN_CLASS_ROWS
from modelwright.audit.findings import AuditContext
from modelwright.audit.looking import coded, memo, rank_correlation
from modelwright.audit.power import PowerSample
from modelwright.data.columns import Strings
from modelwright.data.ranks import average_ranks

__all__ = [
    "CLOSE_R2",
    "COPY_RANKS",
    "PLACE",
    "SAME_PLACES",
    "bulk",
    "class_recall",
    "follows_closely",
    "known_pairs",
    "only_past",
    "only_trend",
    "same_places",
]

# Ranks as shares: a copy with some wrong values keeps the place of all other rows, while a measurement with an R² of
# 0.97 is that near in a third of them.
PLACE = 0.02
SAME_PLACES = 0.90
# A monotone copy of a number has its ranks but for small noise and rounding.
COPY_RANKS = 0.995
# A share of 0.965 allows for luck where the R² is 0.97; of 3,000 honest columns of public data sets none reaches 0.95.
CLOSE_R2 = 0.965
# A correlation must hold without the largest and the smallest targets, too: one row of totals at the end of a table
# makes any two of its numbers go together.
TAIL = 0.01
MIN_KNOWN = 50
MIN_KNOWN_SHARE = 0.05
# Both rise along the file: their steps must agree, too.
TREND = 0.9
STEPS = 0.5
# The rows before tell most of the target, and the column hardly anything of the rest.
PAST_R2 = 0.80
NEWS = 0.10
PAST_ROWS = 3


def class_recall(cells: np.ndarray, sample: PowerSample) -> float:
    """Return the share of right rows in the class where a one-to-one reading of the cells is right least; 0 for none.

    Each cell stands for the class that it is most typical of, and each class with `MIN_CLASS_ROWS` rows must have one.
    Unlike kappa the share does not fall when a class is rare.
    """
    k, m = sample.n_classes, int(cells.max()) + 1
    if m > k + 3:
        return 0.0
    table = np.bincount(cells * k + sample.y, minlength=m * k).reshape(m, k)
    sizes = table.sum(axis=0)
    typical = (table / np.maximum(sizes, 1)).argmax(axis=1)
    right = [table[typical == c, c].sum() / sizes[c] for c in np.flatnonzero(sizes >= MIN_CLASS_ROWS)]
    return float(min(right)) if len(right) > 1 else 0.0


def known_pairs(context: AuditContext, name: str, sample: PowerSample) -> tuple[np.ndarray, np.ndarray]:
    """Return a number and the target on the sampled rows where it is known; empty where that is too seldom."""
    column = context.columns[name]
    if isinstance(column, Strings) or context.y is None:
        return np.array([]), np.array([])
    x, y = column[sample.rows], context.y[sample.rows]
    known = np.isfinite(x)
    n = int(known.sum())
    if n < MIN_KNOWN or n < MIN_KNOWN_SHARE * len(x) or np.ptp(x[known]) == 0 or np.ptp(y[known]) == 0:
        return np.array([]), np.array([])
    return x[known], y[known]


def bulk(y: np.ndarray) -> np.ndarray:
    """Return which rows are left without the `TAIL` of largest and that of smallest targets, a boolean per row.

    Of a target that does not vary otherwise, all.
    """
    low, high = np.quantile(y, (TAIL, 1 - TAIL))
    inner: np.ndarray = (y >= low) & (y <= high)
    return inner if low < high else np.ones(len(y), dtype=bool)


def same_places(x: np.ndarray, y: np.ndarray) -> float:
    """Return the share of rows that have (nearly) the same place in the order of a number and of the target."""
    a, b = average_ranks(x) / len(x), average_ranks(y) / len(y)
    return float(max((np.abs(a - b) <= PLACE).mean(), (np.abs(1 - a - b) <= PLACE).mean()))


def follows_closely(context: AuditContext, name: str, sample: PowerSample) -> float:
    """Return the R² of a number with the target where it is at least `CLOSE_R2`, in the bulk as well, else 0."""
    x, y = known_pairs(context, name, sample)
    if not len(x):
        return 0.0
    inner = bulk(y)
    r2 = min(_r2(x, y), _r2(x[inner], y[inner]))
    return r2 if r2 >= CLOSE_R2 else 0.0


def _r2(x: np.ndarray, y: np.ndarray) -> float:
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return 0.0
    return float(np.corrcoef(x / float(np.abs(x).max()), y)[0, 1] ** 2)


def only_trend(context: AuditContext, name: str, sample: PowerSample) -> bool:
    """Return whether a number and the target share a trend along the file, and their steps do not agree."""
    return memo(context, ("only trend", name), lambda: _only_trend(context, name, sample))


def _only_trend(context: AuditContext, name: str, sample: PowerSample) -> bool:
    column = context.columns[name]
    if isinstance(column, Strings) or sample.n_classes or context.y is None:
        return False
    x, y = column[sample.rows], context.y[sample.rows]
    place = np.arange(len(y), dtype=np.float64)
    if min(abs(rank_correlation(x, place)), abs(rank_correlation(y, place))) < TREND:
        return False
    return abs(rank_correlation(np.diff(x), np.diff(y))) < STEPS


def only_past(context: AuditContext, name: str) -> bool:
    """Return whether a number follows the target of earlier rows, and says nothing new of the row's own."""
    return memo(context, ("only past", name), lambda: any(_nothing_new(context, name, o) for o in _in_time(context)))


def _in_time(context: AuditContext) -> list[np.ndarray]:
    """Return the orders of time that the rows have: the file's, a date's, within things."""
    n = len(context.row_numbers)
    known = dates(context)[:1]
    backwards = any(file_order(context, d) <= -TREND for d in known)
    found = [np.arange(n)[::-1] if backwards else np.arange(n)]
    if known and not backwards and abs(file_order(context, known[0])) < TREND:
        found.append(np.argsort(coded(context, known[0]).codes, kind="stable"))
    panel = find_panel(context)
    return found if panel is None else [*found, panel_order(context, panel)]


def _nothing_new(context: AuditContext, name: str, order: np.ndarray) -> bool:
    column = context.columns[name]
    if isinstance(column, Strings) or context.y is None or context.classes:
        return False
    x, y = column[order], context.y[order]
    # Neither as they are, where noise adds to large values, nor in ranks, where a logarithm is a copy.
    return _excused(x, y) and _excused(_ranks(x), _ranks(y))


def _excused(x: np.ndarray, y: np.ndarray) -> bool:
    """Return whether earlier targets tell most of the target, and a number hardly anything of the rest."""
    before = np.column_stack([y[PAST_ROWS - k : len(y) - k] for k in range(1, PAST_ROWS + 1)])
    both = np.column_stack([x, y])[PAST_ROWS:]
    known = np.isfinite(both).all(axis=1) & np.isfinite(before).all(axis=1)
    both, before = both[known], before[known]
    if len(both) < MIN_KNOWN or np.any(np.ptp(both, axis=0) == 0):
        return False
    both = (both - both.mean(axis=0)) / both.std(axis=0)
    before = before - before.mean(axis=0)
    rest = both - before @ np.linalg.lstsq(before, both, rcond=None)[0]
    if float(np.var(rest[:, 1])) > 1 - PAST_R2:
        return False
    spread = float(np.square(rest[:, 0]).sum() * np.square(rest[:, 1]).sum())
    return spread <= 0 or float((rest[:, 0] @ rest[:, 1]) ** 2) <= NEWS * spread


def _ranks(values: np.ndarray) -> np.ndarray:
    """Return places as shares, which no monotone transform changes; NaN where not known."""
    places: np.ndarray = np.full(len(values), np.nan)
    known = np.isfinite(values)
    places[known] = average_ranks(values[known]) / max(1, int(known.sum()))
    return places
