"""The total and the notes that spreadsheets have below their rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["TOTAL_WORDS", "says_total", "without_total"]

TOTAL_WORDS = frozenset(
    (
        *("total", "totals", "grand total", "sum", "overall total"),
        *("summe", "gesamt", "gesamtsumme", "insgesamt", "somme", "totale", "totaal", "suma", "totalt"),
    )
)
MOST_NOTES = 20
"""Lines below the total: footnotes, sources."""
LEAST_ROWS = 20
"""With fewer rows beside it a row that says 'total' may be one of few kinds of rows."""


def says_total(value: Any) -> bool:
    """Return whether a cell says that its row is a total."""
    return isinstance(value, str) and value.strip(" .:*").casefold() in TOTAL_WORDS


def without_total(table: pa.Table) -> tuple[pa.Table, str]:
    """Return the table without a last row that says it is a total and the notes below it, and what was left out.

    The word stands in no other row of its column: levels of a category are in several, and a table with a total for
    every group is more than this. Notes are rows with one cell each; they end the table only below a total.

    Parameters
    ----------
    table : pyarrow.Table
        A whole file, as it was read.

    Returns
    -------
    table : pyarrow.Table
    told : str
        What was left out and why, ``""`` where nothing was.
    """
    n = table.num_rows
    if n < LEAST_ROWS or table.num_columns < 2:
        return table, ""
    first = max(0, n - MOST_NOTES - 1)
    tail = table.slice(first).to_pylist()
    place = next((i for i in range(len(tail) - 1, -1, -1) if table.num_columns < 3 or len(_filled(tail[i])) > 1), 0)
    row = _filled(tail[place])
    named = [name for name, value in row.items() if says_total(value)]
    if len(row) < 2 or not named or any(map(says_total, table.column(named[0]).slice(0, first + place).to_pylist())):
        return table, ""
    notes = len(tail) - 1 - place
    below = f", and {notes} {'line' if notes == 1 else 'lines'} of notes below it" if notes else ""
    said = row[named[0]].strip()
    return table.slice(0, first + place), f"row {first + place + 1:,} says '{said}': a total, no case; left out{below}"


def _filled(row: dict[str, Any]) -> dict[str, Any]:
    return {n: v for n, v in row.items() if v is not None and (not isinstance(v, str) or v.strip())}
