"""The row that is scored at the moment.

Several models look the same levels up, and ask of the same numbers between which of their cuts they lie, each in tables
of its own. Here a level is looked up once a row and a number is searched once, among the cuts of all: that gives a bin,
and what each model makes of the bins is an array.
"""

from __future__ import annotations

import math
import struct
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import getitem
from typing import Any

import numpy as np

from modelwright.data.typed_rows import picker
from modelwright.runtime.bit_trees import distinct
from modelwright.runtime.levels import Of

__all__ = ["Cuts", "Now", "Search"]


@dataclass(frozen=True, eq=False, slots=True)
class Cuts:
    """A search for a number: ``first``, and how many of the cuts are below it. None is below NaN.

    Attributes
    ----------
    cuts : ndarray of float64
        Sorted. Where the first one is −∞, NaN alone has the number ``first``.
    """

    cuts: np.ndarray
    first: int = 0

    def __getitem__(self, number: float) -> int:
        return self.first + bisect_left(self.cuts, number)  # type: ignore[type-var]


Search = Of[int] | Cuts


class Now:
    """The canonical values of the row that is scored at the moment; whoever sets ``values`` begins with a new row.

    What is asked of it is told before the first row: who asks later would not be answered.
    """

    def __init__(self) -> None:
        self._values: Sequence[Any] = ()
        self._index: dict[int, Of[int]] = {}
        self._cuts: dict[int, list[np.ndarray]] = {}
        self._waiting: list[Callable[[], None]] = []
        self._looked_up = self._numbered = self._packed = False
        self._bins: list[int] = []
        self._ids = np.zeros(0, dtype=np.intp)
        self._numbers: Sequence[float] = ()
        self._amounts = np.zeros(0)
        self._joint: dict[int, np.ndarray] = {}
        self._settled = False
        self._read, self._number, self._pack = self._settle_and_read, self._settle_and_number, _nothing

    @property
    def values(self) -> Sequence[Any]:
        """The values, in the order of the places that origins of features have."""
        return self._values

    @values.setter
    def values(self, values: Sequence[Any]) -> None:
        self._values = values
        self._looked_up = self._numbered = self._packed = False

    def know(self, place: int, levels: Iterable[str | None]) -> None:
        """Have bins for levels at a place."""
        index = self._index.get(place)
        before = -1 if index is None else len(index)
        if index is None:
            index = self._index[place] = Of({}, 0)
        for level in levels:
            if level not in index:
                index[level] = len(index) + 1
        assert len(index) == before or not self._settled, "what was told of rows would not know the level"

    def cut(self, place: int, cuts: np.ndarray) -> None:
        """Have bins for numbers at a place, with these cuts between them."""
        assert not self._settled, "what was told of rows would not know the cuts"
        self._cuts.setdefault(place, []).append(cuts)

    def finder(self, searches: Mapping[int, Search]) -> Callable[[np.ndarray], None]:
        """Return the function that writes, for each place of ``searches``, what it says of the value there.

        Parameters
        ----------
        searches : mapping of int to Of or Cuts
            By place; levels that nobody told are unknown to them as well, and cuts were told.
        """
        parts = [np.zeros(0, dtype=np.intp)] * 3  # of which bins, those of the moment, what is said of each bin

        def settle() -> None:
            places = self._places()
            order = [places.index(place) for place in searches]
            said = np.zeros(self._starts()[-1], dtype=np.intp)
            for place, search in searches.items():
                start = self._starts()[places.index(place)]
                own = self._said(place, search)
                said[start : start + len(own)] = own
            all_in_order = order == list(range(len(places)))
            parts[:] = [
                np.array(order, dtype=np.intp)[: 0 if all_in_order else None],
                np.zeros(len(order), np.intp),
                said,
            ]

        def find(out: np.ndarray) -> None:
            if not self._numbered:
                self._number()
            order, chosen, said = parts
            if len(order):
                self._ids.take(order, out=chosen, mode="clip")
                said.take(chosen, out=out, mode="clip")
            else:
                said.take(self._ids, out=out, mode="clip")

        self._waiting.append(settle)
        return find

    def amounts(self, places: Sequence[int]) -> Callable[[], np.ndarray]:
        """Return the function that gives the numbers at some places, 0 for those that are not finite, in an array that
        is used again and not to be written; cuts were told for each."""
        parts, chosen = [np.zeros(0, dtype=np.intp)], np.zeros(len(places))

        def settle() -> None:
            known = list(self._cuts)
            order = [known.index(place) for place in places]
            parts[0] = np.array(order, dtype=np.intp)[: 0 if order == list(range(len(known))) else None]

        def read() -> np.ndarray:
            if not self._looked_up:
                self._read()
            if not self._packed:
                self._pack()
            (order,) = parts
            return self._amounts.take(order, out=chosen, mode="clip") if len(order) else self._amounts

        self._waiting.append(settle)
        return read

    def _places(self) -> list[int]:
        return [*self._index, *self._cuts]

    def _starts(self) -> list[int]:
        """Return the first bin of each place among all, and how many there are."""
        sizes = [len(index) + 1 for index in self._index.values()] + [len(joint) + 1 for joint in self._joint.values()]
        return np.cumsum([0, *sizes]).tolist()

    def _said(self, place: int, search: Search) -> list[int]:
        """Return what a search says of each bin of a place."""
        if isinstance(search, Cuts):
            return [search.first, *(search.first + np.searchsorted(search.cuts, self._joint[place], "right")).tolist()]
        return [search.unknown, *(search[level] for level in self._index[place])]

    def _settle(self) -> None:
        """Put the cuts of all together, and tell those who wait."""
        self._settled = True
        self._joint = {place: distinct(np.concatenate([[-math.inf], *cuts])) for place, cuts in self._cuts.items()}
        for settle in self._waiting:
            settle()
        self._read, self._number, self._pack = self._reader(), self._numberer(), self._packer()

    def _settle_and_read(self) -> None:
        self._settle()
        self._read()

    def _settle_and_number(self) -> None:
        self._settle()
        self._number()

    def _reader(self) -> Callable[[], None]:
        index, cuts = list(self._index.values()), [joint.tolist() for joint in self._joint.values()]
        pick_levels, pick_numbers = picker(list(self._index)), picker(list(self._cuts))

        def read() -> None:
            values = self._values
            numbers = self._numbers = pick_numbers(values)
            self._bins = [*map(getitem, index, pick_levels(values)), *map(bisect_left, cuts, numbers)]
            self._looked_up = True

        return read

    def _numberer(self) -> Callable[[], None]:
        """Return the function that numbers the bins of the row among those of all places."""
        *starts, _ = self._starts()
        first = np.array(starts, dtype=np.intp)
        ids = self._ids = np.zeros(len(starts), dtype=np.intp)
        pack, target = (
            struct.Struct(f"={len(starts)}q").pack_into,
            ids.data.cast("B") if starts else memoryview(bytearray()),
        )

        def number() -> None:
            if not self._looked_up:
                self._read()
            pack(target, 0, *self._bins)
            np.add(ids, first, out=ids)
            self._numbered = True

        return number

    def _packer(self) -> Callable[[], None]:
        amounts = self._amounts = np.zeros(len(self._cuts))
        pack = struct.Struct(f"={len(amounts)}d").pack_into
        target = amounts.data.cast("B") if len(amounts) else memoryview(bytearray())

        def fill() -> None:
            numbers = self._numbers
            pack(target, 0, *numbers)
            if not math.isfinite(sum(numbers)):
                amounts[~np.isfinite(amounts)] = 0.0
            self._packed = True

        return fill


def _nothing() -> None:
    """Read no numbers."""
