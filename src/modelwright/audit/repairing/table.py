"""The repaired table: canonical values in Arrow's types."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from modelwright.audit.repairing.plan import RepairPlan
from modelwright.data.columns import Column, Columns, Strings
from modelwright.data.contract import Kind

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["repaired_table", "whole"]

LARGEST_WHOLE = 2.0**53  # above it float64 no longer holds every whole number


def repaired_table(plan: RepairPlan, columns: Columns) -> pa.Table:
    """Return the columns that stay: numbers, dates, booleans and texts in types of their own, missing as null.

    Parameters
    ----------
    plan : RepairPlan
    columns : Columns
        All columns, read by the contract as findings changed it.
    """
    import pyarrow as pa

    table = pa.table({s.name: _as_arrow(columns[s.name], s.kind) for s in plan.specs})
    if plan.drop_rows and plan.target is not None:
        table = table.filter(table[plan.target].is_valid())
    return table


def _as_arrow(column: Column, kind: Kind) -> pa.Array:
    import pyarrow as pa

    if isinstance(column, Strings):
        codes = pa.array(column.codes, mask=column.codes < 0)
        return pa.DictionaryArray.from_arrays(codes, pa.array(list(column.levels), pa.string())).cast(pa.string())
    gone = np.isnan(column)
    if kind is Kind.BOOLEAN:
        return pa.array(column == 1.0, mask=gone)
    if kind is Kind.DATETIME:
        moments = np.where(gone, 0, np.round(column * 1e6)).astype(np.int64)
        return pa.array(moments, pa.timestamp("us"), mask=gone)
    if whole(column):
        return pa.array(np.where(gone, 0, column).astype(np.int64), mask=gone)
    return pa.array(column, mask=gone)


def whole(column: np.ndarray) -> bool:
    """Return whether all values of a column are whole numbers that keep their value as such."""
    known = column[~np.isnan(column)]
    return bool(np.all((known == np.floor(known)) & (np.abs(known) < LARGEST_WHOLE)))
