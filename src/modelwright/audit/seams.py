"""Where in the file a column changes at once: from filled to empty, to another scale, or by a step.

A step is told from a trend, from blocks of a sorted file and from swings by three things: what changes from one part
to the other also changes from the rows just before the place to those just after it; neither part has a change of
its own that comes near; and two columns or more change at the same place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwright.audit.findings import AuditContext
from modelwright.audit.looking import coded, is_missing, level_ranks, rank_correlation, values_of
from modelwright.data.ranks import average_ranks

__all__ = [
    "APART",
    "EMPTY",
    "FILLED",
    "MIN_COLUMNS",
    "MIN_PART",
    "STEP",
    "Seam",
    "find_seam",
]

# Two tables put one after the other: a boundary in the file before which a column is nearly never filled, and after
# which it nearly always is (or the other way round); both parts are large enough to be a table.
MIN_PART = 0.05
FILLED, EMPTY = 0.9, 0.1
MIN_COLUMNS = 2
SAME_PLACE, NEAR_ROWS = 0.01, 10  # boundaries of several columns within this share of the rows, or so many, are one
# A change of scale: above the boundary nearly all values are larger than nearly all values below it.
APART = 0.99  # probability that a value of one part exceeds one of the other (area under the ROC curve)
MAX_TREND = 0.5
MIN_LEVELS_SHARE = 0.01
# A step: the area is that of two normal columns half a standard deviation apart (0.64), far beyond luck (the largest of
# some thousand places is 4 standard errors off, of some hundred columns 5).
STEP = 0.64
STEP_ERRORS = 6.0
MIN_STEP_LEVELS = 10
MIN_STEP_PART = 0.1
JUST_BESIDE = 0.06  # of the rows, on each side: at least so many …
BESIDE_ROWS = 40
AT_ONCE = 0.6  # … and the share of the step that shows between them, with two standard errors of room
OF_ITS_OWN = 0.5  # a change within a part is at most this share of the step, or luck
LUCK = 3.5


@dataclass(frozen=True, kw_only=True)
class Seam:
    """The row that the second table begins with, and what changes there.

    Attributes
    ----------
    row : int
        Position in the context.
    columns : tuple of str
    steps : tuple of str
        Those of the columns that merely shift, which are neither filled or empty nor of another scale.
    """

    row: int
    columns: tuple[str, ...]
    steps: tuple[str, ...]


def find_seam(context: AuditContext, *, steps: bool) -> Seam | None:
    """Return the place at which most columns change at once, None where fewer than `MIN_COLUMNS` do.

    Parameters
    ----------
    steps : bool
        Whether columns that merely shift count.
    """
    places = {c: p for c in context.features if (p := _boundary(context, c)) > 0}
    shifted = {c: p for c in context.features if steps and c not in places and (p := _step(context, c)) > 0}
    everywhere = places | shifted
    if len(everywhere) < MIN_COLUMNS:
        return None
    near = max(SAME_PLACE * len(context.row_numbers), NEAR_ROWS)
    at = np.array(list(everywhere.values()))
    together = (np.abs(at[:, None] - at) <= near).sum(axis=1)
    middle = int(np.median(at[np.abs(at - at[together.argmax()]) <= near]))
    columns = tuple(c for c, p in everywhere.items() if abs(p - middle) <= near)
    if len(columns) < MIN_COLUMNS:
        return None
    return Seam(row=middle, columns=columns, steps=tuple(c for c in columns if c in shifted))


def _boundary(context: AuditContext, name: str) -> int:
    """Return the row from which on a column is filled, or empty, or of another scale; 0 for none."""
    n = len(context.row_numbers)
    gone = is_missing(context.columns[name])
    if not gone.any():
        return _scale_boundary(context, name)
    low, high = int(MIN_PART * n), int((1 - MIN_PART) * n)
    before = np.cumsum(gone)
    cut = np.arange(low, high)
    first, second = before[cut - 1] / cut, (before[-1] - before[cut - 1]) / (n - cut)
    best = int(np.abs(first - second).argmax())
    if max(first[best], second[best]) >= FILLED and min(first[best], second[best]) <= EMPTY:
        return int(cut[best])
    return 0


def _scale_boundary(context: AuditContext, name: str) -> int:
    values = values_of(context, name)
    if values is None or coded(context, name).n_levels < MIN_LEVELS_SHARE * len(values):
        return 0
    place, area = _largest_step(level_ranks(coded(context, name)), MIN_PART)
    if abs(area - 0.5) < APART - 0.5:
        return 0
    within = [abs(_trend(part)) for part in (values[:place], values[place:])]
    return place if max(within) < MAX_TREND else 0


def _step(context: AuditContext, name: str) -> int:
    """Return the row from which on the values of a number are larger, or smaller, and stay so; 0 for none."""
    values = values_of(context, name)
    if values is None or coded(context, name).n_levels < MIN_STEP_LEVELS:
        return 0
    known = np.flatnonzero(np.isfinite(values))
    x = values[known]
    if len(x) < 2 * BESIDE_ROWS / (1 - 2 * MIN_STEP_PART):
        return 0
    column = coded(context, name)
    ranks = level_ranks(column)[known] if len(known) == column.n_present else average_ranks(x)
    place, area = _largest_step(ranks, MIN_STEP_PART)
    step = abs(area - 0.5)
    if step < max(STEP - 0.5, STEP_ERRORS * _error(place, len(x) - place)):
        return 0
    if any(_own_step(part) > OF_ITS_OWN * step for part in (x[:place], x[place:])):
        return 0
    beside = max(BESIDE_ROWS, int(JUST_BESIDE * len(x)))
    first, second = x[max(0, place - beside) : place], x[place : place + beside]
    local = (_area(first, second) - 0.5) * np.sign(area - 0.5)
    if local < AT_ONCE * step - 2 * _error(len(first), len(second)):
        return 0
    return int(known[place])


def _own_step(x: np.ndarray) -> float:
    """Return the largest step within a part, beyond luck."""
    if len(x) < BESIDE_ROWS:
        return 0.0
    place, area = _largest_step(average_ranks(x), 2 * MIN_STEP_PART)
    step = abs(area - 0.5)
    return step if step > LUCK * _error(place, len(x) - place) else 0.0


def _largest_step(ranks: np.ndarray, least: float) -> tuple[int, float]:
    """Return the place at which what is before and after differs most, and the area under the ROC curve there.

    Values are given by their ranks. The area is the probability that one before exceeds one after; each part has the
    share ``least`` of the values.
    """
    n = len(ranks)
    cut = np.arange(max(1, int(least * n)), n - max(1, int(least * n)))
    below = np.cumsum(ranks)[cut - 1] - cut * (cut + 1) / 2
    area = below / (cut * (n - cut))
    best = int((np.abs(area - 0.5) / _error(cut, n - cut)).argmax())
    return int(cut[best]), float(area[best])


def _error(n: np.ndarray | int, m: np.ndarray | int) -> np.ndarray | float:
    """Return the standard error of an area when nothing tells ``n`` rows from ``m`` others (Mann and Whitney 1947)."""
    return ((n + m + 1) / (12 * n * m)) ** 0.5


def _area(first: np.ndarray, second: np.ndarray) -> float:
    n, m = len(first), len(second)
    ranks = average_ranks(np.concatenate([first, second]))
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m))


def _trend(values: np.ndarray) -> float:
    return rank_correlation(values, np.arange(len(values), dtype=np.float64))
