"""What networks read of a row: its features to scale, and numbers once more as ramps between their quantiles.

A ramp is 0 below one quantile, 1 above the next, and straight between: the piecewise linear encoding of Gorishniy,
Rubachev and Babenko (2022), with which a network sees steps and bends that it would take long to learn from the number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from modelwright.runtime.scorers.checking import finite, in_range, require
from modelwright.runtime.scorers.scaling import Scaling

__all__ = ["Ramps"]

MIDDLE = 0.5
"""Taken off each ramp, so that inputs are about 0 on average as those to scale are."""


@dataclass(frozen=True, eq=False)
class Ramps:
    """``scaling(x)``, and beside it ``min(max(z × slope + offset, 0), 1) − ½`` of some of its columns ``z``.

    Attributes
    ----------
    scaling : Scaling
    feature : ndarray of int, shape (n_ramps,)
        Which feature each ramp is of.
    slope, offset : ndarray of float, shape (n_ramps,)
    """

    scaling: Scaling
    feature: np.ndarray
    slope: np.ndarray
    offset: np.ndarray

    @classmethod
    def none(cls, scaling: Scaling) -> Ramps:
        """Return the scaling alone."""
        return cls(scaling, np.empty(0, dtype=np.int64), np.empty(0), np.empty(0))

    @property
    def width(self) -> int:
        """Number of inputs: features and ramps."""
        return len(self.scaling.centre) + len(self.feature)

    def __call__(self, matrix: np.ndarray) -> np.ndarray:
        """Return float64 inputs, shape ``(n_rows, width)``, without missing values."""
        out = np.empty((len(matrix), self.width))
        n_features = len(self.scaling.centre)
        out[:, :n_features] = self.scaling(matrix)
        self.climb(out[:, :n_features], out[:, n_features:])
        return out

    def climb(self, scaled: np.ndarray, out: np.ndarray) -> None:
        """Write the ramps of what is scaled already into ``out``, in its precision."""
        np.multiply(scaled[:, self.feature], self.slope.astype(out.dtype), out=out)
        out += self.offset.astype(out.dtype)
        np.clip(out, 0.0, 1.0, out=out)
        out -= out.dtype.type(MIDDLE)

    def part(self, features: Sequence[int]) -> tuple[Ramps, np.ndarray]:
        """Return the same for these features alone, and the positions of their inputs among all."""
        own = np.array(features, dtype=np.intp)
        place = np.full(len(self.scaling.centre), -1, dtype=np.int64)
        place[own] = np.arange(len(own))
        kept = np.flatnonzero(place[self.feature] >= 0)
        scaling = Scaling(self.scaling.centre[own], self.scaling.factor[own], self.scaling.smooth)
        part = Ramps(scaling, place[self.feature[kept]], self.slope[kept], self.offset[kept])
        return part, np.concatenate([own, len(self.scaling.centre) + kept])

    def row(self, row: np.ndarray) -> tuple[Callable[[], None], Callable[[], None], np.ndarray, np.ndarray]:
        """Return the function that reads what ``row`` holds, the one that takes missing numbers for 0 afterwards, the
        array of inputs that both write, and what is still to be added to it, always the same."""
        n_features, n_ramps = len(self.scaling.centre), len(self.feature)
        inputs, later = np.empty(self.width), np.repeat([0.0, -MIDDLE], [n_features, n_ramps])
        scaled, ramps = inputs[:n_features], inputs[n_features:]
        scale, _ = self.scaling.row(row, gaps=False, out=scaled)
        feature, low, high = self.feature.astype(np.intp), np.zeros(n_ramps), np.ones(n_ramps)
        slope, offset = self.slope.astype(np.float64), self.offset.astype(np.float64)

        def climb() -> None:
            scaled.take(feature, out=ramps, mode="clip")
            np.multiply(ramps, slope, out=ramps)
            np.add(ramps, offset, out=ramps)
            np.minimum(ramps, high, out=ramps)
            np.maximum(ramps, low, out=ramps)

        def read() -> None:
            scale()
            if n_ramps:
                climb()

        def fill() -> None:
            scaled[np.isnan(scaled)] = 0.0
            if n_ramps:
                climb()

        return read, fill, inputs, later

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the state for `checking.write_arrays`."""
        own = {"feature": self.feature, "slope": self.slope, "offset": self.offset}
        return {**self.scaling.arrays(), **own}

    @classmethod
    def build(cls, arrays: dict[str, np.ndarray]) -> Ramps:
        """Make the ramps from checked arrays."""
        scaling = Scaling.build(arrays, len(arrays["centre"]), smooth=True)
        slope, offset = finite("slope", arrays["slope"]), finite("offset", arrays["offset"])
        feature = in_range("feature", arrays["feature"], 0, len(scaling.centre))
        require(len(feature) == len(slope) == len(offset), "'feature', 'slope' and 'offset' do not fit")
        return cls(scaling, feature, slope, offset)
