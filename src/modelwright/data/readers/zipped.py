"""Zip archives with one data file in them."""

from __future__ import annotations

import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from modelwright.data.readers.opening import cannot_open
from modelwright.data.tidying import listed
from modelwright.errors import DataError

__all__ = ["only_member", "unpacked"]

MAX_EXPANDED = 64 << 30
"""Bytes that a member may unpack to."""

MAX_RATIO = 1100
"""Unpacked against packed size: deflate reaches 1032 at most, so more is an archive made to do harm."""

BLOCK = 1 << 20


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """Give the one data file of an archive, unpacked into a temporary folder that is removed afterwards.

    Raises
    ------
    DataError
        It holds no file or several, is encrypted, damaged, or unpacks to more than an honest archive would.
    """
    try:
        with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory(prefix="modelwright-") as folder:
            member = only_member(path, archive)
            out = Path(folder) / (PurePosixPath(member.filename.replace("\\", "/")).name or "data")
            _unpack(path, archive, member, out)
            yield out
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise DataError(
            f"'{path}' is a zip archive and is damaged or packed in an unknown way",
            fix="copy or download it again, or unpack it",
            code="MW-D113",
        ) from error
    except OSError as error:
        raise cannot_open(path, error) from error


def only_member(path: Path, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """Return the member that is a file of data; folders and what systems add on their own do not count."""
    members = [m for m in archive.infolist() if not m.is_dir() and not _hidden(m.filename)]
    if len(members) != 1:
        what = f"{len(members)} files: {listed([m.filename for m in members])}" if members else "no file"
        raise DataError(f"'{path}' holds {what}", fix="unpack it, and give one file or a folder", code="MW-D134")
    if members[0].flag_bits & 1:
        raise DataError(f"'{path}' is encrypted", fix="unpack it with its password", code="MW-D135")
    return members[0]


def _hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)


def _unpack(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo, out: Path) -> None:
    """Write the member, block by block: what the archive says of its size is not to be trusted."""
    most = min(MAX_EXPANDED, MAX_RATIO * max(member.compress_size, BLOCK))
    written = 0
    with archive.open(member) as packed, open(out, "wb") as plain:
        while block := packed.read(BLOCK):
            written += len(block)
            if written > most:
                raise DataError(
                    f"'{path}' unpacks to more than {most >> 20:,} MiB", fix="unpack it and check it", code="MW-D136"
                )
            plain.write(block)
