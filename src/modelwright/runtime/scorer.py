"""What a scorer is: a fitted model that predicts from a matrix, with nothing of the training libraries but the one
booster it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np

from modelwright.runtime.origins import RowSource

__all__ = ["RowScorer", "Scorer", "row_scorer"]

RowScorer = Callable[[], list[float]]
"""Scores the row that a buffer holds at the moment: one number per class, or the one value."""


class Scorer(Protocol):
    """A model ready to score.

    Attributes
    ----------
    scorer : str
        Name in `modelwright.runtime.scorers.SCORERS`.
    """

    scorer: ClassVar[str]

    def predict(self, matrix: np.ndarray, *, threads: int = 1) -> np.ndarray:
        """Return float64: class probabilities ``(n_rows, n_classes)`` or values ``(n_rows, 1)``."""
        ...

    def save(self, folder: Path, stem: str) -> dict[str, Any]:
        """Write native model files or ``.npz`` arrays named ``stem…`` into ``folder``; return the JSON that `load`
        needs: ``{"scorer": …, "files": […], …}``."""
        ...

    @classmethod
    def load(cls, settings: Mapping[str, Any], folder: Path) -> Scorer:
        """Load what `save` wrote; raises BundleError on anything malformed. Runs no code from the files."""
        ...


def row_scorer(scorer: Scorer, source: RowSource) -> RowScorer:
    """Return the function that scores the row of a source when it is called.

    A scorer may know a short way that gives what `Scorer.predict` gives for the row: a method ``row_of(source)``, or a
    method ``row(row)`` for a buffer with its features.
    """
    if (short := getattr(scorer, "row_of", None)) is not None:
        return short(source)
    if (short := getattr(scorer, "row", None)) is not None:
        return short(source.buffer)
    matrix = source.buffer.reshape(1, -1)
    return lambda: scorer.predict(matrix)[0].tolist()
