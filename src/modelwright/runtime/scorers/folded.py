"""What models that add features up make of levels, folded together: for each level of a column what all its features
add to each sum, found before any row comes.

A one-hot encoded row is nearly all zeros, and each of them costs a model as much as a number does. Here a column of
levels costs one look into a table, however many features it has, and numbers go from the value to what the model reads
(see `modelwright.runtime.scorers.scaled_row`); their features are never written. The slow, obvious twin multiplies them
all; sums are the same but for the order of additions.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isnan

import numpy as np

from modelwright.runtime.levels import Of
from modelwright.runtime.origins import FromLevel, RowSource, features_by_level
from modelwright.runtime.scorers.ramps import Ramps
from modelwright.runtime.scorers.scaled_row import ScaledRow
from modelwright.runtime.scorers.scaling import Scaling

__all__ = ["Folded"]

MOST_CELLS = 1 << 20  # of all tables, 8 MB; columns with more levels are read like numbers


class Folded:
    """``inputs(x) @ weights`` of the row of a source, or ``(inputs(x) × scales) @ weights`` one after the other.

    Parameters
    ----------
    source : RowSource
    inputs : Scaling or Ramps
    weights : ndarray of float64, shape (n_inputs, n_sums)
    scales : ndarray of float64, shape (n_members, n_inputs), optional
        Several members share the weights; they are not multiplied out for numbers, which would not stay in the cache.
    """

    def __init__(
        self, source: RowSource, inputs: Scaling | Ramps, weights: np.ndarray, scales: np.ndarray | None = None
    ) -> None:
        inputs = inputs if isinstance(inputs, Ramps) else Ramps.none(inputs)
        scales = np.ones((1, len(weights))) if scales is None else scales
        n_sums = len(scales) * weights.shape[1]
        features: dict[int, list[int]] = {}
        for feature, origin in enumerate(source.origins):
            if isinstance(origin, FromLevel):
                features.setdefault(origin.place, []).append(feature)
        rows: list[np.ndarray] = []
        self._index: dict[int, Of[int]] = {}
        left = MOST_CELLS
        for place, own in features.items():
            levels, matrix = features_by_level([o for f in own if isinstance(o := source.origins[f], FromLevel)])
            if (size := (len(levels) + 1) * n_sums) > left:
                continue
            left -= size
            part, positions = inputs.part(own)
            table = np.hstack([(part(matrix) * scale[positions]) @ weights[positions] for scale in scales])
            first = sum(map(len, rows))
            self._index[place] = Of({level: first + i for i, level in enumerate(levels)}, first + len(levels))
            rows.append(table)
        self._rows = np.concatenate(rows) if rows else np.zeros((0, n_sums))
        self._find = source.now.finder(self._index) if rows else None
        folded = {f for place in self._index for f in features[place]}
        self._row = ScaledRow(source, inputs, [f for f in range(len(source.origins)) if f not in folded])
        self._weights = self._row.spread(weights)
        self._scales = np.ascontiguousarray(self._row.spread(scales.T, filler=1.0).T)
        # what is the same for all rows, and how inputs are written, is in the weights
        self._constant = ((self._row.later * self._scales) @ self._weights).ravel()
        self._weights *= self._row.factor[:, None]

    def several(self, start: np.ndarray) -> Callable[[], np.ndarray]:
        """Return the function that gives the sums and ``start`` added up, in an array that it uses again."""
        table, n_levels, find = self._rows, len(self._index), self._find
        parts = np.zeros((n_levels + 2, table.shape[1]))
        parts[n_levels] = start + self._constant
        gathered, numbers = parts[:n_levels], parts[n_levels + 1]
        at, out, each = np.zeros(n_levels, dtype=np.intp), np.empty(table.shape[1]), np.ones(len(parts))
        row, multiply = self._row, self._multiplier(numbers)
        read, any_inputs, gaps = row.read, row.size > 0, row.gaps

        def added() -> np.ndarray:
            if find is not None:
                find(at)
                table.take(at, axis=0, out=gathered, mode="clip")
            if any_inputs:
                read()
                multiply()
                if gaps and isnan(numbers.item(0)):  # a missing number makes all sums NaN
                    row.fill()
                    multiply()
            return np.dot(each, parts, out=out)

        return added

    def _multiplier(self, out: np.ndarray) -> Callable[[], object]:
        """Return the function that writes what the inputs add to the sums."""
        weights, scales, inputs = self._weights, self._scales, self._row.inputs
        if len(scales) == 1:
            own = np.ascontiguousarray(weights * scales.T)
            return lambda: np.dot(inputs, own, out=out)
        scaled, apart = np.empty(scales.shape), out.reshape(len(scales), -1)

        def multiply() -> None:
            np.multiply(inputs, scales, out=scaled)
            np.dot(scaled, weights, out=apart)

        return multiply
