"""What models that add features up make of levels, folded together: for each level of a column what all its features
add to each sum, found before any row comes.

A one-hot encoded row is nearly all zeros, and each of them costs a model as much as a number does. Here a column of
levels costs one look into a table, however many features it has, and the features are never written. The slow, obvious
twin multiplies them all; sums are the same but for the order of additions.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from math import isnan
from operator import getitem

import numpy as np

from modelwright.data.typed_rows import picker
from modelwright.runtime.levels import Of
from modelwright.runtime.origins import FromLevel, RowSource, features_by_level
from modelwright.runtime.scorers.ramps import Ramps
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
        self._now = source.now
        features: dict[int, list[int]] = {}
        for feature, origin in enumerate(source.origins):
            if isinstance(origin, FromLevel):
                features.setdefault(origin.place, []).append(feature)
        rows: list[np.ndarray] = []
        self._index: list[Of[int]] = []
        places: list[int] = []
        left = MOST_CELLS
        for place, own in features.items():
            levels, matrix = features_by_level([o for f in own if isinstance(o := source.origins[f], FromLevel)])
            if (size := (len(levels) + 1) * n_sums) > left:
                continue
            left -= size
            part, positions = inputs.part(own)
            table = np.hstack([(part(matrix) * scale[positions]) @ weights[positions] for scale in scales])
            first = sum(map(len, rows))
            self._index.append(Of({level: first + i for i, level in enumerate(levels)}, first + len(levels)))
            rows.append(table)
            places.append(place)
        self._pick = picker(places)
        self._rows = np.concatenate(rows) if rows else np.zeros((0, n_sums))
        folded = {f for place in places for f in features[place]}
        rest = [f for f in range(len(source.origins)) if f not in folded]
        part, positions = inputs.part(rest)
        self._weights, self._scales = (
            np.ascontiguousarray(weights[positions]),
            np.ascontiguousarray(scales[:, positions]),
        )
        self._rest = np.array(rest, dtype=np.intp)
        self._buffer = source.part(rest)
        self._own = np.empty(len(rest))
        self._scale, self._fill, self._inputs = part.row(self._own)

    def several(self) -> Callable[[], np.ndarray]:
        """Return the function that gives the sums, in an array that it uses again."""
        now, pick, index, table = self._now, self._pick, self._index, self._rows
        out, numbers = np.zeros(table.shape[1]), np.empty(table.shape[1])
        scaled, apart = np.empty(self._scales.shape), numbers.reshape(len(self._scales), -1)

        def multiply() -> None:
            np.multiply(self._inputs, self._scales, out=scaled)
            np.dot(scaled, self._weights, out=apart)

        at = np.zeros(len(index), dtype=np.intp)
        gathered = np.empty((len(index), table.shape[1]))
        pack, target = struct.Struct(f"={len(index)}q").pack_into, at.data.cast("B") if index else memoryview(b"")

        def added() -> np.ndarray:
            if index:
                pack(target, 0, *map(getitem, index, pick(now.values)))
                table.take(at, axis=0, out=gathered, mode="clip")
                np.add.reduce(gathered, axis=0, out=out)
            if len(self._rest):
                self._read()
                multiply()
                if isnan(numbers.item(0)):  # a missing number makes all sums NaN
                    self._fill()
                    multiply()
                return np.add(out, numbers, out=numbers)
            return out

        return added

    def _read(self) -> None:
        self._buffer.take(self._rest, out=self._own, mode="clip")
        self._scale()
