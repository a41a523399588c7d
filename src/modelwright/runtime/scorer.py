"""What a scorer is: a fitted model that predicts from a matrix, with nothing of the training libraries but the one
booster it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np

from modelwright.runtime.bit_trees import BitTrees, Fallen
from modelwright.runtime.falling import Falling, TooLarge
from modelwright.runtime.origins import RowSource

__all__ = ["RowScorer", "Scorer", "row_scorers"]

MOST_BYTES_APART = 64 << 20
"""Of the tables of models that are looked up each for itself, all together; servers are to stay small."""

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


def row_scorers(
    scorers: Sequence[Scorer], sources: Sequence[RowSource]
) -> tuple[list[Callable[[], None]], list[RowScorer]]:
    """Return what has to be done first for a row, and the functions that then score it, one per scorer.

    A scorer may know short ways that give what `Scorer.predict` gives for the row, the first one that it has is taken:
    a method ``fallen(source)``, for what is found for all trees together (see `Falling`); a method ``row_of(source)``;
    a method ``row(row)`` for a buffer with its features.
    """
    fallen: dict[int, Fallen] = {}
    for k, (scorer, source) in enumerate(zip(scorers, sources)):
        found = scorer.fallen(source) if hasattr(scorer, "fallen") else None
        if found is not None:
            fallen[k] = found
    fallings, places = _fallings({k: (own.trees, sources[k]) for k, own in fallen.items()})
    scored = [
        fallen[k].score_at(places[k]) if k in places else _alone(scorer, source)
        for k, (scorer, source) in enumerate(zip(scorers, sources))
    ]
    return list(fallings), scored


def _fallings(models: dict[int, tuple[BitTrees, RowSource]]) -> tuple[list[Falling], dict[int, np.ndarray]]:
    """Return the trees of all models together, or of each alone where those are too many; and the places of models."""
    if not models:
        return [], {}
    with suppress(TooLarge):
        falling = Falling(list(models.values()))
        return [falling], dict(zip(models, falling.places))
    fallings: list[Falling] = []
    places: dict[int, np.ndarray] = {}
    left = MOST_BYTES_APART
    for k, model in models.items():
        with suppress(TooLarge):
            falling = Falling([model])
            if falling.nbytes > left:
                continue  # it is walked down
            left -= falling.nbytes
            fallings.append(falling)
            places[k] = falling.places[0]
    return fallings, places


def _alone(scorer: Scorer, source: RowSource) -> RowScorer:
    if (short := getattr(scorer, "row_of", None)) is not None:
        return short(source)
    if (short := getattr(scorer, "row", None)) is not None:
        return short(source.buffer)
    matrix = source.buffer.reshape(1, -1)
    return lambda: scorer.predict(matrix)[0].tolist()
