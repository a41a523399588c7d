"""Making the trees that tell rows from the same rows changed: two numbers exchanged, or one value of another row.

The changes are those that a broken feed makes and that no column shows by itself. Half of what is shown are exchanges,
half values of other rows; a change that leaves a row as it was is left out. The trees learn on rows of training that
shapes were made of, and are judged by those held out, as all that `fitting` calibrates.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from modelwright.data.columns import Column, Columns, Strings, n_rows, take
from modelwright.data.contract import ColumnSpec, Kind
from modelwright.data.sampling import sample_rows
from modelwright.runtime.contrast import Contrast
from modelwright.runtime.unusual import Reader

__all__ = ["FEWEST", "fit_contrast"]

FEWEST = 100
"""Rows below which trees would learn these rows by heart."""
MOST_ROWS = 3_000
"""That are shown as they are; each is shown changed `TIMES` in either way."""
TIMES = 2
TREES, DEPTH, RATE, LEAST_IN_LEAF = 60, 4, 0.15, 10
NEVER = 1e300
"""A limit that nothing is above, below which the leaves of trees that end early stand."""
PARAMETERS = {
    "objective": "binary", "max_depth": DEPTH, "num_leaves": 2**DEPTH, "learning_rate": RATE,
    "feature_fraction": 0.8, "min_data_in_leaf": LEAST_IN_LEAF, "max_bin": 63, "num_threads": 1,
    "deterministic": True, "force_row_wise": True, "verbosity": -1,
}  # fmt: skip
DIGITS = 4
"""Of limits and values: what is kept stays small, and says nothing of single rows."""


def fit_contrast(reader: Reader, columns: Columns, specs: list[ColumnSpec], *, seed: int) -> Contrast | None:
    """Return trees that tell canonical rows from changed ones, None where nothing can be changed or rows are few."""
    import lightgbm

    rng = np.random.default_rng([seed, 77])
    if n_rows(columns) < FEWEST:
        return None
    if n_rows(columns) > MOST_ROWS:
        columns = take(columns, sample_rows(n_rows(columns), MOST_ROWS, rng))
    changed = [
        reader(take(after, kept)).features
        for _ in range(TIMES)
        for after, kept in (_exchanged(columns, specs, rng), _foreign(columns, specs, rng))
        if len(kept)
    ]
    if not changed:
        return None
    plain, odd = reader(columns).features, np.concatenate(changed)
    weights = np.r_[np.full(len(plain), len(odd) / len(plain)), np.ones(len(odd))]
    labels = np.r_[np.zeros(len(plain)), np.ones(len(odd))]
    # Not by LightGBM's own classifier: commands load the library without scikit-learn, which that needs.
    data = lightgbm.Dataset(np.concatenate([plain, odd]), labels, weight=weights, params=PARAMETERS)
    model = lightgbm.train({**PARAMETERS, "seed": seed}, data, num_boost_round=TREES)
    return _complete([tree["tree_structure"] for tree in model.dump_model()["tree_info"]])


def _exchanged(columns: Columns, specs: list[ColumnSpec], rng: np.random.Generator) -> tuple[Columns, np.ndarray]:
    """Return rows in which two columns of numbers have each other's values, and which of them differ from before."""
    names = [s.name for s in specs if s.kind.numeric and s.kind is not Kind.DATETIME]
    rows = n_rows(columns)
    if len(names) < 2:
        return columns, np.arange(0)
    values = np.column_stack([np.asarray(columns[n], dtype=np.float64) for n in names])
    first = rng.integers(0, len(names), rows)
    second = (first + rng.integers(1, len(names), rows)) % len(names)
    each, after = np.arange(rows), values.copy()
    after[each, first], after[each, second] = values[each, second], values[each, first]
    kept = np.flatnonzero(~_alike(after[each, first], values[each, first]))
    return {**columns, **{n: after[:, j] for j, n in enumerate(names)}}, kept


def _foreign(columns: Columns, specs: list[ColumnSpec], rng: np.random.Generator) -> tuple[Columns, np.ndarray]:
    """Return rows in which one column has the value of another row, and which of them differ from before."""
    rows = n_rows(columns)
    which, each = rng.integers(0, len(specs), rows), np.arange(rows)
    found, differs = dict(columns), np.zeros(rows, bool)
    for j, spec in enumerate(specs):
        column, mine = columns[spec.name], which == j
        after = _picked(column, np.where(mine, rng.permutation(rows), each))
        found[spec.name] = after
        if isinstance(column, Strings) and isinstance(after, Strings):
            differs |= column.codes != after.codes
        else:
            differs |= ~_alike(np.asarray(column), np.asarray(after))
    return found, np.flatnonzero(differs)


def _picked(column: Column, rows: np.ndarray) -> Column:
    return column.take(rows) if isinstance(column, Strings) else column[rows]


def _alike(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    found: np.ndarray = (one == other) | (np.isnan(one) & np.isnan(other))
    return found


def _complete(trees: list[dict[str, Any]]) -> Contrast:
    """Return trees filled up to `DEPTH`: what would be below a leaf is that leaf."""
    inner, nodes = 2**DEPTH - 1, 2 ** (DEPTH + 1) - 1
    features = np.zeros((len(trees), inner), int)
    limits = np.full((len(trees), inner), NEVER)
    values = np.zeros((len(trees), nodes))

    def fill(t: int, at: int, node: dict[str, Any]) -> tuple[float, float]:
        """Return the value and the rows of a node."""
        if "split_feature" not in node:
            values[t, at] = node["leaf_value"]
            if at < inner:
                fill(t, 2 * at + 1, node)
            return node["leaf_value"], node.get("leaf_count", 1)
        features[t, at], limits[t, at] = node["split_feature"], round(node["threshold"], DIGITS)
        (low, n), (high, m) = fill(t, 2 * at + 1, node["left_child"]), fill(t, 2 * at + 2, node["right_child"])
        values[t, at] = (n * low + m * high) / (n + m)
        return float(values[t, at]), n + m

    for t, tree in enumerate(trees):
        fill(t, 0, tree)
    return Contrast(
        features=tuple(map(tuple, features.tolist())),
        limits=tuple(map(tuple, limits.tolist())),
        values=tuple(map(tuple, values.round(DIGITS).tolist())),
    )
