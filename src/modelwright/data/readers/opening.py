"""Opening files: compression by content, and errors of the file system as clear words."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from modelwright.data.readers import COMPRESSIONS
from modelwright.errors import DataError, NotFound

__all__ = ["HEAD_BYTES", "WEB_PAGE", "cannot_open", "compression_of", "expanded_size", "first_bytes", "open_expanded"]

HEAD_BYTES = 1 << 20
"""Bytes of a text that its encoding, dialect and row size are judged by."""

JUDGED_BYTES = 1 << 12
WEB_PAGE = re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype html|html|\?xml)", re.IGNORECASE)


def cannot_open(path: Path | str, error: OSError) -> DataError:
    """Return the error for a file that the system does not let us read."""
    if isinstance(error, FileNotFoundError):
        return NotFound(f"'{path}' does not exist", fix="check the path", code="MW-D110")
    if isinstance(error, PermissionError):
        return DataError(f"'{path}' may not be read", fix="ask for permission to read it", code="MW-D111")
    reason = error.strerror or str(error)
    return DataError(f"'{path}' cannot be read: {reason}", fix="check the disk and the file", code="MW-D112")


def first_bytes(path: Path, n: int = 16) -> bytes:
    """Return the first bytes of a file as they are on disk."""
    try:
        with open(path, "rb") as handle:
            return handle.read(n)
    except OSError as error:
        raise cannot_open(path, error) from error


def compression_of(path: Path) -> str:
    """Return ``"gz"``, ``"bz2"``, ``"zst"``, ``"xz"`` or ``""``, by content."""
    start = first_bytes(path)
    return next((name for magic, name in COMPRESSIONS if start.startswith(magic)), "")


@contextmanager
def open_expanded(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading, decompressed.

    Raises
    ------
    DataError
        The file cannot be opened, or its compression is broken or cut short (also while it is read in the block), or
        its name says that it is compressed and it holds binary data of another kind.
    """
    kind = compression_of(path)
    _refuse_other(path, kind)
    try:
        with _opened(path, kind) as stream:
            yield stream
    except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
        raise _broken(path, kind) from error
    except OSError as error:
        if kind and error.errno is None:  # bz2 and Arrow raise a bare OSError for broken data
            raise _broken(path, kind) from error
        raise cannot_open(path, error) from error


def _refuse_other(path: Path, kind: str) -> None:
    """Refuse a file whose name says how it is compressed, and which is neither that nor a text that was unpacked."""
    told = path.suffix.lower().removeprefix(".")
    if kind or told not in {name for _, name in COMPRESSIONS}:
        return
    start = first_bytes(path, JUDGED_BYTES)
    text = start.strip()
    if WEB_PAGE.match(start):
        what = "holds a page of the web"
    elif b"\x00" in start:
        what = "holds other binary data"
    elif text and text[:1] not in (b"{", b"[") and b"\n" not in text and b"\r" not in text:
        what = "holds one line of plain text"
    else:
        return  # empty, or a table that somebody has unpacked and not renamed
    raise DataError(
        f"the name of '{path}' says that it is compressed ({told}), but it {what}",
        fix="copy or download it again",
        code="MW-D113",
    )


def _broken(path: Path, kind: str) -> DataError:
    return DataError(
        f"'{path}' is compressed ({kind}) and is damaged or cut short",
        fix="copy or download it again",
        code="MW-D113",
    )


def _opened(path: Path, kind: str) -> Any:
    if kind == "gz":
        return gzip.open(path, "rb")
    if kind == "bz2":
        return bz2.open(path, "rb")
    if kind == "xz":
        return lzma.open(path, "rb")
    if kind == "zst":
        return _Zstandard(path)
    return open(path, "rb")


class _Zstandard(io.RawIOBase):
    """A Zstandard file as a Python stream; Arrow decompresses, and does not tell a file that was cut short."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa

        self._stream = pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._stream.read() if size is None or size < 0 else self._stream.read(size)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


def expanded_size(path: Path, head: bytes) -> int:
    """Return the size of a file decompressed: exact when ``head`` is all of it, else estimated from its start."""
    on_disk = path.stat().st_size
    kind = compression_of(path)
    if not kind or len(head) < HEAD_BYTES:
        return len(head) if len(head) < HEAD_BYTES else on_disk
    pack = {"gz": lambda b: zlib.compress(b, 6), "bz2": bz2.compress, "xz": lzma.compress}.get(kind, zlib.compress)
    return int(on_disk * len(head) / max(len(pack(head)), 1))
