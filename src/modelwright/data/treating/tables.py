"""Raw tables treated: what training, a test file and rows kept for retraining go through before anybody looks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from modelwright.data.treating.redacting import without_names
from modelwright.data.treating.treatment import Action, Treatment
from modelwright.data.treating.values import NUMERIC, treated_values

if TYPE_CHECKING:
    import pyarrow as pa

    from modelwright.data.contract import Contract

__all__ = ["as_read", "treated_table"]


def treated_table(
    table: pa.Table,
    treatments: Mapping[str, Treatment],
    *,
    dropped: Collection[str] = (),
    names: Collection[str] = (),
) -> pa.Table:
    """Return a raw table with treated columns.

    Parameters
    ----------
    table : pyarrow.Table
    treatments : mapping of str to Treatment
        By column; those that the table does not have are no matter.
    dropped : collection of str
        Columns to leave out.
    names : collection of str
        Words of names that the table shows elsewhere: texts that are redacted lose them, too.
    """
    import pyarrow as pa

    table = table.drop_columns([name for name in dropped if name in table.column_names])
    for name, treatment in treatments.items():
        if name not in table.column_names:
            continue
        values = treated_values(table.column(name), treatment)
        if not isinstance(values, list):
            place = table.column_names.index(name)
            table = table.set_column(place, name, pa.chunked_array([pa.array(values, pa.float64(), from_pandas=True)]))
            continue
        if treatment.action is Action.REDACT and names:
            values = [None if v is None else without_names(v, names) for v in values]
        kind = pa.float64() if treatment.action in NUMERIC else pa.string()
        place = table.column_names.index(name)
        table = table.set_column(place, name, pa.chunked_array([pa.array(values, kind)]))
    return table


def as_read(table: pa.Table, contract: Contract) -> pa.Table:
    """Return a raw table without the texts that cannot be read in columns of numbers, dates and the like.

    No model learns from them, and where a cell slipped into another column it is what a policy takes out of its own.
    """
    import numpy as np
    import pyarrow as pa

    from modelwright.data.canonical import read_column

    for spec in contract.columns:
        if not spec.kind.numeric or spec.treatment is not None or spec.name not in table.column_names:
            continue
        column = table.column(spec.name)
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            unread = np.isnan(np.asarray(read_column(column, spec).column))
            texts = np.asarray(column.to_numpy(), dtype=object).copy()
            texts[unread] = None
            place = table.column_names.index(spec.name)
            table = table.set_column(place, spec.name, pa.chunked_array([pa.array(texts, pa.string())]))
    return table
