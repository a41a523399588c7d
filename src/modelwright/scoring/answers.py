"""What a scoring comes to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from modelwright.data.contract import Violation
from modelwright.scoring.schemas import conformed, typed, without_lists

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Answers", "ScoredFile"]


@dataclass(frozen=True, kw_only=True)
class ScoredFile:
    """What a scoring came to.

    Attributes
    ----------
    output : Path
    n_rows : int
    n_resumed : int
        Rows of them that an earlier scoring of the same had finished before it was broken off.
    version : int
    notes : tuple of str
        What was repaired in reading.
    violations : tuple of Violation
        How the rows differ from the contract, counted over all of them.
    """

    output: Path
    n_rows: int
    n_resumed: int
    version: int
    notes: tuple[str, ...]
    violations: tuple[Violation, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Answers:
    """The answers to all rows of a source, while the block of `scored` lasts; ``tables`` yields them in order.

    Attributes
    ----------
    schema : pyarrow.Schema
        The kept columns, then ``prediction`` and, for classes, ``probability_<class>``; a ``set`` is a list of texts.
        What is kept of a source without types is text, as it was written there.
    n_rows, n_resumed, notes, violations
        As in `ScoredFile`.
    untyped : tuple of str
        Columns kept of a source without types.
    """

    schema: pa.Schema
    tables: Callable[[], Iterator[pa.Table]]
    untyped: tuple[str, ...] = ()
    n_rows: int
    n_resumed: int
    notes: tuple[str, ...]
    violations: tuple[Violation, ...]

    def without_lists(self) -> tuple[pa.Schema, Iterator[pa.Table]]:
        """Return schema and tables for what holds no lists: they are texts in JSON."""
        schema = without_lists(self.schema)
        return schema, (conformed(table, schema) for table in self.tables())

    def typed(self) -> Answers:
        """Return the answers with numbers in the place of texts, in kept columns of a source without types in which
        every text is a number."""
        found = typed(self.schema, self.tables, self.untyped)
        return replace(self, schema=found, tables=lambda: (conformed(table, found) for table in self.tables()))
