"""How numbers are written: in whole ones, tenths, hundredths. Columns of one range may differ in that alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["Written", "on_step"]

ROUNDING = 1e-9
"""Part of a number that storing it may cost; more is another number."""
CHUNK = 2_048


class Written:
    """Counts of how many steps of its column a number is no multiple. Immutable.

    Parameters
    ----------
    steps : sequence of sequence of float
        Of each column, one at least.
    """

    def __init__(self, steps: Sequence[Sequence[float]]) -> None:
        counts = [len(own) for own in steps]
        self._steps = np.array([step for own in steps for step in own])
        self._column = np.repeat(np.arange(len(steps)), counts)
        self._starts = np.cumsum([0, *counts[:-1]])

    def __call__(self, columns: Sequence[np.ndarray]) -> np.ndarray:
        """Return counts, shape ``(n_rows, n_columns)``; a missing number is a multiple of none."""
        values = np.column_stack(columns)
        found = np.empty(values.shape)
        for start in range(0, len(values), CHUNK):  # all steps at once: a row alone takes no more calls than many
            off = ~on_step(values[start : start + CHUNK, self._column], self._steps)
            found[start : start + CHUNK] = np.add.reduceat(off, self._starts, axis=1, dtype=np.intp)
        return found


def on_step(values: np.ndarray, step: float | np.ndarray) -> np.ndarray:
    """Return which values are multiples of a step, as near as they are stored."""
    with np.errstate(invalid="ignore", over="ignore"):
        places = values / step
        return np.asarray(np.abs(places - np.round(places)) <= ROUNDING * np.maximum(np.abs(places), 1.0))
