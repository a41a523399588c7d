"""Features that are a function of one number, straight between cuts and constant beyond them.

Clipped and scaled numbers, numbers mapped by their quantiles, and whether a number is missing are all of this kind, and
so is what scaling and bounding make of them. So one search of the number says all that any of them needs to know, and a
row costs a few operations for all features together (see `PieceRow`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from modelwright.runtime.bit_trees import distinct
from modelwright.runtime.now import Cuts, Now

__all__ = ["PieceRow", "Pieces", "joint_cuts"]


@dataclass(frozen=True, eq=False, slots=True)
class Pieces:
    """``(x − knots[i]) × slopes[i] + heights[i]``, where ``i`` is how many of the cuts are below x.

    Attributes
    ----------
    cuts : ndarray of float64, shape (n_cuts,)
        Sorted.
    knots, slopes, heights : ndarray of float64, shape (n_cuts + 1,)
        Finite. Before the first cut and behind the last one the slope is 0; where it is, so is the knot.
    missing : float
        The feature of a missing number.
    """

    cuts: np.ndarray
    knots: np.ndarray
    slopes: np.ndarray
    heights: np.ndarray
    missing: float

    @classmethod
    def of(
        cls, cuts: np.ndarray, knots: np.ndarray, slopes: np.ndarray, heights: np.ndarray, missing: float
    ) -> Pieces | None:
        """Return the function; None where it is none: cuts that do not rise, or numbers that are not finite."""
        if not all(np.isfinite(part).all() for part in (cuts, knots, slopes, heights, missing)):
            return None
        if (np.diff(cuts) < 0.0).any() or slopes[0] or slopes[-1]:
            return None
        return cls(cuts, np.where(slopes == 0.0, 0.0, knots), slopes, heights, float(missing))

    @classmethod
    def constant(cls, value: float, missing: float) -> Pieces:
        """Return the function that says whether there is a number at all."""
        return cls(np.empty(0), np.zeros(1), np.zeros(1), np.array([value]), missing)

    def moved(self, centre: float, factor: float) -> Pieces:
        """Return ``(f(x) − centre) × factor``."""
        missing = (self.missing - centre) * factor
        return Pieces(self.cuts, self.knots, self.slopes * factor, (self.heights - centre) * factor, missing)

    def bounded(self, bound: float) -> Pieces:
        """Return the function cut at ``±bound``: pieces that cross it are split there."""
        cuts: list[float] = []
        parts: list[tuple[float, float, float]] = []
        ends = [-math.inf, *self.cuts.tolist(), math.inf]
        pieces = zip(self.knots.tolist(), self.slopes.tolist(), self.heights.tolist(), ends, ends[1:])
        for knot, slope, height, low, high in pieces:
            crossed = sorted(knot + (side - height) / slope for side in (-bound, bound)) if slope else []
            inner = [x for x in crossed if low < x < high]
            for start, stop in zip([low, *inner], [*inner, high]):
                middle = (start / 2.0 + stop / 2.0 - knot) * slope + height if slope else height
                inside = -bound <= middle <= bound
                parts.append((knot, slope, height) if inside else (0.0, 0.0, math.copysign(bound, middle)))
                cuts.append(stop)
        knots, slopes, heights = (np.array(part) for part in zip(*parts))
        missing = min(max(self.missing, -bound), bound)
        return Pieces(np.array(cuts[:-1]), knots, slopes, heights, missing)

    def at(self, numbers: np.ndarray) -> np.ndarray:
        """Return the features of numbers, NaN where missing."""
        i = np.searchsorted(self.cuts, numbers)
        found = (np.where(np.isfinite(numbers), numbers, 0.0) - self.knots[i]) * self.slopes[i] + self.heights[i]
        return np.where(np.isnan(numbers), self.missing, found)

    def table(self, cuts: np.ndarray) -> np.ndarray:
        """Return knots, slopes and heights by the number that `joint_cuts` have: shape ``(n_cuts + 1, 3)``."""
        i = np.searchsorted(self.cuts, cuts, "right")
        return np.vstack([[0.0, 0.0, self.missing], np.column_stack([self.knots[i], self.slopes[i], self.heights[i]])])

    @classmethod
    def sum(cls, functions: Sequence[Pieces]) -> Pieces:
        """Return the sum of functions of one number."""
        cuts = joint_cuts(functions)
        tables = [own.table(cuts)[1:] for own in functions]
        slopes = np.sum([table[:, 1] for table in tables], axis=0)
        bent = np.any([table[:, 1] != 0.0 for table in tables], axis=0)
        knots = np.where(bent, cuts, 0.0)  # where a piece begins: what is far from its knot would lose digits
        heights = np.sum([(knots - table[:, 0]) * table[:, 1] + table[:, 2] for table in tables], axis=0)
        return cls(
            cuts[1:], np.where(slopes == 0.0, 0.0, knots), slopes, heights, sum(own.missing for own in functions)
        )


def joint_cuts(functions: Sequence[Pieces]) -> np.ndarray:
    """Return the cuts of functions of one number together, behind −∞, so that a missing number is number 0."""
    return distinct(np.concatenate([[-math.inf], *(own.cuts for own in functions)]))


class PieceRow:
    """The features of the row of the moment, all at once.

    Parameters
    ----------
    now : Now
    features : sequence of (int, Pieces)
        The place of the number, and the function of it.

    Attributes
    ----------
    at : ndarray of intp, shape (n_features,)
        Where each feature is among the values that are written: there are more, in another order, the others 0, most of
        them at the end.
    """

    def __init__(self, now: Now, features: Sequence[tuple[int, Pieces]]) -> None:
        by_place: dict[int, list[int]] = {}
        for i, (place, _) in enumerate(features):
            by_place.setdefault(place, []).append(i)
        places = sorted(by_place, key=lambda place: -len(by_place[place]))  # so that zeros come last
        own = [by_place[place] for place in places]
        cuts = [joint_cuts([features[i][1] for i in mine]) for mine in own]
        for place, joint in zip(places, cuts):
            now.cut(place, joint)
        self._find = now.finder({place: Cuts(joint) for place, joint in zip(places, cuts)})
        self._amounts = now.amounts(places)
        # one line per feature of a number; where a number has fewer, zeros, of which there are enough for all bins
        self._firsts = np.zeros((max(map(len, own)), len(places)), dtype=np.intp)
        self.at = np.zeros(len(features), dtype=np.intp)
        tables, first = [np.zeros((max(map(len, cuts)) + 1, 3))], max(map(len, cuts)) + 1
        for column, mine in enumerate(own):
            for line, i in enumerate(mine):
                tables.append(features[i][1].table(cuts[column]))
                self._firsts[line, column] = first
                self.at[i] = line * len(places) + column
                first += len(tables[-1])
        self._table = np.concatenate(tables)

    @property
    def size(self) -> int:
        """How many values there are, features and zeros."""
        return int(self._firsts.size)

    def writer(self, out: np.ndarray) -> Callable[[], None]:
        """Return the function that writes them into ``out``, float64 of shape ``(size,)``."""
        find, amounts, table, firsts = self._find, self._amounts, self._table, self._firsts
        bins, rows = np.zeros(firsts.shape[1], dtype=np.intp), np.zeros_like(firsts)
        own, values = np.empty((*firsts.shape, 3)), out.reshape(firsts.shape)
        knot, slope, height = (own[..., part] for part in range(3))

        def write() -> None:
            find(bins)
            np.add(firsts, bins, out=rows)
            table.take(rows, axis=0, out=own, mode="clip")
            np.subtract(amounts(), knot, out=values)
            np.multiply(values, slope, out=values)
            np.add(values, height, out=values)

        return write
