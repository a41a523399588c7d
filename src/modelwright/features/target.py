"""The target as encoders use it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

__all__ = ["MAX_OUTPUTS", "N_FOLDS", "Target"]

N_FOLDS = 5
"""Folds inside the training rows for encodings that use the target (scikit-learn's TargetEncoder uses as many)."""

MAX_OUTPUTS = 8
"""Of a target with more classes than this, only the most frequent get encodings of their own: width is classes times
columns, and the levels of rare classes are too thin to learn from."""


@dataclass(frozen=True, eq=False)
class Target:
    """The target of the training rows.

    Attributes
    ----------
    y : ndarray of float64, shape (n_rows,)
        Class numbers or values, no NaN.
    n_classes : int
        0 for values.
    seed : int
    """

    y: np.ndarray
    n_classes: int
    seed: int

    @cached_property
    def outputs(self) -> tuple[int, ...]:
        """Class numbers that get an encoding, ascending; empty for values."""
        if self.n_classes <= 2:
            return (1,) if self.n_classes else ()
        counts = np.bincount(self.y.astype(np.intp), minlength=self.n_classes)
        return tuple(sorted(np.argsort(-counts, kind="stable")[:MAX_OUTPUTS].tolist()))

    @cached_property
    def matrix(self) -> np.ndarray:
        """What is averaged, float64 of shape ``(n_rows, n_outputs)``: the value, or 1 where the row has the class."""
        if not self.n_classes:
            return self.y.reshape(-1, 1)
        return (self.y[:, None] == np.array(self.outputs, dtype=np.float64)).astype(np.float64)

    def names(self, stem: str) -> tuple[str, ...]:
        """Return a feature name per output: ``stem``, or ``stem[class number]`` with more than two classes."""
        return tuple(f"{stem}[{c}]" for c in self.outputs) if self.n_classes > 2 else (stem,)

    @cached_property
    def folds(self) -> np.ndarray:
        """Fold of each row, int of shape ``(n_rows,)``, balanced over the target.

        Rows in order of the target, ties in random order, are dealt out ``N_FOLDS`` at a time: every fold has
        nearly the same share of each class, and nearly the same mean. Otherwise the mean of the *other* folds would
        tell which fold a row is in, and with it whether its target is above the average.
        """
        rng = np.random.default_rng([self.seed, 5])
        n = len(self.y)
        order = np.lexsort((rng.random(n), self.y))
        hands = -(-n // N_FOLDS)
        dealt = rng.permuted(np.tile(np.arange(N_FOLDS), (hands, 1)), axis=1).ravel()[:n]
        folds = np.empty(n, dtype=np.intp)
        folds[order] = dealt
        return folds
