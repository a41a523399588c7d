"""Delimited texts with ragged rows, read by Python: what can be repaired is, and is told; the rest is refused."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

from modelwright.data.readers.dialect import BLANKS, Dialect
from modelwright.errors import DataError

__all__ = ["MAX_LEFT_OUT", "Repair", "never_closed"]

MAX_LEFT_OUT = 0.05
"""Largest share of rows with too many cells that is left out; above it the delimiter or the quotes are wrong."""

MAX_FIELD = 1 << 27  # characters in a cell; Python's default of 131,072 is too small for documents


def never_closed(path: Path, line: int) -> DataError:
    """Return the error for a quotation mark that is never closed: all lines after it would be one cell."""
    return DataError(
        f"a quotation mark in line {line} of '{path}' is never closed", fix="close it, or remove it", code="MW-D117"
    )


class Repair:
    """Rows of one width out of lines of text.

    Attributes
    ----------
    width : int
        Cells of a row.
    short, long : int
        Rows with fewer cells than the header, which are filled up, and with more, which are left out.
    first_short, first_long : int
        Lines in the file of the first of them.
    """

    def __init__(self, path: Path, dialect: Dialect) -> None:
        self._path, self._dialect = path, dialect
        self.width = len(dialect.names) + dialect.trailing
        self.short = self.long = self.first_short = self.first_long = 0

    def rows(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """Yield the rows that can be used; lines keep their ends.

        Raises
        ------
        DataError
            The text cannot be cut into cells, or ends within quotes: what follows them is no row to fill up.
        """
        needed = self.width - self._dialect.trailing
        for row, line in self._records(lines):
            if not row or (row[0].lstrip().startswith("#") and len(row) != self.width):
                continue
            while len(row) > self.width and not row[-1].strip():
                row.pop()
            if len(row) > self.width:
                self.first_long = self.first_long or line
                self.long += 1
                continue
            if len(row) < self.width:
                if len(row) < needed:
                    self.first_short = self.first_short or line
                    self.short += 1
                row = row + [""] * (self.width - len(row))
            yield row

    def _records(self, lines: Iterable[str]) -> Iterator[tuple[list[str], int]]:
        """Yield records with their line number in the file."""
        dialect, ended = self._dialect, False

        def watched() -> Iterator[str]:
            nonlocal ended
            yield from lines
            ended = True

        reader = csv.reader(
            watched(), delimiter="\t" if dialect.delimiter == BLANKS else dialect.delimiter, quotechar=dialect.quote,
            escapechar=dialect.escape, doublequote=dialect.escape is None, skipinitialspace=True,
        )  # fmt: skip
        limit = csv.field_size_limit(MAX_FIELD)
        try:
            for row in reader:
                if ended and row:  # it asked for a line after the last one, so it is within quotes
                    self._refuse_swallowed(row[-1], reader.line_num + dialect.skip_lines)
                yield row, reader.line_num + dialect.skip_lines
        except csv.Error as error:
            raise DataError(
                f"'{self._path}' cannot be cut into rows from line {reader.line_num + dialect.skip_lines} on: {error}",
                fix="look for a quotation mark that is never closed",
                code="MW-D117",
            ) from error
        finally:
            csv.field_size_limit(limit)

    def _refuse_swallowed(self, cell: str, last_line: int) -> None:
        """Refuse a cell that took in lines up to the last one; a lone quote in that one takes in none."""
        if _n_lines(cell.rstrip("\r\n")) > 1:
            raise never_closed(self._path, last_line + 1 - _n_lines(cell))

    def refuse_too_ragged(self, n_rows: int, *, every_row: bool) -> None:
        """Raise DataError where too many rows were left out; with ``every_row`` where one was."""
        too_many = self.long > MAX_LEFT_OUT * (n_rows + self.long) and self.long > 1
        if self.long and (every_row or too_many or not n_rows):
            raise DataError(
                f"'{self._path}' is ragged: {_lines(self.long, self.first_long)} with more cells than the "
                f"{self.width} of the header",
                fix="put quotes around texts that hold the delimiter, or export the file again",
                code="MW-D117",
            )

    def notes(self) -> list[str]:
        """Return what was repaired."""
        notes = []
        if self.short:
            told = _lines(self.short, self.first_short)
            notes.append(f"{told} with fewer cells than the header: filled with missing values at the end")
        if self.long:
            notes.append(f"{_lines(self.long, self.first_long)} with more cells than the header: left out")
        return notes


def _lines(n_rows: int, first: int) -> str:
    rows = "1 row" if n_rows == 1 else f"{n_rows} rows"
    return f"{rows} ({'line' if n_rows == 1 else 'the first in line'} {first})"


def _n_lines(text: str) -> int:
    return sum(1 for _ in io.StringIO(text, newline=""))
