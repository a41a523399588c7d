"""Asking the models of the folds at once: each row is asked of the model that it was not fitted on.

A lockbox of a few hundred rows leaves the order of the columns to chance; the rows that judged the folds are several
times as many, and each has a model that did not learn from it. And several models tell what one cannot: whether an
explanation is that of the data, or of one fit.

Which model a row goes to travels with the rows as one more column, so that whoever repeats, draws or changes rows need
not know of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modelwright.data.columns import Columns, take
from modelwright.data.sampling import sample_rows
from modelwright.explain.sampling import Predict

__all__ = ["MODEL", "Asked", "ByModel", "rows_to_ask"]

MODEL = "\0model"
"""Column of the number of the model that a row is asked of; no column of a table has such a name."""


@dataclass(frozen=True, eq=False)
class ByModel:
    """Predicts each row with its own model, see `MODEL`."""

    models: Sequence[Predict]

    def __call__(self, columns: Columns) -> np.ndarray:
        """Return predictions, shape (n_rows, n_outputs)."""
        which = columns[MODEL]
        rest = {name: column for name, column in columns.items() if name != MODEL}
        found: np.ndarray | None = None
        for number, predict in enumerate(self.models):
            own = np.flatnonzero(which == number)
            if not len(own):
                continue
            if len(own) == len(which):
                return predict(rest)
            part = predict(take(rest, own))
            if found is None:
                found = np.empty((len(which), part.shape[1]))
            found[own] = part
        assert found is not None
        return found


@dataclass(frozen=True, eq=False)
class Asked:
    """Rows to ask models about.

    Attributes
    ----------
    rows : ndarray of int
    model : ndarray of int
        The model each is asked of, by number; none was fitted on it.
    n_lockbox : int
        The first rows, so many, are the lockbox's.
    """

    rows: np.ndarray
    model: np.ndarray
    n_lockbox: int


def rows_to_ask(lockbox: np.ndarray, valid: Sequence[np.ndarray], most: int, rng: np.random.Generator) -> Asked:
    """Return rows of the lockbox, dealt to the models in turn, and where they are too few those that judged the folds.

    Parameters
    ----------
    lockbox : ndarray of int
        Rows that no model was fitted on.
    valid : sequence of ndarray of int
        For each model, rows that judged it; no row twice.
    most : int
        Rows that are wanted; a larger lockbox is taken as it is.
    """
    rows = rng.permutation(lockbox)
    model = np.arange(len(rows)) % len(valid)
    wanted = most - len(rows)
    if wanted <= 0:
        return Asked(rows, model, len(rows))
    judged = np.concatenate(list(valid))
    own = np.repeat(np.arange(len(valid)), [len(v) for v in valid])
    kept = sample_rows(len(judged), wanted, rng)
    return Asked(np.concatenate([rows, judged[kept]]), np.concatenate([model, own[kept]]), len(rows))
