"""What happens to a person if nothing but the protected value were different: the flip test.

It asks the model alone. Where other columns tell the attribute, a model that flips nothing may still treat the groups
differently: the measures by group say that (Kusner et al. 2017 on why both are needed).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from modelwright.data.columns import Column, Columns, Strings
from modelwright.evaluate.counting import labels_of
from modelwright.evaluate.measurements import Flip
from modelwright.govern.fairness.groups import MOST_LEVELS, MOST_VALUES
from modelwright.govern.fairness.rates import mean_of, share

__all__ = ["flip_test"]

FEWEST = 2
NOT_SEEN = "the model does not see it, so nothing changes"


def flip_test(
    predict: Callable[[Columns], np.ndarray],
    columns: Columns,
    names: Sequence[str],
    *,
    seen: Sequence[str],
    threshold: float | None,
    unit: str = "",
) -> tuple[Flip, ...]:
    """Return, for each protected column, how many rows get another answer when only that column is changed.

    Parameters
    ----------
    predict : callable
        The model: columns to predictions, shape (n_rows, n_outputs).
    columns : Columns
        What the model reads, of rows that it was not fitted on.
    names : sequence of str
        Protected columns.
    seen : sequence of str
        Columns that the model reads.
    threshold : float or None
        For two classes.
    unit : str
        Of values.
    """
    own = predict(columns)
    unseen = {n: Flip(column=n, changed=None, why=NOT_SEEN) for n in names if n not in seen}
    return tuple(unseen.get(n) or _flip(predict, columns, n, own, threshold, unit) for n in names)


def _flip(
    predict: Callable[[Columns], np.ndarray],
    columns: Columns,
    name: str,
    own: np.ndarray,
    threshold: float | None,
    unit: str,
) -> Flip:
    others = _others(columns[name])
    if len(others) < FEWEST:
        return Flip(column=name, changed=None, why="it has one value only on these rows")
    most = np.zeros(len(own))
    for other in others:
        answer = predict({**columns, name: other})
        if own.shape[1] == 1:
            change = np.abs(answer[:, 0] - own[:, 0])
        else:
            change = (labels_of(answer, threshold) != labels_of(own, threshold)).astype(float)
        most = np.maximum(most, change)
    if own.shape[1] > 1:
        return Flip(column=name, changed=share(most, None).measured("flipped"))
    return Flip(column=name, changed=replace(mean_of(most, None, positive=True).measured("moved"), unit=unit))


def _others(column: Column) -> list[Column]:
    """Return the column with every row set to one value, for each value: the most frequent levels, the few numbers, or
    the tenth, the middle and the ninetieth of many."""
    if isinstance(column, Strings):
        counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.levels))
        levels = [c for c in np.argsort(-counts, kind="stable")[:MOST_LEVELS] if counts[c]]
        return [Strings(np.full(len(column), c, dtype=column.codes.dtype), column.levels) for c in levels]
    known = column[~np.isnan(column)]
    values = np.unique(known)
    if len(values) > MOST_VALUES:
        values = np.unique(np.quantile(known, (0.1, 0.5, 0.9), method="nearest"))
    return [np.full(len(column), v) for v in values]
