"""Rows of several tables, one below the other."""

from __future__ import annotations

import pyarrow as pa

from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.retrain.tables import canonical, stacked

CONTRACT = Contract(
    columns=(
        ColumnSpec(name="price", kind=Kind.NUMBER, decimal=",", thousands=".", unit="€"),
        ColumnSpec(name="code", kind=Kind.CATEGORY),
    ),
    rows_seen=3,
)


def test_numbers_that_a_file_writes_otherwise_stay_what_they_are() -> None:
    """Those of the prediction log are plain; as text beside "1.234,50 €" 1234.567 would be a million."""
    file = pa.table({"price": ["1.234,50 €", "12 €", None], "code": ["a", "b", "7"]})
    log = pa.table({"price": [1234.567, 999.5], "code": [7, 8]})
    whole = stacked([file, log], CONTRACT)
    assert whole.column("price").to_pylist() == [1234.5, 12.0, None, 1234.567, 999.5]
    assert whole.column("code").to_pylist() == ["a", "b", "7", "7", "8"]
    assert canonical(whole, CONTRACT)["price"].tolist()[3:] == [1234.567, 999.5]


def test_tables_of_the_same_types_are_left_as_they_are() -> None:
    file = pa.table({"price": ["1.234,50 €"], "code": ["a"]})
    assert stacked([file, file], CONTRACT).column("price").to_pylist() == ["1.234,50 €"] * 2
