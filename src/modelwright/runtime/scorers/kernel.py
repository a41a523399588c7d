"""Gaussian processes in their serving form: a weighted sum of the likeness to training rows, and a linear part.

Likeness is Matérn's kernel of smoothness 5/2 (Rasmussen and Williams 2006, section 4.2.1) of a distance in which every
feature has a length of its own. Features whose length is so great that they tell no rows apart are not stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from modelwright.runtime.origins import RowSource
from modelwright.runtime.scorers.checking import (
    classes_in,
    finite,
    in_range,
    read_arrays,
    refuse,
    require,
    write_arrays,
)
from modelwright.runtime.scorers.linear import probabilities, two_of, weighted_sums
from modelwright.runtime.scorers.scaling import Scaling

__all__ = ["KernelScorer", "Link", "likeness", "squared_distances"]

CHUNK_CELLS = 1_000_000
"""Likenesses held at a time: 8 MB, about what the caches and the allocator take without slowing down."""

MOST_EXPONENT = 700.0  # e to it is still a number


BLOCK = 64
"""Rows that are multiplied at once, always as many: a row then has the same bits in a batch of any size."""


def squared_distances(left: np.ndarray, right: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Return the squared distances of all rows of ``left`` to all of ``right``."""
    squared = np.matmul(-2.0 * left, right.T, out=out)
    squared += np.einsum("ij,ij->i", left, left)[:, None]
    squared += np.einsum("ij,ij->i", right, right)
    return np.maximum(squared, 0.0, out=squared)


def likeness(squared: np.ndarray) -> np.ndarray:
    """Return Matérn's kernel of smoothness 5/2 at squared distances, which are overwritten."""
    root = np.sqrt(np.multiply(squared, 5.0, out=squared))  # squared holds root² from here
    squared /= 3.0
    squared += root
    squared += 1.0
    squared *= np.exp(np.negative(root, out=root), out=root)
    return squared


@dataclass(frozen=True)
class Link:
    """From the sum to the value: bounded, and on the logarithm turned back.

    Attributes
    ----------
    low, high : float
        Bounds of the sum: the targets of training, on the scale of the sum.
    log : bool
        The value is ``exp(sum) − shift``.
    shift : float
    """

    low: float
    high: float
    log: bool = False
    shift: float = 0.0

    def __call__(self, total: np.ndarray) -> np.ndarray:
        bounded = np.clip(total, self.low, self.high)
        return np.exp(bounded) - self.shift if self.log else bounded


class KernelScorer:
    """``link(likeness(x, support) @ alpha + scaling(x) @ coef + intercept)``.

    The version holds training rows, scaled, with the features that count: whoever has it can read them back.

    Parameters
    ----------
    columns : ndarray of int64, shape (n_used,)
        The features that distances are of.
    inverse : ndarray of float64, shape (n_used,)
        One over their lengths, after scaling.
    support : ndarray of float32, shape (n_rows, n_used)
        Training rows, scaled and divided by the lengths.
    alpha : ndarray of float64, shape (n_rows, n_logits)
    coef : ndarray of float64, shape (n_features, n_logits)
    intercept : ndarray of float64, shape (n_logits,)
        One logit for values and for two classes, else one per class.
    link : Link
        For values; classes have the logistic function or the softmax.
    """

    scorer: ClassVar[str] = "kernel"

    def __init__(
        self,
        scaling: Scaling,
        columns: np.ndarray,
        inverse: np.ndarray,
        support: np.ndarray,
        alpha: np.ndarray,
        coef: np.ndarray,
        intercept: np.ndarray,
        link: Link,
        n_classes: int,
    ) -> None:
        self.scaling, self.columns, self.inverse, self.support = scaling, columns, inverse, support
        self.alpha, self.coef, self.intercept, self.link, self.n_classes = alpha, coef, intercept, link, n_classes
        self._support = support.astype(np.float64)

    def predict(self, matrix: np.ndarray, *, threads: int = 1) -> np.ndarray:
        step = max(1, CHUNK_CELLS // (len(self.support) + len(self.coef)))
        starts = range(0, max(len(matrix), 1), step)
        sums = np.concatenate([self._sums(matrix[start : start + step]) for start in starts])
        return probabilities(sums) if self.n_classes else self.link(sums)

    def _sums(self, matrix: np.ndarray) -> np.ndarray:
        scaled = self.scaling(matrix)
        query, support = np.ascontiguousarray(scaled[:, self.columns]) * self.inverse, self._support
        squared = weighted_sums(-2.0 * query, support.T, BLOCK)
        squared += np.square(query).sum(axis=1, keepdims=True)
        squared += np.einsum("ij,ij->i", support, support)
        near = likeness(np.maximum(squared, 0.0, out=squared))
        return weighted_sums(near, self.alpha, BLOCK) + weighted_sums(scaled, self.coef, BLOCK) + self.intercept

    def row_of(self, source: RowSource) -> Callable[[], list[float]]:
        """Products of one row, which BLAS adds up in another order than those of many."""
        scale, scaled = self.scaling.row(source.buffer)
        columns, inverse, support = self.columns, self.inverse, self._support
        half = 0.5 * np.einsum("ij,ij->i", support, support)
        alpha, coef = np.ascontiguousarray(self.alpha.T), np.ascontiguousarray(self.coef.T)
        intercept, link, n_classes = self.intercept, self.link, self.n_classes
        squared = np.empty(len(support))

        def one() -> list[float]:
            scale()
            query = scaled[columns] * inverse
            np.subtract(half, np.dot(support, query, out=squared), out=squared)
            np.add(squared, 0.5 * float(query @ query), out=squared)
            np.multiply(squared, 2.0, out=squared)
            total = alpha @ likeness(np.maximum(squared, 0.0, out=squared)) + coef @ scaled + intercept
            if not n_classes:
                return link(total).tolist()
            return two_of(total.item()) if len(total) == 1 else probabilities(total[None, :])[0].tolist()

        return one

    def save(self, folder: Path, stem: str) -> dict[str, Any]:
        name = f"{stem}.npz"
        arrays = {
            "columns": self.columns,
            "inverse": self.inverse,
            "support": self.support,
            "alpha": self.alpha,
            "coef": self.coef,
            "intercept": self.intercept,
            "link": np.array([self.link.low, self.link.high, self.link.shift]),
            **self.scaling.arrays(),
        }
        write_arrays(folder, name, arrays)
        return {"scorer": self.scorer, "files": [name], "n_classes": self.n_classes, "log": self.link.log}

    @classmethod
    def load(cls, settings: Mapping[str, Any], folder: Path) -> KernelScorer:
        n_classes, log = classes_in(settings), settings.get("log")
        if not isinstance(log, bool):
            refuse(f"it states {log!r} for whether values are logarithms")
        reals = {"inverse": 1, "support": 2, "alpha": 2, "coef": 2, "intercept": 1, "link": 1, "centre": 1, "factor": 1}
        arrays = read_arrays(
            settings, folder, {"columns": ("i", 1), **{name: ("f", size) for name, size in reals.items()}}
        )
        inverse, support, alpha, coef, intercept, link = (finite(name, arrays[name]) for name in list(reals)[:6])
        columns = in_range("columns", arrays["columns"], 0, len(coef))
        require(len(columns) == len(inverse) == support.shape[1], "'columns', 'inverse' and 'support' do not fit")
        require(len(support) == len(alpha) > 0, "'support' and 'alpha' do not fit")
        n_logits = n_classes if n_classes > 2 else 1
        require(alpha.shape[1] == coef.shape[1] == len(intercept) == n_logits, "'alpha' does not fit the classes")
        require(len(link) == 3 and link[0] <= link[1], "'link' does not hold two bounds and a shift")
        require(not log or link[1] <= MOST_EXPONENT, "'link' reaches beyond all numbers")
        bounds = Link(float(link[0]), float(link[1]), log, float(link[2]))
        scaling = Scaling.build(arrays, len(coef))
        return cls(scaling, columns, inverse, support, alpha, coef, intercept, bounds, n_classes)
