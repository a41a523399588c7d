"""Numbers with names and labels, kept where other processes can read them.

Each worker writes a file of its own, mapped into memory: counting is an addition to a double in it, so it costs no
system call, needs no lock, and what was counted stays counted when the worker is killed. Whoever is asked for the
metrics reads the files of all.

A file is a header (magic, format, process, bytes used, start) and entries, each a head (length of the key, how many
numbers), the key (JSON: name, labels, edges) padded to eight bytes, and the numbers. An entry is complete before the
header counts it. What must stay true: a file has one writer, who holds its lock for life; entries never move.
"""

from __future__ import annotations

import fcntl
import math
import mmap
import os
import re
import struct
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import msgspec

from modelwright.errors import ProjectError

__all__ = ["CAPACITY", "Series", "Snapshot", "Store", "read_others"]

CAPACITY = 1 << 20  # bytes: some thousands of series; only touched pages take memory
MAX_LABEL = 200  # characters
MAX_WORKERS = 1000
SCRATCH = 128  # numbers at the end that nobody reads: where series go that found no place
_MAGIC = b"MWm1"
_HEADER = struct.Struct("<4sIQQd")  # magic, format, process, bytes used, start in seconds since 1970
_HEAD = struct.Struct("<II")  # length of the key, how many numbers
_FORMAT = 1
_LABEL = re.compile("(?!le$)[a-z_]+")  # the bound of a bucket is no label of a series
_PATTERN = "metrics-*.bin"

_Key = tuple[str, dict[str, str], tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Series:
    """One name with its labels: ``edges`` of a histogram, else empty; the numbers."""

    name: str
    labels: tuple[tuple[str, str], ...]
    edges: tuple[float, ...]
    numbers: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a worker has counted; ``alive`` tells whether it still runs."""

    process: int
    started: float
    alive: bool
    series: tuple[Series, ...]


class Store:
    """The series of one process.

    Parameters
    ----------
    folder : Path or None
        Where the file lies that other processes read; None: in memory of its own.
    worker : int
        Its number. Where an earlier process with the number has ended, its file is gone on with.

    Attributes
    ----------
    numbers : memoryview of float
        `place` says where in it; add to it freely, from one thread.
    lost : int
        How many series found no place.

    Raises
    ------
    ProjectError
        The folder cannot be written.
    """

    def __init__(self, folder: Path | None = None, worker: int = 0, *, capacity: int = CAPACITY) -> None:
        self.path: Path | None = None
        self.lost = 0
        self._buffer: mmap.mmap | bytearray = bytearray(capacity)
        self._descriptor = -1
        if folder is not None:
            self.path, self._descriptor = _own_file(folder, worker)
            self._buffer = _mapped(self._descriptor, self.path, capacity)
        self.numbers = memoryview(self._buffer).cast("d")
        self._end = len(self._buffer) - 8 * SCRATCH
        self._started = time.time()
        self._places: dict[bytes, int] = {}
        self._used = _HEADER.size
        for key, at, count in _entries(bytes(self._buffer)):  # of an earlier process with this number
            self._places[key] = at // 8
            self._used = at + 8 * count
        self._write_header()

    def place(self, name: str, labels: Mapping[str, str], count: int = 1, edges: tuple[float, ...] = ()) -> int:
        """Return where the numbers of a series begin; the series is made, all 0, where it is new."""
        told = {k: _label(v) for k, v in labels.items()}
        key = msgspec.json.encode((name, told, edges))
        at = self._places.get(key)
        if at is None:
            at = self._places[key] = self._made(key, count)
        return at

    def _made(self, key: bytes, count: int) -> int:
        start = self._used + _HEAD.size + _padded(len(key))
        if start + 8 * count > self._end or count > SCRATCH:
            self.lost += 1
            return self._end // 8
        _HEAD.pack_into(self._buffer, self._used, len(key), count)
        self._buffer[self._used + _HEAD.size : self._used + _HEAD.size + len(key)] = key
        self._used = start + 8 * count
        self._write_header()
        return start // 8

    def _write_header(self) -> None:
        _HEADER.pack_into(self._buffer, 0, _MAGIC, _FORMAT, os.getpid(), self._used, self._started)

    def snapshot(self) -> Snapshot:
        """Return what was counted until now."""
        return _parsed(bytes(self._buffer[: self._used]), alive=True)

    def close(self) -> None:
        """Let the file go: the next worker with the number goes on with it."""
        if self._descriptor >= 0:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)  # closing is not enough: the mapping holds the file open
            os.close(self._descriptor)
            self._descriptor = -1


def read_others(folder: Path, but: Path | None) -> list[Snapshot]:
    """Return what the workers of a folder have counted, the ended ones too; a file that is damaged is left out."""
    found = []
    for path in sorted(folder.glob(_PATTERN))[:MAX_WORKERS]:
        if path == but:
            continue
        with suppress(OSError, ValueError), open(path, "rb") as handle:
            raw = handle.read(_HEADER.size)
            if len(raw) == _HEADER.size:
                raw += handle.read(min(_HEADER.unpack(raw)[3], CAPACITY))
            found.append(_parsed(raw, alive=_held(handle.fileno())))
    return found


def _held(descriptor: int) -> bool:
    """Tell whether a living process has the file: nobody else can take its lock, not even to share it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return False


def _parsed(raw: bytes, *, alive: bool) -> Snapshot:
    if len(raw) < _HEADER.size:
        raise ValueError("no file of ours")
    magic, version, process, _, started = _HEADER.unpack_from(raw)
    if magic != _MAGIC or version != _FORMAT or not 0 < started < math.inf:
        raise ValueError("no file of ours")
    series = []
    for key, at, count in _entries(raw):
        name, labels, edges = msgspec.json.decode(key, type=_Key)
        one = Series(name, tuple(sorted(labels.items())), edges, struct.unpack_from(f"={count}d", raw, at))
        _check(one)
        series.append(one)
    return Snapshot(process, started, alive, tuple(series))


def _check(series: Series) -> None:
    """Raise ValueError for numbers that were not counted."""
    edges, numbers = series.edges, series.numbers
    if not all(map(math.isfinite, (*edges, *numbers))) or any(a >= b for a, b in pairwise(edges)):
        raise ValueError("no finite numbers")
    if len(numbers) != len(edges) + 2 if edges else not numbers:
        raise ValueError("not as many numbers as there should be")
    if not all(_LABEL.fullmatch(name) for name, _ in series.labels):
        raise ValueError("no name of a label")


def _entries(raw: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield key, place in bytes and count of numbers of each entry that is whole."""
    if len(raw) < _HEADER.size or raw[:4] != _MAGIC:
        return
    used = min(_HEADER.unpack_from(raw)[3], len(raw))
    at = _HEADER.size
    while at + _HEAD.size <= used:
        length, count = _HEAD.unpack_from(raw, at)
        numbers = at + _HEAD.size + _padded(length)
        if numbers + 8 * count > used:
            return
        yield raw[at + _HEAD.size : at + _HEAD.size + length], numbers, count
        at = numbers + 8 * count


def _padded(length: int) -> int:
    return -(-length // 8) * 8


def _label(value: str) -> str:
    """Return a label that can be written: of bounded length, in UTF-8, without what moves a cursor."""
    return "".join(c if c.isprintable() else "\ufffd" for c in str(value)[:MAX_LABEL])


def _own_file(folder: Path, worker: int) -> tuple[Path, int]:
    """Return the first file of a worker's number that no living process has, locked.

    While a worker still answers its last requests its successor may have begun: then there is a second file.
    """
    for turn in range(MAX_WORKERS):
        path = folder / f"metrics-{worker}-{turn}.bin"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _not_kept(folder, error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            continue
        return path, descriptor
    raise _not_kept(folder, OSError(0, "all files of this worker are in use"))


def _mapped(descriptor: int, folder: Path, capacity: int) -> mmap.mmap:
    """Return the file in memory, at its full size; one that is damaged is begun anew."""
    try:
        raw = os.pread(descriptor, _HEADER.size, 0)
        size = os.fstat(descriptor).st_size
        try:
            kept = size == capacity and _parsed(os.pread(descriptor, size, 0), alive=True) is not None
        except ValueError:
            kept = False
        if raw and not kept:
            os.ftruncate(descriptor, 0)
        os.posix_fallocate(descriptor, 0, capacity)  # a full disk shows now, not as SIGBUS at the first addition
        return mmap.mmap(descriptor, capacity)
    except OSError as error:
        os.close(descriptor)
        raise _not_kept(folder, error) from error


def _not_kept(folder: Path, error: OSError) -> ProjectError:
    return ProjectError(
        f"cannot keep metrics in '{folder}': {error.strerror}",
        fix="check who may write it, and the space on the disk",
        code="MW-P044",
    )
