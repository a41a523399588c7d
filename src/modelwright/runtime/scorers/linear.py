"""Linear and logistic models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from modelwright.runtime.origins import RowSource
from modelwright.runtime.scorers.checking import classes_in, finite, read_arrays, require, write_arrays
from modelwright.runtime.scorers.folded import Folded
from modelwright.runtime.scorers.one_sum import one_sum
from modelwright.runtime.scorers.scaling import Scaling

__all__ = ["ABSENT", "LinearScorer", "probabilities", "two_of", "weighted_sums"]


BLOCK = 4
"""Rows that BLAS multiplies at once: as fast as all of them (OpenBLAS 0.3.31, 30 to 256 columns), and one row padded to
them takes as long as one row."""


def probabilities(logits: np.ndarray) -> np.ndarray:
    """Return class probabilities from one logit column (of class 1) or from one column per class, without overflow."""
    if logits.shape[1] == 1:
        small = np.exp(-np.abs(logits[:, 0]))
        second = np.where(logits[:, 0] >= 0, 1.0, small) / (1.0 + small)
        return np.column_stack([1.0 - second, second])
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


def two_of(logit: float) -> list[float]:
    """Return `probabilities` of one logit of class 1."""
    small = float(np.exp(-abs(logit)))
    second = (1.0 if logit >= 0 else small) / (1.0 + small)
    return [1.0 - second, second]


def weighted_sums(matrix: np.ndarray, coef: np.ndarray, block: int = BLOCK) -> np.ndarray:
    """Return ``matrix @ coef``; a row gives the same to the bit, alone or in a batch of any size.

    BLAS adds up in an order that depends on how many rows there are. So it gets ``block`` rows at a time, always as
    many: that costs no time, and with four a row alone costs what it would by itself. One column is summed up by numpy,
    whose order does not depend on the rows.
    """
    n_rows, width = matrix.shape
    if coef.shape[1] == 1 or not n_rows:
        return (matrix * coef[:, 0]).sum(axis=1, keepdims=True) if n_rows else matrix @ coef
    short = -n_rows % block
    if short:
        matrix = np.concatenate([matrix, np.zeros((short, width))])
    return (matrix.reshape(-1, block, width) @ coef).reshape(-1, coef.shape[1])[:n_rows]


class LinearScorer:
    """``scaling(x) @ coef + intercept``, through the logistic function or the softmax for classes.

    Parameters
    ----------
    coef : ndarray, shape (n_features, n_logits)
        One logit for values and for two classes, else one per class.
    intercept : ndarray, shape (n_logits,)
        A class that training never saw has the intercept `ABSENT`: its probability is 0.
    """

    scorer: ClassVar[str] = "linear"

    def __init__(self, scaling: Scaling, coef: np.ndarray, intercept: np.ndarray, n_classes: int) -> None:
        self.scaling, self.coef, self.intercept, self.n_classes = scaling, coef, intercept, n_classes

    def predict(self, matrix: np.ndarray, *, threads: int = 1) -> np.ndarray:
        logits = weighted_sums(self.scaling(matrix), self.coef) + self.intercept
        return probabilities(logits) if self.n_classes else logits

    def row_of(self, source: RowSource) -> Callable[[], list[float]]:
        """The sum in another order than that of a table, with what a column adds found at once."""
        if self.coef.shape[1] != 1:
            several = Folded(source, self.scaling, self.coef).several(self.intercept)
            return lambda: probabilities(several()[None, :])[0].tolist()
        added = one_sum(source, self.scaling, self.coef[:, 0], float(self.intercept[0]))
        if self.n_classes:
            return lambda: two_of(added())
        return lambda: [added()]

    def save(self, folder: Path, stem: str) -> dict[str, Any]:
        name = f"{stem}.npz"
        write_arrays(folder, name, {"coef": self.coef, "intercept": self.intercept, **self.scaling.arrays()})
        return {"scorer": self.scorer, "files": [name], "n_classes": self.n_classes}

    @classmethod
    def load(cls, settings: Mapping[str, Any], folder: Path) -> LinearScorer:
        n_classes = classes_in(settings)
        arrays = read_arrays(
            settings, folder, {"coef": ("f", 2), "intercept": ("f", 1), "centre": ("f", 1), "factor": ("f", 1)}
        )
        coef, intercept = finite("coef", arrays["coef"]), finite("intercept", arrays["intercept"])
        n_logits = n_classes if n_classes > 2 else 1
        require(coef.shape[1] == len(intercept) == n_logits, "'coef' does not fit the classes")
        return cls(Scaling.build(arrays, len(coef)), coef, intercept, n_classes)


ABSENT = -1e4
"""The logit of a class without training rows: ``exp`` of it is 0 beside any other."""
