"""Parquet and Arrow (Feather) files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelwright.data.readers import Ask, Read
from modelwright.data.readers.opening import cannot_open
from modelwright.data.sampling import Reservoir
from modelwright.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["broken", "read_arrow", "read_parquet"]

MIN_SAMPLE = 1000
TEXT_GROWTH = 2.0
"""An Arrow table against the decoded size that a Parquet file states for itself (dictionaries are written out)."""


def read_parquet(path: Path, ask: Ask) -> Read:
    """Return the table of a Parquet file; a uniform sample of its rows where it does not fit in memory."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            meta = file.metadata
            size = TEXT_GROWTH * sum(meta.row_group(i).total_byte_size for i in range(meta.num_row_groups))
            if size <= ask.memory_bytes or meta.num_rows <= MIN_SAMPLE:
                return Read(table=file.read(), n_rows=meta.num_rows)
            wanted = max(int(meta.num_rows * ask.memory_bytes / size), MIN_SAMPLE)
            return _sampled(file.iter_batches(), wanted, ask.seed)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise broken(path, "Parquet", error) from error
    except OSError as error:
        raise broken(path, "Parquet", error) if error.errno is None else cannot_open(path, error) from error


def read_arrow(path: Path, ask: Ask) -> Read:
    """Return the table of an Arrow file, an Arrow stream or a Feather file."""
    import pyarrow as pa

    try:
        with pa.memory_map(str(path)) as source:
            start = bytes(source.read(6))
            source.seek(0)
            reader = pa.ipc.open_file(source) if start == b"ARROW1" else pa.ipc.open_stream(source)
            size = path.stat().st_size * TEXT_GROWTH
            if size <= ask.memory_bytes:
                table = reader.read_all()
                return Read(table=table, n_rows=table.num_rows)
            return _sampled(_batches(reader), _wanted(reader, size, ask), ask.seed)
    except pa.ArrowInvalid as error:
        raise broken(path, "Arrow", error) from error
    except OSError as error:
        raise broken(path, "Arrow", error) if error.errno is None else cannot_open(path, error) from error


def _batches(reader: Any) -> Iterable[pa.RecordBatch]:
    if hasattr(reader, "num_record_batches"):
        return (reader.get_batch(i) for i in range(reader.num_record_batches))
    return reader


def _wanted(reader: Any, size: float, ask: Ask) -> int:
    """Return how many rows fit, judged by a fixed width of columns (the rows of a stream cannot be counted first)."""
    width = 16 * max(len(reader.schema), 1)
    return max(int(ask.memory_bytes / width), MIN_SAMPLE)


def _sampled(batches: Iterable[pa.RecordBatch], wanted: int, seed: int) -> Read:
    import pyarrow as pa

    reservoir = Reservoir(wanted, seed)
    for batch in batches:
        reservoir.add(pa.Table.from_batches([batch]))
    return Read(table=reservoir.result(), n_rows=reservoir.n_seen)


def broken(path: Path, kind: str, error: Exception) -> DataError:
    """Return the error for a file that Arrow cannot read."""
    return DataError(
        f"'{path}' is no readable {kind} file: {str(error).splitlines()[0][:160]}",
        fix="write or download it again",
        code="MW-D120",
    )
