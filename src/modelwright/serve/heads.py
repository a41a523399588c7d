"""Heads of requests that were read before.

A program that asks for one prediction after the other sends the same request line and the same headers each time, to
the byte. What was found in them is remembered, so that neither the parser nor the checks that depend on nothing else
run again; keys, rates and hosts are looked at for every request. The slow, obvious twin is the parser. Heads stay in
memory with the keys in them, and are written nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Head", "Heads"]

MOST = 256  # remembered; one per client and length of a body is usual
LONGEST_HEAD = 2_048  # bytes: half a megabyte in all
END = b"\r\n\r\n"
_OWN = frozenset({"x-request-id"})  # of one request: never met again


@dataclass(frozen=True, slots=True)
class Head:
    """What a request line and headers say; ``length`` is that of the body, ``size`` that of the head with its end."""

    headers: Mapping[str, str]
    length: int
    size: int


class Heads:
    """Remembers heads of small requests ``POST /predict`` over HTTP 1.1 on connections that stay open."""

    def __init__(self) -> None:
        self._known: dict[bytes, Head] = {}

    def __len__(self) -> int:
        return len(self._known)

    def of(self, data: bytes) -> Head | None:
        """Return the head of what came, where it is one whole request whose head is known."""
        size = data.find(END) + len(END)
        head = self._known.get(data[:size])
        return head if head is not None and len(data) == size + head.length else None

    def keep(self, data: bytes, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """Remember the head of one whole request.

        Parameters
        ----------
        data : bytes
            The request, nothing before it and nothing behind.
        headers : sequence of (bytes, bytes)
            What the parser found in it; names in lower case.
        """
        found = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
        size, length = data.find(END) + len(END), found.get("content-length", "")
        if len(found) < len(headers) or not _OWN.isdisjoint(found) or "transfer-encoding" in found:
            return
        if size > LONGEST_HEAD or not length.isdecimal() or len(data) != size + int(length):
            return
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[data[:size]] = Head(found, int(length), size)
