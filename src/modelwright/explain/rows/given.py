"""The row that is to be explained, as people give it: a mapping, or a table that holds one row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelwright.errors import UsageError
from modelwright.format import plural

__all__ = ["one_row"]


def one_row(given: Any) -> Mapping[str, Any]:
    """Return the raw values of one row by column.

    Raises
    ------
    UsageError
        There are more rows or none, or it is no row at all (MW-U831).
    """
    if isinstance(given, Mapping):
        return given
    if type(given).__name__ == "Series" and hasattr(given, "to_dict"):  # of pandas: a row taken out of a frame
        return {str(name): value for name, value in given.to_dict().items()}
    kind = type(given).__name__
    if not hasattr(given, "columns"):
        raise _no_row(f"a {kind} is no row")
    from modelwright.data.reading import read_table

    table, _ = read_table(given)
    if table.num_rows != 1:
        raise _no_row(f"one row is explained at a time, and the {kind} has {plural(table.num_rows, 'row')}")
    row: Mapping[str, Any] = table.to_pylist()[0]
    return row


def _no_row(what: str) -> UsageError:
    return UsageError(what, fix="give a mapping of columns to values, such as frame.iloc[0].to_dict()", code="MW-U831")
