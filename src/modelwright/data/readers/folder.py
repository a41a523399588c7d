"""A folder of files with the same columns, read as one table in order of their names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from modelwright.data.readers import COMPRESSED, SUFFIXES, Ask, Read
from modelwright.data.readers.opening import cannot_open
from modelwright.data.tidying import listed, plain_table
from modelwright.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["as_text", "check_columns", "data_files", "no_files", "read"]


def read(folder: Path, ask: Ask) -> Read:
    """Return the rows of all data files in a folder; hidden files and those of no known format are passed over.

    Raises
    ------
    DataError
        There is no data file, or the files differ in their columns.
    """
    from modelwright.data.reading import digest_of_parts, read_file

    files, passed_over = data_files(folder)
    if not files:
        raise no_files(folder, passed_over)
    total = max(sum(f.stat().st_size for f in files), 1)
    tables: list[pa.Table] = []
    notes: list[str] = []
    digests: list[str] = []
    n_rows = 0
    for file in files:
        share = int(ask.memory_bytes * file.stat().st_size / total)
        _, part = read_file(file, replace(ask, memory_bytes=max(share, 1)))
        table, repairs = plain_table(part.table)
        check_columns(files[0], (tables[0] if tables else table).column_names, file, table.column_names)
        tables.append(table)
        n_rows += part.n_rows
        digests.append(part.digest or "")
        notes += [f"{file.name}: {note}" for note in (*part.notes, *repairs)]
    if passed_over:
        notes.append(f"passed over, no data files: {listed(passed_over)}")
    return Read(
        table=_joined(tables, notes),
        n_rows=n_rows,
        options={"files": str(len(files))},
        notes=tuple(notes),
        n_bytes=total,
        digest=digest_of_parts(digests),
    )


def no_files(folder: Path, passed_over: Sequence[str] = ()) -> DataError:
    """Return the error for a folder without data, with what there is instead."""
    inside = [p for p in sorted(folder.iterdir()) if p.is_dir() and not p.name.startswith(".")]
    if passed_over:
        told = f": {listed(passed_over)} is of no format that holds a table"
        told = told.replace(" is of", " are of") if len(passed_over) > 1 else told
    elif inside:
        told = f": its files, if any, lie in folders below it ({listed([p.name for p in inside])})"
    else:
        told = ""
    return DataError(
        f"the folder '{folder}' holds no data file{told}",
        fix="give a file, or a folder with CSV or Parquet files; images, sound and documents are not learned from",
        code="MW-D130",
    )


def data_files(folder: Path) -> tuple[list[Path], list[str]]:
    """Return the files of data in order of their names, and the names of those that are passed over."""
    try:
        entries = sorted(p for p in folder.iterdir() if p.is_file() and p.name[0] not in "._")
    except OSError as error:
        raise cannot_open(folder, error) from error
    known = [p for p in entries if _suffix(p) in SUFFIXES]
    return known, [p.name for p in entries if p not in known]


def _suffix(path: Path) -> str:
    return path.with_suffix("").suffix.lower() if path.suffix.lower() in COMPRESSED else path.suffix.lower()


def check_columns(first: Path, one: Sequence[str], file: Path, other: Sequence[str]) -> None:
    """Raise DataError where the columns of a file are not those of the first."""
    if set(one) == set(other):
        return
    lacking = [n for n in one if n not in other]
    extra = [n for n in other if n not in one]
    told = [f"lacks {listed(lacking)}"] * bool(lacking) + [f"has also {listed(extra)}"] * bool(extra)
    raise DataError(
        f"the files of the folder differ: against '{first.name}', '{file.name}' {' and '.join(told)}",
        fix="keep files with the same columns in a folder of their own; join tables that belong together into one",
        code="MW-D131",
    )


def _joined(tables: list[pa.Table], notes: list[str]) -> pa.Table:
    """Return one table; a column whose type differs between the files becomes text."""
    import pyarrow as pa

    names = tables[0].column_names
    tables = [t.select(names) for t in tables]
    for name in names:
        kinds = {t.schema.field(name).type for t in tables}
        if len(kinds) > 1 and not all(pa.types.is_integer(k) or pa.types.is_floating(k) for k in kinds):
            notes.append(f"the type of '{name}' differs between the files: read as text")
            tables = [as_text(t, name) for t in tables]
    return pa.concat_tables(tables, promote_options="permissive")


def as_text(table: pa.Table, name: str) -> pa.Table:
    """Return the table with a column as texts."""
    import pyarrow as pa

    from modelwright.data.canonical import raw_strings

    position = table.column_names.index(name)
    texts = raw_strings(table, [name])[name]
    return table.set_column(position, name, pa.array(texts.tolist(), pa.string()))
