"""LightGBM models, and trees of others brought to its text format: its own predictor, without its Python package."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from modelwright.runtime.bit_trees import Fallen
from modelwright.runtime.origins import RowSource
from modelwright.runtime.quick_trees import QuickTrees
from modelwright.runtime.scorers.checking import classes_in, model_bytes, model_file, refuse, require
from modelwright.runtime.scorers.lightgbm_text import check_text
from modelwright.runtime.tree_engine import TreeEngine

__all__ = ["LightgbmScorer", "columns_of"]

_LEAVES = re.compile(r"^num_leaves=(\d+)$", re.MULTILINE)


def columns_of(raw: np.ndarray, n_classes: int) -> np.ndarray:
    """Return the predictions of a booster in the shape of `Scorer.predict`: two columns from one probability."""
    raw = np.asarray(raw, dtype=np.float64)
    if n_classes == 2:
        second = raw.reshape(-1)
        return np.column_stack([1.0 - second, second])
    return raw.reshape(-1, max(n_classes, 1))


class LightgbmScorer:
    """A model in LightGBM's text format.

    Parameters
    ----------
    text : str
        The rounds that count; those after the best one are left out.
    n_classes : int
        0 for values.
    """

    scorer: ClassVar[str] = "lightgbm"

    def __init__(self, text: str, n_classes: int) -> None:
        self.text, self.n_classes = text, n_classes

    def __getstate__(self) -> dict[str, Any]:
        """Copies and what users pickle hold the text; the library's own model is made again where it is needed."""
        return {"text": self.text, "n_classes": self.n_classes}

    @cached_property
    def engine(self) -> TreeEngine:
        """The model in LightGBM's library."""
        return TreeEngine(self.text)

    def predict(self, matrix: np.ndarray, *, threads: int = 1) -> np.ndarray:
        return columns_of(self.engine.predict(matrix, threads=threads), self.n_classes)

    def row(self, row: np.ndarray) -> Callable[[], list[float]]:
        fallen = self.engine.row(row)
        return self._answer(lambda: fallen().tolist())

    def fallen(self, source: RowSource) -> Fallen | None:
        trees = QuickTrees.of(self.text)
        return None if trees is None else Fallen(trees.bits, lambda places: self._answer(trees.sum_at(places)))

    def _answer(self, score: Callable[[], list[float]]) -> Callable[[], list[float]]:
        if self.n_classes != 2:
            return score

        def two() -> list[float]:
            (second,) = score()
            return [1.0 - second, second]

        return two

    def save(self, folder: Path, stem: str) -> dict[str, Any]:
        name = f"{stem}.txt"
        (Path(folder) / name).write_text(self.text, encoding="utf-8", newline="\n")
        trees = check_text(self.text, name)
        rounds = trees // (self.n_classes if self.n_classes > 2 else 1)
        return {"scorer": self.scorer, "files": [name], "n_classes": self.n_classes, "rounds": rounds}

    @classmethod
    def load(cls, settings: Mapping[str, Any], folder: Path) -> LightgbmScorer:
        n_classes, rounds = classes_in(settings), settings.get("rounds")
        if not isinstance(rounds, int) or isinstance(rounds, bool) or rounds < 1:
            refuse(f"it states {rounds!r} rounds")
        path = model_file(settings, folder)
        try:
            text = model_bytes(path).decode("utf-8")
        except UnicodeDecodeError:
            refuse(f"{path.name} is not readable text")
        trees = check_text(text, path.name)
        trees_per_round = n_classes if n_classes > 2 else 1
        require(trees == rounds * trees_per_round, f"{path.name} has {trees} trees for {rounds} rounds")
        scorer = cls(text, n_classes)
        require(
            scorer.engine.n_outputs == trees_per_round and scorer.engine.rounds == rounds,
            f"{path.name} does not fit the classes",
        )
        return scorer

    @property
    def leaf_counts(self) -> list[int]:
        """Leaves of each tree."""
        return [int(n) for n in _LEAVES.findall(self.text)]

    @property
    def n_features(self) -> int:
        """Features of a row."""
        return self.engine.n_features
