"""Rows of several tables, one below the other."""

from __future__ import annotations

import pyarrow as pa

from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.retrain.tables import canonical, in_time, place_in_time, stacked

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


def test_rows_are_put_in_the_order_of_parts_of_a_date() -> None:
    parts = ("year", "month")
    contract = Contract(
        columns=(ColumnSpec(name="month", kind=Kind.CATEGORY), ColumnSpec(name="year", kind=Kind.NUMBER)), rows_seen=3
    )
    table = pa.table({"month": ["May", "april", "Januar", None], "year": [2020, 2021, 2020, 2022]})
    assert in_time(table, contract, parts).column("month").to_pylist() == [None, "Januar", "May", "april"]
    assert place_in_time(table, contract, parts).tolist() == [1.0, 2.0, 0.0, float("-inf")]
    assert place_in_time(table.drop_columns(["year"]), contract, parts).tolist() == [0.0, 1.0, 2.0, 3.0]
    assert place_in_time(table, contract, ("year",)).tolist() == [2020.0, 2021.0, 2020.0, 2022.0]
