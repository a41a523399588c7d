"""``POST /explain``: one record, no more."""

from __future__ import annotations

import pytest

from modelwright.errors import RequestError
from modelwright.serve.limits import Limits
from modelwright.serve.protocols.explain import protocol

from .conftest import ROWS, TABLE, ask, facts_of

EXPLAIN = protocol(Limits())


@pytest.mark.parametrize("body", [ROWS[0], {"rows": ROWS[:1]}, {"instances": ROWS[:1]}])
def test_one_record_is_to_be_explained(body) -> None:
    asked = EXPLAIN.decode(ask(body), facts_of())
    assert asked.records == ROWS[:1] and asked.explain and asked.columns is None


def test_other_values_are_asked_with_the_row() -> None:
    asked = EXPLAIN.decode(ask({"rows": ROWS[:1], "what_if": {"age": None, "job": "cook"}}), facts_of())
    assert asked.records == ROWS[:1] and asked.explain and asked.what_if == {"age": None, "job": "cook"}
    column = EXPLAIN.decode(ask({**ROWS[0], "what_if": 3}), facts_of())
    assert column.what_if is None and column.records == [{**ROWS[0], "what_if": 3}], "a column that is called so"


@pytest.mark.parametrize(
    "body, query, kind, code",
    [
        ({"rows": [ROWS[0], ROWS[0]]}, {}, "application/json", "MW-S108"),
        ({"columns": TABLE}, {}, "application/json", "MW-S108"),
        ({"rows": [ROWS[0], ROWS[0]], "what_if": {"age": 3}}, {}, "application/json", "MW-S108"),
        ({"rows": ROWS[:1], "what_if": {}}, {}, "application/json", "MW-S108"),
        ({"rows": ROWS[:1], "what_if": 5}, {}, "application/json", "MW-S108"),
        ({"columns": TABLE, "what_if": {"age": 3}}, {}, "application/json", "MW-S108"),
        (ROWS[0], {"reasons": "3"}, "application/json", "MW-S121"),
        (b"age,job\n1,a\n", {}, "text/csv", "MW-S107"),
    ],
)
def test_what_is_no_record_alone_is_refused(body, query, kind: str, code: str) -> None:
    with pytest.raises(RequestError) as refused:
        EXPLAIN.decode(ask(body, kind, query), facts_of())
    assert refused.value.code == code
