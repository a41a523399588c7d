"""Columns that are statistics of the target over the levels of another column.

A column that is the same for all rows of a level has some number for each level; so has the target, its mean. An
honest statistic (the income of a district, last year's rate of a shop) follows the means as closely as these are
known: they differ from the truth by their standard error. A column that follows them far more closely than their
standard errors allow was computed from these very rows, each row's own target included.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from modelwright.audit.findings import AuditContext
from modelwright.audit.looking import coded, memo
from modelwright.data.columns import Strings
from modelwright.data.contract import Kind

__all__ = ["CHANCE", "LEFT_OUT", "LEFT_OUT_R2", "MIN_LEVELS", "Encoded", "find_encoded"]

CHANCE = 1e-6  # of following that closely by luck; a table has some hundreds of pairs
MIN_LEVELS = 3
MIN_ROWS_PER_LEVEL = 2.0
LEFT_OPEN = 0.1  # of the differences between the means
OWN_SPREAD_ROWS = 5  # levels with fewer rows share one spread
MAX_COLUMNS = 60
MAX_NUMBERS = 200
PRECHECK_ROWS = 2_000
SAME_WITHIN = 0.999  # share of rows that have the number of their level
MAX_CLASSES = 10
LEFT_OUT = "mean of the other rows"
# Without the row's own target a mean differs between the rows of a level by their own targets alone.
LEFT_OUT_R2 = 0.99
LEFT_OUT_FIRST_LOOK = 0.97  # on some of the rows
SLOPE = 1.5  # the own target has the weight of one row; other sums of columns have other slopes
VARIES_TOO = 0.9  # share of the levels with different targets in which the column varies, too
PRIORS = (0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)  # weights of the overall mean in use for smoothing, in rows


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """A column that is a statistic of the target by another column.

    Attributes
    ----------
    column, by : str
    what : str
        The statistic in words: ``"smoothed mean"``, ``"log odds"``, ``"count of events"``, `LEFT_OUT` …
    label : str
        The class whose share it is; ``""`` for values.
    closeness : float
        Mean squared difference from the level means in units of their squared standard errors, about 1 or more for
        honest statistics; for `LEFT_OUT`, the share of the variation within levels that is left unexplained.
    n_levels : int
    """

    column: str
    by: str
    what: str
    label: str
    closeness: float
    n_levels: int


def find_encoded(context: AuditContext) -> dict[str, Encoded]:
    """Return the columns that are statistics of the target, by name; empty without a target."""
    return memo(context, "encoded", lambda: _search(context))


def _search(context: AuditContext) -> dict[str, Encoded]:
    if context.y is None:
        return {}
    rows = np.flatnonzero(~np.isnan(context.y))
    targets = list(_targets(context, context.y[rows]))
    numbers = [n for n in context.features if _is_number(context, n)][:MAX_NUMBERS]
    groups = [n for n in context.contract.names if n != context.target and _may_group(context, n, len(rows))]
    groups.sort(key=lambda n: (not isinstance(context.columns[n], Strings), -coded(context, n).n_levels))
    found: dict[str, Encoded] = {}
    if not numbers or not targets:
        return found
    for by in groups[:MAX_COLUMNS]:
        g, n_levels = coded(context, by).codes[rows], coded(context, by).n_levels
        look = _some_rows(g, n_levels)
        for name in _constant(context, numbers, rows[look], g[look]):
            if name != by and name not in found and _fixed(coded(context, name).codes[rows], g, n_levels):
                _keep(found, _by_level(name, by, _values(context, name)[rows], g, n_levels, targets))
        for name, (target, prior) in _falling(context, numbers, look, rows, g, targets).items():
            if name != by and name not in found:
                _keep(found, _left_out(name, by, _values(context, name)[rows], g, targets[target], prior))
    return found


def _keep(found: dict[str, Encoded], new: Encoded | None) -> None:
    if new is not None:
        found[new.column] = new


def _values(context: AuditContext, name: str) -> np.ndarray:
    column = context.columns[name]
    assert not isinstance(column, Strings)
    return column


def _is_number(context: AuditContext, name: str) -> bool:
    if isinstance(context.columns[name], Strings) or context.contract[name].kind is not Kind.NUMBER:
        return False
    return coded(context, name).n_levels >= MIN_LEVELS


def _may_group(context: AuditContext, name: str, n: int) -> bool:
    return MIN_LEVELS <= coded(context, name).n_levels <= n / MIN_ROWS_PER_LEVEL


def _some_rows(g: np.ndarray, n_levels: int) -> np.ndarray:
    """Return some positions sorted by level: all levels where they are few, else whole levels."""
    rows = np.flatnonzero(g >= 0)
    if n_levels <= PRECHECK_ROWS / 10:
        rows = rows[np.unique(np.linspace(0, max(0, len(rows) - 1), min(len(rows), PRECHECK_ROWS)).astype(np.int64))]
    return rows[np.argsort(g[rows], kind="stable")][:PRECHECK_ROWS]


def _constant(context: AuditContext, names: list[str], rows: np.ndarray, g: np.ndarray) -> list[str]:
    """Return the numbers that seem to be the same for all rows of a level (rows are sorted by level)."""
    if not len(rows):
        return []
    starts = np.flatnonzero(np.append(True, np.diff(g) != 0))
    codes = np.column_stack([coded(context, n).codes[rows] for n in names])
    first = np.repeat(codes[starts], np.diff(np.append(starts, len(rows))), axis=0)
    alike = (codes == first).mean(axis=0)
    return [n for n, share in zip(names, alike) if share >= SAME_WITHIN]


def _fixed(x: np.ndarray, g: np.ndarray, n_levels: int) -> bool:
    """Return whether the number is the same for all rows of a level, and not only because it mostly is."""
    first = np.full(n_levels + 1, -1)
    first[g[::-1]] = x[::-1]
    other = x != np.bincount(x + 1).argmax() - 1
    return bool(other.any()) and float((first[g] == x)[other].mean()) >= SAME_WITHIN


def _falling(
    context: AuditContext,
    names: list[str],
    look: np.ndarray,
    rows: np.ndarray,
    g: np.ndarray,
    targets: list[tuple[str, np.ndarray]],
) -> dict[str, tuple[int, float]]:
    """Return the numbers that seem to fall within levels with the row's own target, and with which target and prior.

    ``look`` are positions in ``rows``, sorted by level.
    """
    if not len(look):
        return {}
    starts = np.flatnonzero(np.append(True, np.diff(g[look]) != 0))
    sizes = np.diff(np.append(starts, len(look)))
    x = np.column_stack([_values(context, n)[rows[look]] for n in names])
    x = np.where(np.isfinite(x), x, 0.0)
    y = np.column_stack([y[look] for _, y in targets])
    n = np.bincount(g[g >= 0])[g[look]][:, None]
    inner, own = (v - np.repeat(np.add.reduceat(v, starts) / sizes[:, None], sizes, axis=0) for v in (x, y))
    found: dict[str, tuple[int, float]] = {}
    best: np.ndarray = np.full(len(names), LEFT_OUT_FIRST_LOOK)
    for prior in PRIORS:
        told = -own / np.maximum(n - 1 + prior, 1)
        size = np.square(inner).sum(axis=0)[:, None] * np.square(told).sum(axis=0)
        r2 = np.square(inner.T @ told) / np.where(size > 0, size, np.inf)
        for i in np.flatnonzero(r2.max(axis=1) > best):
            found[names[i]], best[i] = (int(r2[i].argmax()), prior), r2[i].max()
    return found


def _targets(context: AuditContext, y: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Yield what a statistic may be of: the values, or whether a row is of a class (one of two is enough)."""
    if not context.classes:
        yield "", y
        return
    sizes = np.bincount(y.astype(np.int64), minlength=len(context.classes))
    kept = [1] if len(sizes) == 2 else [int(c) for c in np.argsort(-sizes, kind="stable")[:MAX_CLASSES]]
    for c in kept:
        if 0 < sizes[c] < len(y):
            yield str(context.classes[c]), (y == c).astype(np.float64)


def _by_level(
    name: str, by: str, x: np.ndarray, g: np.ndarray, n_levels: int, targets: list[tuple[str, np.ndarray]]
) -> Encoded | None:
    from scipy.special import chdtr

    known = (g >= 0) & np.isfinite(x)
    x, g = x[known], g[known]
    n = np.bincount(g, minlength=n_levels).astype(float)
    value = np.bincount(g, weights=x, minlength=n_levels) / np.maximum(n, 1)
    for label, y in targets:
        mean, spread = _means(g, y[known], n)
        used = spread > 0
        levels = int(used.sum())
        if levels < MIN_LEVELS or np.ptp(mean[used]) == 0:
            continue
        overall = float(y[known].mean())
        weight = n[used] / spread[used]
        apart = float((np.square(mean[used] - np.average(mean[used], weights=weight)) * weight).sum())
        if apart < levels * LEFT_OPEN:
            continue  # means that differ less than luck makes them (one event in each) prove nothing
        for what, shape, fitted in _shapes(value[used], n[used], mean[used], overall, bool(label)):
            off = float((np.square(shape - mean[used]) * weight).sum())
            free = levels - fitted
            if free > 0 and off <= LEFT_OPEN * apart and chdtr(free, off) <= CHANCE:
                return Encoded(column=name, by=by, what=what, label=label, closeness=off / free, n_levels=levels)
    return None


def _means(g: np.ndarray, y: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and the variance of a target per level; 0 for a level in which it does not vary.

    A level without variation says nothing of how closely a mean is known.
    """
    mean = np.bincount(g, weights=y, minlength=len(n)) / np.maximum(n, 1)
    squares = np.bincount(g, weights=np.square(y - mean[g]), minlength=len(n))
    varies = squares > 1e-12 * max(1e-300, float(squares.max(initial=0)))
    pooled = squares[varies].sum() / max(1.0, float((n[varies] - 1).sum()))
    own = squares / np.maximum(n - 1, 1)
    return mean, np.where(varies, np.where(n >= OWN_SPREAD_ROWS, own, pooled), 0.0)


def _shapes(
    x: np.ndarray, n: np.ndarray, mean: np.ndarray, overall: float, share: bool
) -> Iterator[tuple[str, np.ndarray, int]]:
    """Yield the means that a column would stand for if it were a mean, a log odds or a count, plain or smoothed.

    With each comes the number of constants fitted to the data.
    """
    forms = {"mean": x, "count of events" if share else "sum": x / n}
    if share:
        forms["log odds"] = 1 / (1 + np.exp(-np.clip(x, -500, 500)))
    for what, form in forms.items():
        yield what, form, 0
    for what in ("mean", "log odds") if share else ("mean",):
        away = forms[what] - overall
        weight = float((away / n * (mean - forms[what])).sum()) / max(1e-300, float(np.square(away / n).sum()))
        if weight > 0:  # mean of the level and overall mean, the latter with the weight of so many rows
            yield f"smoothed {what}", forms[what] + away * weight / n, 1
    for what, form in forms.items():
        if what in ("sum", "count of events"):
            continue  # a number that hardly varies, divided by the rows of a level, is a share of one event in each
        line = _line(form, mean, n)
        if line is not None:
            yield f"rescaled {what}", line, 2


def _line(x: np.ndarray, mean: np.ndarray, n: np.ndarray) -> np.ndarray | None:
    """Return the weighted straight line through the level means; None where the column does not vary."""
    centre, level = np.average(x, weights=n), np.average(mean, weights=n)
    variance = np.average(np.square(x - centre), weights=n)
    if not variance > 0 or not np.isfinite(variance):
        return None
    slope = np.average((x - centre) * (mean - level), weights=n) / variance
    return level + slope * (x - centre)


def _left_out(
    name: str, by: str, x: np.ndarray, g: np.ndarray, target: tuple[str, np.ndarray], prior: float
) -> Encoded | None:
    """Return a column that is the mean of the other rows of a level: within a level it falls with the own target.

    (It rises with it where it is the share of another class.)
    """
    label, y = target
    known = (g >= 0) & np.isfinite(x)
    rows = np.bincount(g[g >= 0]).astype(float)
    x, g, y = x[known], g[known], y[known]
    n = np.maximum(np.bincount(g, minlength=len(rows)), 1)
    inner = x - (np.bincount(g, weights=x, minlength=len(rows)) / n)[g]
    own = (np.bincount(g, weights=y, minlength=len(rows)) / n)[g] - y
    moved, stirred = (np.bincount(g, weights=np.square(v), minlength=len(rows)) > 0 for v in (own, inner))
    if (moved & stirred).sum() < max(MIN_LEVELS, VARIES_TOO * moved.sum()):
        return None
    told = own / np.maximum(rows[g] - 1 + prior, 1)
    both, size = float((inner * told).sum()), float(np.square(told).sum())
    slope = both / size if size > 0 else 0.0
    rest = float(np.square(inner - slope * told).sum()) / max(1e-300, float(np.square(inner).sum()))
    if not 1 / SLOPE <= (abs(slope) if label else slope) <= SLOPE or not rest <= 1 - LEFT_OUT_R2:
        return None
    return Encoded(column=name, by=by, what=LEFT_OUT, label=label, closeness=rest, n_levels=int((rows > 0).sum()))
