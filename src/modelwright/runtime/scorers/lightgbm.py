"""LightGBM models: its own text format, its own predictor."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from modelwright.runtime.scorers.checking import classes_in, model_file, refuse, require
from modelwright.runtime.scorers.lightgbm_text import check_text

__all__ = ["LightgbmScorer", "columns_of"]


def columns_of(raw: np.ndarray, n_classes: int) -> np.ndarray:
    """Return the predictions of a booster in the shape of `Scorer.predict`: two columns from one probability."""
    raw = np.asarray(raw, dtype=np.float64)
    if n_classes == 2:
        second = raw.reshape(-1)
        return np.column_stack([1.0 - second, second])
    return raw.reshape(-1, max(n_classes, 1))


class LightgbmScorer:
    """A booster.

    Parameters
    ----------
    booster : lightgbm.Booster
    rounds : int
        Rounds that count; those after the best one stay out of what is saved.
    n_classes : int
        0 for values.
    """

    scorer: ClassVar[str] = "lightgbm"

    def __init__(self, booster: Any, rounds: int, n_classes: int) -> None:
        self.booster, self.rounds, self.n_classes = booster, rounds, n_classes

    def predict(self, matrix: np.ndarray, *, threads: int = 1) -> np.ndarray:
        raw = self.booster.predict(matrix, num_iteration=self.rounds, num_threads=threads)
        return columns_of(raw, self.n_classes)

    def save(self, folder: Path, stem: str) -> dict[str, Any]:
        name = f"{stem}.txt"
        text = self.booster.model_to_string(num_iteration=self.rounds)
        (Path(folder) / name).write_text(text, encoding="utf-8", newline="\n")
        return {"scorer": self.scorer, "files": [name], "n_classes": self.n_classes, "rounds": self.rounds}

    @classmethod
    def load(cls, settings: Mapping[str, Any], folder: Path) -> LightgbmScorer:
        n_classes, rounds = classes_in(settings), settings.get("rounds")
        if not isinstance(rounds, int) or isinstance(rounds, bool) or rounds < 1:
            refuse(f"it states {rounds!r} rounds")
        path = model_file(settings, folder)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            refuse(f"{path.name} is not readable text")
        trees = check_text(text, path.name)
        trees_per_round = n_classes if n_classes > 2 else 1
        require(trees == rounds * trees_per_round, f"{path.name} has {trees} trees for {rounds} rounds")

        import lightgbm

        try:
            booster = lightgbm.Booster(model_str=text)
        except lightgbm.basic.LightGBMError:
            refuse(f"{path.name} is no LightGBM model")
        require(booster.num_model_per_iteration() == trees_per_round, f"{path.name} does not fit the classes")
        return cls(booster, rounds, n_classes)
