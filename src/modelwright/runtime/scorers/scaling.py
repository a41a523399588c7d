"""Scaling for models that measure distances or add features up; one implementation for fitting and for scoring."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from modelwright.runtime.scorers.checking import finite, require

__all__ = ["CLIP", "LARGEST_SQUARED", "SAFE_FACTOR", "SMOOTH", "Scaling", "robust_scaling", "standard_scaling"]

CLIP = 10.0
"""Standard deviations beyond which a value says no more; a data error of a million then costs what ten would."""

SMOOTH = 3.0
"""Where the smooth clip of RealMLP bends: x / sqrt(1 + (x / 3)²) (Holzmüller et al. 2024)."""

LARGEST_SQUARED = 1e100  # what is squared in it must not overflow

SAFE_FACTOR = 1e60  # times the difference of two features, at most 6e38, it is below `LARGEST_SQUARED`

SMALLEST_SPREAD = 1e-12
"""Relative to the largest value of the feature; less spread is rounding, and the feature constant."""


@dataclass(frozen=True, eq=False)
class Scaling:
    """``(x − centre) × factor``, bounded; missing becomes 0, the centre.

    Attributes
    ----------
    centre, factor : ndarray of float64, shape (n_features,)
        A constant feature has the factor 0.
    smooth : bool
        Bounded by RealMLP's smooth clip to ±3, otherwise cut at ±10.
    """

    centre: np.ndarray
    factor: np.ndarray
    smooth: bool = False

    def __call__(self, matrix: np.ndarray) -> np.ndarray:
        """Return a new float64 matrix without missing values."""
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = (np.asarray(matrix, dtype=np.float64) - self.centre) * self.factor
            if self.smooth:
                np.clip(scaled, -LARGEST_SQUARED, LARGEST_SQUARED, out=scaled)
                scaled /= np.sqrt(1.0 + np.square(scaled / SMOOTH))
            else:
                np.clip(scaled, -CLIP, CLIP, out=scaled)
        scaled[np.isnan(scaled)] = 0.0
        return scaled

    def row(self, row: np.ndarray) -> tuple[Callable[[], None], np.ndarray]:
        """Return the function that scales what ``row`` holds, and the array that it writes; without the
        guards of numpy, which cost more than the work."""
        scaled, root = np.empty(len(row)), np.empty(len(row))
        # Features are within 3e38 and factors finite: a product may overflow to infinity, which the bounds take in.
        bound = LARGEST_SQUARED if self.smooth else CLIP
        bounded = not self.smooth or np.abs(self.factor).max(initial=0.0) > SAFE_FACTOR
        high, low = np.full(len(row), bound), np.full(len(row), -bound)

        def scale() -> None:
            np.subtract(row, self.centre, out=scaled)
            np.multiply(scaled, self.factor, out=scaled)
            if bounded:
                np.minimum(scaled, high, out=scaled)
                np.maximum(scaled, low, out=scaled)
            if self.smooth:
                np.divide(scaled, SMOOTH, out=root)
                np.square(root, out=root)
                np.add(root, 1.0, out=root)
                np.divide(scaled, np.sqrt(root, out=root), out=scaled)
            missing = scaled != scaled
            if missing.any():
                scaled[missing] = 0.0

        return scale, scaled

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the state for `checking.write_arrays`."""
        return {"centre": self.centre, "factor": self.factor}

    @classmethod
    def build(cls, arrays: dict[str, np.ndarray], n_features: int, *, smooth: bool = False) -> Scaling:
        """Make the scaling from checked arrays."""
        centre, factor = finite("centre", arrays["centre"]), finite("factor", arrays["factor"])
        require(len(centre) == len(factor) == n_features, "'centre' and 'factor' do not fit the features")
        return cls(centre, factor, smooth)


def _inverse(spread: np.ndarray, magnitude: np.ndarray) -> np.ndarray:
    useful = spread > SMALLEST_SPREAD * np.maximum(magnitude, SMALLEST_SPREAD)
    return np.where(useful, 1.0 / np.where(useful, spread, 1.0), 0.0)


def standard_scaling(matrix: np.ndarray) -> Scaling:
    """Return the scaling to mean 0 and standard deviation 1 over the finite values of each feature."""
    known = np.isfinite(matrix)
    count = np.maximum(known.sum(axis=0), 1)
    values = np.where(known, matrix, 0.0)
    centre = values.sum(axis=0) / count
    deviation = np.where(known, matrix - centre, 0.0) if not known.all() else matrix - centre
    spread = np.sqrt(np.square(deviation).sum(axis=0) / count)
    return Scaling(centre, _inverse(spread, np.abs(values).max(axis=0, initial=0.0)))


def robust_scaling(matrix: np.ndarray) -> Scaling:
    """Return the robust scaling of RealMLP: the median to 0, the quartiles one apart, with a smooth clip.

    Where the quartiles are equal the range takes their place (halved); all missing is constant.
    """
    n_features = matrix.shape[1]
    centre, spread, magnitude = np.zeros(n_features), np.zeros(n_features), np.zeros(n_features)
    for j in range(n_features):
        column = matrix[:, j]
        column = column[np.isfinite(column)]
        if len(column):
            low, first, centre[j], third, high = np.quantile(column, (0.0, 0.25, 0.5, 0.75, 1.0))
            spread[j] = third - first if third > first else (high - low) / 2.0
            magnitude[j] = max(abs(low), abs(high))
    return Scaling(centre, _inverse(spread, magnitude), smooth=True)
