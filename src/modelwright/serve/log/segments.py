"""Segments: append-only files of JSON lines, locked by the process that writes them.

A segment's first line says how the rest is read; it is complete before the file has its name. While its writer lives,
the file is locked (``flock``), and the lock goes with the process however that ends: a segment that can be locked is
closed.

::

    predictions-20260131-235959000000-w0-4711-3fa9c1.jsonl      open or closed segment
    predictions-20260131-235959000000-w0-4711-3fa9c1.parquet    what `compact` made of it; never both for long
    feedback-20260131-…                                         late labels
    .….tmp                                                      not finished: no reader looks at it
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

__all__ = [
    "DAMAGED",
    "DAY",
    "FEEDBACK",
    "PARQUET",
    "PREDICTIONS",
    "PRIVATE",
    "SEGMENT",
    "LogFile",
    "Segment",
    "check_folder",
    "log_files",
    "only_lock",
]

PREDICTIONS = "predictions"
FEEDBACK = "feedback"
SEGMENT = ".jsonl"
PARQUET = ".parquet"
DAMAGED = ".damaged"

DAY = 86_400.0
PRIVATE = 0o600  # what people were asked, and what was answered, is the owner's alone

_NAME = re.compile(
    r"(predictions|feedback)-(\d{8})-(\d{12})-w(\d+)-(\d+)-([0-9a-f]{6})(\.jsonl|\.parquet|\.damaged)", re.ASCII
)


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file of the log.

    Attributes
    ----------
    path : Path
    stream : str
        `PREDICTIONS` or `FEEDBACK`.
    day : float
        When the day began (UTC, seconds since 1970) on which the segment was opened; its rows are of this day.
    kind : str
        `SEGMENT`, `PARQUET` or `DAMAGED`.
    """

    path: Path
    stream: str
    day: float
    kind: str

    @property
    def stem(self) -> str:
        """The name without extension, the same for a segment and its Parquet file."""
        return self.path.name.removesuffix(self.kind)


def log_files(folder: Path, kind: str, stream: str | None = None) -> list[LogFile]:
    """Return the files of one kind, oldest first; foreign files and links are not seen, so never touched."""
    found = []
    for name in _regular_files(folder):
        match = _NAME.fullmatch(name)
        if match is None or match[7] != kind or stream not in (None, match[1]):
            continue
        with contextlib.suppress(ValueError):  # no such day: no file of ours
            day = datetime.strptime(match[2], "%Y%m%d").replace(tzinfo=UTC).timestamp()
            found.append(LogFile(folder / name, match[1], day, kind))
    return sorted(found, key=lambda f: (f.stem.partition("-")[2], f.stem))


def check_folder(folder: Path) -> None:
    """Make the folder where it is missing, and try whether files can be made and locked in it.

    Raises
    ------
    OSError
        They cannot; some network file systems have no locks.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    probe = folder / f".probe-{os.getpid()}-{os.urandom(3).hex()}.tmp"
    fd = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(fd)
        probe.unlink(missing_ok=True)


def _regular_files(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [e.name for e in entries if e.is_file(follow_symlinks=False)]
    except FileNotFoundError:
        return []


class Segment:
    """An open segment. One writer; made for one thread.

    Parameters
    ----------
    folder : Path
        Made where it is missing.
    stream : str
    worker : int
    header : bytes
        The first line.
    now : float

    Raises
    ------
    OSError
        From the constructor and from `write`: the disk is full, the folder may not be written, ….
    """

    def __init__(self, folder: Path, stream: str, worker: int, header: bytes, now: float) -> None:
        moment = datetime.fromtimestamp(now, UTC)
        stem = f"{stream}-{moment:%Y%m%d-%H%M%S%f}-w{worker}-{os.getpid()}-{os.urandom(3).hex()}"
        self.path = folder / (stem + SEGMENT)
        self.opened = now
        self.day = now // DAY
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = folder / f".{stem}.tmp"
        self._fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, PRIVATE)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.write(self._fd, header) != len(header):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # a short write is how a full disk begins
            os.rename(temporary, self.path)
        except OSError:
            os.close(self._fd)
            temporary.unlink(missing_ok=True)
            raise
        self.size = len(header)

    @property
    def is_there(self) -> bool:
        """Whether the file still has a name: what is written to a deleted file is lost."""
        return os.fstat(self._fd).st_nlink > 0

    def write(self, data: bytes) -> int:
        """Append bytes in one call; return how many went in."""
        written = os.write(self._fd, data)
        if data and not written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.size += written
        return written

    def is_due(self, now: float, rotate_bytes: int, rotate_seconds: float) -> bool:
        """Whether the segment is full, old, or of another day."""
        return self.size >= rotate_bytes or now - self.opened >= rotate_seconds or now // DAY != self.day

    def close(self) -> None:
        """Close the segment, and with it its lock."""
        os.close(self._fd)


@contextlib.contextmanager
def only_lock(path: Path) -> Iterator[int | None]:
    """Hold the exclusive lock of a file; give its descriptor, None where another process has the lock or it is gone.

    Raises
    ------
    OSError
        The file may not be opened.
    """
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        yield None
        return
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        yield fd if os.fstat(fd).st_nlink else None
    finally:
        os.close(fd)
