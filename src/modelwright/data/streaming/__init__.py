"""Rows of any source as a stream, for what must see every row and cannot hold them all.

`open_stream` is the front door, beside `modelwright.data.reading.read_table` and with its outcome: the same rows, names
and values, the same repairs told, the same refusals. Small files, and formats that can only be read at once, go through
`read_table` itself.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from modelwright.data.readers.encoding import detect_encoding
from modelwright.data.readers.jsonlines import is_document
from modelwright.data.readers.opening import HEAD_BYTES, cannot_open, compression_of, first_bytes, open_expanded
from modelwright.data.reading import format_of, read_table, refuse_query
from modelwright.data.streaming.base import Restarted, Stream, TableStream
from modelwright.data.streaming.delimited import BLOCK_BYTES
from modelwright.errors import DataError

__all__ = ["CHUNK_ROWS", "Restarted", "Stream", "fingerprint", "location_of", "open_stream"]

CHUNK_ROWS = 1 << 16
"""Rows of a batch where a reader may choose."""

SMALL_BYTES = 1 << 23
"""A text of at most this size is read at once."""

SMALL_PACKED_BYTES = 1 << 17
"""The same for a compressed one, which may be a thousand times as large."""

SMALL_MEMORY_BYTES = 1 << 29
"""What a small file may take; one that takes more is streamed after all."""

_URL = re.compile(r"[A-Za-z][\w+.-]*://")


@contextmanager
def open_stream(
    source: Any,
    *,
    query: str | None = None,
    chunk_rows: int = CHUNK_ROWS,
    block_bytes: int = BLOCK_BYTES,
    small_bytes: int = SMALL_BYTES,
) -> Iterator[Stream]:
    """Give the rows of a source as a stream.

    Parameters
    ----------
    source, query
        As of `read_table`.
    chunk_rows : int
        Rows of a batch where the reader may choose.
    block_bytes : int
        Bytes of a text that are cut into rows at once.
    small_bytes : int
        A text of at most this size is read at once.

    Raises
    ------
    DataError, UsageError, MissingExtra
        As of `read_table`, when it is opened or while the rows are read.
    """
    opener = _Opener(query, chunk_rows, block_bytes, small_bytes)
    with ExitStack() as stack:
        yield stack.enter_context(opener.opened(source))


class _Opener:
    """How the sources of one stream are opened."""

    def __init__(self, query: str | None, chunk_rows: int, block_bytes: int, small_bytes: int) -> None:
        self._query, self._chunk_rows = query, chunk_rows
        self._block_bytes, self._small_bytes = block_bytes, small_bytes

    @contextmanager
    def opened(self, source: Any) -> Iterator[Stream]:
        place = _place(source)
        if place is None:
            yield self._at_once(source)
        elif isinstance(place, str):
            from modelwright.data.readers.sql import opened
            from modelwright.data.streaming.cursors import CursorStream

            with opened(place, self._query) as result:
                yield CursorStream(result, "sql")
        elif place.is_dir():
            from modelwright.data.streaming.folders import FolderStream

            refuse_query("folder", self._query)
            yield FolderStream(place, self._file)
        else:
            with self._file(place) as stream:
                yield stream

    def _at_once(self, source: Any, *, small: bool = False) -> Stream:
        """Return the stream of a source that is read at once."""
        table, told = read_table(
            source, query=self._query, every_row=True, memory_bytes=SMALL_MEMORY_BYTES if small else None
        )
        if told.n_rows_read < told.n_rows:
            raise DataError(
                f"'{told.location}' does not fit in memory, and its format keeps it from being streamed",
                fix="convert it to CSV or Parquet",
                code="MW-D140",
            )
        return TableStream(table, told.format, told.notes)

    @contextmanager
    def _file(self, path: Path) -> Iterator[Stream]:
        try:
            size = path.stat().st_size
        except OSError as error:
            raise cannot_open(path, error) from error
        start = first_bytes(path) if path.is_file() else b""
        zipped = path.suffix.lower() == ".zip" and start.startswith(b"PK")
        if not start or (zipped and size <= self._packed_limit):
            yield self._at_once(path)  # or the error for what is no file, or holds nothing
        elif zipped:
            with self._zipped(path) as stream:
                yield stream
        else:
            kind, note = format_of(path, start)
            refuse_query(kind, self._query)
            with self._of_kind(kind, path, size) as stream:
                yield _Noted(stream, note) if note else stream

    @property
    def _packed_limit(self) -> int:
        return min(SMALL_PACKED_BYTES, self._small_bytes)

    @contextmanager
    def _zipped(self, path: Path) -> Iterator[Stream]:
        from modelwright.data.readers.zipped import unpacked

        with unpacked(path) as inner:
            if inner.suffix.lower() == ".zip":
                raise DataError(f"'{path}' holds another archive", fix="unpack it", code="MW-D134")
            try:
                with self._file(inner) as stream:
                    yield stream
            except DataError as error:  # the temporary name would say nothing
                what = error.what.replace(str(inner), f"{path}/{inner.name}")
                raise DataError(what, fix=error.fix, code=error.code) from error

    @contextmanager
    def _of_kind(self, kind: str, path: Path, size: int) -> Iterator[Stream]:
        if kind == "parquet":
            from modelwright.data.streaming.columnar import ParquetStream

            yield ParquetStream(path, self._chunk_rows)
        elif kind == "arrow":
            from modelwright.data.streaming.columnar import ArrowStream

            yield ArrowStream(path)
        elif kind == "sqlite":
            from modelwright.data.readers.sqlite import opened
            from modelwright.data.streaming.cursors import CursorStream

            with opened(path, self._query) as result:
                yield CursorStream(result, "sqlite")
        elif kind in ("csv", "jsonl"):
            yield self._small(path, size) or self._text(kind, path)
        else:
            yield self._at_once(path)

    def _small(self, path: Path, size: int) -> Stream | None:
        """Return the stream of a small text, None where it is not small."""
        limit = self._packed_limit if compression_of(path) else self._small_bytes
        if size > limit:
            return None
        try:
            return self._at_once(path, small=True)
        except DataError as error:
            if error.code != "MW-D140":
                raise
        return None  # packed so well that it is large

    def _text(self, kind: str, path: Path) -> Stream:
        if kind == "csv":
            from modelwright.data.streaming.delimited import DelimitedStream

            return DelimitedStream(path, self._chunk_rows, self._block_bytes)
        from modelwright.data.streaming.lines import LinesStream

        encoding = _encoding_of_lines(path)
        return self._at_once(path) if encoding is None else LinesStream(path, encoding, self._chunk_rows)


class _Noted(Stream):
    """A stream of which something was told when it was opened."""

    def __init__(self, stream: Stream, note: str) -> None:
        self._stream, self._note = stream, note
        self.names, self.types, self.format, self.n_rows = stream.names, stream.types, stream.format, stream.n_rows
        self.texts_only = stream.texts_only
        self.tables, self.skip_to, self.share = stream.tables, stream.skip_to, stream.share  # type: ignore[method-assign]

    @property
    def manner(self) -> str:  # type: ignore[override]
        return self._stream.manner

    @manner.setter
    def manner(self, value: str) -> None:
        self._stream.manner = value

    def notes(self) -> tuple[str, ...]:
        return (self._note, *self._stream.notes())


def _encoding_of_lines(path: Path) -> str | None:
    """Return the encoding of JSON lines, None for one JSON document over all of the file."""
    with open_expanded(path) as stream:
        head = stream.read(HEAD_BYTES)
    if not head.strip():
        raise DataError(f"'{path}' is empty", fix="check how it was written", code="MW-D115")
    encoding = detect_encoding(head, path.name, whole=len(head) < HEAD_BYTES)
    text = head.decode(encoding, errors="replace").strip("\ufeff \t\r\n")
    return None if is_document(path, text.encode()) else encoding


def _place(source: Any) -> Path | str | None:
    """Return the path of a file or folder, the URL of a database, or None for a table in memory."""
    if not isinstance(source, str | os.PathLike):
        return None
    text = os.fspath(source)
    if _URL.match(text):
        from modelwright.data.readers.sql import as_file

        file = as_file(text)
        if text.startswith("file://"):
            file = Path(re.sub(r"^file://(localhost)?", "", text))
        return text if file is None else file
    return Path(text).expanduser()


def location_of(source: Any) -> str:
    """Return the path or URL of a source without secrets, ``"<memory>"`` for a table in memory."""
    place = _place(source)
    if isinstance(place, str):
        from modelwright.data.readers.sql import redacted

        return redacted(place)
    return "<memory>" if place is None else str(place)


def fingerprint(source: Any) -> str | None:
    """Return what changes when a file, or a file of a folder, is changed; None for what is no file.

    It is made of path, size, inode and times of the file system: the time of the last change of an inode is the
    system's own and cannot be set back by programs that keep a file's date.
    """
    place = _place(source)
    if not isinstance(place, Path):
        return None
    if place.is_dir():
        files = sorted(p for p in place.iterdir() if p.is_file())
    else:
        files = [p for p in (place, Path(f"{place}-wal")) if p.exists()]
    told = [str(place.absolute())]
    for file in files:
        with suppress(OSError):  # gone between listing and looking: that is a change as well
            about = file.stat()
            told.append(f"{file.name} {about.st_size} {about.st_ino} {about.st_mtime_ns} {about.st_ctime_ns}")
    return "\n".join(told)
