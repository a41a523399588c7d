"""Excel and OpenDocument workbooks."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from modelwright.data.readers import Ask, Read
from modelwright.data.readers.dialect import kind_of
from modelwright.data.readers.headers import TWO_ROWS, names_of_two_rows
from modelwright.data.readers.opening import cannot_open
from modelwright.data.readers.values import table_of_rows
from modelwright.errors import DataError, UsageError, did_you_mean

__all__ = ["read"]

MAX_PREAMBLE = 30
LOOKED_AT = 200
"""Rows by which a second row of names is told from data."""


def read(path: Path, ask: Ask) -> Read:
    """Return the table of a sheet: the one named by the query, else the first that is not empty.

    Raises
    ------
    DataError
        The workbook cannot be read, has no sheet, or has no rows of data.
    UsageError
        There is no sheet of that name.
    """
    sheets = _workbook(path)
    names = list(sheets.sheet_names)
    if not names:
        raise DataError(f"'{path}' has no sheet", fix="save it again with a sheet of data", code="MW-D123")
    if ask.query is not None and ask.query not in names:
        raise UsageError(f"'{path}' has no sheet '{ask.query}'", fix=did_you_mean(ask.query, names), code="MW-U111")
    notes: list[str] = []
    for name in [ask.query] if ask.query is not None else names:
        rows = sheets.get_sheet_by_name(name).to_python(skip_empty_area=True)
        rows = [r for r in rows if any(not _blank(v) for v in r)]
        if rows:
            break
    else:
        raise DataError(f"'{path}' has no data in its sheets", fix="give a workbook with data", code="MW-D115")
    if ask.query is None and len(names) > 1:
        notes.append(f"the workbook has {len(names)} sheets: '{name}' is read (name another one with --query)")
    header, body = _header(rows, notes)
    if not body:
        raise DataError(f"sheet '{name}' of '{path}' has no rows of data", fix="give one with data", code="MW-D116")
    body = [[None if _blank(v) else v for v in row] for row in body]
    return Read(table=table_of_rows(header, body), n_rows=len(body), options={"sheet": str(name)}, notes=tuple(notes))


def _workbook(path: Path) -> Any:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        return CalamineWorkbook.from_path(str(path))
    except OSError as error:
        raise cannot_open(path, error) from error
    except CalamineError as error:
        raise DataError(
            f"'{path}' is no readable workbook: {error}", fix="save it again as .xlsx or as CSV", code="MW-D122"
        ) from error


def _blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _header(rows: list[list[Any]], notes: list[str]) -> tuple[list[str], list[list[Any]]]:
    """Return the names and the rows below them; title lines above the header are skipped."""
    width = max(len(r) for r in rows)
    rows = [list(r) + [None] * (width - len(r)) for r in rows]
    filled = [sum(not _blank(v) for v in r) for r in rows]
    start = 0
    while start < min(len(rows) - 1, MAX_PREAMBLE) and filled[start] == 1 and max(filled[start + 1 :]) > 2:
        start += 1
    if start:
        notes.append(f"{start} line{'s' * (start > 1)} before the header skipped")
    first = rows[start]
    if any(isinstance(v, int | float) and not isinstance(v, bool) for v in first) and not _years(first):
        notes.append("the sheet has no header: the columns are named x0, x1, …")
        return [f"x{i}" for i in range(width)], rows[start:]
    names = ["" if _blank(v) else _name(v) for v in first]
    two = _two_rows(names, rows[start + 1 :])
    if two is not None:
        notes.append(TWO_ROWS)
        return two, rows[start + 2 :]
    return names, rows[start + 1 :]


def _two_rows(names: list[str], rows: list[list[Any]]) -> list[str] | None:
    """Return the names where the first of the rows names the columns together with those above it."""
    if not rows:
        return None
    first, *below = [[("", "null") if _blank(v) else (str(v).strip(), _kind(v)) for v in r] for r in rows[:LOOKED_AT]]
    upper, lower = [name.strip() for name in names], [text for text, _ in first]
    return names_of_two_rows(upper, lower, [kind_of(n) for n in upper] + [kind for _, kind in first], below)


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return kind_of(value)
    return "date" if isinstance(value, date | timedelta) else "number"


def _years(cells: list[Any]) -> bool:
    numbers = [v for v in cells if isinstance(v, int | float)]
    return len(numbers) < len(cells) and all(1900 <= v <= 2100 and v == int(v) for v in numbers)


def _name(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value == int(value) else str(value)
