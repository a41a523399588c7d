"""What the messages of an Arrow stream claim to hold, read before Arrow is let near them.

A compressed buffer of Arrow begins with the number of bytes it will have; Arrow allocates those at once. So a body of
a few bytes can ask for gigabytes, and pyarrow has no limit to set. This module walks through the messages, which are
flatbuffers, and adds up rows and bytes; nothing is decompressed. Format: https://arrow.apache.org/docs/format/Columnar.html
and ``format/Message.fbs`` of Apache Arrow.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

__all__ = ["FILE_MAGIC", "BrokenStream", "Claims", "claims_of"]

CONTINUATION = 0xFFFFFFFF
FILE_MAGIC = b"ARROW1\0\0"
DICTIONARY_BATCH, RECORD_BATCH = 2, 3  # union MessageHeader


class BrokenStream(ValueError):
    """The bytes are no stream of Arrow messages."""


@dataclass(frozen=True)
class Claims:
    """What a stream says of itself.

    Attributes
    ----------
    rows : int
        Rows of all record batches.
    bytes : int
        Bytes of all buffers once decompressed.
    """

    rows: int
    bytes: int


def claims_of(body: bytes, *, file: bool = False) -> Claims:
    """Return what the messages claim, up to the end of the stream.

    Parameters
    ----------
    file : bool
        The body is an Arrow file: a stream behind eight bytes, and a footer that is not read.

    Raises
    ------
    BrokenStream
        A message does not lie within the body.
    """
    try:
        return _walk(body, _start(body, file=file))
    except (struct.error, IndexError) as error:
        raise BrokenStream("a message does not lie within the body") from error


def _start(body: bytes, *, file: bool) -> int:
    if not file:
        return 0
    if not body.startswith(FILE_MAGIC):
        raise BrokenStream("it does not begin as an Arrow file does")
    return len(FILE_MAGIC)


def _walk(body: bytes, at: int) -> Claims:
    rows = total = 0
    while at < len(body):
        marker, size = struct.unpack_from("<II", body, at)
        if marker != CONTINUATION:
            raise BrokenStream("a message begins otherwise than since Arrow 0.15")
        if size == 0:
            break  # the end of the stream
        message = _Table.root(body, at + 8)
        content = at + 8 + size
        length = message.number(3, "<q")
        if length < 0 or content + length > len(body):
            raise BrokenStream("a message does not lie within the body")
        kind, header = message.number(1, "<B"), message.table(2)
        if header is not None and kind in (DICTIONARY_BATCH, RECORD_BATCH):
            batch = header.table(1) if kind == DICTIONARY_BATCH else header
            if batch is not None:
                rows += max(batch.number(0, "<q"), 0) if kind == RECORD_BATCH else 0
                total += _bytes_of(batch, body, content, content + length)
        at = content + length
    return Claims(rows, total)


def _bytes_of(batch: _Table, body: bytes, start: int, end: int) -> int:
    """Return the bytes of a batch's buffers, as compressed ones claim them."""
    compressed = batch.table(3) is not None
    total = 0
    for offset, length in batch.pairs(2):
        if offset < 0 or length < 0 or start + offset + length > end:
            raise BrokenStream("a buffer does not lie within its message")
        claimed = -1
        if compressed and length >= 8:
            (claimed,) = struct.unpack_from("<q", body, start + offset)
        total += claimed if claimed >= 0 else length
    return total


@dataclass(frozen=True)
class _Table:
    """A table of a flatbuffer: fields by number, each with an offset in the vtable, 0 where it has its default."""

    buffer: bytes
    at: int

    @classmethod
    def root(cls, buffer: bytes, at: int) -> _Table:
        return cls(buffer, at + struct.unpack_from("<I", buffer, at)[0])

    def _field(self, number: int) -> int | None:
        vtable = self.at - struct.unpack_from("<i", self.buffer, self.at)[0]
        if vtable < 0:
            raise BrokenStream("a message does not lie within the body")
        (size,) = struct.unpack_from("<H", self.buffer, vtable)
        entry = 4 + 2 * number
        if entry + 2 > size:
            return None
        (offset,) = struct.unpack_from("<H", self.buffer, vtable + entry)
        return self.at + offset if offset else None

    def number(self, number: int, form: str) -> int:
        at = self._field(number)
        return 0 if at is None else struct.unpack_from(form, self.buffer, at)[0]

    def table(self, number: int) -> _Table | None:
        at = self._field(number)
        return None if at is None else _Table.root(self.buffer, at)

    def pairs(self, number: int) -> list[tuple[int, int]]:
        """Return a vector of structs of two int64."""
        at = self._field(number)
        if at is None:
            return []
        at += struct.unpack_from("<I", self.buffer, at)[0]
        (count,) = struct.unpack_from("<I", self.buffer, at)
        if at + 4 + 16 * count > len(self.buffer):
            raise BrokenStream("a message does not lie within the body")
        return list(struct.iter_unpack("<qq", self.buffer[at + 4 : at + 4 + 16 * count]))
