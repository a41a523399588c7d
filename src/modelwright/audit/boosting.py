"""The small gradient boosting machine behind everything that the audit measures with a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from modelwright.audit.looking import Coded, code_column
from modelwright.data.columns import Column, Columns, Strings
from modelwright.features.screening import screen_matrix

__all__ = ["BINS", "LEAST", "as_numbers", "as_table", "boost", "predicted", "settings_of"]

TREES = 80
TREE_BUDGET = 320  # trees over all classes
LEAVES = 15
BINS = {"verbosity": -1, "max_bin": 63}
TRIED_COLUMNS, OFFERED_SHARE = 300, 0.2
"""Of wider tables so many columns are learned from, those that tell most by the rows that are fitted, and each tree is
offered a fifth of them: most of them look good by luck, and a small model with all of them is sure of what is noise.
On 150 and 500 rows of 1,500 columns with one, five or 50 telling ones this loses least of what was tried."""

LEAST = 0.002  # of a probability: what a few hundred rows cannot tell from impossible is not called impossible


def settings_of(objective: str, n_rows: int, leaves: int, seed: int) -> dict[str, Any]:
    """Return LightGBM's settings for a small machine that gives the same bits whenever it is fitted."""
    return {
        "objective": objective,
        "num_leaves": leaves,
        "learning_rate": 0.1,
        "min_data_in_leaf": max(3, min(20, n_rows // 30)),
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "seed": seed,
        "verbosity": -1,
    }


def boost(x: np.ndarray, y: np.ndarray, new: np.ndarray, k: int, seed: int) -> np.ndarray:
    """Return what a machine fitted on ``x`` and ``y`` says of the rows of ``new``.

    Parameters
    ----------
    x, new : ndarray of float64, shape (n_rows, n_columns)
    y : ndarray, shape (n_rows,)
        Class numbers, or values.
    k : int
        Classes; 0 for values.

    Returns
    -------
    ndarray
        The value, or the probability of the second of two classes, shape (n_new,); of more classes each one's
        probability, shape (n_new, k).
    """
    import lightgbm

    objective = "regression" if not k else "binary" if k == 2 else "multiclass"
    settings = settings_of(objective, len(x), LEAVES, seed)
    if k > 2:
        settings["num_class"] = k
    trees = TREES if k < 3 else max(10, min(TREES, TREE_BUDGET // k))
    if x.shape[1] > TRIED_COLUMNS:
        kept = screen_matrix(x, y, k).most_telling(TRIED_COLUMNS)
        x, new = x[:, kept], new[:, kept]
        settings["feature_fraction"] = OFFERED_SHARE
    data = lightgbm.Dataset(x, label=y, params=dict(BINS))
    return np.asarray(lightgbm.train(settings, data, trees).predict(new))


def predicted(x: np.ndarray, y: np.ndarray, new: np.ndarray, k: int, seed: int) -> np.ndarray:
    """Return what `boost` does as metrics take it: one column of values, or a probability for every class."""
    found = boost(x, y, new, k, seed)
    if k == 2:
        found = np.column_stack([1 - found, found])
    found = found.reshape(len(new), -1)
    if k:
        found = np.clip(found, LEAST, 1)
        found = found / found.sum(axis=1, keepdims=True)
    return found


def as_table(columns: Columns, names: Sequence[str], rows: np.ndarray) -> np.ndarray:
    """Return columns as numbers for trees, shape (n_rows, n_columns)."""
    return np.column_stack([as_numbers(code_column(columns[name]), columns[name], rows) for name in names])


def as_numbers(levels: Coded, column: Column, rows: np.ndarray) -> np.ndarray:
    """Return some rows of a column as numbers for trees: levels of text by how frequent they are, without a target."""
    if not isinstance(column, Strings):
        return column[rows]
    rank = np.empty(levels.n_levels + 1)
    rank[np.argsort(-levels.counts, kind="stable")] = np.arange(levels.n_levels)
    rank[-1] = np.nan
    return rank[levels.codes[rows]]
