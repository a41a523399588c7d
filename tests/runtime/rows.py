"""Scorers of rows as plans use them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from modelwright.runtime.origins import RowSource
from modelwright.runtime.scorer import Scorer, row_scorers

__all__ = ["row_scorer_of"]


def row_scorer_of(scorers: Sequence[Scorer], sources: Sequence[RowSource]) -> Callable[[], list[float]]:
    """Return the function that gives the predictions of all scorers, one after the other, for the row of the moment."""
    firsts, scores = row_scorers(scorers, sources)

    def score() -> list[float]:
        for first in firsts:
            first()
        return [number for own in scores for number in own()]

    return score
