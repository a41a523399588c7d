"""A raw row read alone is a table of one row: values, violations and refusals."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.data import rows
from modelwright.data.canonical import canonicalise
from modelwright.data.columns import Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.data.rows import REMEMBERED_NAMES, REMEMBERED_VALUES, SPARE_NAMES, RowReader, read_records
from modelwright.errors import ContractError

CONTRACT = Contract(
    columns=(
        ColumnSpec(name="age", kind=Kind.NUMBER, minimum=18.0, maximum=90.0, missing_numbers=(-999.0, 99.0)),
        ColumnSpec(name="share", kind=Kind.NUMBER, minimum=0.0, maximum=1.0, unit="%", scale=0.01, decimal=","),
        ColumnSpec(name="free", kind=Kind.NUMBER),
        ColumnSpec(
            name="job",
            kind=Kind.CATEGORY,
            levels=("cook", "True", "3"),
            n_levels=3,
            missing_tokens=("none?",),
            nullable=True,
        ),
        ColumnSpec(name="on", kind=Kind.BOOLEAN, true_tokens=("yes",), false_tokens=("no",)),
        ColumnSpec(name="when", kind=Kind.DATETIME, formats=("%d/%m/%Y",), minimum=0.0, maximum=2e9),
        ColumnSpec(name="took", kind=Kind.DURATION, minimum=0.0, maximum=1e5, n_levels=50),
        ColumnSpec(name="note", kind=Kind.TEXT),
        ColumnSpec(name="same", kind=Kind.CONSTANT, levels=("x",), n_levels=1),
    ),
    rows_seen=100,
)

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**400), 10**400)
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["", "NA", " n/a ", "yes", "NO", "1,5 %", "3.0", "cook", " cook ", "none?", "-999", "99"])
    | st.sampled_from(["2021-03-04", "04/03/2021", "1h 30m", "inf", "-Infinity", "nan", "\ud800", "\x00", "é"])
)
values = scalars | st.lists(scalars, max_size=2) | st.dictionaries(st.text(max_size=2), scalars, max_size=2)


def same(fast: Any, slow: Any) -> bool:
    if isinstance(slow, Strings):
        return fast == slow.to_object()[0]
    return fast == slow[0] or (np.isnan(fast) and np.isnan(slow[0]))


@settings(deadline=None, max_examples=400)
@given(st.fixed_dictionaries(dict.fromkeys(CONTRACT.names, values), optional={"more": values, "AGE": values}))
def test_as_a_table_of_one_row(record: dict[str, Any]) -> None:
    reader = RowReader(CONTRACT)
    expected, told = canonicalise({k: [v] for k, v in record.items()}, CONTRACT, required=CONTRACT.names)
    for _ in range(2):  # the second time from memory
        row, violations = reader(record)
        assert violations == told
        for value, column in zip(row, expected.values(), strict=True):
            assert same(value, column)


def test_a_missing_value_is_told_where_training_had_none() -> None:
    columns = (
        ColumnSpec(name="never", kind=Kind.NUMBER, minimum=0.0, maximum=9.0, n_levels=9),
        ColumnSpec(name="seldom", kind=Kind.NUMBER, minimum=0.0, maximum=9.0, n_levels=9, nullable=True),
        ColumnSpec(name="word", kind=Kind.CATEGORY, levels=("a", "b"), n_levels=2),
        ColumnSpec(name="text", kind=Kind.TEXT, n_levels=80),
    )
    contract = Contract(columns=columns, rows_seen=100)
    table = {
        "never": [1, None, "NA", "x"],
        "seldom": [None] * 4,
        "word": ["a", "b", None, ""],
        "text": ["t", "", "", "u"],
    }
    for told in (
        canonicalise(table, contract)[1],
        read_records([dict(zip(table, row)) for row in zip(*table.values(), strict=True)], contract)[1],
    ):
        assert [(v.what, v.column, v.n_rows, v.done) for v in told] == [
            ("missing value", "never", 2, "kept"),
            ("wrong type", "never", 1, "treated as missing"),
            ("missing value", "word", 2, "kept"),
            ("missing value", "text", 2, "kept"),
        ]
    assert told[2].message == "2 values of column 'word' missing, which never was in training: kept as missing"
    reader = RowReader(contract)
    blank = {"never": None, "seldom": None, "word": None, "text": ""}
    assert [v.column for v in reader(blank)[1]] == ["never", "word", "text"]
    assert not reader({"never": 1, "seldom": None, "word": "a", "text": "t"})[1]


def test_other_spellings_of_names_and_order() -> None:
    reader = RowReader(CONTRACT)
    record = {name.upper(): 1 for name in reversed(CONTRACT.names)}
    expected, told = canonicalise({k: [v] for k, v in record.items()}, CONTRACT, required=CONTRACT.names)
    row, violations = reader(record)
    assert violations == told and len(told) >= len(CONTRACT.names)
    assert all(same(v, c) for v, c in zip(row, expected.values(), strict=True))


def test_missing_columns_are_refused_with_the_words_of_tables() -> None:
    record = {"age": 1, "Job": "cook"}
    with pytest.raises(ContractError) as fast:
        RowReader(CONTRACT)(record)
    with pytest.raises(ContractError) as slow:
        canonicalise({k: [v] for k, v in record.items()}, CONTRACT, required=CONTRACT.names)
    assert str(fast.value) == str(slow.value)


def remembered(reader: RowReader) -> int:
    return sum(len(column.memory) for column in reader._columns.values())


@settings(deadline=None, max_examples=150)
@given(
    st.lists(
        st.fixed_dictionaries(dict.fromkeys(CONTRACT.names[1:], values), optional={"more": values}).flatmap(
            lambda rest: st.sampled_from(["age", "AGE", " age"]).map(lambda name: {name: 5, **rest})
        ),
        min_size=1,
        max_size=4,
    )
)
def test_records_mean_what_each_means_alone(records: list[dict[str, Any]]) -> None:
    reader = RowReader(CONTRACT)
    try:
        columns, told = read_records(records, CONTRACT)
    except ContractError as error:
        assert error.code == "MW-C003"  # of many rows at once alone
        return
    alone = [reader(record) for record in records]
    for place, column in enumerate(columns.values()):
        for i, (row, _) in enumerate(alone):
            one = Strings(column.codes[i : i + 1], column.levels) if isinstance(column, Strings) else column[i : i + 1]
            assert same(row[place], one)
    counted: Counter[tuple[str, str]] = Counter()
    for v in told:  # of each of several spellings of a name it is told
        counted[v.what, v.column] += v.n_rows
    for what, column in {(v.what, v.column) for _, more in alone for v in more}:
        assert counted[what, column] == sum(any((v.what, v.column) == (what, column) for v in m) for _, m in alone)


def test_a_record_that_lacks_what_others_have_is_refused() -> None:
    whole = dict.fromkeys(CONTRACT.names)
    with pytest.raises(ContractError, match="'age' is missing"):
        read_records([whole, {n: None for n in CONTRACT.names if n != "age"}], CONTRACT)


def test_memory_is_bounded() -> None:
    reader = RowReader(CONTRACT)
    base = dict.fromkeys(CONTRACT.names)
    for i in range(2 * REMEMBERED_VALUES // 3):
        reader({**base, "job": f"level {i}", "when": i + 0.5, "on": f"maybe {i}", "share": f"{i} of"})
        if i % 1_000 == 0:
            assert remembered(reader) <= REMEMBERED_VALUES
    for i in range(3 * REMEMBERED_NAMES):
        reader({**base, f"more {i}": 1})
    assert 0 < remembered(reader) <= REMEMBERED_VALUES
    assert len(reader._fits) <= REMEMBERED_NAMES


def test_what_was_forgotten_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "REMEMBERED_VALUES", 5)
    reader = RowReader(CONTRACT)
    base = dict.fromkeys(CONTRACT.names)
    record = {**base, "job": "baker", "share": "150 %"}
    first = reader(record)
    for i in range(20):
        reader({**base, "job": f"level {i}"})
    again = reader(record)
    assert again[1] == first[1] and str(again[0]) == str(first[0])


def test_values_that_differ_from_the_contract_share_their_violations() -> None:
    """A violation takes half a kilobyte, and new levels are what a hostile client has without end."""
    reader = RowReader(CONTRACT)
    base = dict.fromkeys(CONTRACT.names)
    told = [reader({**base, "job": f"level {i}"})[1] for i in range(3)]
    assert told[0] == told[1] and told[0][0].what == "new level"
    kept = [found for found in reader._columns["job"].memory.values() if found[1]]
    assert len(kept) == 3 and len({id(violations) for _, violations in kept}) == 1


def test_long_sets_of_names_are_not_remembered() -> None:
    reader = RowReader(CONTRACT)
    record = {**dict.fromkeys(CONTRACT.names), "x" * (SPARE_NAMES + 1_000): 1}
    assert reader(record)[1][0].what == "unknown column" == reader(record)[1][0].what
    assert not reader._fits
    reader({**dict.fromkeys(CONTRACT.names), "x" * (SPARE_NAMES // 2): 1})
    assert len(reader._fits) == 1
