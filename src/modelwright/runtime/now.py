"""The row that is scored at the moment.

Several models look the same levels up, each in tables of its own. Here a level is looked up once a row: it gets a
number, and what each model makes of the numbers is an array.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import getitem
from typing import Any

import numpy as np

from modelwright.data.typed_rows import picker
from modelwright.runtime.levels import Of

__all__ = ["Now"]


class Now:
    """The canonical values of the row that is scored at the moment; whoever sets ``values`` begins with a new row."""

    __slots__ = ("_frozen", "_index", "_looked_up", "_numbers", "_read", "_size", "_values")

    def __init__(self) -> None:
        self._values: Sequence[Any] = ()
        self._index: dict[int, Of[int]] = {}
        self._size = 0
        self._looked_up = self._frozen = False
        self._numbers = np.empty(0, dtype=np.intp)
        self._read: Callable[[Sequence[Any]], None] = _nothing

    @property
    def values(self) -> Sequence[Any]:
        """The values, in the order of the places that origins of features have."""
        return self._values

    @values.setter
    def values(self, values: Sequence[Any]) -> None:
        self._values, self._looked_up = values, False

    def know(self, place: int, levels: Iterable[str | None]) -> None:
        """Have numbers for levels at a place; all of them are known before anybody asks for a finder."""
        before = self._size
        index = self._index.get(place)
        if index is None:
            index = self._index[place] = Of({}, self._size)
            self._size += 1
        for level in levels:
            if level not in index:
                index[level] = self._size
                self._size += 1
        assert self._size == before or not self._frozen, "a finder that was made would not know the level"

    def finder(self, searches: Mapping[int, Of[int]]) -> Callable[[np.ndarray], None]:
        """Return the function that writes, for each place of ``searches``, what it says of the level there.

        Parameters
        ----------
        searches : mapping of int to Of
            By place; levels that nobody had numbers for are unknown to them as well.
        """
        self._freeze()
        said = np.zeros(max(1, self._size), dtype=np.intp)
        for place, search in searches.items():
            index = self._index[place]
            said[index.unknown] = search.unknown
            for level, number in index.items():
                said[number] = search[level]
        known = list(self._index)
        order = np.array([known.index(place) for place in searches], dtype=np.intp)
        numbers = self._numbers
        if order.tolist() == list(range(len(known))):
            return lambda out: said.take(self._level_numbers(), out=out, mode="clip")  # type: ignore[return-value]
        chosen = np.empty(len(order), dtype=np.intp)

        def find(out: np.ndarray) -> None:
            self._level_numbers()
            numbers.take(order, out=chosen, mode="clip")
            said.take(chosen, out=out, mode="clip")

        return find

    def _level_numbers(self) -> np.ndarray:
        if not self._looked_up:
            self._read(self._values)
            self._looked_up = True
        return self._numbers

    def _freeze(self) -> None:
        if self._frozen or not self._index:
            return
        self._frozen = True
        self._numbers = np.zeros(len(self._index), dtype=np.intp)
        index, pick = list(self._index.values()), picker(list(self._index))
        pack, target = struct.Struct(f"={len(index)}q").pack_into, self._numbers.data.cast("B")
        self._read = lambda values: pack(target, 0, *map(getitem, index, pick(values)))


def _nothing(values: Sequence[Any]) -> None:
    """Read no levels."""
