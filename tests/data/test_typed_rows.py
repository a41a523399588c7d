"""A record decoded by its contract is the record that was decoded and read name by name, or is left to it."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.data import typed_rows
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.data.rows import LONGEST_REMEMBERED, RowReader
from modelwright.data.typed_rows import EXACT, TypedReader, picker

from .test_rows import CONTRACT

DECODE = msgspec.json.Decoder(dict[str, Any]).decode
READER = TypedReader(RowReader(CONTRACT))
ROW = {"age": 41, "share": "5", "free": -0.5, "job": "cook", "on": "yes", "when": "04/03/2021", "took": 3,
       "note": "a b", "same": "x"}  # fmt: skip

scalars = (
    st.none()
    | st.booleans()
    | st.integers(18, 90)
    | st.integers(-(2**70), 2**70)
    | st.sampled_from([0.0, -0.0, 1.0, 3.0, 41.0, 0.25, 2.0**53, 2.0**53 + 2, 1e16, 1e300, -1e308, 5e-324])
    | st.sampled_from([EXACT, EXACT + 1, -EXACT, -EXACT - 1])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6)
    | st.sampled_from(["", "NA", " n/a ", "yes", "NO", "1,5 %", "3.0", "cook", " cook ", "none?", "-999", "99", "nan"])
    | st.sampled_from(["2021-03-04", "04/03/2021", "1h 30m", "inf", "é", "e\u0301", "x" * (LONGEST_REMEMBERED + 1)])
    | st.lists(st.integers(), max_size=1)
)  # fmt: skip
records = st.fixed_dictionaries(
    {name: scalars | st.just(value) for name, value in ROW.items()}, optional={"more": scalars, "AGE": scalars}
)


def read(body: bytes, reader: TypedReader = READER, contract: Contract = CONTRACT) -> bool:
    """Compare with the twin; return whether the record was plain."""
    found = reader(body)
    if found is None:
        return False
    record = DECODE(body)
    raw, values = found
    expected, told = RowReader(contract)(record.get("rows", [record])[0])
    assert told == ()
    assert repr(dict(zip(reader.names, values))) == repr(
        {name: dict(zip(contract.names, expected))[name] for name in reader.names}
    )
    assert repr(dict(raw)) == repr({name: record.get("rows", [record])[0][name] for name in contract.names})
    assert len(raw) == len(contract.names) and "no such name" not in raw
    return True


@settings(deadline=None, max_examples=600)
@given(records, st.booleans(), st.randoms())
def test_any_record_is_read_as_the_twin_reads_it_or_not_at_all(
    record: dict[str, Any], wrapped: bool, random: Any
) -> None:
    names = list(record)
    random.shuffle(names)
    record = {name: record[name] for name in names}
    body = json.dumps({"rows": [record]} if wrapped else record, separators=(",", ":")).encode()
    for _ in range(2):  # the second time from memory
        read(body)


@pytest.mark.parametrize("change", [{}, {"age": None}, {"free": 7}, {"free": None, "job": None, "note": None},
                                    {"job": 3}, {"job": 3.0}, {"on": True}, {"on": None}, {"note": "é"}])  # fmt: skip
def test_plain_records_are_read(change: dict[str, Any]) -> None:
    assert read(json.dumps({**ROW, **change}).encode())
    assert read(b'{"rows": [' + json.dumps({**ROW, **change}).encode() + b"]}")


@pytest.mark.parametrize(
    "change",
    [{"age": "41"}, {"free": True}, {"free": 2**54}, {"free": 1e17}, {"free": "NA"}, {"job": "new"}, {"job": True},
     {"on": 1}, {"note": [1]}, {"more": 1}, {"AGE": 1}, {"took": 2e5}, {"took": "x"}, {"took": None}, {"same": None}],
)  # fmt: skip
def test_what_is_not_plain_is_left_to_the_twin(change: dict[str, Any]) -> None:
    record = {**ROW, **change}
    if set(change) != {"age"}:  # numbers beside a sentinel are looked up, so a text is read too
        assert READER(json.dumps(record).encode()) is None
    else:
        read(json.dumps(record).encode())


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[1]", b"{}", b"\xff", b'{"rows": []}', b'{"rows": [{}]}', b'{"age": NaN}', b'{"age": 1e999}',
     json.dumps(ROW).encode() + b"x", b'{"rows": [' + json.dumps(ROW).encode() + b'], "reasons": 1}',
     json.dumps(ROW).encode().replace(b'"a b"', b'"\xff"'), b'{"rows":' + b"[" * 5000],
    ids=lambda b: b[:20],
)  # fmt: skip
def test_other_bodies_are_left_to_the_twin(body: bytes) -> None:
    assert READER(body) is None


def test_a_key_that_occurs_twice_is_not_plain() -> None:
    body = json.dumps(ROW).encode()
    for more in (b', "free": 8, "job": "3"}', b', "took": 4}', b', "j\\u006fb": "3"}'):
        assert READER(body[:-1] + more) is None
        assert READER(b'{"rows": [%b]}' % (body[:-1] + more)) is None


def test_zeros_keep_their_sign_and_numbers_their_type() -> None:
    body = json.dumps(ROW).encode()
    for number in (b"-0.0", b"0.0", b"-0", b"0", b"5", b"5.0"):
        assert read(body.replace(b'"free": -0.5', b'"free": ' + number))


def test_what_is_remembered_has_one_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typed_rows, "MOST_REMEMBERED", 5)
    reader = TypedReader(RowReader(CONTRACT))
    for i in range(40):
        assert read(json.dumps({**ROW, "age": 20 + i, "note": f"text {i}", "share": f"{i} %"}).encode(), reader)
        assert sum(map(len, reader._known)) <= 5
    assert not reader._known[list(reader.names).index("note")]  # texts come once


def test_contracts_of_one_kind() -> None:
    for kind, value in ((Kind.NUMBER, 1), (Kind.TEXT, "a"), (Kind.NUMBER, None)):
        contract = Contract(columns=(ColumnSpec(name="é b", kind=kind),), rows_seen=1)
        assert read(json.dumps({"é b": value}).encode(), TypedReader(RowReader(contract)), contract)
    between = ColumnSpec(name="x", kind=Kind.NUMBER, minimum=0.25, maximum=0.75)  # no whole number
    contract = Contract(columns=(between,), rows_seen=1)
    reader = TypedReader(RowReader(contract))
    assert read(b'{"x": 0.5}', reader, contract) and reader(b'{"x": 0}') is None


@pytest.mark.parametrize("name", ['a "b"', "a\\b", "a\n", "\ud800", "\x00"])
def test_names_that_no_decoder_takes(name: str) -> None:
    assert TypedReader.of(RowReader(Contract(columns=(ColumnSpec(name=name, kind=Kind.TEXT),), rows_seen=1))) is None
    assert TypedReader.of(RowReader(CONTRACT)) is not None


@pytest.mark.parametrize("places", [[], [2], [1, 0], [2, 2, 0]])
def test_picker(places: list[int]) -> None:
    assert list(picker(places)("abc")) == ["abc"[p] for p in places]
