"""Weights under which groups of people and classes are independent: what a model then learns of the class, it does not
learn by way of the group.

Reweighing (Kamiran and Calders 2012, section 5.2): a row of group g and class c counts P(g)·P(c) / P(g, c). Exponents
beside 1 go part of the way, or beyond it. Cells of few rows would count many times over, so that some rows that are
independent already are added to each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Balance"]

ADDED_ROWS = 5.0
"""To each cell, spread as if groups and classes were independent."""
MOST = 10.0
"""Times that a row may count."""


@dataclass(frozen=True, eq=False)
class Balance:
    """Weighs rows.

    Attributes
    ----------
    cells : ndarray of int, shape (n_used_rows,)
        The group of each row, of all protected columns together.
    strength : float
        0 leaves all rows alike, 1 makes groups and classes independent, or is the costs as they are given.
    costs : ndarray of float64, shape (n_cells, n_classes), or None
        How much a row of each group and class counts, where that is given; to the power of ``strength``.
    """

    cells: np.ndarray
    strength: float = 1.0
    costs: np.ndarray | None = None

    def weights(self, rows: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return how much each of the rows counts, 1 on average; made of these rows alone, as everything fitted is."""
        if self.costs is not None:
            known = np.clip(np.power(self.costs, self.strength), 1 / MOST, MOST)
            given = known[self.cells[rows], y.astype(np.int64)]
            return np.asarray(given / given.mean())
        _, group = np.unique(self.cells[rows], return_inverse=True)
        _, label = np.unique(y, return_inverse=True)
        shape = group.max() + 1, label.max() + 1
        found = np.bincount(group * shape[1] + label, minlength=shape[0] * shape[1]).reshape(shape).astype(float)
        expected = np.outer(found.sum(axis=1), found.sum(axis=0)) / len(rows)
        added = ADDED_ROWS * expected / np.maximum(expected.mean(axis=1, keepdims=True), 1e-12)
        ratio = np.power((expected + added) / np.maximum(found + added, 1e-12), self.strength)
        own = np.clip(ratio, 1 / MOST, MOST)[group, label]
        return own / own.mean()
