"""Read a table from anywhere: the front door. Readers live in `data/readers/`, one file per family of formats."""

from __future__ import annotations

import os
import re
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelwright.data.readers import COMPRESSED, COMPRESSIONS, MAGIC, READERS, SUFFIXES, Ask, Read
from modelwright.data.readers.opening import cannot_open, first_bytes
from modelwright.data.source import LEFT_OUT, Source
from modelwright.data.tidying import plain_table
from modelwright.data.totals import without_total
from modelwright.documents import digest_bytes, digest_file
from modelwright.errors import DataError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "digest_of_parts",
    "format_of",
    "holds_value",
    "no_rows",
    "no_value",
    "read_file",
    "read_table",
    "refuse_query",
]

MEMORY_SHARE = 0.25
"""Share of the available memory that a raw table may take where nothing was said: copies of it follow."""

QUERIED = frozenset({"sql", "sqlite", "excel"})
"""Formats for which a query means something."""


def read_table(
    source: Any,
    *,
    query: str | None = None,
    memory_bytes: int | None = None,
    seed: int = 0,
    every_row: bool = False,
) -> tuple[pa.Table, Source]:
    """Return a raw table and the document of where it came from.

    Parameters
    ----------
    source : str, Path, or a table in memory
        A file (CSV and other delimited texts, Parquet, Arrow, JSON lines, Excel, SQLite), a folder of files with the
        same columns, a database URL, or a pandas, polars or Arrow table or a mapping of names to values.
    query : str, optional
        SQL or the name of a table for a database; the name of a sheet for a workbook.
    memory_bytes : int, optional
        Most bytes the raw table may take; a larger source is streamed and a uniform sample of its rows is read.
    seed : int
        Of that sample.
    every_row : bool
        Refuse a source of which a row would have to be left out: rows to score, whose answers are told by position.

    Returns
    -------
    table : pyarrow.Table
        Unique column names; texts, numbers, booleans, timestamps, dates and durations. Texts are as in the file.
    source : Source

    Raises
    ------
    DataError
        The source cannot be read; nothing is written.
    UsageError
        The source or the query cannot be understood.
    MissingExtra
        An optional library is needed.
    """
    ask = Ask(query=query, memory_bytes=memory_bytes or _default_memory(), seed=seed, every_row=every_row)
    location, kind, read = _dispatch(source, ask)
    table, repairs = plain_table(read.table)
    notes = [*read.notes, *repairs]
    _refuse_empty(table, location)
    options, n_rows = read.options, read.n_rows
    if not every_row and kind != "memory" and table.num_rows == n_rows:
        table, told = without_total(table)
        if told:
            notes.append(told)
            options, n_rows = {**options, LEFT_OUT: str(n_rows - table.num_rows)}, table.num_rows
    if table.num_rows < n_rows:
        notes.append(
            f"the source does not fit in memory: {table.num_rows:,} of its {n_rows:,} rows are read, "
            "a uniform random sample"
        )
    return table, Source(
        location=location,
        format=kind,
        options=options,
        n_rows=n_rows,
        n_rows_read=table.num_rows,
        n_columns=table.num_columns,
        n_bytes=read.n_bytes,
        digest=read.digest or _digest_of_table(table),
        notes=tuple(notes),
    )


def _dispatch(source: Any, ask: Ask) -> tuple[str, str, Read]:
    """Return the location without secrets, the format, and what the reader of that format returned."""
    if not isinstance(source, str | os.PathLike):
        refuse_query("memory", ask.query)
        return "<memory>", "memory", _reader("memory")(source, ask)
    text = os.fspath(source)
    if re.match(r"[A-Za-z][\w+.-]*://", text):
        from modelwright.data.readers.sql import as_file, redacted

        file = as_file(text)
        if text.startswith("file://"):
            file = Path(re.sub(r"^file://(localhost)?", "", text))
        if file is None:
            return redacted(text), "sql", _reader("sql")(text, ask)
        text = str(file)
    path = Path(text).expanduser()
    if path.is_dir():
        refuse_query("folder", ask.query)
        return str(path), "folder", _reader("folder")(path, ask)
    kind, read = read_file(path, ask)
    return str(path), kind, read


def refuse_query(kind: str, query: str | None) -> None:
    """Raise UsageError where a query says nothing about a source of this format."""
    if query is not None and kind not in QUERIED:
        raise UsageError(
            f"a query says nothing about a source of format {kind}",
            fix="leave it out; it is for databases and for the sheets of a workbook",
            code="MW-U120",
        )


def _reader(kind: str) -> Any:
    module, _, name = READERS[kind].partition(":")
    return getattr(import_module(module), name)


def read_file(path: Path, ask: Ask) -> tuple[str, Read]:
    """Return the format of one file and its table, with size and digest of the file."""
    from dataclasses import replace

    try:
        size = path.stat().st_size
    except OSError as error:
        raise cannot_open(path, error) from error
    if not path.is_file():
        raise DataError(f"'{path}' is no ordinary file", fix="give a file or a folder", code="MW-D112")
    start = first_bytes(path)
    if not start:
        raise DataError(f"'{path}' is empty", fix="check how it was written", code="MW-D115")
    if path.suffix.lower() == ".zip" and start.startswith(b"PK"):
        return _read_zip(path, ask, size)
    kind, note = format_of(path, start)
    refuse_query(kind, ask.query)
    read = _reader(kind)(path, ask)
    notes = (*((note,) if note else ()), *read.notes)
    return kind, replace(read, n_bytes=size, digest=digest_file(path), notes=notes)


def _read_zip(path: Path, ask: Ask, size: int) -> tuple[str, Read]:
    from dataclasses import replace

    from modelwright.data.readers.zipped import unpacked

    with unpacked(path) as inner:
        if inner.suffix.lower() == ".zip":
            raise DataError(f"'{path}' holds another archive", fix="unpack it", code="MW-D134")
        try:
            kind, read = read_file(inner, ask)
        except DataError as error:  # the temporary name would say nothing
            what = error.what.replace(str(inner), f"{path}/{inner.name}")
            raise DataError(what, fix=error.fix, code=error.code) from error
    options = {**read.options, "compression": "zip"}
    return kind, replace(read, n_bytes=size, digest=digest_file(path), options=options)


def format_of(path: Path, start: bytes) -> tuple[str, str]:
    """Return the format of a file by its first bytes, then by its name; and a note where the two disagree."""
    suffix = path.suffix.lower()
    if suffix in COMPRESSED or any(start.startswith(magic) for magic, _ in COMPRESSIONS):
        suffix = path.with_suffix("").suffix.lower() if suffix in COMPRESSED else suffix
    named = SUFFIXES.get(suffix)
    found = next((kind for magic, kind in MAGIC if start.startswith(magic)), None)
    if found is not None and found != named and (named is not None or start[:2] != b"PK"):
        told = f"the name of '{path.name}' says {named}, its content is {found}" if named else ""
        return found, told
    if named is not None:
        return named, ""
    if suffix == "" or suffix in COMPRESSED:
        return "csv", ""
    raise DataError(
        f"'{path}' has the unknown extension '{suffix}'",
        fix="give CSV, TSV, Parquet, Arrow, JSON lines, Excel or SQLite with its usual extension",
        code="MW-D119",
    )


def _refuse_empty(table: pa.Table, location: str) -> None:
    """Refuse a table of which no cell holds a value."""
    if table.num_columns == 0:
        raise DataError(f"'{location}' has no columns", fix="give a table with data", code="MW-D116")
    if not holds_value(table.slice(0, 1000)) and not holds_value(table):
        raise no_value(location)


def holds_value(table: pa.Table) -> bool:
    """Return whether a cell of a table holds something that does not mean missing in every column."""
    from modelwright.data.parsing.texts import is_missing_text
    from modelwright.data.raw import raw_of

    for column in table.columns:
        if column.null_count < len(column):
            values, codes = raw_of(column).distinct()
            if (codes >= 0).any() and any(not (isinstance(v, str) and is_missing_text(v.strip())) for v in values):
                return True
    return False


def no_value(location: str) -> DataError:
    """Return the error for a source of which no cell holds a value."""
    return DataError(f"no column of '{location}' holds a value", fix="check how it was written", code="MW-D133")


def no_rows(location: str) -> DataError:
    """Return the error for a source without rows."""
    return DataError(f"'{location}' has no rows", fix="give a table with data", code="MW-D116")


def _default_memory() -> int:
    import psutil

    return int(psutil.virtual_memory().available * MEMORY_SHARE)


def digest_of_parts(parts: list[str]) -> str:
    """Return the digest of a list of digests."""
    return digest_bytes("\n".join(parts).encode())


class _Hashing:
    """A file that only takes the digest of what is written to it."""

    def __init__(self) -> None:
        import hashlib

        self.hash = hashlib.sha256()
        self.closed = False

    def write(self, data: Any) -> int:
        self.hash.update(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        self.closed = True


def _digest_of_table(table: pa.Table) -> str:
    """Return the digest of a table's content, the same for the same values however they are cut into chunks."""
    import pyarrow as pa

    sink = _Hashing()
    with pa.ipc.new_stream(pa.PythonFile(sink, mode="w"), table.schema.remove_metadata()) as writer:
        for batch in table.replace_schema_metadata(None).combine_chunks().to_batches(max_chunksize=1 << 20):
            writer.write_batch(batch)
    return "sha256:" + sink.hash.hexdigest()
