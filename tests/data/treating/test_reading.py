"""A treated column is treated whichever way a row comes in: a table, a record, a body of JSON."""

from __future__ import annotations

import json
import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.data.canonical import canonicalise
from modelwright.data.columns import Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.data.rows import RowReader
from modelwright.data.treating.tables import as_read, treated_table
from modelwright.data.treating.treatment import Action, Treatment
from modelwright.data.typed_rows import TypedReader

CONTRACT = Contract(
    columns=(
        ColumnSpec(
            name="age", kind=Kind.NUMBER, minimum=0.0, maximum=90.0, treatment=Treatment(action=Action.CAP, size=90.0)
        ),
        ColumnSpec(name="born", kind=Kind.NUMBER, treatment=Treatment(action=Action.YEAR, formats=("%d.%m.%Y",))),
        ColumnSpec(
            name="zip",
            kind=Kind.CATEGORY,
            levels=("021**", "100**"),
            n_levels=2,
            treatment=Treatment(action=Action.PREFIX, size=3.0, width=5),
        ),
        ColumnSpec(name="note", kind=Kind.TEXT, treatment=Treatment(action=Action.REDACT)),
        ColumnSpec(name="plain", kind=Kind.NUMBER, minimum=0.0, maximum=1e9),
    ),
    rows_seen=10,
)

cells = {
    "age": st.sampled_from([3, 97, 97.5, "97", "x", None, True, "?"]),
    "born": st.sampled_from(["02.03.1950", "1950-03-02", 1950, "1950", None, "soon"]),
    "zip": st.sampled_from(["02139", 2139, "021**", 10025, None, "SW1A 1AA", ""]),
    "note": st.sampled_from(["call 030 1234567", "Dear Maria Lopez", "fine", None, ""]),
    "plain": st.sampled_from([97, 97.5, None, "7"]),
}


def as_row(columns) -> list:
    return [c.to_object()[0] if isinstance(c, Strings) else float(c[0]) for c in columns.values()]


def same(left: list, right: list) -> bool:
    return all(a == b or (isinstance(a, float) and math.isnan(a) and math.isnan(b)) for a, b in zip(left, right))


@settings(deadline=None)
@given(record=st.fixed_dictionaries(cells))
def test_a_record_is_read_as_a_table_is(record):
    columns, _ = canonicalise({name: [value] for name, value in record.items()}, CONTRACT)
    expected = as_row(columns)
    reader = RowReader(CONTRACT)
    for _ in range(2):  # the second time from memory
        assert same(reader(record)[0], expected)
    typed = TypedReader.of(reader)
    assert typed is not None
    found = typed(json.dumps(record).encode())
    if found is not None:
        assert same([dict(zip(typed.names, found[1]))[name] for name in CONTRACT.names], expected)


def test_what_is_read_shows_nothing_of_what_was_there():
    columns, told = canonicalise(
        {"age": [97], "born": ["02.03.1950"], "zip": [2139], "note": ["Dear Maria Lopez, 030 1234567"], "plain": [1]},
        CONTRACT,
    )
    assert as_row(columns) == [90.0, 1950.0, "021**", "Dear [name], [number]", 1.0]
    assert told == (), "97 is no value out of range: it is 90"


def test_a_treated_table_is_read_as_the_raw_one():
    raw = pa.table(
        {
            "age": pa.array([97, 3, None], pa.int64()),
            "born": ["02.03.1950", None, "1951-01-01"],
            "zip": pa.array([2139, 10025, None], pa.int64()),
            "note": ["Dear Maria Lopez", "", None],
            "plain": [1.0, 2.0, 3.0],
            "secret": ["a", "b", "c"],
        }
    )
    treatments = {s.name: s.treatment for s in CONTRACT.columns if s.treatment is not None}
    treated = treated_table(raw, treatments, dropped=["secret", "not there"])
    assert treated.column_names == ["age", "born", "zip", "note", "plain"]
    assert treated.column("age").to_pylist() == [90.0, 3.0, None]
    first, _ = canonicalise(raw.drop_columns(["secret"]), CONTRACT)
    second, _ = canonicalise(treated, CONTRACT)
    for name, column in first.items():
        other = second[name]
        if isinstance(column, Strings):
            assert isinstance(other, Strings) and column.to_object().tolist() == other.to_object().tolist()
        else:
            assert np.array_equal(column, other, equal_nan=True)


def test_names_that_a_table_shows_go_from_its_texts():
    texts = pa.table({"note": ["told Zebulon and others", None]})
    out = treated_table(texts, {"note": Treatment(action=Action.REDACT)}, names=frozenset({"zebulon"}))
    assert out.column("note").to_pylist() == ["told [name] and others", None]


@pytest.mark.parametrize("kind", [pa.string(), pa.dictionary(pa.int32(), pa.string())])
def test_dictionaries_are_treated_too(kind):
    table = pa.table({"c": pa.array(["a", "b", None], pa.string()).cast(kind)})
    out = treated_table(table, {"c": Treatment(action=Action.POOL, levels=("a",))})
    assert out.column("c").to_pylist() == ["a", "(rare)", None]


def test_clients_are_told_what_to_send():
    from modelwright.data.enforcing import described
    from modelwright.serve.protocols.oip import datatype_of

    born = CONTRACT["born"]
    assert described(born) == "dates as %d.%m.%Y or ISO 8601, or years: only the year is read"
    told = ColumnSpec(name="ill", kind=Kind.BOOLEAN, true_tokens=("true",), false_tokens=("false",))
    assert described(told) == "true or false"
    assert datatype_of(born) == "BYTES" and datatype_of(CONTRACT["age"]) == "FP64"


def test_what_cannot_be_read_where_it_stands_is_left_out_of_kept_rows():
    contract = Contract(
        columns=(
            ColumnSpec(name="visits", kind=Kind.NUMBER),
            ColumnSpec(name="since", kind=Kind.DATETIME, formats=("%Y-%m-%d",)),
            ColumnSpec(name="plan", kind=Kind.CATEGORY),
        ),
        rows_seen=3,
    )
    raw = {
        "visits": pa.array(["3", "Ann Lee", None]).dictionary_encode(),
        "since": ["2024-05-01", "a@b.example", "2024-05-02"],
        "plan": ["gold", "Ann Lee", "basic"],
        "other": ["x", "y", "z"],
    }
    kept = as_read(pa.table(raw), contract).to_pydict()
    assert kept["visits"] == ["3", None, None] and kept["since"] == ["2024-05-01", None, "2024-05-02"]
    assert kept["plan"] == raw["plan"] and kept["other"] == raw["other"]
    numbers = pa.table({"visits": [1.0, 2.0]})
    assert as_read(numbers, contract) == numbers
