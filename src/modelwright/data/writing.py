"""Write a table of answers, whole or in parts. A reader of the file sees the old one or the whole new one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from modelwright.errors import ModelwrightError, ProjectError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["as_table", "cannot_write", "check_place", "check_writable", "even", "write_table", "write_tables"]

EXCEL_MAX_ROWS = 1_048_576  # of a sheet, the header included
PART_ROWS = 1 << 16
"""Rows that are written at once: of a row group, of a batch."""


def write_table(columns: Mapping[str, np.ndarray | Sequence[Any]], path: Path) -> None:
    """Write columns to a file in the format of its extension.

    Parameters
    ----------
    columns : mapping of name to values
        All of one length; None and NaN are written as empty.
    path : Path
        ``.csv``, ``.tsv`` (both also ``.gz``), ``.parquet``, ``.arrow``, ``.feather``, ``.jsonl`` or ``.xlsx``.

    Raises
    ------
    UsageError
        The extension is unknown, or the table is too long for a sheet.
    ProjectError
        The folder does not exist or cannot be written, or the disk is full. A file that was there is unchanged.
    """
    table = as_table(columns)
    write_tables(table.schema, [table], path)


def write_tables(schema: pa.Schema, tables: Iterable[pa.Table], path: Path) -> None:
    """Write tables with one schema into one file, as `write_table` does; memory stays that of a few of them.

    The file is the same however the rows are cut into tables. What is raised in giving the tables leaves no file.
    """
    path = Path(path)
    writer = _writer(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        writer(schema, even(schema, tables), temporary)
        with open(temporary, "rb") as handle:
            os.fsync(handle.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def even(schema: pa.Schema, tables: Iterable[pa.Table], rows: int = PART_ROWS) -> Iterator[pa.Table]:
    """Yield tables of ``rows`` rows each, the last of fewer; one without rows where there are none."""
    import pyarrow as pa

    held: list[pa.Table] = []
    n_held = n_given = 0
    for table in tables:
        held.append(table)
        n_held += table.num_rows
        while n_held >= rows:
            joined = pa.concat_tables(held)
            yield joined.slice(0, rows).combine_chunks()
            held, n_held, n_given = [joined.slice(rows)], n_held - rows, n_given + rows
    if n_held or not n_given:
        yield pa.concat_tables(held).combine_chunks() if held else schema.empty_table()


def check_writable(path: Path) -> None:
    """Raise what `write_table` would raise for this path, before the work is done; writes nothing.

    Raises
    ------
    UsageError
        The extension is unknown.
    ProjectError
        The folder does not exist or cannot be written.
    """
    _writer(Path(path))
    check_place(Path(path))


def check_place(path: Path) -> None:
    """Raise ProjectError where no file can be made at a path: it is a folder, or its folder is missing or closed."""
    folder = path.parent
    if path.is_dir():
        raise ProjectError(f"'{path}' is a folder", fix="name a file in it", code="MW-P006")
    if not folder.is_dir():
        raise ProjectError(f"the folder '{folder}' does not exist", fix="create it first", code="MW-P004")
    if not os.access(folder, os.W_OK):
        raise ProjectError(f"'{folder}' may not be written", fix="choose another folder", code="MW-P005")


def cannot_write(path: Path, error: OSError) -> ModelwrightError:
    """Return the error for a file that the system does not let us write."""
    if isinstance(error, FileNotFoundError) and not path.parent.is_dir():
        return ProjectError(f"the folder '{path.parent}' does not exist", fix="create it first", code="MW-P004")
    if isinstance(error, IsADirectoryError):
        return ProjectError(f"'{path}' is a folder", fix="name a file in it", code="MW-P006")
    reason = error.strerror or str(error)
    if isinstance(error, FileNotFoundError):  # a folder of the system
        reason = f"'{path.parent}' takes no files"
    return ProjectError(
        f"'{path}' cannot be written: {reason}",
        fix="free some disk space or choose another folder",
        code="MW-P005",
    )


def _writer(path: Path) -> Callable[[Any, Iterable[Any], Path], None]:
    name = path.name.lower()
    for suffix, writer in _WRITERS.items():
        if name.endswith(suffix):
            return writer
    raise UsageError(
        f"'{path}' has no extension that can be written", fix=f"use one of {', '.join(_WRITERS)}", code="MW-U118"
    )


def as_table(columns: Mapping[str, np.ndarray | Sequence[Any]]) -> pa.Table:
    """Return columns as an Arrow table; NaN becomes null."""
    import pyarrow as pa

    from modelwright.data.readers.values import column_of

    arrays = [v if isinstance(v, pa.Array | pa.ChunkedArray) else _array(v, column_of) for v in columns.values()]
    return pa.table(arrays, names=list(columns)) if arrays else pa.table({})


def _array(values: np.ndarray | Sequence[Any], column_of: Callable[[Sequence[Any]], Any]) -> Any:
    import pyarrow as pa

    if isinstance(values, np.ndarray) and values.dtype.kind in "iufbmM":
        return pa.array(values, from_pandas=True)
    return column_of(values.tolist() if isinstance(values, np.ndarray) else list(values))


def _write_csv(
    schema: pa.Schema, tables: Iterable[pa.Table], path: Path, delimiter: str = ",", compression: str | None = None
) -> None:
    import pyarrow as pa
    import pyarrow.csv as pacsv

    options = pacsv.WriteOptions(delimiter=delimiter, quoting_style="needed")
    with (
        pa.output_stream(str(path), compression=compression) as sink,
        pacsv.CSVWriter(sink, schema, write_options=options) as writer,
    ):
        for table in tables:
            writer.write_table(table)


def _write_csv_gz(schema: pa.Schema, tables: Iterable[pa.Table], path: Path) -> None:
    _write_csv(schema, tables, path, compression="gzip")


def _write_tsv(schema: pa.Schema, tables: Iterable[pa.Table], path: Path) -> None:
    _write_csv(schema, tables, path, delimiter="\t")


def _write_tsv_gz(schema: pa.Schema, tables: Iterable[pa.Table], path: Path) -> None:
    _write_csv(schema, tables, path, delimiter="\t", compression="gzip")


def _write_parquet(schema: pa.Schema, tables: Iterable[pa.Table], path: Path) -> None:
    import pyarrow.parquet as pq

    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for table in tables:
            writer.write_table(table)


def _write_arrow(schema: pa.Schema, tables: Iterable[pa.Table], path: Path) -> None:
    import pyarrow as pa

    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for table in tables:
            writer.write_table(table)


def _write_jsonl(schema: pa.Schema, tables: Iterable[pa.Table], path: Path) -> None:
    import msgspec

    encoder = msgspec.json.Encoder()
    with open(path, "wb") as handle:
        for table in tables:
            handle.write(encoder.encode_lines(table.to_pylist()))


def _write_xlsx(schema: pa.Schema, tables: Iterable[pa.Table], path: Path) -> None:
    from modelwright.data.workbook import write_workbook

    write_workbook(schema.names, _rows_of_sheet(tables), path)


def _rows_of_sheet(tables: Iterable[pa.Table]) -> Iterator[Iterable[Any]]:
    n_rows = 0
    for table in tables:
        n_rows += table.num_rows
        if n_rows >= EXCEL_MAX_ROWS:
            raise UsageError(
                f"more than {EXCEL_MAX_ROWS - 1:,} rows are too many for a sheet of Excel",
                fix="write .csv or .parquet",
                code="MW-U119",
            )
        for row in table.to_pylist():
            yield row.values()


_WRITERS: dict[str, Callable[[Any, Iterable[Any], Path], None]] = {
    ".csv": _write_csv,
    ".csv.gz": _write_csv_gz,
    ".tsv": _write_tsv,
    ".tsv.gz": _write_tsv_gz,
    ".parquet": _write_parquet,
    ".arrow": _write_arrow,
    ".feather": _write_arrow,
    ".jsonl": _write_jsonl,
    ".ndjson": _write_jsonl,
    ".xlsx": _write_xlsx,
}
