"""The same answer for every row: what is left to say when training saw one target value only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from modelwright.runtime.scorers.checking import classes_in, refuse, require

__all__ = ["ConstantScorer"]


class ConstantScorer:
    """Predicts one row of outputs, whatever comes in.

    Parameters
    ----------
    outputs : sequence of float
        The class probabilities, or the one value.
    n_classes : int
        0 for a value.
    """

    scorer: ClassVar[str] = "constant"

    def __init__(self, outputs: np.ndarray, n_classes: int) -> None:
        self.outputs = np.asarray(outputs, dtype=np.float64)
        self.n_classes = n_classes

    def predict(self, matrix: np.ndarray, *, threads: int = 1) -> np.ndarray:
        return np.tile(self.outputs, (len(matrix), 1))

    def row(self, row: np.ndarray) -> Callable[[], list[float]]:
        outputs = self.outputs.tolist()
        return lambda: outputs

    def save(self, folder: Path, stem: str) -> dict[str, Any]:
        return {"scorer": self.scorer, "files": [], "n_classes": self.n_classes, "outputs": self.outputs.tolist()}

    @classmethod
    def load(cls, settings: Mapping[str, Any], folder: Path) -> ConstantScorer:
        n_classes, outputs = classes_in(settings), settings.get("outputs")
        if not isinstance(outputs, list) or not all(isinstance(o, (int, float)) for o in outputs):
            refuse("the constant model states no numbers")
        require(len(outputs) == max(n_classes, 1), "the constant model does not fit its classes")
        values = np.asarray(outputs, dtype=np.float64)
        require(np.isfinite(values).all(), "the constant model states numbers that are not finite")
        return cls(values, n_classes)
