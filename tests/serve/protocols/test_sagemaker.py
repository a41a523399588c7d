"""``/invocations``: SageMaker's bodies and MLflow's on one route."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelwright.errors import RequestError
from modelwright.serve.exchange import ModelFacts
from modelwright.serve.limits import Limits
from modelwright.serve.protocols.sagemaker import execution_parameters, protocol

from .conftest import ROWS, TABLE, ask, scored_of

INVOCATIONS = protocol(Limits())
TEXTS = {"age": ["41", "39"], "job": ["clerk", ""]}


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_split": {"columns": ["age", "job"], "index": [0, 1], "data": [[41, "clerk"], [39, None]]}},
        {"instances": [[41, "clerk"], [39, None]]},
        {"instances": TABLE},
        {"inputs": TABLE},
        {"inputs": [[41, "clerk"], [39, None]]},
        [[41, "clerk"], [39, None]],
    ],
)
def test_columns(body: Any, facts: ModelFacts) -> None:
    assert INVOCATIONS.decode(ask(body), facts).columns == TABLE


@pytest.mark.parametrize("body", [{"dataframe_records": ROWS}, {"instances": ROWS}, {"inputs": ROWS}, ROWS])
def test_records(body: Any, facts: ModelFacts) -> None:
    assert INVOCATIONS.decode(ask(body), facts).records == ROWS


def test_one_record(facts: ModelFacts) -> None:
    for body in (ROWS[0], {"inputs": ROWS[0]}):
        assert INVOCATIONS.decode(ask(body), facts).records == ROWS[:1]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "MW-S108"),
        ({"instances": ROWS, "inputs": ROWS}, "MW-S108"),
        ({"dataframe_split": {"columns": ["age"], "data": [[1, 2]]}}, "MW-S112"),
        ({"dataframe_split": {"columns": ["age", "age"], "data": [[1, 2]]}}, "MW-S108"),
        ({"dataframe_split": {"data": [[1]]}}, "MW-S108"),
        ({"dataframe_records": []}, "MW-S119"),
        ({"dataframe_records": [{"age": [1]}]}, "MW-S109"),
        ({"inputs": {"age": [1], "job": []}}, "MW-S111"),
        ({"inputs": {}}, "MW-S119"),
        ({"inputs": 5}, "MW-S108"),
        ({"age": {"a": 1}}, "MW-S109"),
        ([], "MW-S119"),
    ],
)
def test_refusals(body: Any, code: str, facts: ModelFacts) -> None:
    with pytest.raises(RequestError) as caught:
        INVOCATIONS.decode(ask(body), facts)
    assert caught.value.code == code, str(caught.value)


def test_csv_with_and_without_a_header(facts: ModelFacts) -> None:
    rows = b"41,clerk\n39,\n"
    for body, kind in (
        (rows, "text/csv"),
        (b"age,job\n" + rows, "text/csv"),
        (rows, "text/csv; header=absent"),
        (b"age,job\n" + rows, "text/csv;header=present"),
    ):
        assert INVOCATIONS.decode(ask(body, kind), facts).columns == TEXTS
    assert len(INVOCATIONS.decode(ask(b"age,job\n1,2\n", "text/csv; header=absent"), facts).columns["age"]) == 2
    with pytest.raises(RequestError, match="row 1 has 3 values, expected are 2"):
        INVOCATIONS.decode(ask(b"1,2,3\n", "text/csv"), facts)


@pytest.mark.parametrize("body", [b'{"features":[41,"clerk"]}\n{"features":[39,null]}', b'[41,"clerk"]\n[39,null]\n'])
def test_json_lines_by_position(body: bytes, facts: ModelFacts) -> None:
    assert INVOCATIONS.decode(ask(body, "application/jsonlines"), facts).columns == TABLE


def test_json_lines_of_records(facts: ModelFacts) -> None:
    body = b'{"age":41,"job":"clerk"}\n{"age":39,"job":null}'
    assert INVOCATIONS.decode(ask(body, "application/jsonlines"), facts).records == ROWS
    with pytest.raises(RequestError, match=r"column 'age' of row 2 is a list .* MW-S109"):
        INVOCATIONS.decode(ask(b'{"age":1}\n{"age":[1]}', "application/jsonlines"), facts)


def answered(body: Any, facts: ModelFacts, kind: str = "application/json", **headers: str) -> tuple[str, bytes]:
    request = ask(body, kind, **headers)
    reply = INVOCATIONS.encode(INVOCATIONS.decode(request, facts), scored_of(2), facts, request)
    return reply.content_type, reply.body


def test_answers(facts: ModelFacts) -> None:
    plain = ("application/json", b'{"predictions":["yes","yes"]}')
    csv = b"41,clerk\n39,\n"
    assert answered({"inputs": TABLE}, facts) == plain
    assert answered(b"age,job\n" + csv, facts, "text/csv") == plain
    assert answered(csv, facts, "text/csv", accept="application/json") == plain
    assert answered(csv, facts, "text/csv", accept="*/*") == ("text/csv; charset=utf-8", b"yes\nyes\n")
    kind, lines = answered(b"[41,null]\n[39,null]", facts, "application/jsonlines")
    assert kind == "application/jsonlines"
    assert [json.loads(line)["prediction"] for line in lines.splitlines()] == ["yes", "yes"]


def test_params_of_mlflow(facts: ModelFacts) -> None:
    _, body = answered({"inputs": TABLE, "params": {"probabilities": True, "top_k": {"a": 1}}}, facts)
    assert json.loads(body)["predictions"][0]["probabilities"] == {"no": 0.25, "yes": 0.75}


def test_execution_parameters() -> None:
    told = execution_parameters(Limits(body_bytes=6 * 2**20), 2)
    assert told == {"MaxConcurrentTransforms": 2, "BatchStrategy": "MULTI_RECORD", "MaxPayloadInMB": 6}
