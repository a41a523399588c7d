"""Results of queries, batch by batch."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from modelwright.data.readers.cursor import Result
from modelwright.data.readers.values import table_of_rows
from modelwright.data.streaming.base import Stream
from modelwright.data.tidying import unique_names

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["CursorStream"]


class CursorStream(Stream):
    """The result of a query. It can be read once; types are those of each batch."""

    def __init__(self, result: Result, kind: str) -> None:
        names, self._batches, _ = result
        unique, self._notes = unique_names(names)
        self.names, self.format = tuple(unique), kind

    def tables(self, columns: Collection[str] | None = None) -> Iterator[pa.Table]:
        for rows in self._batches:
            yield table_of_rows(self.names, rows)

    def notes(self) -> tuple[str, ...]:
        return tuple(self._notes)
