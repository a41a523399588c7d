"""Reading FlatBuffers (https://flatbuffers.dev/internals/) with every offset checked.

The format is made of offsets that a reader follows; the usual readers trust them. Here each is followed only when what
it leads to lies inside the buffer. Fields are given by their position in the schema.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

__all__ = ["Table", "root"]

MAX_LISTED = 1_000_000  # tables or texts in one vector; each costs an object here


def root(content: bytes) -> Table:
    """Return the root table of a buffer; here and in all that is read from it, ValueError for what lies outside."""
    return Table(content, _follow(content, 0))


@dataclass(frozen=True)
class Table:
    """A table in a buffer: where it begins."""

    content: bytes
    at: int

    def _place(self, field: int) -> int | None:
        """Return where a field lies, None where it is left out."""
        start = self.at - _number(self.content, self.at, "<i")
        size = _number(self.content, start, "<H")
        if 4 + 2 * field + 2 > size:
            return None
        offset = _number(self.content, start + 4 + 2 * field, "<H")
        return self.at + offset if offset else None

    def whole(self, field: int, default: int = 0, *, kind: str = "<i") -> int:
        """Return a whole number; ``"<i"`` is 32 bits, ``"<b"`` 8 bits."""
        place = self._place(field)
        return default if place is None else int(_number(self.content, place, kind))

    def real(self, field: int, default: float, *, kind: str = "<f") -> float:
        """Return a number; ``"<f"`` is 32 bits, ``"<d"`` 64 bits."""
        place = self._place(field)
        if place is None:
            return default
        return float(struct.unpack(kind, _part(self.content, place, struct.calcsize(kind)))[0])

    def table(self, field: int) -> Table:
        """Return a table that must be there."""
        place = self._place(field)
        if place is None:
            raise ValueError("a table is missing")
        return Table(self.content, _follow(self.content, place))

    def array(self, field: int, kind: np.dtype | str) -> np.ndarray:
        """Return a vector of numbers or structs, empty where it is left out."""
        place = self._place(field)
        dtype = np.dtype(kind)
        if place is None:
            return np.empty(0, dtype)
        start = _follow(self.content, place)
        count = _number(self.content, start, "<I")
        return np.frombuffer(_part(self.content, start + 4, count * dtype.itemsize), dtype)

    def tables(self, field: int) -> list[Table]:
        """Return a vector of tables, empty where it is left out."""
        return [Table(self.content, place) for place in self._listed(field)]

    def text(self, field: int) -> str:
        """Return a text, empty where it is left out."""
        return self.array(field, "u1").tobytes().decode("utf-8")

    def texts(self, field: int) -> list[str]:
        """Return a vector of texts, empty where it is left out."""
        found = []
        for place in self._listed(field):
            length = _number(self.content, place, "<I")
            found.append(_part(self.content, place + 4, length).decode("utf-8"))
        return found

    def _listed(self, field: int) -> list[int]:
        place = self._place(field)
        if place is None:
            return []
        start = _follow(self.content, place)
        count = _number(self.content, start, "<I")
        if count > MAX_LISTED:
            raise ValueError("a vector is too long")
        return [_follow(self.content, start + 4 + 4 * i) for i in range(count)]


def _part(content: bytes, start: int, size: int) -> bytes:
    if start < 0 or start + size > len(content):
        raise ValueError("an offset leads out of the file")
    return content[start : start + size]


def _number(content: bytes, start: int, kind: str) -> int:
    return int(struct.unpack(kind, _part(content, start, struct.calcsize(kind)))[0])


def _follow(content: bytes, place: int) -> int:
    return place + _number(content, place, "<I")
