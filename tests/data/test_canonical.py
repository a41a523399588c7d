"""The contract enforced: the same value however it comes, and clear words about what does not fit."""

from __future__ import annotations

import datetime as dt
import math
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.data.canonical import canonicalise, raw_strings
from modelwright.data.columns import Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.data.kinds import infer_contract
from modelwright.data.rows import RowReader
from modelwright.errors import ContractError

SPECS = (
    ColumnSpec(name="number", kind=Kind.NUMBER, minimum=0.0, maximum=100.0, missing_numbers=(-999.0,)),
    ColumnSpec(name="euro", kind=Kind.NUMBER, decimal=",", thousands=".", unit="€", missing_tokens=("k.A.",)),
    ColumnSpec(name="share", kind=Kind.NUMBER, unit="%", scale=0.01),
    ColumnSpec(name="flag", kind=Kind.BOOLEAN, true_tokens=("yes",), false_tokens=("no",)),
    ColumnSpec(name="when", kind=Kind.DATETIME, formats=("%d/%m/%Y", "%Y-%m-%d")),
    ColumnSpec(name="epoch", kind=Kind.DATETIME, formats=("epoch:s",)),
    ColumnSpec(name="span", kind=Kind.DURATION),
    ColumnSpec(
        name="level", kind=Kind.CATEGORY, levels=("a", "1", "true"), n_levels=3, missing_tokens=("?!",), nullable=True
    ),
    ColumnSpec(name="text", kind=Kind.TEXT),
    ColumnSpec(name="key", kind=Kind.ID),
)
CONTRACT = Contract(columns=SPECS, rows_seen=10)

anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.floats(width=32),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        ["1", "1.0", " 2,5 € ", "1.234,5", "12%", "yes", "NO", "true", "03/04/2020", "2020-04-03", "90 min", "NA",
         "-999", "2020-04-03T10:00:00Z", "?!", "k.A.", "inf", "nan", "-Infinity", "1_000", "٣", "01:30:00", "(5)",
         "1e5", "+3"]
    ),
    st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2200, 1, 1)),
    st.timedeltas(dt.timedelta(-1000), dt.timedelta(1000)),
    st.just(pd.NA),
    st.just(pd.NaT),
    st.just(np.float32(0.1)),
    st.lists(st.integers(), max_size=2),
)  # fmt: skip


def value_of(column, row):
    if isinstance(column, Strings):
        return column.to_object()[row]
    return None if math.isnan(column[row]) else float(column[row])


def lenient(monkeypatch):
    monkeypatch.setattr("modelwright.data.enforcing.REFUSED_SHARE", 1.0)


@settings(max_examples=150, deadline=None)
@given(st.lists(anything, min_size=1, max_size=12))
def test_a_row_alone_is_the_row_among_others(values):
    with pytest.MonkeyPatch.context() as patch:
        lenient(patch)
        together, _ = canonicalise({s.name: values for s in SPECS}, CONTRACT)
        for row, value in enumerate(values):
            alone, _ = canonicalise({s.name: [value] for s in SPECS}, CONTRACT)
            for spec in SPECS:
                assert value_of(alone[spec.name], 0) == value_of(together[spec.name], row), (spec.name, value)


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(
        st.lists(st.one_of(st.none(), st.text(max_size=6), anything.filter(lambda v: isinstance(v, str))), min_size=1),
        st.lists(st.floats().map(repr), min_size=1),
        st.lists(st.datetimes(dt.datetime(1800, 1, 1), dt.datetime(2400, 1, 1)).map(str), min_size=1),
        st.lists(st.one_of(st.none(), st.integers(-(2**62), 2**62)), min_size=1),
        st.lists(st.one_of(st.none(), st.booleans()), min_size=1),
        st.lists(st.one_of(st.none(), st.datetimes(dt.datetime(1800, 1, 1), dt.datetime(2200, 1, 1))), min_size=1),
        st.lists(st.one_of(st.none(), st.floats()), min_size=1),
    )
)
def test_arrow_gives_what_python_values_give(values):
    table = pa.table({s.name: pa.array(values) for s in SPECS})
    with pytest.MonkeyPatch.context() as patch:
        lenient(patch)
        fast, told = canonicalise(table, CONTRACT)
        slow, retold = canonicalise({s.name: values for s in SPECS}, CONTRACT)
    assert told == retold
    for spec in SPECS:
        for row in range(len(values)):
            assert value_of(fast[spec.name], row) == value_of(slow[spec.name], row), (spec.name, values[row])


def one(name, value):
    with pytest.MonkeyPatch.context() as patch:
        lenient(patch)
        columns, told = canonicalise({name: [value]}, CONTRACT.only([name]))
    return value_of(columns[name], 0), [v.what for v in told]


@pytest.mark.parametrize(
    ("name", "value", "expected", "told"),
    [
        ("number", "5", 5.0, []),
        ("number", 5, 5.0, []),
        ("number", "NA", None, []),
        ("number", -999, None, []),
        ("number", "-999", None, []),
        ("number", 101.5, 101.5, ["out of range"]),
        ("number", math.inf, None, ["wrong type"]),
        ("number", "inf", None, ["wrong type"]),
        ("number", "abc", None, ["wrong type"]),
        ("number", dt.datetime(2020, 1, 1), None, ["wrong type"]),
        ("number", True, 1.0, []),
        ("euro", "1.234,50 €", 1234.5, []),
        ("euro", 7.5, 7.5, []),
        ("euro", "k.A.", None, []),
        ("share", "12 %", 0.12, []),
        ("flag", "YES", 1.0, []),
        ("flag", True, 1.0, []),
        ("flag", "true", 1.0, []),
        ("flag", 1, 1.0, []),
        ("flag", "maybe", None, ["wrong type"]),
        ("when", "03/04/2020", 1585872000.0, []),
        ("when", "2020-04-03", 1585872000.0, []),
        ("when", "2020-04-03T00:00:00+00:00", 1585872000.0, []),
        ("when", dt.date(2020, 4, 3), 1585872000.0, []),
        ("when", "31/02/2020", None, ["wrong type"]),
        ("epoch", 1585872000, 1585872000.0, []),
        ("span", "90 min", 5400.0, []),
        ("level", "1.0", "1", []),
        ("level", 1.0, "1", []),
        ("level", 1, "1", []),
        ("level", " a ", "a", []),
        ("level", True, "true", []),
        ("level", "b", "b", ["new level"]),
        ("level", "?!", None, []),
        ("level", "null", None, []),
        ("key", 7, "7", []),
        ("text", "  two words ", "two words", []),
    ],
)
def test_values(name, value, expected, told):
    assert one(name, value) == (expected, told)


def test_missing_columns_are_all_named():
    with pytest.raises(ContractError, match=r"2 columns are missing that the model uses: 'number', 'level'") as caught:
        canonicalise({"numbr": [1], "text": ["x"]}, CONTRACT, required=["level", "number", "text"])
    assert "did you mean 'numbr'?" in caught.value.fix
    assert caught.value.code == "MW-C001"


def test_missing_and_unknown_columns_are_told():
    columns, told = canonicalise({"number": [1, 2], "more": [0, 0]}, CONTRACT.only(["number", "level", "when"]))
    assert {(v.what, v.column, v.n_rows, v.done) for v in told} == {
        ("unknown column", "more", 2, "ignored"),
        ("missing column", "level", 2, "treated as missing"),
        ("missing column", "when", 2, "treated as missing"),
    }
    assert list(columns) == ["number", "when", "level"]
    assert np.isnan(columns["when"]).all()
    assert columns["level"].codes.tolist() == [-1, -1]


def test_a_column_of_another_kind_is_refused():
    with pytest.raises(ContractError, match=r"column 'number' is no number: 3 of 4 values.*MW-C003"):
        canonicalise({"number": ["a", "b", "c", "4", None]}, CONTRACT.only(["number"]))
    _, told = canonicalise({"number": ["a", "3", "4", "b", None]}, CONTRACT.only(["number"]))
    assert [(v.what, v.n_rows, v.done) for v in told] == [("wrong type", 2, "treated as missing")]


def test_messages_hold_no_data():
    values = ["s3cret", "4", "5", "1000"]
    _, told = canonicalise({"number": values, "level": values}, CONTRACT.only(["number", "level"]))
    assert {v.what for v in told} == {"wrong type", "out of range", "new level"}
    assert not any(value in v.message for v in told for value in ("s3cret", "1000"))


def test_lengths_must_agree():
    with pytest.raises(ContractError, match="MW-C002"):
        canonicalise({"number": [1], "level": ["a", "b"]}, CONTRACT)


def test_no_rows():
    columns, told = canonicalise({s.name: [] for s in SPECS}, CONTRACT)
    assert all(len(c) == 0 for c in columns.values())
    assert not told
    columns, _ = canonicalise(pa.table({s.name: pa.array([], pa.string()) for s in SPECS}), CONTRACT)
    assert all(len(c) == 0 for c in columns.values())


def test_arrays_and_series():
    for values in (np.array([1.5, np.nan]), pd.Series([1.5, None]), pd.array([1.5, None], dtype="Float64")):
        columns, _ = canonicalise({"number": values}, CONTRACT.only(["number"]))
        assert columns["number"][0] == 1.5
        assert np.isnan(columns["number"][1])
    for values in (pd.Series(["a", None], dtype="category"), pd.Series(["a", pd.NA], dtype="string")):
        columns, _ = canonicalise({"level": values}, CONTRACT.only(["level"]))
        assert columns["level"].to_object().tolist() == ["a", None]


def test_training_and_rest_agree():
    table = pa.table(
        {"zip": ["01234", "99999", None] * 10, "size": ["1.5", "NA", "2"] * 10, "n": pa.array([1, 2, None] * 10)}
    )
    contract = infer_contract(table, kinds={"n": "category"})
    batch, told = canonicalise(table, contract)
    assert not told
    rows, _ = canonicalise({"zip": ["01234", "99999"], "size": [1.5, None], "n": [1.0, "2"]}, contract)
    assert rows["zip"].to_object().tolist() == batch["zip"].to_object()[:2].tolist()
    assert rows["n"].to_object().tolist() == batch["n"].to_object()[:2].tolist() == ["1", "2"]
    np.testing.assert_array_equal(rows["size"], batch["size"][:2])


def test_raw_strings():
    table = pa.table({"a": [" x ", None, "NA"], "n": [1.0, None, 2.5]})
    raw = raw_strings(table, ["a", "n"])
    assert raw["a"].tolist() == [" x ", None, "NA"]
    assert raw["n"].tolist() == ["1", None, "2.5"]


def test_scoring_needs_no_arrow_and_no_pandas():
    code = (
        "import sys\n"
        "for name in ('pyarrow', 'pandas', 'scipy', 'duckdb', 'sklearn'): sys.modules[name] = None\n"
        "from modelwright.data.canonical import canonicalise\n"
        "from modelwright.data.contract import ColumnSpec, Contract, Kind\n"
        "specs = ColumnSpec(name='a', kind=Kind.NUMBER), ColumnSpec(name='b', kind=Kind.CATEGORY)\n"
        "c = Contract(columns=specs, rows_seen=1)\n"
        "columns, told = canonicalise({'a': ['1.5', None], 'b': ['x', 1.0]}, c)\n"
        "assert columns['b'].to_object().tolist() == ['x', '1'] and columns['a'][0] == 1.5\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("kind", ["few", "more than rows", "with null", "chunks that differ"])
def test_dictionaries_are_read_as_their_texts(kind):
    texts = ["a", None, "b ", "7.0", "5", "?!", "5", "7.0", "8"] * 3
    given = pa.chunked_array([pa.array(texts).dictionary_encode()])
    if kind == "more than rows":
        spare = pa.array(["5", "b ", "a", "?!", "7.0", *map(str, range(6, 50))])
        given = pa.chunked_array([pa.DictionaryArray.from_arrays(spare_codes(texts, spare), spare)])
    elif kind == "with null":
        encoded = pa.array(["a", "b ", "7.0", "?!", "5", "8", None])
        given = pa.chunked_array([pa.DictionaryArray.from_arrays(spare_codes(texts, encoded), encoded)])
    elif kind == "chunks that differ":
        given = pa.chunked_array([pa.array(texts[:10]).dictionary_encode(), pa.array(texts[10:]).dictionary_encode()])
    assert given.to_pylist() == texts
    for name in ("level", "number", "text"):
        spec = next(s for s in SPECS if s.name == name)
        contract = Contract(columns=(spec,), rows_seen=10)
        found, told = canonicalise(pa.table({name: given}), contract)
        plain, expected = canonicalise(pa.table({name: pa.array(texts)}), contract)
        assert told == expected
        for row in range(len(texts)):
            np.testing.assert_equal(value_of(found[name], row), value_of(plain[name], row))


def spare_codes(texts, dictionary):
    index = {v: i for i, v in enumerate(dictionary.to_pylist())}  # a null in it has a code as well
    return pa.array([index.get(t) for t in texts], pa.int32())


# levels in another spelling


def _towns() -> Contract:
    contract = infer_contract(pa.table({"town": ["New York", "Paris", "may", "May"] * 30, "n": [1, 2, 3, 4] * 30}))
    town = replace(contract["town"], missing_tokens=("unknown",))
    return replace(contract, columns=(town, contract["n"]))


def test_a_level_in_another_spelling_is_read_as_the_one_that_is_meant_and_told():
    contract = _towns()
    assert contract["town"].forgiving
    values = ["NEW YORK", "new  york", " paris", "MAY", "may", "UNKNOWN", "Oslo", "Paris", None]
    columns, told = canonicalise({"town": values, "n": [1] * 9}, contract)
    read = ["New York", "New York", "Paris", "MAY", "may", None, "Oslo", "Paris", None]
    assert columns["town"].to_object().tolist() == read, "MAY may be either of two"
    respelled, new = (next(v for v in told if v.what == what) for what in ("respelled level", "new level"))
    assert (respelled.n_rows, respelled.done, new.n_rows) == (3, "read as the known level", 2)
    assert "York" not in respelled.message
    for value, level in zip(values, read, strict=True):
        assert RowReader(contract)({"town": value, "n": 1})[0][0] == level, "alone as among others"


def test_versions_that_do_not_forgive_keep_another_spelling_as_a_new_level():
    contract = _towns()
    strict = replace(contract, columns=(replace(contract["town"], forgiving=False), contract["n"]))
    columns, told = canonicalise({"town": ["PARIS"], "n": [1]}, strict)
    assert columns["town"].to_object().tolist() == ["PARIS"] and [v.what for v in told] == ["new level"]
