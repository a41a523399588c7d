"""Groups of people too small to be told of are left out of the tables about groups."""

from __future__ import annotations

from dataclasses import replace

from modelwright.evaluate.measurements import Fairness

__all__ = ["without_small_groups"]


def without_small_groups(fairness: Fairness | None, k: int) -> Fairness | None:
    """Return the tables without groups of fewer than ``k`` rows; they count among those that are left out.

    Groups so small are never compared, so that no comparison changes.
    """
    if fairness is None:
        return None
    tables = []
    for table in fairness.tables:
        rows = tuple(row for row in table.rows if row.n >= k)
        left_out = table.left_out + len(table.rows) - len(rows)
        if rows:
            tables.append(replace(table, rows=rows, left_out=left_out))
    return replace(fairness, tables=tuple(tables)) if tables else None
