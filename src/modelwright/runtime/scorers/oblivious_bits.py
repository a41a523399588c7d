"""Oblivious trees as bits: the answers to the questions about one feature are bits of the numbers of the leaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from modelwright.runtime.bit_trees import Asked, BitTrees, distinct
from modelwright.runtime.origins import FromLevel, RowSource
from modelwright.runtime.singles import at_most

if TYPE_CHECKING:
    from modelwright.runtime.scorers.oblivious import ObliviousScorer

__all__ = ["bits_of"]

ROWS_AT_ONCE = 256  # answers of a thousand trees are then some megabytes


def bits_of(scorer: ObliviousScorer, source: RowSource) -> BitTrees:
    """Return the trees as bits.

    A statistic of one category whose level is known is asked of the level, one of several features is computed.
    """
    columns = _columns(scorer, source)
    column_of = columns[scorer.asked]
    computed = [j for j in distinct(scorer.asked).tolist() if columns[j] < 0]
    part = scorer.statistics.part([j - scorer.n_features for j in computed])

    def compute(buffer: np.ndarray) -> Callable[[], Sequence[float]]:
        return part.row(buffer)

    return BitTrees(
        word=np.dtype(np.uint8),
        starts=scorer.first_leaves,
        asked={
            f: Asked(_cuts(scorer, source, f), partial(_left_by_feature, scorer, f, column_of == f))
            for f in distinct(column_of[column_of >= 0]).tolist()
        },
        computed=[
            Asked(_borders(scorer, j), partial(_left_by_number, scorer.border, scorer.asked == j)) for j in computed
        ],
        compute=compute if computed else None,
        reads=part.features,
    )


def _columns(scorer: ObliviousScorer, source: RowSource) -> np.ndarray:
    """Return for each thing that is asked for the feature that it depends on, -1 where it depends on several."""
    combinations = [scorer.statistics.combinations[number] for number in scorer.statistics.of]
    alone = [c.features[0] if len(c.features) == 1 else -1 for c in combinations]
    of_levels = [f if f >= 0 and isinstance(source.origins[f], FromLevel) else -1 for f in alone]
    return np.array([*range(scorer.n_features), *of_levels, *(f for f, _ in scorer.levels)], dtype=np.intp)


def _borders(scorer: ObliviousScorer, asked: int) -> np.ndarray:
    borders = distinct(scorer.border[scorer.asked == asked])
    return borders[np.isfinite(borders)]


def _cuts(scorer: ObliviousScorer, source: RowSource, feature: int) -> np.ndarray:
    origin = source.origins[feature]
    codes = [code for f, code in scorer.levels if f == feature]
    cuts = [at_most(_borders(scorer, feature)), np.array(codes, dtype=np.float64), np.array(codes) - 1.0]
    if isinstance(origin, FromLevel):  # any of them may have a statistic of its own
        cuts.append(np.array([*origin.features.values(), origin.unknown]))
    found = distinct(np.concatenate(cuts))
    return found[np.isfinite(found)]


def _left_by_feature(scorer: ObliviousScorer, feature: int, about: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return what is left by values of a feature, given which questions depend on it."""
    parts = []
    for start in range(0, len(values), ROWS_AT_ONCE):
        some = values[start : start + ROWS_AT_ONCE]
        matrix = np.zeros((len(some), scorer.n_features))
        matrix[:, feature] = some
        parts.append(_bits(scorer.features(matrix)[:, scorer.asked] > scorer.border, about))
    return np.concatenate(parts)


def _left_by_number(border: np.ndarray, about: np.ndarray, values: np.ndarray) -> np.ndarray:
    return _bits(values[:, None, None] > border, about)


def _bits(above: np.ndarray, about: np.ndarray) -> np.ndarray:
    """Return answers as bits, 1 where the question is about something else."""
    bits: np.ndarray = np.packbits(above | ~about, axis=2, bitorder="little")[:, :, 0]
    return bits
