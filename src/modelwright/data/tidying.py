"""Arrow tables made plain: unique names, and types that a contract knows.

A plain table holds texts, numbers, booleans, timestamps, dates and durations. Dictionaries become texts, decimals
floats, times durations, and lists, structs, maps and bytes JSON or text. What had to be changed is told in notes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from modelwright.data.parsing.texts import text_of
from modelwright.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "MAX_NAMED",
    "listed",
    "named_twice",
    "plain_column",
    "plain_table",
    "unique_names",
    "view_bytes",
    "without_views",
]

UTC_NAMES = frozenset({"UTC", "Z", "+00:00", "ETC/UTC", "UCT", "ZULU"})
MAX_NAMED = 8  # columns named in a note before it says "and n more"


def plain_column(column: Any) -> pa.ChunkedArray:
    """Return the column with a plain type; the same object where it has one."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not isinstance(column, pa.ChunkedArray):
        column = pa.chunked_array([column])
    kind = column.type
    if isinstance(kind, pa.ExtensionType):
        column = pa.chunked_array([c.storage for c in column.chunks], type=kind.storage_type)
        return plain_column(column)
    column = without_views(column)
    kind = column.type
    if pa.types.is_dictionary(kind):
        return plain_column(pc.cast(column, kind.value_type))
    if pa.types.is_null(kind):
        return pc.cast(column, pa.string())
    if pa.types.is_decimal(kind):  # by its text: the number that CSV and JSON have, where a cast errs in the last digit
        return pc.cast(pc.cast(column, pa.string()), pa.float64())
    if pa.types.is_float16(kind):
        return pc.cast(column, pa.float64())
    if pa.types.is_time(kind):
        micro = pc.cast(pc.cast(column, pa.time64("us")), pa.int64())
        return pc.cast(micro, pa.duration("us"))
    if _is_nested(kind):
        texts = [None if v is None else text_of(dict(v) if pa.types.is_map(kind) else v) for v in column.to_pylist()]
        return pa.chunked_array([pa.array(texts, pa.string())])
    return column


def without_views(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the column with texts in the place of views of texts, with which Arrow computes little; the same object
    where it holds none.

    Raises
    ------
    DataError
        See `view_bytes`: Arrow itself would write beyond the memory that it takes for such a column.
    """
    import pyarrow as pa

    kind = column.type
    if pa.types.is_string_view(kind):
        view_bytes(column)
        return column.cast(pa.string())
    if pa.types.is_dictionary(kind) and pa.types.is_string_view(kind.value_type):
        view_bytes(column)
        chunks = [pa.DictionaryArray.from_arrays(c.indices, c.dictionary.cast(pa.string())) for c in column.chunks]
        return pa.chunked_array(chunks, pa.dictionary(kind.index_type, pa.string()))
    return column


def view_bytes(column: pa.ChunkedArray) -> int:
    """Return the bytes that views of texts take when they are written out, those of dictionaries once; what lies in
    the place of a missing one counts, because Arrow counts it. 0 where there are no views.

    Raises
    ------
    DataError
        A view has a negative length (MW-D137). Arrow looks at no view in the place of a missing value, whatever it
        holds, and then adds up all lengths.
    """
    import numpy as np
    import pyarrow as pa

    total = 0
    for chunk in column.chunks:
        values = chunk.dictionary if pa.types.is_dictionary(chunk.type) else chunk
        if pa.types.is_string_view(values.type) and len(values):
            views = np.frombuffer(values.buffers()[1], "<i4", count=4 * len(values), offset=16 * values.offset)
            lengths = views[::4].astype(np.int64)  # each view begins with the length of its text
            if lengths.min() < 0:
                raise DataError(
                    "the table is broken: a text has a negative length",
                    fix="write it again with the library that it comes from",
                    code="MW-D137",
                )
            total += int(lengths.sum())
    return total


def _is_nested(kind: pa.DataType) -> bool:
    import pyarrow as pa

    binary = pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)
    return pa.types.is_nested(kind) or binary or "binary" in str(kind) or "month_day_nano" in str(kind)


def plain_table(table: pa.Table) -> tuple[pa.Table, list[str]]:
    """Return the table with unique names and plain types, and notes on what was changed."""
    import pyarrow as pa

    names, notes = unique_names(table.column_names)
    nested = [name for name, kind in zip(names, table.schema.types, strict=True) if _is_nested(kind)]
    if nested:
        notes.append(f"{listed(nested)}: nested or binary values are read as text")
    for zone, zoned in _zoned(names, table.schema.types).items():
        notes.append(
            f"{listed(zoned)}: times of zone {zone} are read in UTC, where a day may begin in the evening before"
        )
    columns = [plain_column(c) for c in table.columns]
    return pa.table(columns, names=names) if columns else table, notes


def _zoned(names: Sequence[str], kinds: Sequence[pa.DataType]) -> dict[str, list[str]]:
    """Return the columns of times by their zone, but for those in UTC."""
    zoned: dict[str, list[str]] = {}
    for name, kind in zip(names, kinds, strict=True):
        zone = getattr(kind, "tz", None)
        if zone and zone.upper() not in UTC_NAMES:
            zoned.setdefault(zone, []).append(name)
    return zoned


def unique_names(names: Sequence[Any]) -> tuple[list[str], list[str]]:
    """Return names that are stripped, not empty and unique, and notes on what was changed.

    An empty name becomes ``unnamed_`` and its position; the second "price" becomes "price.1".
    """
    notes: list[str] = []
    raw = [str(n) for n in names]
    stripped = [" ".join(n.split()) if "\n" in n else n.strip() for n in raw]
    if blank := [s for n, s in zip(raw, stripped, strict=True) if n != s and s and "\n" not in n.strip()]:
        notes.append(f"blanks around the name removed: {listed(blank)}")
    if broken := [s for n, s in zip(raw, stripped, strict=True) if "\n" in n.strip()]:
        notes.append(f"line breaks in the name are blanks: {listed(broken)}")
    taken = set(stripped) - {""}
    seen: set[str] = set()
    unique: list[str] = []
    for position, name in enumerate(stripped):
        base = name or f"unnamed_{position}"
        new, number = base, 0
        while new in seen or (number and new in taken):
            number += 1
            new = f"{base}.{number}"
        if not name:
            notes.append(f"column {position + 1} has no name: it is now '{new}'")
        elif new != name:
            notes.append(f"{named_twice(name)}: column {position + 1} is now '{new}'")
        seen.add(new)
        unique.append(new)
    return unique, notes


def named_twice(name: str) -> str:
    """Return how the note begins that a name is that of several columns."""
    return f"more than one column is named '{name}'"


def listed(names: Sequence[str]) -> str:
    """Return the first names in quotes, and how many more there are."""
    shown = ", ".join(f"'{n}'" for n in names[:MAX_NAMED])
    return shown + (f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else "")
