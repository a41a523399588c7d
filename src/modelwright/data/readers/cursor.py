"""Rows that come from a database in batches."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from modelwright.data.readers import Ask
from modelwright.data.readers.values import table_of_rows

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Result", "is_table_name", "table_of_batches"]

Result = tuple[list[str], Iterator[list[tuple[Any, ...]]], dict[str, str]]
"""Names of the columns of a query's result, its rows in batches, and how it was asked for."""

BYTES_PER_VALUE = 80
"""A value as a Python object in a tuple, a text of middling length included."""

MIN_SAMPLE = 1000


def is_table_name(query: str) -> bool:
    """Return whether a query is the name of a table (``"sales"``, ``"public.sales"``) and no statement."""
    return re.fullmatch(r"[\w$]+(\.[\w$]+)*", query.strip()) is not None


def table_of_batches(
    batches: Iterable[tuple[Sequence[str], Sequence[Sequence[Any]]]], ask: Ask
) -> tuple[pa.Table | None, int]:
    """Return the table of all rows, or of a uniform sample of as many as fit in memory, and the number of rows.

    The table is None where there was no row.
    """
    rng = np.random.default_rng(ask.seed)
    names: Sequence[str] = ()
    kept: list[Sequence[Any]] = []
    keys: list[float] = []
    positions: list[int] = []
    threshold, seen, limit = 1.0, 0, 0
    for names, rows in batches:
        limit = limit or max(ask.memory_bytes // (BYTES_PER_VALUE * max(len(names), 1)) // 2, MIN_SAMPLE)
        drawn = rng.random(len(rows))
        for i in np.flatnonzero(drawn < threshold).tolist():
            kept.append(rows[i])
            keys.append(float(drawn[i]))
            positions.append(seen + i)
        seen += len(rows)
        if len(kept) > 2 * limit:
            order = np.sort(np.argpartition(keys, limit)[:limit]).tolist()
            kept, keys, positions = [kept[i] for i in order], [keys[i] for i in order], [positions[i] for i in order]
            threshold = max(keys)
    if not seen:
        return None, 0
    if len(kept) > limit:
        order = np.sort(np.argpartition(keys, limit)[:limit]).tolist()
        kept = [kept[i] for i in order]
    return table_of_rows(names, kept), seen
