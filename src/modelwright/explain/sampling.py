"""Rows, batches and time for explaining: a model is asked often, so it is asked for many rows at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from modelwright.data.columns import Column, Columns, Strings

__all__ = ["FEWEST_ROWS", "MAX_ROWS", "MIN_ROWS", "Predict", "Prober", "cells_per_batch", "repeat"]

Predict = Callable[[Columns], np.ndarray]
# 3,000 rows put the standard error of a share below 1 %, which is finer than a bar can be read.
MAX_ROWS = 3_000
MIN_ROWS = 300
# Where a row takes so long that these take a tenth of the time: the intervals are wide then.
FEWEST_ROWS = 60
# 4 M cells are 32 MB of float64; predicting makes a few copies.
MAX_CELLS = 4_000_000


def repeat(column: Column, times: int) -> Column:
    """Return the column ``times`` times, one after the other."""
    if isinstance(column, Strings):
        return Strings(np.tile(column.codes, times), column.levels)
    return np.tile(column, times)


def cells_per_batch(n_rows: int, n_columns: int) -> int:
    """Return how many copies of the rows fit in one batch, at least one."""
    return max(1, MAX_CELLS // max(n_rows * n_columns, 1))


@dataclass
class Prober:
    """Asks the model for changed copies of the same rows, while there is time.

    Changes are (column, values) pairs; several are put into one call, as a call costs far more than a row. The first
    calls are small, so that the cost of a copy is known before a large one is made; ``seconds_per_copy`` is what is
    known of it before.
    """

    predict: Predict
    base: Columns
    deadline: float
    seconds_per_copy: float = 0.0
    _seen: int = field(default=0, init=False)

    @property
    def left(self) -> float:
        return self.deadline - time.monotonic()

    def ask(self, changes: Sequence[tuple[str, Column]]) -> Iterator[np.ndarray]:
        """Yield the prediction, shape (n, k), of each change in order; stops early when the time is up."""
        n = len(next(iter(self.base.values())))
        most = cells_per_batch(n, len(self.base))
        done = 0
        while done < len(changes):
            size = min(most, len(changes) - done, self._affordable())
            if size < 1:
                return
            batch = changes[done : done + size]
            columns = {name: repeat(column, size) for name, column in self.base.items()}
            for i, (name, values) in enumerate(batch):
                columns[name] = _set(columns[name], values, i, n)
            started = time.monotonic()
            prediction = self.predict(columns)
            self._learn((time.monotonic() - started) / size)
            for i in range(size):
                yield prediction[i * n : (i + 1) * n]
            done += size

    def _affordable(self) -> int:
        """Return how many copies may be asked for at once: a third of the time left, as a surprise may come."""
        if self.left <= self.seconds_per_copy:
            return 0
        if not self._seen:
            return 4 if not self.seconds_per_copy else int(np.clip(self.left / 3 / self.seconds_per_copy, 1, 4))
        return max(1, int(self.left / 3 / max(self.seconds_per_copy, 1e-9)))

    def _learn(self, seconds: float) -> None:
        self.seconds_per_copy = seconds if not self._seen else max(seconds, 0.5 * (seconds + self.seconds_per_copy))
        self._seen += 1


def _set(repeated: Column, values: Column, i: int, n: int) -> Column:
    """Put ``values`` in the ``i``-th copy. ``repeated`` is our own array, so it may be written to."""
    if isinstance(repeated, Strings):
        assert isinstance(values, Strings)
        repeated.codes[i * n : (i + 1) * n] = values.codes
    else:
        repeated[i * n : (i + 1) * n] = values
    return repeated
