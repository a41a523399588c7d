"""k nearest neighbours, weighted by a kernel that falls to zero at the (k + 1)th.

Weighting relative to the (k + 1)th neighbour (Hechenbichler and Schliep 2004, "Weighted k-nearest-neighbor techniques
and ordinal classification") makes the prediction continuous in the row, and makes it indifferent to which of several
equally distant rows at the edge counts as the last.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from modelwright.runtime.scorers.checking import (
    classes_in,
    finite,
    in_range,
    read_arrays,
    refuse,
    require,
    write_arrays,
)
from modelwright.runtime.scorers.scaling import Scaling

__all__ = ["SPARE", "NeighboursScorer", "kernel_weights", "nearest", "rows_at_once"]

SPARE = 8
"""Candidates measured beyond those asked for, or a quarter more: single precision may mix up the order at the edge."""

CHUNK_CELLS = 2_000_000
"""Distances held at a time: 8 MB, about what the caches and the allocator take without slowing down."""


def nearest(rows: np.ndarray, queries: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers and squared distances of the ``count`` nearest rows, nearest first.

    Parameters
    ----------
    rows : ndarray of float32, shape (n_rows, n_features)
    queries : ndarray of float64, shape (n_queries, n_features)

    Returns
    -------
    numbers : ndarray of int64, shape (n_queries, count)
    squared : ndarray of float64, shape (n_queries, count)
    """
    squares = 0.5 * np.einsum("ij,ij->i", rows, rows)
    asked = count + max(SPARE, count // 4)
    if asked < len(rows):
        # half the squared distance in single precision, without the query's own square, the same for all rows
        distance = squares - queries.astype(np.float32) @ rows.T
        numbers = np.argpartition(distance, asked - 1, axis=1)[:, :asked]
        numbers.sort(axis=1)
    else:
        numbers = np.broadcast_to(np.arange(len(rows)), (len(queries), len(rows)))
    # that difference of large numbers loses digits: the few candidates are measured again
    apart = rows[numbers] - queries[:, None, :]
    squared = np.einsum("ijk,ijk->ij", apart, apart)
    order = np.argsort(squared, axis=1, kind="stable")[:, :count]
    return np.take_along_axis(numbers, order, axis=1), np.take_along_axis(squared, order, axis=1)


def rows_at_once(rows: np.ndarray) -> int:
    """Return for how many queries to call `nearest` at a time."""
    return max(1, CHUNK_CELLS // (len(rows) + WIDTH_CELLS * rows.shape[1]))


def kernel_weights(distances: np.ndarray) -> np.ndarray:
    """Return Epanechnikov weights of shape (n, k + 1) from distances sorted along the rows.

    The last neighbour sets the width and weighs nothing. Where all are equally far they weigh the same.
    """
    width = distances[:, -1:]
    weights = 1.0 - np.square(distances / np.where(width > 0, width, 1.0))
    weights[weights.sum(axis=1) <= 0] = 1.0
    return weights


WIDTH_CELLS = 100
"""Candidates per query at the most: each is copied with all its features to be measured again."""


class NeighboursScorer:
    """The training rows (or a sample of them) and the kernel.

    The version holds these rows, scaled: whoever has it can read them back.

    Parameters
    ----------
    rows : ndarray of float32, shape (n_rows, n_features)
        Scaled.
    target : ndarray, shape (n_rows,)
        Class numbers (int32) or values (float64).
    k : int
        Neighbours that count; one more sets the width of the kernel.
    """

    scorer: ClassVar[str] = "neighbours"

    def __init__(self, scaling: Scaling, rows: np.ndarray, target: np.ndarray, k: int, n_classes: int) -> None:
        self.scaling, self.rows, self.target, self.k, self.n_classes = scaling, rows, target, k, n_classes

    def predict(self, matrix: np.ndarray, *, threads: int = 1) -> np.ndarray:
        rows = self.rows
        step = rows_at_once(rows)
        out = np.empty((len(matrix), max(self.n_classes, 1)))
        for start in range(0, len(matrix), step):
            numbers, squared = nearest(rows, self.scaling(matrix[start : start + step]), min(self.k + 1, len(rows)))
            weights = kernel_weights(np.sqrt(squared))
            weights /= weights.sum(axis=1, keepdims=True)
            target = self.target[numbers]
            block = out[start : start + step]
            if self.n_classes:
                for label in range(self.n_classes):
                    block[:, label] = np.where(target == label, weights, 0.0).sum(axis=1)
            else:
                block[:, 0] = (target * weights).sum(axis=1)
        return out

    def save(self, folder: Path, stem: str) -> dict[str, Any]:
        name = f"{stem}.npz"
        write_arrays(folder, name, {"rows": self.rows, "target": self.target, **self.scaling.arrays()})
        return {"scorer": self.scorer, "files": [name], "n_classes": self.n_classes, "k": self.k}

    @classmethod
    def load(cls, settings: Mapping[str, Any], folder: Path) -> NeighboursScorer:
        n_classes, k = classes_in(settings), settings.get("k")
        if not isinstance(k, int) or isinstance(k, bool) or k < 1:
            refuse(f"it states {k!r} neighbours")
        kind = "i" if n_classes else "f"
        arrays = read_arrays(
            settings, folder, {"rows": ("f", 2), "target": (kind, 1), "centre": ("f", 1), "factor": ("f", 1)}
        )
        rows, target = finite("rows", arrays["rows"]), arrays["target"]
        require(len(rows) == len(target) > 0, "'rows' and 'target' do not fit")
        in_range("target", target, 0, n_classes) if n_classes else finite("target", target)
        return cls(Scaling.build(arrays, rows.shape[1]), rows, target, k, n_classes)
