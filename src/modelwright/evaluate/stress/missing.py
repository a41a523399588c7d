"""A column comes without values: the join failed, the source was switched off."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import ClassVar

from modelwright.evaluate.stress.base import Case, Rows, emptied, named

__all__ = ["ColumnMissing"]

MOST = 12


class ColumnMissing:
    """Each column that the model relies on, without a value in any row."""

    name: ClassVar[str] = "column missing"

    def cases(self, rows: Rows) -> Iterator[Case]:
        for column in rows.ranked[:MOST]:
            yield Case(self.name, (column,), f"{named([column])} is missing", partial(emptied, rows.n, (column,)))
