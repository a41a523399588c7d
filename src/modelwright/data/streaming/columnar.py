"""Parquet and Arrow files, batch by batch."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelwright.data.readers.arrow import broken
from modelwright.data.readers.opening import cannot_open
from modelwright.data.streaming.base import Stream, named_and_plain

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ArrowStream", "ParquetStream"]

BUFFER_BYTES = 1 << 20
"""Of each column of a Parquet file that is read at once; a row group may be larger than the memory."""


@contextmanager
def _told(path: Path, kind: str) -> Iterator[None]:
    """Turn what Arrow raises into words, as the readers of whole files do."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise broken(path, kind, error) from error
    except OSError as error:
        raise broken(path, kind, error) if error.errno is None else cannot_open(path, error) from error


class ParquetStream(Stream):
    """A Parquet file; only the columns that are needed are read, texts as dictionaries."""

    def __init__(self, path: Path, chunk_rows: int) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._path, self._chunk_rows, self.format = path, chunk_rows, "parquet"
        self._first_group, self._done = 0, 0
        with _told(path, "Parquet"), pq.ParquetFile(path) as file:
            self._meta = file.metadata
            schema = file.schema_arrow
        self.n_rows = self._meta.num_rows
        self.names, self.types, self._notes = named_and_plain(schema)
        self._raw = dict(zip(self.names, schema.names, strict=True))
        self._texts = [f.name for f in schema if pa.types.is_string(f.type)]
        # A path of Parquet names nested fields with dots, so such names, and doubled ones, cannot be told apart.
        self._selectable = len(set(schema.names)) == len(schema.names) and not any("." in n for n in schema.names)

    def skip_to(self, row: int) -> int:
        skipped = 0
        while self._first_group < self._meta.num_row_groups:
            rows = self._meta.row_group(self._first_group).num_rows
            if skipped + rows > row:
                break
            skipped += rows
            self._first_group += 1
        self._done = skipped
        return skipped

    def tables(self, columns: Collection[str] | None = None) -> Iterator[pa.Table]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        wanted = None if columns is None or not self._selectable else [n for n in self.names if n in columns]
        groups = list(range(self._first_group, self._meta.num_row_groups))
        with (
            _told(self._path, "Parquet"),
            pq.ParquetFile(
                self._path, read_dictionary=self._texts if self._selectable else None, buffer_size=BUFFER_BYTES
            ) as file,
        ):
            selected = None if wanted is None else [self._raw[n] for n in wanted]
            names = self.names if wanted is None else wanted
            if not names:  # only how many rows there are
                yield from _bare(self._meta.num_rows - self._done, self._chunk_rows)
                return
            for batch in file.iter_batches(batch_size=self._chunk_rows, row_groups=groups, columns=selected):
                self._done += batch.num_rows
                yield _ordered(pa.Table.from_batches([batch]), selected).rename_columns(list(names))

    def notes(self) -> tuple[str, ...]:
        return tuple(self._notes)

    def share(self) -> float | None:
        return self._done / max(self.n_rows or 0, 1)


def _ordered(table: pa.Table, names: list[str] | None) -> pa.Table:
    return table if names is None or table.column_names == names else table.select(names)


def _bare(n_rows: int, chunk_rows: int) -> Iterator[pa.Table]:
    import pyarrow as pa

    for start in range(0, n_rows, chunk_rows):
        yield pa.table({"": pa.nulls(min(chunk_rows, n_rows - start))})


class ArrowStream(Stream):
    """An Arrow file, an Arrow stream or a Feather file, mapped into memory."""

    def __init__(self, path: Path) -> None:
        self._path, self.format, self._read = path, "arrow", 0.0
        with _told(path, "Arrow"), self._opened() as reader:
            self.names, self.types, self._notes = named_and_plain(reader.schema)

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        import pyarrow as pa

        with pa.memory_map(str(self._path)) as source:
            self._size = max(source.size(), 1)
            start = bytes(source.read(6))
            source.seek(0)
            self._source = source
            yield pa.ipc.open_file(source) if start == b"ARROW1" else pa.ipc.open_stream(source)

    def tables(self, columns: Collection[str] | None = None) -> Iterator[pa.Table]:
        import pyarrow as pa

        keep = [i for i, name in enumerate(self.names) if columns is None or name in columns]
        names = [self.names[i] for i in keep]
        with _told(self._path, "Arrow"), self._opened() as reader:
            file = hasattr(reader, "num_record_batches")
            batches = (reader.get_batch(i) for i in range(reader.num_record_batches)) if file else reader
            for position, batch in enumerate(batches, 1):
                batch.validate()
                self._read = position / reader.num_record_batches if file else self._source.tell() / self._size
                table = pa.Table.from_batches([batch])
                yield table.select(keep).rename_columns(names) if names else table.rename_columns(list(self.names))

    def notes(self) -> tuple[str, ...]:
        return tuple(self._notes)

    def share(self) -> float | None:
        return self._read
