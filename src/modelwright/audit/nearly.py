"""Columns that say the same but for a few rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwright.audit.findings import AuditContext
from modelwright.audit.looking import coded, is_missing
from modelwright.data.columns import Strings
from modelwright.data.ranks import average_ranks

__all__ = ["MOST_EXCEPTIONS", "NearlySame", "nearly_same"]

# Of the rows that could differ at all (those where not both have their most frequent value): a copy that was corrected
# by hand or joined badly has about one in a hundred; measurements of one thing twice differ in nearly all rows.
MOST_EXCEPTIONS = 0.02
MIN_TELLING = 50  # rows that could differ
RELATIVE_TOLERANCE = 1e-6  # of the spread
MAX_COLUMNS = 120
MAX_LEVELS = 50
MIN_ROWS_PER_LEVEL = 5
LOOK_ROWS = 1_000  # a look at few rows spares most pairs the whole
LOOK_EXCEPTIONS = 0.05
CORRELATED = 0.8  # of the ranks: one value in fifty, however far off, takes away less
TRIES = 7  # lines through two rows each; one of them has no exception (0.98² per try)


@dataclass(frozen=True, eq=False)
class NearlySame:
    """A column that says what an earlier one says, but for some rows; ``n`` rows could differ."""

    first: str
    exceptions: np.ndarray
    n: int


def nearly_same(context: AuditContext, names: list[str]) -> dict[str, NearlySame]:
    """Return the columns that say nearly the same as an earlier one, by name; exact copies are to be left out."""
    n = len(context.row_numbers)
    look = np.linspace(0, n - 1, min(n, LOOK_ROWS)).astype(np.int64)
    numbers = [c for c in names if not isinstance(context.columns[c], Strings)][:MAX_COLUMNS]
    words = [c for c in names if isinstance(context.columns[c], Strings)][:MAX_COLUMNS]
    found: dict[str, NearlySame] = {}
    for first, second in [*_correlated(context, numbers, look), *_pairs(words)]:
        if first in found or second in found:
            continue
        seldom = _differ(context, first, second, look, LOOK_EXCEPTIONS)
        if seldom is None or len(look) == n:
            whole = seldom
        else:
            whole = _differ(context, first, second, np.arange(n), MOST_EXCEPTIONS)
        if whole is not None and 0 < whole[0].sum() <= MOST_EXCEPTIONS * whole[1] and whole[1] >= MIN_TELLING:
            found[second] = NearlySame(first, np.flatnonzero(whole[0]), whole[1])
    return found


def _pairs(names: list[str]) -> list[tuple[str, str]]:
    return [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]


def _correlated(context: AuditContext, names: list[str], rows: np.ndarray) -> list[tuple[str, str]]:
    """Return the pairs of numbers that have nearly one order."""
    if len(names) < 2:
        return []
    ranks = []
    for name in names:
        column = np.asarray(context.columns[name])[rows]
        known = np.isfinite(column)
        place = np.zeros(len(rows))
        if known.any():
            place[known] = average_ranks(column[known])
            place[known] -= place[known].mean()
        ranks.append(place / max(float(np.linalg.norm(place)), 1e-12))
    together = np.abs(np.array(ranks) @ np.array(ranks).T)
    return [(names[i], names[j]) for i, j in np.argwhere(np.triu(together >= CORRELATED, 1)).tolist()]


def _differ(
    context: AuditContext, first: str, second: str, rows: np.ndarray, most: float
) -> tuple[np.ndarray, int] | None:
    """Return in which rows two columns differ and how many could; None where it is more than a share of them."""
    a, b = context.columns[first], context.columns[second]
    if isinstance(a, Strings) and isinstance(b, Strings):
        if (is_missing(a)[rows] != is_missing(b)[rows]).mean() > most:
            return None
        differs = _other_word(context, first, second, rows)
    elif not isinstance(a, Strings) and not isinstance(b, Strings):
        differs = _off_the_line(a[rows], b[rows])
    else:
        return None
    if differs is None:
        return None
    usual = _usual(context, first)[rows] & _usual(context, second)[rows]
    could = int((~usual).sum())
    return (differs, could) if differs.sum() <= most * could else None


def _usual(context: AuditContext, name: str) -> np.ndarray:
    """Return where a column has its most frequent value, or none if that is more frequent."""
    column = coded(context, name)
    if not column.n_levels or column.n_missing > column.counts.max():
        return column.codes < 0
    return column.codes == int(column.counts.argmax())


def _off_the_line(x: np.ndarray, y: np.ndarray) -> np.ndarray | None:
    """Return where one number is not the other up to a linear change of unit, in the best of some lines."""
    gone = np.isnan(x) != np.isnan(y)
    known = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    if len(known) < MIN_TELLING or np.ptp(x[known]) == 0:
        return None
    order = known[np.argsort(x[known], kind="stable")]
    bottom, top = np.quantile(y[known], (0.05, 0.95))
    tolerance = RELATIVE_TOLERANCE * max(float(top - bottom), 1e-3 * float(np.median(np.abs(y[known]))))
    best: np.ndarray | None = None
    for k in range(1, TRIES + 1):
        low, high = order[k * len(order) // (3 * TRIES)], order[-1 - k * len(order) // (3 * TRIES)]
        if x[low] == x[high]:
            low, high = order[k - 1], order[-k]
        slope = (y[high] - y[low]) / (x[high] - x[low]) if x[high] != x[low] else 0.0
        if slope == 0:
            continue
        off = np.abs(y - y[low] - slope * (x - x[low]))
        differs = gone | (off > tolerance)
        if best is None or differs.sum() < best.sum():
            best = differs
    return best


def _other_word(context: AuditContext, first: str, second: str, rows: np.ndarray) -> np.ndarray | None:
    """Return where a word is not the one that mostly goes with the other column's; of many words, not the same."""
    a, b = coded(context, first), coded(context, second)
    few = all(1 < c.n_levels <= min(MAX_LEVELS, c.n_present / MIN_ROWS_PER_LEVEL) for c in (a, b))
    x, y = a.codes[rows], b.codes[rows]
    if not few:
        number = {str(v).casefold(): i for i, v in enumerate(a.values)}
        table = np.array([*(number.get(str(v).casefold(), -2) for v in b.values), -1])
        return np.asarray(x != table[y])
    counts = np.bincount((x + 1) * (b.n_levels + 1) + y + 1, minlength=(a.n_levels + 1) * (b.n_levels + 1))
    counts = counts.reshape(a.n_levels + 1, b.n_levels + 1)
    forth, back = counts.argmax(axis=1), counts.argmax(axis=0)
    return np.asarray((forth[x + 1] != y + 1) | (back[y + 1] != x + 1))
