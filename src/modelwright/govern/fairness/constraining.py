"""What errors about each group must cost in training so that a constraint on the groups holds, found by a reduction.

Agarwal, Beygelzimer, Dudík, Langford and Wallach 2018: fairness under a constraint is a game whose solution is a fit
with a cost for each group and class. Their solver (fairlearn) plays it with small boosted trees; the costs it ends with
weigh the rows of the recipes, so that what is packaged is one plain model. The reduction's own answer is drawn at
random between several models, so that the same person may get another answer the next time: that is never used here. It
finds a few numbers only, on the rows out of fold that choose between options anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np

from modelwright.data.columns import Column, Strings
from modelwright.govern.fairness.measuring import FEWEST_ROWS

__all__ = ["costs_by_group", "installed", "numbers_of"]

MOST_ROWS = 4_000
ROUNDS = 8
"""Of the game; the costs are those it has settled on, and are only a start: what they do is measured."""
TREES, LEAVES = 40, 15
LARGEST = 10.0
"""Times that a row may count, as in reweighting."""
MISSING = "fairlearn is not installed: pip install 'modelwright[fairness]'"


def installed() -> bool:
    """Return whether the library that finds them is there."""
    return find_spec("fairlearn") is not None


def costs_by_group(
    matrix: np.ndarray, y: np.ndarray, cells: np.ndarray, measures: Sequence[str], aim: float, *, seed: int
) -> np.ndarray | str:
    """Return how much a row of each group and class must count, shape (n_groups, 2), 1 on average; or why not.

    Parameters
    ----------
    matrix : ndarray of float64, shape (n_rows, n_columns)
        Without the protected columns.
    y : ndarray of float64, shape (n_rows,)
        0 and 1.
    cells : ndarray of int, shape (n_rows,)
        The group of each row, of all protected columns together.
    measures : sequence of str
        Selection, true and false positive rates.
    aim : float
        Ratio of the lower of two groups to the higher.
    """
    if not installed():
        return MISSING
    from fairlearn.reductions import ExponentiatedGradient

    some = np.sort(np.random.default_rng([seed, 61]).permutation(len(y))[:MOST_ROWS])
    group = _large(cells, cells[some])
    if len(np.unique(group[some])) < 2:
        return "fewer than two groups have rows enough"
    game = ExponentiatedGradient(_learner(seed), _constraint(measures, aim), max_iter=ROUNDS)
    try:
        game.fit(matrix[some], y[some].astype(int), sensitive_features=group[some])
    except ValueError as error:  # a group without one of the classes
        return f"the reduction has no answer: {error}"
    price = (game.lambda_vecs_[game.weights_.index] * game.weights_).sum(axis=1)
    if not (price > 0).any():
        return "the constraint holds without any cost"
    signed = _signed(matrix[some], y[some], group[some], _constraint(measures, aim), price)
    table = np.ones((int(cells.max()) + 1, 2))
    for label, sign in ((0, -1.0), (1, 1.0)):
        for name in np.unique(group[some]):
            found = signed[(group[some] == name) & (y[some] == label)]
            if len(found):
                table[np.unique(cells[group == name]), label] = np.clip(sign * found.mean(), 1 / LARGEST, LARGEST)
    return table


def _large(cells: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Return the groups, those of few rows joined to one."""
    sizes = np.bincount(seen, minlength=int(cells.max()) + 1)
    return np.where(sizes[cells] >= FEWEST_ROWS, cells, -1)


def _learner(seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        max_iter=TREES, max_leaf_nodes=LEAVES, early_stopping=False, random_state=seed
    )


def _constraint(measures: Sequence[str], aim: float) -> Any:
    from fairlearn import reductions

    if len(measures) > 1:
        return reductions.EqualizedOdds(ratio_bound=aim)
    kinds = {
        "selection_rate": reductions.DemographicParity,
        "true_positive_rate": reductions.TruePositiveRateParity,
        "false_positive_rate": reductions.FalsePositiveRateParity,
    }
    return kinds[measures[0]](ratio_bound=aim)


def _signed(matrix: np.ndarray, y: np.ndarray, group: np.ndarray, constraint: Any, price: Any) -> np.ndarray:
    """Return what acting on each row is worth under the prices of the constraint, below 0 where it should not be."""
    import pandas as pd
    from fairlearn.reductions import ErrorRate

    objective, truth, which = ErrorRate(), pd.Series(y.astype(int)), pd.Series(group)
    objective.load_data(matrix, truth, sensitive_features=which)
    constraint.load_data(matrix, truth, sensitive_features=which)
    return np.asarray(objective.signed_weights() + constraint.signed_weights(price), dtype=float)


def numbers_of(columns: Sequence[Column]) -> np.ndarray:
    """Return columns as a matrix: levels by how frequent they are, missing as NaN."""
    return np.column_stack([_number(column) for column in columns])


def _number(column: Column) -> np.ndarray:
    if not isinstance(column, Strings):
        return np.asarray(column, dtype=np.float64)
    counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.levels))
    place = np.append(np.argsort(np.argsort(-counts, kind="stable"), kind="stable").astype(float), np.nan)
    return np.asarray(place[column.codes])
