"""What is picked from a row that was decoded by its contract is what is picked from the same record by name."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.data.treating.treatment import RARE, Action, Treatment
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


def private(*, treated: bool, kept: tuple[str, ...] = ()) -> Picker:
    """Return what picks from rows of a number, a boolean, a day, a category, and a number with a treatment or none."""
    years = Treatment(action=Action.YEAR, formats=("%d/%m/%Y",)) if treated else None
    contract = Contract(
        columns=(
            ColumnSpec(name="visits", kind=Kind.NUMBER, minimum=0.0, maximum=9.0),
            ColumnSpec(name="paid", kind=Kind.BOOLEAN, true_tokens=("yes",), false_tokens=("no",)),
            ColumnSpec(name="since", kind=Kind.DATETIME, formats=("%Y-%m-%d",)),
            ColumnSpec(name="plan", kind=Kind.CATEGORY, levels=("gold", "basic"), n_levels=2),
            ColumnSpec(name="season", kind=Kind.NUMBER, treatment=years),
        ),
        rows_seen=10,
    )
    return Picker(contract, Protection.of(LogPolicy(kept=kept), contract), b"k" * 32)


GOOD = {"visits": "3", "paid": "yes", "since": "2024-05-01", "plan": "gold", "season": 1980}
SLIPPED = dict.fromkeys(GOOD, "Zebingworth, Ada")


def test_under_a_privacy_policy_what_the_model_cannot_read_is_not_kept() -> None:
    picker = private(treated=True)
    assert picker(GOOD) == ["3", "yes", "2024-05-01", "gold", 1980.0]
    assert picker(SLIPPED) == [None, None, None, RARE, None]
    assert picker({**GOOD, "visits": 1e9, "plan": None}) == [1e9, "yes", "2024-05-01", None, 1980.0]
    columns = {name: [GOOD[name], SLIPPED[name]] for name in GOOD}
    assert list(picker.rows(columns, 2)) == [picker(GOOD), picker(SLIPPED)]


def test_what_the_user_keeps_and_what_nobody_treats_is_kept_as_it_came() -> None:
    assert private(treated=True, kept=("plan", "visits"))(SLIPPED) == [
        SLIPPED["visits"],
        None,
        None,
        SLIPPED["plan"],
        None,
    ]
    assert list(private(treated=False)(SLIPPED)) == list(SLIPPED.values())
