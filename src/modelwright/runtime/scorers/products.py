"""The products of a row's features with weights, of which a linear model is the sum: those of levels are known before
any row comes, and are copied together.

The sum is numpy's over the same products in the same order as for a table, so a row alone has the bits of a batch;
`modelwright.runtime.scorers.folded` spares more, and does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from operator import getitem

import numpy as np

from modelwright.data.typed_rows import picker
from modelwright.runtime.levels import Of
from modelwright.runtime.origins import FromLevel, RowSource, features_by_level
from modelwright.runtime.scorers.scaling import Scaling

__all__ = ["products_of"]


def products_of(source: RowSource, scaling: Scaling, weights: np.ndarray) -> tuple[Callable[[], None], np.ndarray]:
    """Return the function that finds the products for the row of the moment, and the array that it writes; the product
    of a missing number, which counts as 0, is NaN there.

    Parameters
    ----------
    source : RowSource
    scaling : Scaling
    weights : ndarray of float64, shape (n_features,)
    """
    out = np.zeros(len(weights))
    steps: list[Callable[[], None]] = []
    for levels, start, stop in _runs(source):
        part = Scaling(scaling.centre[start:stop], scaling.factor[start:stop], scaling.smooth)
        step = _of_levels if levels else _of_numbers
        steps.append(step(source, start, stop, part, weights[start:stop], out[start:stop]))
    if len(steps) == 1:
        return steps[0], out

    def find() -> None:
        for step in steps:
            step()

    return find, out


def _runs(source: RowSource) -> Iterator[tuple[bool, int, int]]:
    """Yield whether features are of levels, and from where to where they are."""
    start = 0
    for levels, run in groupby(source.origins, key=lambda origin: isinstance(origin, FromLevel)):
        stop = start + sum(1 for _ in run)
        yield levels, start, stop
        start = stop


def _of_numbers(
    source: RowSource, start: int, stop: int, scaling: Scaling, weights: np.ndarray, out: np.ndarray
) -> Callable[[], None]:
    scale, scaled = scaling.row(source.part(range(start, stop))[start:stop], gaps=False)
    own = np.ascontiguousarray(weights)

    def multiply() -> None:
        scale()
        np.multiply(scaled, own, out=out)

    return multiply


def _of_levels(
    source: RowSource, start: int, stop: int, scaling: Scaling, weights: np.ndarray, out: np.ndarray
) -> Callable[[], None]:
    places: list[int] = []
    known: list[Of[bytes]] = []
    at = start
    for place, run in groupby(source.origins[start:stop], key=lambda origin: origin.place):  # type: ignore[union-attr]
        origins = [origin for origin in run if isinstance(origin, FromLevel)]
        own = slice(at - start, at - start + len(origins))
        part = Scaling(scaling.centre[own], scaling.factor[own], scaling.smooth)
        places.append(place)
        known.append(_by_level(origins, part, weights[own]))
        at += len(origins)
    now, pick, target = source.now, picker(places), out.data.cast("B")

    def copy() -> None:
        target[:] = b"".join(map(getitem, known, pick(now.values)))

    return copy


def _by_level(origins: Sequence[FromLevel], scaling: Scaling, weights: np.ndarray) -> Of[bytes]:
    """Return the products of the features of a column by its level, as they lie in memory."""
    levels, features = features_by_level(origins)
    rows = [row.tobytes() for row in scaling(features) * weights]
    return Of(dict(zip(levels, rows)), rows[-1])
