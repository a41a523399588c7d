"""One sum of a row's features times weights, of which a linear model is one: what each column adds is found at once.

The features of a level add a number that is known before any row comes; the features of a number add a function of it
that is straight between cuts, however many they are (see `modelwright.runtime.pieces`). The slow, obvious twin
multiplies all features; the sum is the same but for the order of additions. Several sums are
`modelwright.runtime.scorers.folded`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from modelwright.runtime.levels import Of
from modelwright.runtime.origins import FromLevel, FromPieces, RowSource, features_by_level
from modelwright.runtime.pieces import PieceRow, Pieces
from modelwright.runtime.scorers.ramps import Ramps
from modelwright.runtime.scorers.scaled_row import ScaledRow
from modelwright.runtime.scorers.scaling import CLIP, Scaling

__all__ = ["one_sum"]


def one_sum(source: RowSource, scaling: Scaling, weights: np.ndarray, start: float) -> Callable[[], float]:
    """Return the function that gives ``scaling(x) @ weights + start`` of the row of a source.

    Parameters
    ----------
    source : RowSource
    scaling : Scaling
        That cuts; one that bends is not straight.
    weights : ndarray of float64, shape (n_features,)
    """
    assert not scaling.smooth
    functions = _functions(source, scaling, weights)
    index, table = _levels(source, scaling, weights)
    rest = [f for f, origin in enumerate(source.origins) if not isinstance(origin, FromLevel | FromPieces)]
    row, n_levels = ScaledRow(source, Ramps.none(scaling), rest), len(index)
    pieces = PieceRow(source.now, list(functions.items())) if functions else None
    n_found = n_levels + (pieces.size if pieces is not None else 0)
    terms = np.zeros(n_found + len(rest) + 1)
    terms[-1], each = start, np.ones(len(terms))
    of_levels, of_rest = terms[:n_levels], terms[n_found:-1]
    find, at = source.now.finder(index) if index else None, np.zeros(n_levels, dtype=np.intp)
    write = pieces.writer(terms[n_levels:n_found]) if pieces is not None else None
    own = row.spread(weights[:, None])[:, 0] * row.factor

    def added() -> float:
        if find is not None:
            find(at)
            table.take(at, out=of_levels, mode="clip")
        if write is not None:
            write()
        if rest:
            row.read()
            np.multiply(row.inputs, own, out=of_rest)
        total = float(np.dot(each, terms))
        if total != total:  # something is missing: rarely, so it is looked for afterwards
            of_rest[np.isnan(of_rest)] = 0.0
            total = float(np.dot(each, terms))
        return total

    return added


def _functions(source: RowSource, scaling: Scaling, weights: np.ndarray) -> dict[int, Pieces]:
    """Return what the number at each place adds."""
    found: dict[int, list[Pieces]] = {}
    for f, origin in enumerate(source.origins):
        if isinstance(origin, FromPieces):
            scaled = origin.pieces.moved(float(scaling.centre[f]), float(scaling.factor[f])).bounded(CLIP)
            found.setdefault(origin.place, []).append(scaled.moved(0.0, float(weights[f])))
    return {place: Pieces.sum(own) for place, own in found.items()}


def _levels(source: RowSource, scaling: Scaling, weights: np.ndarray) -> tuple[dict[int, Of[int]], np.ndarray]:
    """Return for each place the number of each level, and what they add by it."""
    features: dict[int, list[int]] = {}
    for f, origin in enumerate(source.origins):
        if isinstance(origin, FromLevel):
            features.setdefault(origin.place, []).append(f)
    index: dict[int, Of[int]] = {}
    tables: list[np.ndarray] = [np.zeros(0)]
    for place, own in features.items():
        levels, matrix = features_by_level([o for f in own if isinstance(o := source.origins[f], FromLevel)])
        first = sum(map(len, tables))
        index[place] = Of({level: first + i for i, level in enumerate(levels)}, first + len(levels))
        part = Scaling(scaling.centre[own], scaling.factor[own])
        tables.append((part(matrix) * weights[own]).sum(axis=1))
    return index, np.concatenate(tables)
