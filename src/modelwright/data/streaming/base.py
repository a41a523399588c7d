"""What a stream of rows is, and the simplest of them: a table that is in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from modelwright.data.tidying import plain_table

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Restarted", "Stream", "TableStream", "named_and_plain"]


class Restarted(Exception):
    """The rows so far were read in a manner that the rest does not bear: forget them, and ask for the tables again.

    The stream reads in its stricter manner from then on. A source restarts a few times at most.
    """


class Stream:
    """Rows of a source as tables, one after the other, in bounded memory.

    Subclasses say in `tables` where the rows come from. Promises: the same rows in the same order each time; names,
    values and refusals as `modelwright.data.reading.read_table` has with ``every_row``; no row is left out.

    Attributes
    ----------
    names : tuple of str
        Of the columns: unique.
    types : dict of str to DataType, or None
        Plain types by name; None where they are not known before the rows are read.
    format : str
        As in `Source`.
    n_rows : int or None
        Where it is known before the rows are read.
    texts_only : bool
        Whether the source has no types, as CSV has none: a number in it is a text as well.
    manner : str
        How rows are read, where there is more than one way; may be set before the rows are asked for.
    """

    names: tuple[str, ...] = ()
    types: dict[str, pa.DataType] | None = None
    format: str = ""
    n_rows: int | None = None
    texts_only: bool = False
    manner: str = ""

    def tables(self, columns: Collection[str] | None = None) -> Iterator[pa.Table]:
        """Yield the rows.

        Parameters
        ----------
        columns : collection of str, optional
            The columns that are needed; a table may have others as well. None: all.

        Raises
        ------
        Restarted
            All rows that came before are to be forgotten.
        DataError
            The source cannot be read.
        """
        raise NotImplementedError

    def skip_to(self, row: int) -> int:
        """Leave out rows before ``row`` where that is cheap, as many as it is for; return how many."""
        return 0

    def notes(self) -> tuple[str, ...]:
        """Return what was repaired; complete once all rows were read."""
        return ()

    def share(self) -> float | None:
        """Return which share of the source the rows given so far are, 0 to 1; None where it cannot be told."""
        return None


class TableStream(Stream):
    """A table in memory."""

    def __init__(self, table: pa.Table, kind: str, notes: Iterable[str] = ()) -> None:
        self._table, self._notes = table, tuple(notes)
        self.names, self.format, self.n_rows = tuple(table.column_names), kind, table.num_rows
        self.types = dict(zip(self.names, table.schema.types, strict=True))
        self.texts_only = kind == "csv"

    def tables(self, columns: Collection[str] | None = None) -> Iterator[pa.Table]:
        yield self._table

    def notes(self) -> tuple[str, ...]:
        return self._notes

    def share(self) -> float | None:
        return 1.0


def named_and_plain(schema: Any) -> tuple[tuple[str, ...], dict[str, pa.DataType], list[str]]:
    """Return the unique names and plain types of the columns of a schema, and notes on what was changed."""
    table, notes = plain_table(schema.empty_table())
    names = tuple(table.column_names)
    return names, dict(zip(names, table.schema.types, strict=True)), notes
