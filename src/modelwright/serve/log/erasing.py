"""Rows of one person are taken out of the log. Files are written anew beside the old ones and take their names.

Which predictions are erased is noted first, by digests of their keys in `.erased`, and labels go before predictions: a
label that comes later, or a failure in between, is found when it is done again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelwright.documents import write_atomic
from modelwright.errors import ProjectError
from modelwright.serve.log.compacting import alone, compact_alone
from modelwright.serve.log.segments import DAMAGED, FEEDBACK, PARQUET, PREDICTIONS, PRIVATE, SEGMENT, log_files
from modelwright.serve.log.tables import arrow

__all__ = ["Erased", "erase"]

NOTED = ".erased"
DIGITS = 32
"""Hexadecimal digits of a digest: two of a billion predictions share one with a chance below 1e-20."""

PATIENCE = 60.0
"""Seconds to wait for a server's compactor, which is done in a few."""

_Keep = Callable[[Any], list[bool]]


@dataclass(frozen=True, kw_only=True)
class Erased:
    """What `erase` did: rows of predictions and labels that went, segments that a server is still writing, and files
    that cannot be read, of which nobody knows whose rows they hold."""

    predictions: int = 0
    labels: int = 0
    open_segments: int = 0
    damaged: int = 0


def erase(folder: Path, column: str, pseudonym: str) -> Erased:
    """Take the rows out of the log whose ``column`` holds a pseudonym, and the labels that belong to them.

    Segments that a server is writing stay as they are, and are counted: they close within the hour, or when it stops.

    Raises
    ------
    ProjectError
        A file cannot be read or written, or another process compacts the log for a minute (MW-P657); files that are
        done are done, and doing it again goes on.
    """
    folder = Path(folder)
    if not folder.is_dir():
        return Erased()
    arrow()
    try:
        with alone(folder, patience=PATIENCE) as we_are:
            if not we_are:
                raise _failed(folder, "another process compacts it")
            compact_alone(folder)
            return _erase(folder, column, pseudonym)
    except OSError as error:
        raise _failed(folder, error.strerror or str(error)) from error


def _failed(folder: Path, why: str) -> ProjectError:
    return ProjectError(
        f"the prediction log in '{folder}' cannot be rewritten: {why}",
        fix="let this user write there, and run the same command again",
        code="MW-P657",
    )


def _erase(folder: Path, column: str, pseudonym: str) -> Erased:
    files = [f.path for f in log_files(folder, PARQUET, PREDICTIONS)]
    keep = _others(column, pseudonym)
    gone = _noted(folder) | {key for path in files for key in _keys_of(path, keep)}
    if gone:
        write_atomic(folder / NOTED, "".join(f"{key}\n" for key in sorted(gone)).encode("ascii"))
        os.chmod(folder / NOTED, PRIVATE)
    labels = sum(_rewrite(f.path, _labels(gone)) for f in log_files(folder, PARQUET, FEEDBACK)) if gone else 0
    return Erased(
        predictions=sum(_rewrite(path, keep) for path in files),
        labels=labels,
        open_segments=len(log_files(folder, SEGMENT)),
        damaged=len(log_files(folder, DAMAGED)),
    )


def _noted(folder: Path) -> set[str]:
    """Return the digests of the predictions that were erased before: labels of them may have come since."""
    path = folder / NOTED
    return set(path.read_text("ascii").split()) if path.is_file() else set()


def _key(request: str, row: int) -> str:
    return hashlib.sha256(f"{request}\0{row}".encode("utf-8", "replace")).hexdigest()[:DIGITS]


def _others(column: str, pseudonym: str) -> _Keep:
    def keep(table: Any) -> list[bool]:
        if "inputs" not in table.column_names:
            return [True] * table.num_rows
        rows = table.column("inputs").to_pylist()
        return [inputs is None or inputs.get(column) != pseudonym for inputs in rows]

    return keep


def _labels(gone: Collection[str]) -> _Keep:
    return lambda table: [key not in gone for key in _keys(table)]


def _keys(table: Any) -> list[str]:
    pairs = zip(table.column("request_id").to_pylist(), table.column("row").to_pylist(), strict=True)
    return [_key(*pair) for pair in pairs]


def _keys_of(path: Path, keep: _Keep) -> list[str]:
    """Return the digests of the rows of a file that do not stay."""
    import pyarrow as pa

    with contextlib.suppress(FileNotFoundError):  # it has expired meanwhile
        table = _read(path)
        return _keys(table.filter(pa.array([not kept for kept in keep(table)], pa.bool_())))
    return []


def _read(path: Path) -> Any:
    import pyarrow.parquet as pq

    with open(path, "rb") as source:
        return pq.read_table(source)


def _rewrite(path: Path, keep: _Keep) -> int:
    """Write a file without some of its rows; return how many went. One without rows that stay is deleted."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = _read(path)
    except FileNotFoundError:
        return 0
    kept = keep(table)
    gone = len(kept) - sum(kept)
    if not gone:
        return 0
    left = table.filter(pa.array(kept, pa.bool_()))
    if not left.num_rows:
        path.unlink(missing_ok=True)
        return gone
    temporary = path.with_name(f".{path.name}.tmp")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, PRIVATE)
    try:
        with os.fdopen(fd, "wb") as sink:
            pq.write_table(left, sink, compression="zstd")
            sink.flush()
            os.fsync(sink.fileno())
        os.rename(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return gone
