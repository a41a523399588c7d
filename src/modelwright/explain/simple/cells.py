"""The values of a column that a page can tell apart: a few ranges, a few levels, and missing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np

from modelwright.data.columns import Column, Strings
from modelwright.data.contract import Kind
from modelwright.explain.grids import MISSING, are_years, written
from modelwright.explain.simple.documents import Cell
from modelwright.format import joined

__all__ = [
    "LEAST_ROWS",
    "LEAST_SHARE",
    "edge_between",
    "edge_text",
    "edge_texts",
    "level_order",
    "levels_text",
    "make_cells",
]

MOST_CELLS = 5
"""Of one column: half a minute's reading; scorecards have three to eight (Siddiqi 2006, chapter 6)."""

MOST_LEVELS = 6
"""Levels that are told one by one; more are put together by what they do."""

LEAST_SHARE, LEAST_ROWS = 0.02, 10
"""Of the training rows, in one cell or end of a tree: what fewer do is mostly chance."""

LEAST_RANGE = 0.05
"""Of the rows, in one range of a number: where ranges begin is looked for, and the more places the more chance (Siddiqi
2006, chapter 6, asks for 5 %)."""

SHRINK = 10.0
"""Rows that the mean of all counts as in the mean of a level."""

LEVELS_NAMED = 6
LARGEST = 306
"""Power of ten of the largest number that is made rounder."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400.0


def make_cells(column: Column, kind: Kind, signal: np.ndarray) -> tuple[Cell, ...]:
    """Return the cells of a column, adding nothing yet; none where it cannot tell two groups of rows apart.

    Parameters
    ----------
    column : Column
    kind : Kind
    signal : ndarray of float64, shape (n_rows, k)
        What is to be told apart: the value, or one column for each class.
    """
    if isinstance(column, Strings):
        absent = column.codes < 0
        cells = _of_levels(column, signal)
        sizes = _sizes_of_levels(column, cells)
    else:
        absent = np.isnan(column)
        edges = _edges(column[~absent], kind, signal[~absent])
        cells = _of_edges(edges, kind)
        sizes = np.bincount(np.searchsorted(edges, column[~absent], side="right"), minlength=len(cells))
    missing = int(absent.sum())
    if cells and missing >= max(LEAST_ROWS, LEAST_SHARE * len(absent)):
        return (*cells, Cell(text=MISSING, adds=(), missing=True))
    if len(cells) < 2:
        return ()
    most = int(np.argmax(sizes))
    return tuple(replace(c, missing=i == most) for i, c in enumerate(cells))


# --- numbers ------------------------------------------------------------------------------------------------------


def _edges(values: np.ndarray, kind: Kind, signal: np.ndarray) -> list[float]:
    """Return where ranges begin: where a small tree of this column alone would ask."""
    from sklearn.tree import DecisionTreeRegressor

    distinct, ranks = np.unique(values, return_inverse=True)  # trees of ranks: theirs are numbers of 32 bits
    if len(distinct) < 2:
        return []
    least = max(LEAST_ROWS, math.ceil(LEAST_RANGE * len(values)))
    if len(values) < 2 * least:
        return []
    tree = DecisionTreeRegressor(max_leaf_nodes=MOST_CELLS, min_samples_leaf=least, random_state=0)
    made = tree.fit(ranks[:, None], signal).tree_
    asked = np.sort(made.threshold[made.feature >= 0])
    return sorted({edge_between(distinct, int(t), kind) for t in asked})


def edge_between(distinct: np.ndarray, place: int, kind: Kind) -> float:
    """Return the roundest number that parts the sorted values up to a place from those after it, which reach it."""
    below, above = float(distinct[place]), float(distinct[place + 1])
    if kind is Kind.DATETIME:
        day = math.floor(above / DAY) * DAY
        return day if below < day else above
    middle = below / 2 + above / 2
    largest = min(LARGEST, math.floor(math.log10(max(abs(below), abs(above)))))
    for exponent in range(largest + 1, largest - 15, -1):
        step = 10.0**exponent
        for rounded in (round(middle / step) * step, (math.floor(below / step) + 1) * step):
            short = float(f"{rounded:.15g}")
            if below < short <= above:
                return short
    return above


def _of_edges(edges: Sequence[float], kind: Kind) -> tuple[Cell, ...]:
    if not edges:
        return (Cell(text="any value", adds=(), rest=True),)
    if kind is Kind.BOOLEAN:
        return Cell(text="no", adds=(), high=edges[0]), Cell(text="yes", adds=(), low=edges[0])
    texts = edge_texts(edges, kind)
    under, over = ("before", "from") if kind is Kind.DATETIME else ("under", "from")
    cells = [Cell(text=f"{under} {texts[0]}", adds=(), high=edges[0])]
    for (low, high), (a, b) in zip(pairwise(edges), pairwise(texts), strict=True):
        cells.append(Cell(text=f"{a} to {under} {b}", adds=(), low=low, high=high))
    return (*cells, Cell(text=f"{over} {texts[-1]}", adds=(), low=edges[-1]))


def edge_text(edge: float, kind: Kind) -> str:
    """Return where a range begins, as text."""
    if kind is Kind.DATETIME and edge % DAY:
        try:
            return (_EPOCH + timedelta(seconds=edge)).strftime("%Y-%m-%d %H:%M:%S")
        except OverflowError:
            return f"{edge:g}"
    if kind is Kind.DATETIME:
        return written(np.array([edge]), kind)[0]
    return f"{edge:,.15g}".replace("-", "−", 1) if abs(edge) >= 1e-4 or edge == 0 else f"{edge:g}"


def edge_texts(edges: Sequence[float], kind: Kind) -> list[str]:
    """Return where ranges of one column begin, as texts."""
    if kind is Kind.NUMBER and are_years(edges):
        return [f"{e:.0f}" for e in edges]
    return [edge_text(e, kind) for e in edges]


# --- levels -------------------------------------------------------------------------------------------------------


def level_order(column: Column, signal: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Return, for each level, its mean of the signal drawn towards that of all rows, its rows, and the mean of all.

    Of several signals the one that varies most between levels is taken.
    """
    assert isinstance(column, Strings)
    known = column.codes >= 0
    codes, n = column.codes[known], len(column.levels)
    rows = np.bincount(codes, minlength=n).astype(float)
    overall = signal.mean(axis=0)
    sums = np.stack([np.bincount(codes, signal[known, j], minlength=n) for j in range(signal.shape[1])], axis=1)
    means = (sums + SHRINK * overall) / (rows + SHRINK)[:, None]
    between = (rows[:, None] * (means - overall) ** 2).sum(axis=0)
    taken = int(np.argmax(between))
    return means[:, taken], rows, float(overall[taken])


def _of_levels(column: Strings, signal: np.ndarray) -> tuple[Cell, ...]:
    means, rows, _ = level_order(column, signal)
    least = max(LEAST_ROWS, LEAST_SHARE * len(column))
    often = [int(i) for i in np.argsort(-rows, kind="stable") if rows[i] >= least]
    if len(often) <= MOST_LEVELS:
        groups = [[i] for i in often]
    else:
        groups = _alike(np.array(often), means, rows)
    cells = [_cell_of([str(column.levels[i]) for i in group]) for group in groups]
    if rows.sum() > sum(rows[i] for i in often) or not cells:
        cells.append(Cell(text="any other", adds=(), rest=True))
    else:
        first = cells[0]
        cells[0] = Cell(text=f"{first.text}, or a new one", adds=(), levels=first.levels, rest=True)
    return tuple(cells)


def _alike(often: np.ndarray, means: np.ndarray, rows: np.ndarray) -> list[list[int]]:
    """Return groups of levels that do much the same, the largest first."""
    from sklearn.tree import DecisionTreeRegressor

    tree = DecisionTreeRegressor(max_leaf_nodes=MOST_CELLS, random_state=0)
    leaf = tree.fit(means[often][:, None], means[often], sample_weight=rows[often]).apply(means[often][:, None])
    groups = [[int(i) for i in often[leaf == which]] for which in np.unique(leaf)]
    return sorted(groups, key=lambda group: -sum(rows[i] for i in group))


def _cell_of(levels: list[str]) -> Cell:
    return Cell(text=levels_text(levels), adds=(), levels=tuple(levels))


def levels_text(levels: Sequence[str]) -> str:
    """Return levels in words, the first few of many."""
    return joined((f"“{level}”" for level in levels), limit=LEVELS_NAMED, last="or")


def _sizes_of_levels(column: Strings, cells: Sequence[Cell]) -> np.ndarray:
    rest = next(i for i, c in enumerate(cells) if c.rest)
    places = column.recode({level: i for i, c in enumerate(cells) for level in c.levels}, rest)
    return np.bincount(places[places >= 0], minlength=len(cells))
