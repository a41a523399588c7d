"""Rows of one person are taken out of the log. Files are written anew beside the old ones and take their names."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelwright.errors import ProjectError
from modelwright.serve.log.compacting import compact
from modelwright.serve.log.segments import FEEDBACK, PARQUET, PREDICTIONS, PRIVATE, SEGMENT, log_files
from modelwright.serve.log.tables import arrow

__all__ = ["Erased", "erase"]


@dataclass(frozen=True, kw_only=True)
class Erased:
    """What `erase` did: rows of predictions and labels that went, and segments that a server is still writing."""

    predictions: int = 0
    labels: int = 0
    open_segments: int = 0


def erase(folder: Path, column: str, pseudonym: str) -> Erased:
    """Take the rows out of the log whose ``column`` holds a pseudonym, and the labels that belong to them.

    Segments that a server is writing stay as they are, and are counted: they close within the hour, or when it stops.

    Raises
    ------
    ProjectError
        A file cannot be read or written (MW-P657); those before it are done, and doing it again goes on.
    """
    folder = Path(folder)
    if not folder.is_dir():
        return Erased()
    arrow()
    compact(folder)
    gone: set[tuple[str, int]] = set()
    try:
        mine = _of(column, pseudonym, gone)
        predictions = sum(_rewrite(f.path, mine) for f in log_files(folder, PARQUET, PREDICTIONS))
        labels = sum(_rewrite(f.path, _labels(gone)) for f in log_files(folder, PARQUET, FEEDBACK)) if gone else 0
    except OSError as error:
        raise ProjectError(
            f"the prediction log in '{folder}' cannot be rewritten: {error.strerror or error}",
            fix="let this user write there, and run the same command again",
            code="MW-P657",
        ) from error
    return Erased(predictions=predictions, labels=labels, open_segments=len(log_files(folder, SEGMENT)))


def _of(column: str, pseudonym: str, gone: set[tuple[str, int]]) -> Callable[[Any], list[bool]]:
    def keep(table: Any) -> list[bool]:
        if "inputs" not in table.column_names:
            return [True] * table.num_rows
        rows = zip(
            table.column("inputs").to_pylist(),
            table.column("request_id").to_pylist(),
            table.column("row").to_pylist(),
            strict=True,
        )
        kept = []
        for inputs, request, row in rows:
            mine = inputs is not None and inputs.get(column) == pseudonym
            if mine:
                gone.add((request, row))
            kept.append(not mine)
        return kept

    return keep


def _labels(gone: set[tuple[str, int]]) -> Callable[[Any], list[bool]]:
    def keep(table: Any) -> list[bool]:
        pairs = zip(table.column("request_id").to_pylist(), table.column("row").to_pylist(), strict=True)
        return [pair not in gone for pair in pairs]

    return keep


def _rewrite(path: Path, keep: Callable[[Any], list[bool]]) -> int:
    """Write a file without some of its rows; return how many went. One without rows that stay is deleted."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with open(path, "rb") as source:
        table = pq.read_table(source)
    kept = keep(table)
    gone = len(kept) - sum(kept)
    if not gone:
        return 0
    left = table.filter(pa.array(kept, pa.bool_()))
    if not left.num_rows:
        path.unlink()
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
