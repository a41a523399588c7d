"""Trees that learned to tell rows from the same rows with values exchanged, or taken from another row.

What densities of columns and of pairs say of a row is what these rows are like on their own; two columns of one range
exchanged may be as likely in each. Trees that were shown both learn where such rows lie: the odds of a changed row
against one that was not are what tells best (density ratios by classification: Gutmann and Hyvärinen 2010). They read
bins of columns, how far numbers are from what the others lead to expect, and with how many decimals they are written,
no value as such. Applied with numpy alone; `modelwright.package.unusual.contrast` makes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

__all__ = ["Contrast"]

CHUNK = 2_048


@dataclass(frozen=True, kw_only=True, eq=False)
class Contrast:
    """Complete binary trees of one depth. Immutable.

    Attributes
    ----------
    features : tuple of tuple of int
        Of each tree, what is asked at its inner nodes, level by level: the bin of a column, or beyond these how far a
        number is from what the others lead to expect, or beyond these of how many steps it is no multiple.
    limits : tuple of tuple of float
        Beside each: to the right where it is above.
    values : tuple of tuple of float
        Of each tree, the log odds of a changed row at all its nodes; ``2 ** (depth + 1) - 1``.
    """

    features: tuple[tuple[int, ...], ...]
    limits: tuple[tuple[float, ...], ...]
    values: tuple[tuple[float, ...], ...]

    def __call__(self, seen: np.ndarray) -> np.ndarray:
        """Return the log odds of rows, shape ``(n_rows,)``, given what is asked of them ``(n_rows, n_features)``."""
        found = np.empty(len(seen))
        for start in range(0, len(seen), CHUNK):
            at = np.zeros((len(seen[start : start + CHUNK]), len(self.values)), np.intp)
            for _ in range(self.depth):
                at = self._below(at, seen[start : start + CHUNK])[1]
            found[start : start + CHUNK] = self._values[self._nodes + at].sum(axis=1)
        return found

    def by_feature(self, seen: np.ndarray) -> np.ndarray:
        """Return what each feature adds to the log odds along the paths, of the shape of ``seen`` (Saabas 2014)."""
        found = np.zeros(seen.shape)
        rows = np.arange(len(seen))[:, None]
        at = np.zeros((len(seen), len(self.values)), np.intp)
        for _ in range(self.depth):
            asked, below = self._below(at, seen)
            added = self._values[self._nodes + below] - self._values[self._nodes + at]
            np.add.at(found, (np.broadcast_to(rows, at.shape), asked), added)
            at = below
        return found

    def _below(self, at: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what is asked at nodes, and where rows go from there."""
        asked = self._features[self._inner + at]
        right = np.take_along_axis(seen, asked, axis=1) > self._limits[self._inner + at]
        return asked, 2 * at + 1 + right

    @property
    def depth(self) -> int:
        """Of every tree."""
        return len(self.values[0]).bit_length() - 1

    @cached_property
    def _features(self) -> np.ndarray:
        return np.array(self.features, np.intp).reshape(-1)

    @cached_property
    def _limits(self) -> np.ndarray:
        return np.array(self.limits).reshape(-1)

    @cached_property
    def _values(self) -> np.ndarray:
        return np.array(self.values).reshape(-1)

    @cached_property
    def _inner(self) -> np.ndarray:
        return np.arange(len(self.features)) * len(self.features[0])

    @cached_property
    def _nodes(self) -> np.ndarray:
        return np.arange(len(self.values)) * len(self.values[0])
