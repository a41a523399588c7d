"""What a run begins with where the project has a model already: its recipes, and the rows that it is to be judged on.

Every choice is made on older rows than those that judge. The folds shrink to one step from the past to what came next:
which recipes are worth trying is known, and the newest rows are those that matter.

Where groups are kept apart and go on through time, as shops and customers do, what judges is the future of groups that
the model which serves has learned from. Its successor learns from them as well: kept apart from all of them it would
have nothing to learn from, and would be judged by another question than the one that is asked next.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from modelwright.data.columns import Columns
from modelwright.data.treating.treatment import Treatment
from modelwright.errors import DataError
from modelwright.frame.problem import Problem, SplitKind
from modelwright.frame.split import Folds, clock_ranks, group_numbers
from modelwright.frame.splitting import MOSTLY_KNOWN, NEEDS_GROUP
from modelwright.frame.timing import known_by

__all__ = ["JUDGED", "Start", "reframed"]

JUDGED = "judged.npz"
"""File in a run's folder: numbers of the judged rows in the table, their target, what the new models say of them."""

VALID_SHARE = 0.2
"""Of the rows older than the judged ones, the latest part chooses among the recipes."""

FEWEST = 10
"""Rows in a part of the only fold; with fewer nothing is learned."""


@dataclass(frozen=True, kw_only=True)
class Start:
    """What is known when a run begins.

    Attributes
    ----------
    candidates : tuple of str
        Keys of the only candidates to try; one that does not exist for this table is left out.
    judged : int
        Rows at the end of the table, in the order of time, that train nothing but the last refit.
    treatments : dict of str to Treatment
        What was done to personal values when the model was trained: the rows do not show any more what they were.
    scale : float
        Factor by which the target was read: answers of a model and of its successor are compared on one scale.
    """

    candidates: tuple[str, ...]
    judged: int
    treatments: dict[str, Treatment] = field(default_factory=dict)
    scale: float = 1.0


def reframed(start: Start, problem: Problem, columns: Columns, rows: np.ndarray, n_table: int) -> tuple[Problem, Folds]:
    """Return the problem and the folds of a run that goes on from a model.

    Parameters
    ----------
    start : Start
    problem : Problem
        As framed without it.
    columns : Columns
        Over the used rows, in the order of time.
    rows : ndarray of int
        Number of each used row in the table.
    n_table : int
        Rows of the table.

    Raises
    ------
    DataError
        Too few rows are left for a part (MW-D810).
    """
    judged = np.flatnonzero(rows >= n_table - start.judged)
    rest = np.flatnonzero(rows < n_table - start.judged)
    order = clock_ranks(problem.clock, columns) if problem.clock else np.arange(len(rows))
    rest = rest[np.argsort(order[rest], kind="stable")]
    valid = rest[len(rest) - int(VALID_SHARE * len(rest)) :]
    train = rest[: len(rest) - len(valid)]
    groups = group_numbers(columns[problem.group]) if problem.group and problem.split in NEEDS_GROUP else None
    if problem.time and problem.label_delay:
        times = np.asarray(columns[problem.time])
        valid = known_by(times, valid, judged, problem.label_delay)
        train = known_by(times, train, valid, problem.label_delay)
    known = 0.0
    if groups is not None and len(judged):
        known = float(np.isin(groups[judged], groups[rest]).mean())
    if known >= MOSTLY_KNOWN:
        groups = None  # they go on, and are not kept apart
    if groups is not None:
        train = train[~np.isin(groups[train], np.concatenate([groups[valid], groups[judged]]))]
        valid = valid[~np.isin(groups[valid], groups[judged])]
    for what, part in (("to learn from", train), ("to choose by", valid), ("to judge by", judged)):
        if len(part) < FEWEST:
            raise DataError(
                f"{len(part)} rows are left {what}; at least {FEWEST} are needed",
                fix="wait until there are more rows with labels",
                code="MW-D810",
            )
    folds = Folds(holdout=np.sort(judged), folds=((np.sort(train), np.sort(valid)),), groups=groups, order=order)
    return _told(problem, len(judged), len(rows), apart=groups is not None, known=known), folds


def _told(problem: Problem, judged: int, n: int, *, apart: bool, known: float) -> Problem:
    split = SplitKind.GROUP_TIME if apart else SplitKind.TIME
    why = (
        f"the project has a model: the latest {judged:,} rows, which it has not seen, judge it and the new one, and "
        "the rows just before them choose among its recipes"
    )
    if known and not apart:
        why += (
            f"; {known:.0%} of those that judge are of a '{problem.group}' that was there before and that both have "
            "learned from: the score is that of known ones, not of new ones"
        )
    answers = {"split": split.value, "holdout": f"{judged / n:.1%}", "folds": "1 fold"}
    choices = tuple(
        replace(c, value=answers[c.question], alternatives=(c.value,), decided_by="retraining", why=why)
        if c.question in answers
        else c
        for c in problem.choices
    )
    group = problem.group if apart else None
    return replace(problem, split=split, group=group, n_folds=1, n_repeats=1, holdout=judged / n, choices=choices)
