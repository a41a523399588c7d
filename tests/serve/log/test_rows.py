"""What is picked from a row that was decoded by its contract is what is picked from the same record by name."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.data.typed_rows import TypedRow
from modelwright.serve.log.policy import LogPolicy, Protection
from modelwright.serve.log.rows import Picker

CONTRACT = Contract(
    columns=tuple(
        ColumnSpec(name=name, kind=kind)
        for name, kind in (
            ("email", Kind.TEXT),
            ("age", Kind.NUMBER),
            ("job", Kind.CATEGORY),
            ("town", Kind.CATEGORY),
            ("number", Kind.ID),
        )
    ),
    rows_seen=10,
)
POLICY = LogPolicy(hashed=("town",), kept=("number",), masked=("job",))
cells = st.none() | st.integers() | st.floats() | st.text(max_size=5)


@given(st.tuples(*[cells] * 5))
def test_a_typed_row_is_picked_from_as_its_record(values: tuple[Any, ...]) -> None:
    protection = Protection.of(POLICY, CONTRACT)
    picker = Picker(CONTRACT, protection, b"k" * 32)
    typed, record = TypedRow(CONTRACT.names, values), dict(zip(CONTRACT.names, values))
    picked = list(picker(record))
    assert repr(list(picker(typed))) == repr(picked)
    assert len(picked) == 3  # what is masked is not among them, what is hashed is no value
    assert values[3] is None or values[3] != picked[2]


def test_a_row_of_another_version_is_picked_from_by_name() -> None:
    picker = Picker(CONTRACT, Protection.of(POLICY, CONTRACT), b"k" * 32)
    other = TypedRow(("job", "age"), ("cook", 41))
    assert list(picker(other)) == list(picker(dict(other))) == [41, None, None]
