"""Reading UBJSON (https://ubjson.org, draft 12) as XGBoost writes it, bounded.

XGBoost's own reader trusts sizes and nesting. This one accepts only what its writer makes: every length is a 64-bit
one, every array has its count in front, every key comes once, and no byte is left over. A count is believed only when
the bytes for it are there, so reading takes memory in proportion to the file.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["MAX_DEPTH", "read_ubjson"]

MAX_DEPTH = 16  # XGBoost's models are seven deep
_TYPES = {b"d": ">f4", b"D": ">f8", b"i": ">i1", b"U": ">u1", b"I": ">i2", b"l": ">i4", b"L": ">i8"}
_WHOLE = {b"i": ">b", b"U": ">B", b"I": ">h", b"l": ">i", b"L": ">q"}
_REAL = {b"d": ">f", b"D": ">d"}
_CONSTANTS = {b"T": True, b"F": False, b"Z": None}


def read_ubjson(content: bytes) -> Any:
    """Return the value in a file: dicts, lists, text, numbers, and a numpy array for each array of one type.

    Raises
    ------
    ValueError
        Anything that XGBoost would not have written.
    """
    reader = _Reader(content)
    value = reader.value(0)
    if reader.at != len(content):
        raise ValueError("it goes on after its end")
    return value


class _Reader:
    def __init__(self, content: bytes) -> None:
        self.content, self.at = content, 0

    def take(self, count: int) -> bytes:
        part = self.content[self.at : self.at + count]
        if len(part) != count:
            raise ValueError("it ends early")
        self.at += count
        return part

    def next_is(self, marker: bytes) -> bool:
        if self.content[self.at : self.at + 1] != marker:
            return False
        self.at += 1
        return True

    def length(self, unit: int = 1) -> int:
        """Return a count, after checking that as many things of ``unit`` bytes can follow."""
        if self.take(1) != b"L":
            raise ValueError("a length is not of 64 bits")
        count = int(struct.unpack(">q", self.take(8))[0])
        if not 0 <= count * unit <= len(self.content) - self.at:
            raise ValueError("it announces more than it holds")
        return count

    def text(self) -> str:
        return self.take(self.length()).decode("utf-8")

    def value(self, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise ValueError("it is nested too deep")
        marker = self.take(1)
        if marker in _WHOLE or marker in _REAL:
            kind = _WHOLE.get(marker) or _REAL[marker]
            return struct.unpack(kind, self.take(struct.calcsize(kind)))[0]
        if marker in _CONSTANTS:
            return _CONSTANTS[marker]
        read: Callable[[int], Any] | None = {b"{": self.table, b"[": self.array}.get(marker)
        if read is not None:
            return read(depth + 1)
        if marker == b"S":
            return self.text()
        raise ValueError("it holds an unknown kind of value")

    def table(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not self.next_is(b"}"):
            key = self.text()
            if key in found:
                raise ValueError("a key comes twice in the same object")
            found[key] = self.value(depth)
        return found

    def array(self, depth: int) -> Any:
        if self.next_is(b"$"):
            kind = np.dtype(_TYPES.get(self.take(1)) or _unknown())
            if not self.next_is(b"#"):
                raise ValueError("an array of one type has no count")
            count = self.length(kind.itemsize)
            return np.frombuffer(self.take(count * kind.itemsize), kind).astype(kind.newbyteorder("="))
        if not self.next_is(b"#"):
            raise ValueError("an array has no count")
        return [self.value(depth) for _ in range(self.length())]


def _unknown() -> str:
    raise ValueError("an array is of an unknown type")
