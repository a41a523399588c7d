"""Closed segments to Parquet, in a process of its own: ``python -m modelwright.serve.log.compacting FOLDER``.

Why nothing is doubled or lost when it is killed anywhere: a segment is deleted only after its Parquet file is complete,
on disk and has its name; a Parquet file gets its name in one step; and where both are there the Parquet file is what
counts.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import importlib.util
import itertools
import os
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelwright.errors import ModelwrightError, ProjectError
from modelwright.loading import load_arrow_alone, own_process
from modelwright.serve.log.lines import Header, read_header
from modelwright.serve.log.segments import DAMAGED, PARQUET, PRIVATE, SEGMENT, LogFile, log_files, only_lock
from modelwright.serve.log.tables import AnswerTypes, arrow, as_table, decoded, metadata

__all__ = ["Compacted", "alone", "compact", "compact_alone", "main"]

GROUP_ROWS = 20_000
"""Rows of a row group."""

ROWS_AT_ONCE = 1_000
"""Rows that are Python objects at a time; of 30 columns so many take some 3 MB."""

NICENESS = 10  # requests come first

REST_LINES = 500
"""Lines between two rests: some 10 ms of work."""

PAUSE = 0.05  # seconds between looks at a lock that another process holds
STALE_SECONDS = 3600.0  # an unfinished file of a writer that lives is renamed within milliseconds


@dataclass(frozen=True, kw_only=True)
class Compacted:
    """What `compact` did.

    Attributes
    ----------
    segments, rows : int
        That are in Parquet now.
    torn : int
        Last lines that a crash had cut short; they are dropped.
    damaged : int
        Lines that cannot be read; they are dropped.
    refused : tuple of str
        Segments whose header cannot be read; they are kept under the ending ``.damaged``.
    busy : bool
        Whether another process was at it, and nothing was done.
    """

    segments: int = 0
    rows: int = 0
    torn: int = 0
    damaged: int = 0
    refused: tuple[str, ...] = ()
    busy: bool = False

    def __str__(self) -> str:
        if self.busy:
            return "another process compacts this log"
        lost = f", dropped {self.torn} torn and {self.damaged} damaged lines" if self.torn or self.damaged else ""
        kept = f", set aside {', '.join(self.refused)}" if self.refused else ""
        return f"compacted {self.segments} segments with {self.rows} rows{lost}{kept}"


def compact(folder: Path, *, share: float = 1.0) -> Compacted:
    """Turn the closed segments of a log into Parquet files and delete them; return what was done.

    Any number of processes may call it at once: one does the work. Segments that are being written are left alone.

    Parameters
    ----------
    folder : Path
    share : float
        Part of the time that it works; it rests in between.

    Raises
    ------
    ProjectError
        The disk is full or may not be written (MW-P651): every segment is as it was, or is in Parquet. Or pyarrow
        is not installed (MW-P654): nothing was changed.
    """
    arrow()
    folder = Path(folder)
    try:
        with alone(folder) as we_are:
            return compact_alone(folder, share) if we_are else Compacted(busy=True)
    except OSError as error:
        raise ProjectError(
            f"the prediction log in '{folder}' cannot be compacted: {error.strerror or error}",
            fix="free some disk space, or let this user write there; nothing is lost",
            code="MW-P651",
        ) from error


def compact_alone(folder: Path, share: float = 1.0) -> Compacted:
    """Do what `compact` does, where the caller holds `alone`."""
    _sweep(folder)
    done = [_compact_one(file, share) for file in log_files(folder, SEGMENT)]
    found = [d for d in done if d is not None]
    return Compacted(
        segments=sum(d.segments for d in found),
        rows=sum(d.rows for d in found),
        torn=sum(d.torn for d in found),
        damaged=sum(d.damaged for d in found),
        refused=tuple(name for d in found for name in d.refused),
    )


@contextlib.contextmanager
def alone(folder: Path, *, patience: float = 0.0) -> Iterator[bool]:
    """Hold the lock of the folder: nobody else rewrites files. False where another process does so for ``patience``
    seconds."""
    if not folder.is_dir():
        yield True
        return
    fd = os.open(folder / ".compacting.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
    try:
        yield _locked(fd, time.monotonic() + patience)
    finally:
        os.close(fd)


def _locked(fd: int, until: float) -> bool:
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(PAUSE)
        else:
            return True


def _sweep(folder: Path) -> None:
    """Delete what a process that died had not finished: nobody else compacts now, and writers finish at once."""
    if not folder.is_dir():
        return
    for path in folder.glob(".*.tmp"):
        with contextlib.suppress(FileNotFoundError):
            ours = path.name.endswith(PARQUET + ".tmp")
            if ours or time.time() - path.stat().st_mtime > STALE_SECONDS:
                path.unlink()


def _compact_one(file: LogFile, share: float) -> Compacted | None:
    with only_lock(file.path) as fd:
        if fd is None:
            return None
        target = file.path.with_name(file.stem + PARQUET)
        if target.exists():  # killed between the two: all rows are there
            os.unlink(file.path)
            return None
        with open(file.path, "rb") as lines:
            header = read_header(lines.readline())
            if header is None:
                os.rename(file.path, file.path.with_name(file.stem + DAMAGED))
                return Compacted(refused=(file.path.name,))
            found = _survey(_unhurried(lines, share), header)
            if found.rows:
                _write(file, header, found, target, share)
        os.unlink(file.path)
    return Compacted(segments=1, rows=found.rows, torn=found.torn, damaged=found.damaged)


@dataclass(slots=True)
class _Survey:
    """What the first reading of a segment finds: types of answers, and how much of it can be read."""

    answers: AnswerTypes
    rows: int = 0
    torn: int = 0
    damaged: int = 0


def _unhurried(lines: Iterable[bytes], share: float) -> Iterator[bytes]:
    """Yield the lines, and rest now and then, so that whoever reads them works for a share of the time."""
    began = time.perf_counter()
    for number, line in enumerate(lines, 1):
        yield line
        if share < 1 and number % REST_LINES == 0:
            time.sleep((time.perf_counter() - began) * (1 / share - 1))
            began = time.perf_counter()


def whole_lines(lines: Iterable[bytes], found: Any) -> Iterator[bytes]:
    """Yield the lines that end; count a last one that does not."""
    for line in lines:
        if line.endswith(b"\n"):
            yield line
        else:
            found.torn += 1


def _survey(lines: Iterable[bytes], header: Header) -> _Survey:
    found = _Survey(AnswerTypes())
    for row in decoded(whole_lines(lines, found), header.stream):
        if row is None:
            found.damaged += 1
            continue
        found.rows += 1
        if isinstance(row[-1], dict):
            found.answers.see(row[-1])
    return found


def _write(file: LogFile, header: Header, found: _Survey, target: Path, share: float) -> None:
    """Write the Parquet file of a segment: complete and on disk before it has its name."""
    import pyarrow.parquet as pq

    temporary = target.with_name(f".{target.name}.tmp")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, PRIVATE)
    try:
        with os.fdopen(fd, "wb") as sink:
            writer: Any = None
            for table in tables_of(file.path, header, found.answers, share):
                table = table.replace_schema_metadata(
                    metadata(header.masked, header.hashed, torn=found.torn, damaged=found.damaged)
                )
                writer = writer or pq.ParquetWriter(sink, table.schema, compression="zstd")
                writer.write_table(table)
            writer.close()
            sink.flush()
            os.fsync(sink.fileno())
        os.rename(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)  # whatever ended the writing, half a file is of no use
    _sync_folder(target.parent)


def tables_of(path: Path, header: Header, answers: AnswerTypes, share: float = 1.0) -> Iterator[Any]:
    """Yield the rows of a segment as tables of at most `GROUP_ROWS` rows, all of one schema."""
    pa = arrow()
    parts: list[Any] = []
    with open(path, "rb") as lines:
        lines.readline()
        whole = whole_lines(_unhurried(lines, share), _Survey(answers))
        rows = (row for row in decoded(whole, header.stream) if row is not None)
        while some := list(itertools.islice(rows, ROWS_AT_ONCE)):
            parts.append(as_table(some, header, answers))
            if len(parts) * ROWS_AT_ONCE >= GROUP_ROWS:
                yield pa.concat_tables(parts)
                parts = []
    if parts:
        yield pa.concat_tables(parts)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _with_one_thread() -> None:
    """Have Arrow leave the other cores to those who answer requests."""
    import pyarrow as pa

    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)


def main(arguments: list[str] | None = None) -> int:
    """Compact and expire the log in a folder, at low priority; return the exit code. Losses are told on stderr."""
    from modelwright.serve.log.expiring import expire
    from modelwright.serve.log.policy import LogPolicy

    parser = argparse.ArgumentParser(prog="python -m modelwright.serve.log.compacting", description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--keep-days", type=float)
    parser.add_argument("--keep-bytes", type=int)
    parser.add_argument("--share", type=float, default=1.0, help="part of the time that it works")
    given = parser.parse_args(arguments)
    limits = {name: value for name in ("keep_days", "keep_bytes") if (value := getattr(given, name)) is not None}
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    try:
        policy = LogPolicy(**limits)
        if importlib.util.find_spec("pyarrow"):  # else the segments stay as they are, and expire all the same
            load_arrow_alone()
            _with_one_thread()
            done = compact(given.folder, share=given.share)
            if done.torn or done.damaged or done.refused:
                print(f"prediction log: {done}", file=sys.stderr)
        if limits:
            expire(given.folder, policy, time.time())
    except ModelwrightError as error:
        print(f"prediction log: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    own_process()
    sys.exit(main())
