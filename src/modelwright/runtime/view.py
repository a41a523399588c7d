"""A view: the matrix one family of learners sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["View"]


@dataclass(frozen=True, eq=False)
class View:
    """Encoded rows.

    Attributes
    ----------
    matrix : ndarray of float64, shape (n_rows, n_features), C order
        NaN is missing, where the view allows it.
    names : tuple of str
        Feature names, ``"job"``, ``"job=student"``, ``"day:sin_week"``.
    categorical : tuple of int
        Features that hold level codes: whole numbers from 0; missing has a code of its own, and so have levels that
        were rare or not seen in training.
    """

    matrix: np.ndarray
    names: tuple[str, ...]
    categorical: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.matrix)

    def take(self, rows: np.ndarray) -> View:
        """Return the given rows."""
        return View(self.matrix[rows], self.names, self.categorical)
