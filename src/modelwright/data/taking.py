"""Rows as they are given to a version: a mapping of columns, records, or any source of data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelwright.data.rows import is_records
from modelwright.errors import DataError

__all__ = ["as_table", "as_table_told"]


def as_table(rows: Any, *, query: str | None = None) -> Any:
    """Return a mapping of columns as it is; a list of records as one; read anything else as a source of data.

    Raises
    ------
    DataError
        The source cannot be read, a row of it would be left out, or its rows do not all fit in memory (MW-D601).
    """
    return as_table_told(rows, query=query)[0]


def as_table_told(rows: Any, *, query: str | None = None) -> tuple[Any, tuple[str, ...]]:
    """Return what `as_table` does, and notes on what was repaired in reading."""
    if isinstance(rows, Mapping):
        return rows, ()
    if is_records(rows):
        names = dict.fromkeys(name for record in rows for name in record)
        return {name: [record.get(name) for record in rows] for name in names}, ()
    from modelwright.data.reading import read_table

    table, source = read_table(rows, query=query, every_row=True)
    if source.n_rows_read < source.n_rows:  # a sample is enough to learn from, but every row wants its answer
        raise DataError(
            f"'{source.location}' does not fit in memory: {source.n_rows:,} rows",
            fix="score it into a file, with 'modelwright predict' or Project.score_file",
            code="MW-D601",
        )
    return table, source.notes
