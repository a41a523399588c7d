"""A text of any encoding as a stream of UTF-8, read once from start to end."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from modelwright.data.readers.dialect import BLANKS, Dialect
from modelwright.data.readers.opening import HEAD_BYTES
from modelwright.errors import DataError

__all__ = ["MOST_LINE_BYTES", "NotUtf8", "Utf8", "replaced_note"]

READ_BYTES = 1 << 20
MOST_LINE_BYTES = 1 << 26
"""Longest line of JSON, or of a text whose cells stand apart by blanks."""


def replaced_note(encoding: str) -> str:
    """Return what is told of a text with bytes that are not of its encoding."""
    return f"some characters are not valid {encoding}: they were replaced"


class NotUtf8(Exception):
    """A text that looked like UTF-8 at its start is none."""


class Utf8(io.RawIOBase):
    """The rows of a text as bytes of UTF-8, from the first row on; what is counted is that of the whole text.

    Parameters
    ----------
    checked : bool
        Raise `NotUtf8` where a text of UTF-8 holds other bytes; else they are given as they are.

    Attributes
    ----------
    n_quotes : int
        Quotation marks so far.
    n_lines : int
        Ends of lines so far, those after the last row left out.
    hashes : bool
        Whether there was a ``#`` so far.
    replaced : bool
        Whether some bytes were not of the encoding, and were replaced.
    failure : Exception or None
        What was raised in reading: Arrow tells it in words of its own.
    n_read : int
        Bytes of the text so far, in its encoding.
    """

    def __init__(self, stream: BinaryIO, encoding: str, dialect: Dialect, name: str, *, checked: bool = True) -> None:
        super().__init__()
        self._check = checked
        self._stream, self._encoding, self._dialect, self._name = stream, encoding, dialect, name
        self._quote = dialect.quote.encode()
        self.n_quotes = self.n_lines = self.n_read = self._pending_lines = 0
        self.hashes = self.replaced = False
        self.failure: Exception | None = None
        self._blocks = self._counted()
        self._rest = b""

    def readable(self) -> bool:
        return True

    def stop(self) -> None:
        """Give nothing more."""
        self._blocks = iter(())

    def read(self, size: int = -1) -> bytes:
        parts, missing = [self._rest], (size if size is not None and size >= 0 else 1 << 62) - len(self._rest)
        try:
            while missing > 0 and (block := next(self._blocks, b"")):
                parts.append(block)
                missing -= len(block)
        except Exception as error:
            self.failure = error
            raise
        data = b"".join(parts)
        cut = len(data) + min(missing, 0)
        if cut > 1 and data.endswith(b"\r", 0, cut):
            cut -= 1  # where \r ends a block and \n begins the next, Arrow drops that, within quotes as well
        self._rest = data[cut:]
        return data[:cut]

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _counted(self) -> Iterator[bytes]:
        for block in self._body():
            if not block:
                continue
            self.n_quotes += block.count(self._quote)
            self.hashes = self.hashes or b"#" in block
            content = block.rstrip(b"\r\n")
            tail = block.count(b"\n", len(content))
            if content:
                self.n_lines += self._pending_lines + content.count(b"\n")
                self._pending_lines = tail
            else:
                self._pending_lines += tail
            yield block

    def _body(self) -> Iterator[bytes]:
        """Yield the text from the first row on, cells apart by one tab where they stand apart by blanks."""
        blocks = self._decoded()
        start = b""
        while len(start) < HEAD_BYTES and (block := next(blocks, None)) is not None:
            start += block
        end = b"\n" if b"\n" in start[:HEAD_BYTES] else b"\r"
        for _ in range(self._dialect.skip_lines):
            while (found := start.find(end)) < 0:
                block = next(blocks, None)
                if block is None:
                    return
                start += block
            start = start[found + 1 :]
        rest = _chained(start, blocks)
        yield from self._parted(rest) if self._dialect.delimiter == BLANKS else rest

    def _parted(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        rest = b""
        for block in blocks:
            rest += block
            cut = rest.rfind(b"\n") + 1
            if cut:
                yield _tabbed(rest[:cut])
                rest = rest[cut:]
            elif len(rest) > MOST_LINE_BYTES:
                raise DataError(
                    f"'{self._name}' is too large to be read at once, and its blanks between cells keep it from being "
                    "streamed",
                    fix="convert it to CSV or Parquet",
                    code="MW-D118",
                )
        yield _tabbed(rest)

    def _decoded(self) -> Iterator[bytes]:
        """Yield the text as UTF-8, without its mark."""
        if self._encoding in ("utf-8", "utf-8-sig"):
            yield from self._checked()
            return
        decoder = codecs.getincrementaldecoder(self._encoding)()
        while True:
            block = self._next()
            before = decoder.getstate()
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError:
                self.replaced = True
                decoder.setstate(before)
                decoder.errors = "replace"
                text = decoder.decode(block, final=not block)
            yield text.encode("utf-8", errors="replace")
            if not block:
                return

    def _checked(self) -> Iterator[bytes]:
        decoder = codecs.getincrementaldecoder("utf-8")()
        first = True
        while True:
            block = self._next()
            try:
                if self._check:
                    decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                raise NotUtf8 from error
            if not block:
                return
            yield block[3:] if first and self._encoding == "utf-8-sig" else block
            first = False

    def _next(self) -> bytes:
        block = self._stream.read(READ_BYTES) or b""
        self.n_read += len(block)
        return block


def _chained(start: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    yield start
    yield from blocks


def _tabbed(lines: bytes) -> bytes:
    return re.sub(rb"[ \t]+", b"\t", re.sub(rb"(?m)^[ \t]+|[ \t]+(?=\r?$)", b"", lines))
