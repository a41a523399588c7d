"""Write a table of answers. A reader of the file sees the old one or the new one, never a part."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from modelwright.errors import ModelwrightError, ProjectError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["check_writable", "write_table"]

EXCEL_MAX_ROWS = 1_048_576  # of a sheet, the header included


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
    path = Path(path)
    writer = _writer(path)
    table = _as_table(columns)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        writer(table, temporary)
        with open(temporary, "rb") as handle:
            os.fsync(handle.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise _cannot_write(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def check_writable(path: Path) -> None:
    """Raise what `write_table` would raise for this path, before the work is done; writes nothing.

    Raises
    ------
    UsageError
        The extension is unknown.
    ProjectError
        The folder does not exist or cannot be written.
    """
    path = Path(path)
    _writer(path)
    folder = path.parent
    if path.is_dir():
        raise ProjectError(f"'{path}' is a folder", fix="name a file in it", code="MW-P006")
    if not folder.is_dir():
        raise ProjectError(f"the folder '{folder}' does not exist", fix="create it first", code="MW-P004")
    if not os.access(folder, os.W_OK):
        raise ProjectError(f"'{folder}' may not be written", fix="choose another folder", code="MW-P005")


def _cannot_write(path: Path, error: OSError) -> ModelwrightError:
    if isinstance(error, FileNotFoundError):
        return ProjectError(f"the folder '{path.parent}' does not exist", fix="create it first", code="MW-P004")
    if isinstance(error, IsADirectoryError):
        return ProjectError(f"'{path}' is a folder", fix="name a file in it", code="MW-P006")
    reason = error.strerror or str(error)
    return ProjectError(
        f"'{path}' cannot be written: {reason}", fix="free some disk space or choose another folder", code="MW-P005"
    )


def _writer(path: Path) -> Callable[[pa.Table, Path], None]:
    name = path.name.lower()
    for suffix, writer in _WRITERS.items():
        if name.endswith(suffix):
            return writer
    raise UsageError(
        f"'{path}' has no extension that can be written", fix=f"use one of {', '.join(_WRITERS)}", code="MW-U118"
    )


def _as_table(columns: Mapping[str, np.ndarray | Sequence[Any]]) -> pa.Table:
    import pyarrow as pa

    from modelwright.data.readers.values import column_of

    arrays = [v if isinstance(v, pa.Array | pa.ChunkedArray) else _array(v, column_of) for v in columns.values()]
    return pa.table(arrays, names=list(columns)) if arrays else pa.table({})


def _array(values: np.ndarray | Sequence[Any], column_of: Callable[[Sequence[Any]], Any]) -> Any:
    import pyarrow as pa

    if isinstance(values, np.ndarray) and values.dtype.kind in "iufbmM":
        return pa.array(values, from_pandas=True)
    return column_of(values.tolist() if isinstance(values, np.ndarray) else list(values))


def _write_csv(table: pa.Table, path: Path, delimiter: str = ",", compression: str | None = None) -> None:
    import pyarrow as pa
    import pyarrow.csv as pacsv

    with pa.output_stream(str(path), compression=compression) as sink:
        pacsv.write_csv(table, sink, pacsv.WriteOptions(delimiter=delimiter, quoting_style="needed"))


def _write_csv_gz(table: pa.Table, path: Path) -> None:
    _write_csv(table, path, compression="gzip")


def _write_tsv(table: pa.Table, path: Path) -> None:
    _write_csv(table, path, delimiter="\t")


def _write_tsv_gz(table: pa.Table, path: Path) -> None:
    _write_csv(table, path, delimiter="\t", compression="gzip")


def _write_parquet(table: pa.Table, path: Path) -> None:
    import pyarrow.parquet as pq

    pq.write_table(table, path, compression="zstd")


def _write_arrow(table: pa.Table, path: Path) -> None:
    import pyarrow.feather as feather

    feather.write_feather(table, str(path), compression="uncompressed")


def _write_jsonl(table: pa.Table, path: Path) -> None:
    import msgspec

    encoder = msgspec.json.Encoder()
    with open(path, "wb") as handle:
        for batch in table.to_batches(max_chunksize=50_000):
            handle.write(encoder.encode_lines(batch.to_pylist()))


def _write_xlsx(table: pa.Table, path: Path) -> None:
    from modelwright.data.workbook import write_workbook

    if table.num_rows >= EXCEL_MAX_ROWS:
        raise UsageError(
            f"{table.num_rows} rows are too many for a sheet of Excel", fix="write .csv or .parquet", code="MW-U119"
        )
    write_workbook(table.column_names, (row.values() for b in table.to_batches() for row in b.to_pylist()), path)


_WRITERS: dict[str, Callable[[Any, Path], None]] = {
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
