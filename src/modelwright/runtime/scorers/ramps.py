"""What networks read of a row: its features to scale, and numbers once more as ramps between their quantiles.

A ramp is 0 below one quantile, 1 above the next, and straight between: the piecewise linear encoding of Gorishniy,
Rubachev and Babenko (2022), with which a network sees steps and bends that it would take long to learn from the number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modelwright.runtime.scorers.checking import finite, in_range, require
from modelwright.runtime.scorers.scaling import Scaling

__all__ = ["MIDDLE", "Ramps"]

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
