"""Which columns of a wide table tell the target: each alone, all at once in a few products of matrices.

With many more columns than rows most columns are noise, and a model that is offered all of them learns much of it. A
number is asked what its ranks explain of the target, by a line and by a parabola, and what its gaps explain; a category
what its levels explain. That misses columns that tell only together with others, which nothing finds among thousands on
some hundred rows.

Screening looks at the target, so it belongs inside the training part of a fold like everything fitted: columns chosen
on all rows make noise look like a result (Ambroise and McLachlan 2002).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modelwright.data.columns import Columns, Strings
from modelwright.data.ranks import average_ranks, column_ranks

__all__ = ["Screened", "screen", "screen_matrix"]

SCREEN_ROWS = 5_000
"""Rows that are looked at: a share of 0.3 % shows on them."""

BLOCK_CELLS = 200_000
"""Of a part of the table that is ranked at once: it stays in the cache of a core."""

MOST_GROUPS, GROUP_ROWS = 32, 5
"""Levels of a category that are looked at, and rows that each must have; all others are one."""

FALSE_SHARE = 0.5
"""Of the columns that surely tell, this share may be noise (Benjamini and Hochberg 1995): a column too many costs a
model little, a telling one left out is gone."""

FEWEST_SURE = 10
"""So many columns are taken, whatever luck may have to do with it."""


@dataclass(frozen=True, eq=False)
class Screened:
    """What each of some columns alone explains of a target, in sample.

    Attributes
    ----------
    shares : ndarray of float64, shape (n_columns,)
        Of the variance of the best told class, or of the ranks of a value, 0 … 1.
    terms : ndarray of int, shape (n_columns,)
        Numbers that were fitted for it: noise explains ``terms / (n_rows - 1)``.
    n_rows : int
    n_goals : int
        Classes of which the best told one counts, or 1.
    """

    shares: np.ndarray
    terms: np.ndarray
    n_rows: int
    n_goals: int

    def most_telling(self, most: int) -> np.ndarray:
        """Return the places of the columns that explain most beyond luck, at most so many, ascending."""
        free = np.maximum(1, self.n_rows - 1 - self.terms)
        beyond = 1 - (1 - self.shares) * (self.n_rows - 1) / free
        return np.sort(np.argsort(-beyond, kind="stable")[:most])

    def surely_telling(self, most: int) -> np.ndarray:
        """Return the places of columns of which at most `FALSE_SHARE` are likely noise, at least `FEWEST_SURE`."""
        allowed = FALSE_SHARE * np.arange(1, len(self.shares) + 1) / max(1, len(self.shares))
        below = np.flatnonzero(np.sort(self.luck()) <= allowed)
        sure = int(below[-1]) + 1 if len(below) else 0
        return self.most_telling(min(most, max(FEWEST_SURE, sure)))

    def luck(self) -> np.ndarray:
        """Return how likely noise explains as much (F test, Bonferroni over the classes), shape (n_columns,)."""
        from scipy.special import fdtrc

        terms, free = np.maximum(1, self.terms), np.maximum(1, self.n_rows - 1 - self.terms)
        ratio = self.shares / terms / np.maximum((1 - self.shares) / free, 1e-300)
        return np.where(self.terms > 0, np.minimum(1.0, self.n_goals * fdtrc(terms, free, ratio)), 1.0)


def screen_matrix(x: np.ndarray, y: np.ndarray, n_classes: int) -> Screened:
    """Return what each column of numbers explains.

    Parameters
    ----------
    x : ndarray of float64, shape (n_rows, n_columns)
        NaN where missing.
    y : ndarray, shape (n_rows,)
        Class numbers, or values: of those the ranks are explained.
    n_classes : int
        0 for values.
    """
    rows = _looked_at(len(x))
    return _put_together([_of_numbers(x[rows], _goals(y[rows], n_classes))], len(rows), n_classes)


def screen(columns: Columns, names: Sequence[str], y: np.ndarray, n_classes: int) -> Screened:
    """Return what each of the named columns explains, in their order; see `screen_matrix`."""
    rows = _looked_at(len(y))
    goals = _goals(y[rows], n_classes)
    shares, terms = np.zeros(len(names)), np.zeros(len(names), dtype=np.int64)
    numbers = [j for j, name in enumerate(names) if not isinstance(columns[name], Strings)]
    step = max(1, BLOCK_CELLS // max(1, len(rows)))
    for first in range(0, len(numbers), step):
        some = numbers[first : first + step]
        block = np.column_stack([np.asarray(columns[names[j]])[rows] for j in some])
        shares[some], terms[some] = _explained(block, goals)
    for j, name in enumerate(names):
        column = columns[name]
        if isinstance(column, Strings):
            shares[j], terms[j] = _of_levels(column.codes[rows], goals)
    return _put_together([(shares, terms)], len(rows), n_classes)


def _looked_at(n_rows: int) -> np.ndarray:
    return np.linspace(0, n_rows - 1, min(n_rows, SCREEN_ROWS)).astype(np.intp)


def _put_together(parts: Sequence[tuple[np.ndarray, np.ndarray]], n_rows: int, n_classes: int) -> Screened:
    shares, terms = (np.concatenate(some) for some in zip(*parts, strict=True))
    return Screened(shares, terms, n_rows, n_classes if n_classes > 2 else 1)


def _goals(y: np.ndarray, n_classes: int) -> np.ndarray:
    """Return what is explained, shape (n_rows, n_goals), each column of mean 0 and length 1, or all 0."""
    if n_classes > 2:
        goals = (y[:, None] == np.arange(n_classes)).astype(np.float64)
    elif n_classes:
        goals = (y == 1)[:, None].astype(np.float64)
    else:
        goals = average_ranks(y)[:, None]
    return _unit(goals)


def _of_numbers(x: np.ndarray, goals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    step = max(1, BLOCK_CELLS // max(1, len(x)))
    parts = [_explained(x[:, first : first + step], goals) for first in range(0, x.shape[1], step)]
    if not parts:
        return np.zeros(0), np.zeros(0, dtype=np.int64)
    shares, terms = zip(*parts, strict=True)
    return np.concatenate(shares), np.concatenate(terms)


def _explained(x: np.ndarray, goals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return shares and terms of columns of numbers."""
    gone = np.isnan(x)
    holed = np.flatnonzero(gone.any(axis=0))
    known = ~gone if len(holed) else None
    ranks = _unit(np.where(gone, 0.0, column_ranks(x)) if len(holed) else column_ranks(x), known)
    squares = _unit(np.square(ranks), known)
    squares = _unit(squares - ranks * (squares * ranks).sum(axis=0), known)
    shares = np.square(goals.T @ ranks) + np.square(goals.T @ squares)
    terms = np.array([ranks.any(axis=0), squares.any(axis=0)]).sum(axis=0)
    if len(holed):
        gaps = _unit(gone[:, holed].astype(np.float64))
        shares[:, holed] += np.square(goals.T @ gaps)
        terms[holed] += gaps.any(axis=0)
    return np.minimum(1.0, shares.max(axis=0, initial=0.0)), terms


def _of_levels(codes: np.ndarray, goals: np.ndarray) -> tuple[float, int]:
    """Return share and terms of a category; missing (-1) is a level."""
    counts = np.bincount(codes + 1)
    own = np.flatnonzero(counts >= GROUP_ROWS)
    own = own[np.argsort(-counts[own], kind="stable")][: MOST_GROUPS - 1]
    group = np.zeros(len(counts), dtype=np.intp)
    group[own] = np.arange(1, len(own) + 1)
    groups = group[codes + 1]
    n = np.bincount(groups, minlength=len(own) + 1)
    sums = np.column_stack([np.bincount(groups, weights=goal, minlength=len(n)) for goal in goals.T])
    shares = (np.square(sums) / np.maximum(n, 1)[:, None]).sum(axis=0)
    return min(1.0, float(shares.max(initial=0.0))), max(0, int((n > 0).sum()) - 1)


def _unit(values: np.ndarray, known: np.ndarray | None = None) -> np.ndarray:
    """Return columns of mean 0 and length 1 over the rows where they are known, 0 elsewhere and where none varies."""
    if known is None:
        centred = values - values.mean(axis=0)
    else:
        centred = (values - (values * known).sum(axis=0) / np.maximum(known.sum(axis=0), 1)) * known
    length = np.sqrt(np.square(centred).sum(axis=0))
    varies = length > 1e-9 * np.maximum(values.max(axis=0, initial=0.0), -values.min(axis=0, initial=0.0))
    return centred * np.where(varies, 1.0 / np.where(varies, length, 1.0), 0.0)
