"""How much too good a random split would have been, where rows hang together or follow one another.

Both ways of splitting judge the same rows, by quick models with as many rows to learn from; only which rows those are
differs. So the difference is what neighbours and relatives on the other side of a split give away, and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from modelwright.audit.boosting import as_table, predicted
from modelwright.data.columns import Columns, take
from modelwright.errors import DataError
from modelwright.evaluate.intervals import gain, measure
from modelwright.frame.problem import Optimism, Problem, SplitKind
from modelwright.frame.split import Fold, Folds, make_folds

__all__ = ["MOST_ROWS", "measure_optimism"]

MOST_ROWS = (
    20_000  # whole groups, or every so manieth moment: a thinner sample would have fewer relatives and neighbours
)
FOLDS, JUDGED_FOLDS = 5, 2  # the latest two of five judge: four fifths to learn from, as in the training itself
BLOCKS = 10  # stretches of time in each, whose rows count as one in the interval


def measure_optimism(
    problem: Problem, columns: Columns, y: np.ndarray, classes: Sequence[str], seed: int
) -> Optimism | None:
    """Return the score of a quick model under the chosen split and under a random one.

    Parameters
    ----------
    problem : Problem
    columns : Columns
        All columns over the used rows.
    y : ndarray of float64, shape (n_rows,)

    Returns
    -------
    Optimism or None
        None where the split is random, or there is too little to measure it on.
    """
    if problem.split in (SplitKind.RANDOM, SplitKind.STRATIFIED) or not problem.features:
        return None
    rng = np.random.default_rng([seed, 3])
    try:
        if len(y) > MOST_ROWS:
            rows = _drawn(make_folds(_asked(problem, 2), y, columns, seed), len(y), rng)
            columns, y = take(columns, rows), y[rows]
        folds = make_folds(_asked(problem, FOLDS), y, columns, seed)
    except DataError:  # too few groups or moments
        return None
    table = as_table(columns, problem.features, np.arange(len(y)))
    return _measured(problem, table, y, folds, len(classes), rng, seed)


def _asked(problem: Problem, n_folds: int) -> Problem:
    return replace(problem, holdout=0.0, n_folds=n_folds, n_repeats=1)


def _drawn(folds: Folds, n: int, rng: np.random.Generator) -> np.ndarray:
    """Return at most about `MOST_ROWS` rows: of whole groups, or evenly along time."""
    if folds.groups is not None:
        sizes = np.bincount(folds.groups)
        order = rng.permutation(len(sizes))
        chosen = order[np.cumsum(sizes[order]) <= MOST_ROWS]
        return np.flatnonzero(np.isin(folds.groups, chosen))
    assert folds.order is not None
    along = np.argsort(folds.order, kind="stable")
    return np.sort(along[np.linspace(0, n - 1, MOST_ROWS).astype(np.int64)])


def _measured(
    problem: Problem, table: np.ndarray, y: np.ndarray, folds: Folds, k: int, rng: np.random.Generator, seed: int
) -> Optimism | None:
    rows, honest, naive, units = [], [], [], []
    for number, (train, held) in enumerate(folds.folds[-JUDGED_FOLDS:]):
        if len(np.unique(y[train])) < 2:
            return None
        rows.append(held)
        honest.append(predicted(table[train], y[train], table[held], k, seed))
        naive.append(_naive(table, y, (train, held), k, rng, seed))
        units.append(_units(folds, held, number))
    judged, together = np.concatenate(rows), np.concatenate(units)
    fair, random = np.concatenate(honest), np.concatenate(naive)
    more = gain(problem.metric, y[judged], random, fair, groups=together, seed=seed)
    if more.value is None or more.low is None:
        return None
    return Optimism(
        fair=measure(problem.metric, y[judged], fair, groups=together, seed=seed),
        naive=measure(problem.metric, y[judged], random, groups=together, seed=seed),
        excess=more,
    )


def _naive(table: np.ndarray, y: np.ndarray, fold: Fold, k: int, rng: np.random.Generator, seed: int) -> np.ndarray:
    """Return predictions for the rows of a fold, each half by a model of as many other rows drawn from all."""
    train, held = fold
    found: np.ndarray = np.empty((len(held), max(1, k)))
    side = rng.permutation(len(held)) % 2
    for half in (0, 1):
        others = np.setdiff1d(np.arange(len(y)), held[side == half], assume_unique=True)
        drawn = rng.choice(others, min(len(train), len(others)), replace=False)
        found[side == half] = predicted(table[drawn], y[drawn], table[held[side == half]], k, seed)
    return found


def _units(folds: Folds, held: np.ndarray, number: int) -> np.ndarray:
    """Return what counts as one row in an interval: a group, or a stretch of time."""
    if folds.groups is not None:
        return folds.groups[held]
    assert folds.order is not None
    place = np.argsort(np.argsort(folds.order[held], kind="stable"))
    return number * BLOCKS + place * BLOCKS // len(held)
