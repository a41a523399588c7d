"""Oblivious trees, all of one depth: CatBoost's models, scored without CatBoost.

All nodes of a level ask the same question, so a tree is as many questions as it is deep, and the answers are the bits
of the leaf's number. Questions of all trees are asked in one sweep over arrays that lie side by side: a row needs a
third of the memory accesses of trees that are walked down, and does not wait for one to know the next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import numpy as np

from modelwright.runtime.bit_trees import Fallen
from modelwright.runtime.origins import RowSource
from modelwright.runtime.scorers.checking import (
    classes_in,
    exponential_in,
    finite,
    in_range,
    outputs_in,
    read_arrays,
    refuse,
    require,
    write_arrays,
)
from modelwright.runtime.scorers.linear import probabilities, two_of
from modelwright.runtime.scorers.oblivious_bits import bits_of
from modelwright.runtime.statistics import Statistics

__all__ = ["DEEPEST", "ObliviousScorer"]

DEEPEST = 8  # answers are bits of a byte
CHUNK_CELLS = 1 << 20  # answers held at a time
LARGEST_LOG = 709.0  # beyond, the value is none that float64 holds

_KINDS = {"asked": ("i", 2), "border": ("f", 2), "leaves": ("f", 2), "bias": ("f", 1), "level_of": ("i", 1),
          "level": ("i", 1), "upward": ("i", 1), "keys": ("i", 1), "sizes": ("i", 1), "of": ("i", 1),
          "statistics": ("f", 1)}  # fmt: skip


class ObliviousScorer:
    """The sum of the leaves that a row falls into.

    Questions are about features of the view, in single precision, and behind them about statistics of categories and
    about "has this feature that level?", a feature of 0 and 1.

    Parameters
    ----------
    asked : ndarray of int32, shape (n_trees, depth)
        Features, in the order just said.
    border : ndarray of float32, shape (n_trees, depth)
        Bit d of a leaf's number is 1 where the feature is above it; infinite where a tree is less deep.
    leaves : ndarray of float64, shape (n_trees * 2 ** depth, n_sums)
    bias : ndarray of float64, shape (n_sums,)
        One sum for values and for two classes (log odds), else one per class.
    levels : tuple of (int, int)
        Feature and code of each question about a level.
    upward : tuple of int
        Features that count as above every border where they are missing.
    statistics : Statistics
    n_features, n_classes : int
    exponential : bool
        Whether the sum is the logarithm of the value.
    """

    scorer: ClassVar[str] = "oblivious"

    def __init__(
        self,
        *,
        asked: np.ndarray,
        border: np.ndarray,
        leaves: np.ndarray,
        bias: np.ndarray,
        levels: tuple[tuple[int, int], ...],
        upward: tuple[int, ...],
        statistics: Statistics,
        n_features: int,
        n_classes: int,
        exponential: bool = False,
    ) -> None:
        self.asked, self.border, self.leaves, self.bias = asked, border, leaves, bias
        self.levels, self.upward, self.statistics = levels, upward, statistics
        self.n_features, self.n_classes, self.exponential = n_features, n_classes, exponential
        self.first_leaves = np.arange(len(asked), dtype=np.int64) << asked.shape[1]
        self._columns = [np.ascontiguousarray(leaves[:, k]) for k in range(leaves.shape[1])]

    def predict(self, matrix: np.ndarray, *, threads: int = 1) -> np.ndarray:
        step = max(1, CHUNK_CELLS // (len(self.asked) * DEEPEST))
        sums = np.empty((len(matrix), len(self.bias)))
        for start in range(0, len(matrix), step):
            leaf = self._leaves(self.features(matrix[start : start + step]))
            for k, column in enumerate(self._columns):
                # tree after tree, so that a row adds up in the same order alone
                sums[start : start + step, k] = np.add.accumulate(column.take(leaf), axis=0)[-1]
        sums += self.bias
        if self.exponential:
            return np.exp(np.minimum(sums, LARGEST_LOG))
        return probabilities(sums) if self.n_classes else sums

    def _leaves(self, features: np.ndarray) -> np.ndarray:
        """Return the number of the leaf of each tree and row, shape ``(n_trees, n_rows)``; whole columns at a time."""
        n_trees, depth = self.asked.shape
        columns = np.ascontiguousarray(features.T)
        number = np.zeros((n_trees, len(features)), dtype=np.uint8)
        for d in range(depth):
            above = columns.take(self.asked[:, d], axis=0) > self.border[:, d, None]
            number |= above.view(np.uint8) << np.uint8(d)
        return number + self.first_leaves[:, None]

    def features(self, matrix: np.ndarray) -> np.ndarray:
        """Return all that is asked for, in its order: float32 of shape ``(n_rows, n_asked)``."""
        width = self.n_features + len(self.statistics)
        features = np.empty((len(matrix), width + len(self.levels)), dtype=np.float32)
        features[:, : self.n_features] = matrix
        for feature in self.upward:
            column = features[:, feature]
            column[np.isnan(column)] = np.inf
        if len(self.statistics):
            self.statistics.write(matrix, features[:, self.n_features : width])
        for j, (feature, code) in enumerate(self.levels):
            features[:, width + j] = matrix[:, feature] == code
        return features

    def row(self, row: np.ndarray) -> Callable[[], list[float]]:
        matrix, places = row.reshape(1, -1), np.empty(len(self.asked), dtype=np.intp)
        score = self._sum_at(places)

        def one() -> list[float]:
            places[:] = self._leaves(self.features(matrix))[:, 0]
            return score()

        return one

    def fallen(self, source: RowSource) -> Fallen:
        return Fallen(bits_of(self, source), self._sum_at)

    def _sum_at(self, places: np.ndarray) -> Callable[[], list[float]]:
        bias, columns = self.bias.tolist(), self._columns
        if self.exponential:
            return lambda: [
                float(np.exp(min(np.add.accumulate(columns[0].take(places)).item(-1) + bias[0], LARGEST_LOG)))
            ]
        if not self.n_classes:
            return lambda: [np.add.accumulate(columns[0].take(places)).item(-1) + bias[0]]
        if len(columns) == 1:
            return lambda: two_of(np.add.accumulate(columns[0].take(places)).item(-1) + bias[0])

        def several() -> list[float]:
            sums = [np.add.accumulate(column.take(places)).item(-1) + own for column, own in zip(columns, bias)]
            return probabilities(np.array([sums]))[0].tolist()

        return several

    def save(self, folder: Path, stem: str) -> dict[str, Any]:
        name = f"{stem}.npz"
        arrays = {
            "asked": self.asked,
            "border": self.border,
            "leaves": self.leaves,
            "bias": self.bias,
            "level_of": np.array([f for f, _ in self.levels], dtype=np.int64),
            "level": np.array([c for _, c in self.levels], dtype=np.int64),
            "upward": np.array(self.upward, dtype=np.int64),
            **self.statistics.arrays(),
        }
        write_arrays(folder, name, arrays)
        return {
            "scorer": self.scorer,
            "files": [name],
            "n_classes": self.n_classes,
            "n_features": self.n_features,
            "exponential": self.exponential,
            "combinations": msgspec.to_builtins(self.statistics.combinations),
        }

    @classmethod
    def load(cls, settings: Mapping[str, Any], folder: Path) -> ObliviousScorer:
        n_classes, n_features = classes_in(settings), settings.get("n_features")
        if not isinstance(n_features, int) or isinstance(n_features, bool) or n_features < 1:
            refuse(f"it states {n_features!r} features")
        arrays = read_arrays(settings, folder, _KINDS)
        statistics = Statistics.build(settings.get("combinations"), arrays, n_features)
        in_range("level_of", arrays["level_of"], 0, n_features)
        in_range("upward", arrays["upward"], 0, n_features)
        require(len(arrays["level"]) == len(arrays["level_of"]), "'level' and 'level_of' do not fit")
        width = n_features + len(statistics) + len(arrays["level"])
        _check(arrays, width, 1 if n_classes <= 2 else outputs_in(settings))
        return cls(
            asked=arrays["asked"].astype(np.int32),
            border=arrays["border"].astype(np.float32),
            leaves=arrays["leaves"].astype(np.float64),
            bias=arrays["bias"].astype(np.float64),
            levels=tuple(zip(arrays["level_of"].tolist(), arrays["level"].tolist())),
            upward=tuple(arrays["upward"].tolist()),
            statistics=statistics,
            n_features=n_features,
            n_classes=n_classes,
            exponential=exponential_in(settings),
        )


def _check(arrays: Mapping[str, np.ndarray], width: int, n_sums: int) -> None:
    """Refuse trees that ask for what is no feature or lead to no leaf."""
    n_trees, depth = arrays["asked"].shape
    require(n_trees >= 1 and 1 <= depth <= DEEPEST, "it has no trees, or they are too deep")
    require(arrays["border"].shape == (n_trees, depth), "'border' does not fit the questions")
    in_range("asked", arrays["asked"], 0, width)
    require(not np.isnan(arrays["border"]).any(), "'border' holds numbers that are none")
    require(arrays["leaves"].shape == (n_trees << depth, n_sums), "'leaves' does not fit the trees")
    finite("leaves", arrays["leaves"])
    require(len(finite("bias", arrays["bias"])) == n_sums, "'bias' does not fit the classes")
