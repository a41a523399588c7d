"""Target encoding: a category as the mean target of its rows, smoothed, and out-of-fold in training.

A row must not see its own target, or a model learns to trust the encoding far too much: inside the training rows each
fold is encoded with what the other folds say (Micci-Barreca 2001, "A preprocessing scheme for high-cardinality
categorical attributes"; Pargent et al. 2022, "Regularized target encoding outperforms traditional methods"). Later rows
are encoded with what all training rows say.

Smoothing is empirical Bayes in a one-way random-effects model: a level with ``n`` rows gets
``(n * mean + m * prior) / (n + m)`` where ``m`` is the variance within levels over the variance between them, both
estimated from the data (Searle, Casella & McCulloch 1992, *Variance Components*, ch. 3: the ANOVA estimator). Unlike
smoothing by each level's own variance, it shrinks a level seen twice with equal targets as it should.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwright.data.columns import Strings
from modelwright.features.levels import Levels, count_levels
from modelwright.features.target import N_FOLDS, Target
from modelwright.runtime.ops.lookup import Lookup

__all__ = ["TargetMeans"]


@dataclass(frozen=True, kw_only=True)
class TargetMeans:
    """Smoothed mean target per level.

    Attributes
    ----------
    standardise : bool
        Bring the encodings to mean 0 and standard deviation 1 over the training rows.
    min_count : int
        Levels seen less often share one encoding, which new levels get too: what is known of rare levels is the
        best guess for a level never seen.
    """

    standardise: bool = False
    min_count: int = 2

    def fit_transform(self, name: str, column: Strings, target: Target) -> tuple[Lookup, np.ndarray]:
        """Return the operation and the out-of-fold encodings, shape ``(n_rows, n_outputs)``."""
        levels = count_levels(column, min_count=self.min_count)
        tables, block = _encode(levels, target)
        if self.standardise:
            center, spread = block.mean(axis=0), block.std(axis=0)
            spread = np.where(spread > 1e-12 * (1.0 + np.abs(center)), spread, 1.0)
            tables, block = (tables - center) / spread, (block - center) / spread
        operation = Lookup(
            inputs=(name,),
            names=target.names(f"{name}:target"),
            levels=levels.names,
            table=np.ascontiguousarray(tables),
        )
        return operation, block


def _encode(levels: Levels, target: Target) -> tuple[np.ndarray, np.ndarray]:
    """Return the table from all rows, and each row's entry of the table from the other folds."""
    size = levels.n_known + 2
    cell = levels.rows * N_FOLDS + target.folds
    counts = np.bincount(cell, minlength=size * N_FOLDS).reshape(size, N_FOLDS).astype(np.float64)
    others = counts.sum(axis=1, keepdims=True) - counts
    outputs = target.matrix.shape[1]
    table, block = np.empty((size, outputs)), np.empty((len(levels.rows), outputs))
    for j in range(outputs):
        values = target.matrix[:, j]
        # Centred first: sums of squares of large numbers with a small spread would cancel.
        center = float(values.mean())
        centred = values - center
        sums = np.bincount(cell, weights=centred, minlength=size * N_FOLDS).reshape(size, N_FOLDS)
        squares = np.bincount(target.folds, weights=centred * centred, minlength=N_FOLDS)
        total = sums.sum(axis=1, keepdims=True)
        table[:, j] = center + _smoothed(counts.sum(axis=1, keepdims=True), total, squares.sum(keepdims=True))[:, 0]
        nested = center + _smoothed(others, total - sums, squares.sum() - squares)
        block[:, j] = nested[levels.rows, target.folds]
    return table, block


def _smoothed(counts: np.ndarray, sums: np.ndarray, squares: np.ndarray) -> np.ndarray:
    """Return the smoothed means of each level (rows) within each set of rows (columns); sets are independent.

    Parameters
    ----------
    counts, sums : ndarray of float64, shape (n_levels, n_sets)
    squares : ndarray of float64, shape (n_sets,)
        Sum of squares over all rows of a set.
    """
    n = np.maximum(counts.sum(axis=0), 1.0)
    prior = sums.sum(axis=0) / n
    present = np.maximum(counts, 1.0)
    n_levels = (counts > 0).sum(axis=0)
    explained = (sums * sums / present).sum(axis=0)
    within = np.maximum(squares - explained, 0.0) / np.maximum(n - n_levels, 1.0)
    spread = n - (counts * counts).sum(axis=0) / n
    between = (explained - n * prior * prior - (n_levels - 1) * within) / np.maximum(spread, 1.0)
    # No more spread between levels than chance gives: all levels are taken to be alike, up to the pull of all rows.
    ratio = np.where(between > 0.0, within / np.maximum(between, 1e-300), n)
    ratio = np.clip(ratio, 1e-9, n)
    return (sums + ratio * prior) / (counts + ratio)
