"""Where a version decides under a payoff, the server says so: a row alone, many rows, and tables."""

from __future__ import annotations

import pytest

from modelwright.serve.exchange import Asked, Scored
from modelwright.serve.protocols import v1
from modelwright.serve.protocols.replies import CSV, answer_rows, table_reply

from .conftest import ask, facts_of


def scored(n_rows: int) -> Scored:
    return Scored({"prediction": [10.0, 20.0][:n_rows], "decision": [12.5, 22.5][:n_rows]}, n_rows)


@pytest.mark.parametrize("n_rows", [1, 2])
def test_rows(n_rows):
    rows = answer_rows(Asked(), scored(n_rows), facts_of(()))
    assert rows == [{"prediction": 10.0, "decision": 12.5}, {"prediction": 20.0, "decision": 22.5}][:n_rows]


def test_tables():
    reply = table_reply(CSV, Asked(), scored(2), facts_of(()))
    assert reply.body.decode().splitlines() == ["prediction,decision", "10.0,12.5", "20.0,22.5"]


def test_plain_predictions_of_another_protocol_become_documents():
    asked = Asked(probabilities=False)
    reply = v1.encode(asked, scored(2), facts_of(()), ask())
    assert b'"decision":12.5' in reply.body
