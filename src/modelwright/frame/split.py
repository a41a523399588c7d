"""Rows kept apart: the lockbox and the folds.

What must stay true: no lockbox row is in a fold; no row is in both parts of a fold; with groups, no group is on two
sides of a fold or in both the lockbox and a fold; with time, every training row is older than every row it is scored
on, and the lockbox is younger than all of them; with labels that take time, by so much. Everything is drawn from one
seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from modelwright import objectives
from modelwright.audit.building import names
from modelwright.data.columns import Column, Columns, Strings
from modelwright.data.moments import joint_ranks
from modelwright.errors import DataError, UsageError
from modelwright.frame.grouping import deal_groups
from modelwright.frame.problem import Problem, SplitKind
from modelwright.frame.timing import forward_folds, known_by, latest_rows, unseen_groups

__all__ = ["Fold", "Folds", "clock_ranks", "group_numbers", "make_folds", "time_ranks"]

Fold = tuple[np.ndarray, np.ndarray]
_NO_ROWS = np.array([], dtype=np.int64)

MOST_JUDGING = 200_000
"""Rows that judge the candidates of a fold where a lockbox reports. The error of a log loss of 0.5 is some 0.001 then,
and candidates are compared on the same rows; each of these rows is encoded and predicted for every candidate."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Folds:
    """Which rows train and which judge.

    Attributes
    ----------
    holdout : ndarray of int
        Lockbox rows, ascending; empty without one.
    folds : tuple of (train, valid)
        Ascending row numbers. Repeats follow one another: the first ``n_folds`` are the first repeat. Along time the
        latest comes first: it has most rows to learn from, and is nearest to what will be predicted. With a lockbox
        no more than `MOST_JUDGING` rows of a fold judge.
    groups : ndarray of int or None
        Group number per row; a row without a group is a group of its own.
    order : ndarray of int or None
        Rank in time per row, equal times equal; rows without a time come first.
    """

    holdout: np.ndarray
    folds: tuple[Fold, ...]
    groups: np.ndarray | None
    order: np.ndarray | None


def make_folds(problem: Problem, y: np.ndarray, columns: Columns, seed: int) -> Folds:
    """Return lockbox and folds over the used rows.

    Parameters
    ----------
    problem : Problem
    y : ndarray of float64, shape (n_rows,)
    columns : Columns
        Must hold the problem's group and time columns. A split by time without one goes by the order of the rows.
    seed : int

    Raises
    ------
    DataError
        The split is impossible: too few rows (MW-D311), groups (MW-D312) or moments (MW-D313).
    """
    rng = np.random.default_rng(seed)
    groups = group_numbers(columns[problem.group]) if problem.group else None
    order = clock_ranks(problem.clock, columns) if problem.clock else None
    if order is None and problem.split in (SplitKind.TIME, SplitKind.GROUP_TIME):
        order = np.arange(len(y))  # the order of the file is the order of time
    _check_possible(problem, len(y), groups, order)
    labels = None
    if problem.split in (SplitKind.STRATIFIED, SplitKind.GROUP):
        labels = objectives.get(problem.objective).split_labels(y, problem.classes)
    times = np.asarray(columns[problem.time]) if problem.time and problem.label_delay else None
    holdout, rest = _MAKERS[problem.split](_Rows(problem, len(y), labels, groups, order, times, rng))
    most = MOST_JUDGING if len(holdout) else len(y)
    folds = tuple((np.sort(train), _some(np.sort(valid), most, rng)) for train, valid in rest)
    empty = [i for i, (train, valid) in enumerate(folds) if not len(train) or not len(valid)]
    if empty or not folds or (problem.holdout > 0 and not len(holdout)):
        raise DataError(
            f"the {problem.split} split leaves a part empty ({len(y):,} rows, {problem.n_folds} folds)",
            fix="add rows, or choose another split with --split"
            + (", or say that labels are known sooner" if problem.label_delay else ""),
            code="MW-D311",
        )
    return Folds(holdout=np.sort(holdout), folds=folds, groups=groups, order=order)


def _some(rows: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """Return at most so many of the rows, in order."""
    return rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False))


def group_numbers(column: Column) -> np.ndarray:
    """Return group numbers 0..n_groups-1 (int64) in order of value; every row without a value is its own group."""
    if isinstance(column, Strings):
        known, values = column.codes >= 0, column.codes.astype(np.int64)
    else:
        known, values = ~np.isnan(column), column
    numbers = np.empty(len(values), dtype=np.int64)
    distinct, inverse = np.unique(values[known], return_inverse=True)
    numbers[known] = inverse
    numbers[~known] = len(distinct) + np.arange(np.count_nonzero(~known))
    return numbers


def time_ranks(column: Column, name: str) -> np.ndarray:
    """Return ranks 0, 1, … of the moments (int64), equal moments equal.

    Rows without a time get -1: they count as the oldest, so that they train and are never scored.

    Raises
    ------
    UsageError
        The column holds text, which has no order in time (MW-U312).
    """
    if isinstance(column, Strings):
        raise UsageError(
            f"the time column '{name}' holds text that was not read as dates or numbers",
            fix=f"say what it is with --kind {name}=datetime, or name another column with --time",
            code="MW-U312",
        )
    ranks = np.full(len(column), -1, dtype=np.int64)
    known = ~np.isnan(column)
    ranks[known] = np.unique(column[known], return_inverse=True)[1]
    return ranks


def clock_ranks(clock: tuple[str, ...], columns: Columns) -> np.ndarray:
    """Return ranks of the moments that one column, or several parts of a date together, say; see `time_ranks`."""
    if len(clock) == 1:
        return time_ranks(columns[clock[0]], clock[0])
    return joint_ranks([columns[name] for name in clock])


def _check_possible(problem: Problem, n: int, groups: np.ndarray | None, order: np.ndarray | None) -> None:
    parts = problem.n_folds + (problem.holdout > 0)
    if problem.n_folds < 2 and order is None:
        raise DataError(
            f"{problem.n_folds} fold cannot both train and judge", fix="use at least 2 folds", code="MW-D311"
        )
    if n < parts:
        raise DataError(f"{n} rows cannot make {parts} parts", fix="add rows", code="MW-D311")
    needs_groups = problem.split in (SplitKind.GROUP, SplitKind.GROUP_TIME)
    if needs_groups and (groups is None or int(groups.max()) + 1 < parts):
        found = 0 if groups is None else int(groups.max()) + 1
        raise DataError(
            f"the group column '{problem.group}' has {found} group{'s' * (found != 1)}, the split needs {parts}",
            fix="name another column with --group, or choose another split with --split",
            code="MW-D312",
        )
    needs_time = problem.split in (SplitKind.TIME, SplitKind.GROUP_TIME)
    if needs_time and (order is None or int(order.max()) + 1 < parts + 1):
        found = 0 if order is None else int(order.max()) + 1
        raise DataError(
            f"{_has(problem.clock)} {found} different time{'s' * (found != 1)}, the split needs {parts + 1}",
            fix="name another column with --time, or choose another split with --split",
            code="MW-D313",
        )


def _has(clock: tuple[str, ...]) -> str:
    if len(clock) > 1:
        return f"{names(clock)} together have"
    return f"the time column '{clock[0]}' has" if clock else "the order of the file has"


@dataclass(frozen=True, eq=False)
class _Rows:
    """What the makers of splits look at."""

    problem: Problem
    n: int
    labels: np.ndarray | None
    groups: np.ndarray | None
    order: np.ndarray | None
    times: np.ndarray | None
    rng: np.random.Generator

    def known(self, rows: np.ndarray, judged: np.ndarray) -> np.ndarray:
        """Return those of some rows whose labels are known when the judged ones come."""
        return rows if self.times is None else known_by(self.times, rows, judged, self.problem.label_delay)


_Made = tuple[np.ndarray, list[Fold]]


def _drawn(given: _Rows) -> _Made:
    """Random and stratified splits: rows are sorted by label (shuffled within) and dealt in turn."""
    problem, n, rng = given.problem, given.n, given.rng
    strata = np.zeros(n, dtype=np.int64) if given.labels is None else given.labels
    rows, holdout = np.arange(n), _NO_ROWS
    if problem.holdout > 0:
        alone = np.bincount(strata)[strata] < 2  # the only row of its class must be learned from
        shuffled = np.lexsort((rng.random(n), strata))
        shuffled = shuffled[~alone[shuffled]]
        steps = np.floor(np.arange(len(shuffled) + 1) * (problem.holdout * n / len(shuffled)) + rng.random())
        holdout = shuffled[np.diff(steps) > 0]
        rows = np.setdiff1d(rows, holdout, assume_unique=True)
    folds: list[Fold] = []
    for _ in range(problem.n_repeats):
        shuffled = rows[np.lexsort((rng.random(len(rows)), strata[rows]))]
        fold = np.arange(len(rows)) % problem.n_folds
        folds += [(shuffled[fold != f], shuffled[fold == f]) for f in range(problem.n_folds)]
    return holdout, folds


def _grouped(given: _Rows) -> _Made:
    problem, groups, labels = given.problem, given.groups, given.labels
    assert groups is not None
    rows, holdout = np.arange(given.n), _NO_ROWS
    if problem.holdout > 0:
        boxed = deal_groups(groups, labels, (1 - problem.holdout, problem.holdout), given.rng) == 1
        holdout, rows = rows[boxed], rows[~boxed]
    inner = np.unique(groups[rows], return_inverse=True)[1]
    folds: list[Fold] = []
    for _ in range(problem.n_repeats):
        equal = (1.0 / problem.n_folds,) * problem.n_folds
        part = deal_groups(inner, None if labels is None else labels[rows], equal, given.rng)
        folds += [(rows[part != f], rows[part == f]) for f in range(problem.n_folds)]
    return holdout, folds


def _timed(given: _Rows) -> _Made:
    holdout, rest = _latest(given)
    return holdout, [(given.known(train, valid), valid) for train, valid in _ahead(given, rest)]


def _grouped_and_timed(given: _Rows) -> _Made:
    """Later rows of groups that did not train; rows that are neither sit out."""
    assert given.groups is not None
    holdout, rest = _latest(given)
    if len(holdout):
        rest, holdout = unseen_groups(given.groups, rest, holdout, given.rng)
    folds = [unseen_groups(given.groups, train, valid, given.rng) for train, valid in _ahead(given, rest)]
    return holdout, [(given.known(train, valid), valid) for train, valid in folds]


def _latest(given: _Rows) -> tuple[np.ndarray, np.ndarray]:
    """Return the lockbox, and the rows whose labels are known when it begins."""
    assert given.order is not None
    holdout = latest_rows(given.order, given.problem.holdout, keep=given.problem.n_folds + 1)
    rest = np.setdiff1d(np.arange(given.n), holdout, assume_unique=True)
    return holdout, given.known(rest, holdout)


def _ahead(given: _Rows, rest: np.ndarray) -> list[Fold]:
    assert given.order is not None
    if given.order[rest].max(initial=-1) < given.problem.n_folds:
        return []  # labels take so long that no past is left
    return [(rest[a], rest[b]) for a, b in reversed(forward_folds(given.order[rest], given.problem.n_folds))]


_MAKERS: dict[SplitKind, Callable[[_Rows], _Made]] = {
    SplitKind.RANDOM: _drawn,
    SplitKind.STRATIFIED: _drawn,
    SplitKind.GROUP: _grouped,
    SplitKind.TIME: _timed,
    SplitKind.GROUP_TIME: _grouped_and_timed,
}
