"""Trees whose leaves are added up in single precision, one after the other: what XGBoost predicts for values.

Large values make the difference between its sums and exact ones visible (a house price of 180,000 is off by 0.5), so
these are added as XGBoost adds them, starting with the base score, and agree with it to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from modelwright.runtime import storage
from modelwright.runtime.bit_trees import Fallen
from modelwright.runtime.origins import RowSource
from modelwright.runtime.quick_trees import QuickTrees
from modelwright.runtime.scorers.checking import classes_in, finite, model_file, refuse, require, write_arrays
from modelwright.runtime.scorers.lightgbm import LightgbmScorer

__all__ = ["SingleSumsScorer"]

CHUNK_CELLS = 1 << 20  # leaves held at a time


class SingleSumsScorer:
    """One value per row.

    Parameters
    ----------
    trees : LightgbmScorer
        Says which leaf of each tree a row falls into.
    leaves : ndarray of float32
        Of all trees, one after the other.
    starts : ndarray of int64, shape (n_trees,)
        Where those of each tree begin.
    base : float
        What sums begin with; a float32.
    """

    scorer: ClassVar[str] = "single-sums"
    n_classes = 0

    def __init__(self, trees: LightgbmScorer, leaves: np.ndarray, starts: np.ndarray, base: float) -> None:
        self.trees, self.leaves, self.starts, self.base = trees, leaves, starts, float(base)

    @property
    def n_features(self) -> int:
        """Features of a row."""
        return self.trees.n_features

    def predict(self, matrix: np.ndarray, *, threads: int = 1) -> np.ndarray:
        step = max(1, CHUNK_CELLS // len(self.starts))
        out = np.empty((len(matrix), 1))
        for start in range(0, len(matrix), step):
            leaf = self.trees.engine.leaves(matrix[start : start + step], threads=threads)
            terms = np.empty((len(leaf), leaf.shape[1] + 1), dtype=np.float32)
            terms[:, 0] = self.base
            terms[:, 1:] = self.leaves.take(leaf + self.starts)
            out[start : start + step, 0] = np.add.accumulate(terms, axis=1)[:, -1]
        return out

    def row(self, row: np.ndarray) -> Callable[[], list[float]]:
        fallen, places = self.trees.engine.row(row, leaves=True), np.empty(len(self.starts), dtype=np.intp)
        score, starts = self._sum_at(self.leaves, places), self.starts

        def walked() -> list[float]:
            np.add(fallen().astype(np.intp), starts, out=places)
            return score()

        return walked

    def fallen(self, source: RowSource) -> Fallen | None:
        trees = QuickTrees.of(self.trees.text)
        if trees is None:
            return None
        from_left = self.leaves.take(trees.numbers + np.repeat(self.starts, self.trees.leaf_counts))
        return Fallen(trees.bits, lambda places: self._sum_at(from_left, places))

    def _sum_at(self, leaves: np.ndarray, places: np.ndarray) -> Callable[[], list[float]]:
        terms = np.empty(len(self.starts) + 1, dtype=np.float32)
        terms[0] = self.base
        own = terms[1:]

        def one() -> list[float]:
            leaves.take(places, out=own, mode="clip")
            return [np.add.accumulate(terms).item(-1)]

        return one

    def save(self, folder: Path, stem: str) -> dict[str, Any]:
        trees, name = self.trees.save(folder, stem), f"{stem}.npz"
        write_arrays(folder, name, {"leaves": self.leaves, "starts": self.starts})
        files = [*trees["files"], name]
        return {"scorer": self.scorer, "files": files, "n_classes": 0, "rounds": trees["rounds"], "base": self.base}

    @classmethod
    def load(cls, settings: Mapping[str, Any], folder: Path) -> SingleSumsScorer:
        files, base = settings.get("files"), settings.get("base")
        require(classes_in(settings) == 0, "it predicts values, no classes")
        if not isinstance(files, list) or len(files) != 2:
            refuse("its description names no two files")
        if not isinstance(base, int | float) or isinstance(base, bool) or base != float(np.float32(base)):
            refuse(f"it states the base {base!r}")
        arrays = storage.read_arrays(model_file({"files": files[1:]}, folder))
        require(set(arrays) == {"leaves", "starts"}, "the leaves are incomplete")
        leaves, starts = arrays["leaves"], arrays["starts"]
        require(leaves.dtype == np.float32 and leaves.ndim == 1, "'leaves' is not of single precision")
        require(starts.dtype == np.int64 and starts.ndim == 1, "'starts' holds no positions")
        finite("leaves", leaves)
        trees = LightgbmScorer.load({"files": files[:1], "n_classes": 0, "rounds": settings.get("rounds")}, folder)
        counts = trees.leaf_counts
        require(starts.tolist() == np.cumsum([0, *counts[:-1]]).tolist(), "'starts' does not fit the trees")
        require(sum(counts) == len(leaves), "'leaves' does not fit the trees")
        return cls(trees, leaves, starts, base)
