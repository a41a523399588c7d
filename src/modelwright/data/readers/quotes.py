"""A quote that is opened and closed late: what lies between, ends of lines and delimiters, is read as one value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modelwright.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["swallowed_note"]

LEAST_WIDTH = 3
"""In two columns a line of prose with one comma looks like a row."""

REFUSED_LINES, REFUSED_SHARE = 10, 0.05
"""So many lines lost, and so many per row that is left, make another table of it."""

SURE_SHARE = 0.9
"""Of the values with line breaks so many must look like rows: texts may hold a table by chance."""

MOST_VALUES = 1_000


def swallowed_note(table: pa.Table, delimiter: str, where: str) -> tuple[str, ...]:
    """Return what there is to say of rows that quotes have swallowed, nothing where there are none.

    Each end of a line within such a value brings as many delimiters with it as a row has.

    Raises
    ------
    DataError
        They are too many to go on (MW-D138).
    """
    width, lost, named = table.num_columns, 0, ""
    if width < LEAST_WIDTH or len(delimiter) != 1:
        return ()
    for name in table.column_names if len(set(table.column_names)) == width else ():
        broken = _with_breaks(table.column(name))
        swallowed = [n for v in broken if (n := v.count("\n")) * (width - 1) == v.count(delimiter)]
        if swallowed and len(swallowed) >= SURE_SHARE * len(broken):
            lost, named = lost + sum(swallowed), named or name
    if not lost:
        return ()
    ends = f"{lost:,} {'end' if lost == 1 else 'ends'} of a line"
    told = f"{ends} within quotes in column '{named}': quotes are closed late, rows are lost"
    if lost >= REFUSED_LINES and lost >= REFUSED_SHARE * table.num_rows:
        raise DataError(
            f"'{where}': {told}", fix='close the quotes, or double those ("") that belong to a text', code="MW-D138"
        )
    return (told,)


def _with_breaks(column: pa.ChunkedArray) -> list[str]:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return []
    found: list[str] = column.filter(pc.match_substring(column, "\n")).slice(0, MOST_VALUES).to_pylist()
    return found
