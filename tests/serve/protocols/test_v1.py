"""KServe's protocol v1, which Vertex and TensorFlow Serving's clients speak."""

from __future__ import annotations

import json

import pytest

from modelwright.errors import RequestError
from modelwright.serve.exchange import ModelFacts
from modelwright.serve.limits import Limits
from modelwright.serve.protocols.v1 import explaining, model_list, model_status, protocol

from .conftest import COLUMNS, ROWS, TABLE, ask, facts_of, scored_of

V1, EXPLAIN = protocol(Limits()), explaining(Limits())


def test_instances(facts: ModelFacts) -> None:
    assert V1.decode(ask({"instances": ROWS, "signature_name": "x"}), facts).records == ROWS
    assert V1.decode(ask({"instances": [[41, "clerk"], [39, None]]}), facts).columns == TABLE
    single = facts_of(columns=COLUMNS[:1])
    assert V1.decode(ask({"instances": [41, 39]}), single).columns == {"age": [41, 39]}


@pytest.mark.parametrize("body", [{}, {"instances": []}, {"instances": [[1]]}, {"instances": {"age": 1}}, [1]])
def test_what_is_refused(body: object, facts: ModelFacts) -> None:
    with pytest.raises(RequestError):
        V1.decode(ask(body), facts)


def test_other_types_are_refused(facts: ModelFacts) -> None:
    with pytest.raises(RequestError) as caught:
        V1.decode(ask(b"age\n1\n", "text/csv"), facts)
    assert caught.value.status == 415


def test_the_answer(facts: ModelFacts) -> None:
    request = ask({"instances": ROWS})
    assert V1.encode(V1.decode(request, facts), scored_of(2), facts, request).body == b'{"predictions":["yes","yes"]}'
    request = ask({"instances": ROWS[:1], "parameters": {"probabilities": True, "temperature": [1]}})
    row = json.loads(V1.encode(V1.decode(request, facts), scored_of(1), facts, request).body)["predictions"][0]
    assert row == {"prediction": "yes", "probabilities": {"no": 0.25, "yes": 0.75}}


def test_explanations(facts: ModelFacts) -> None:
    request = ask({"instances": ROWS})
    asked = EXPLAIN.decode(request, facts)
    assert asked.reasons == 5
    assert json.loads(EXPLAIN.encode(asked, scored_of(2), facts, request).body) == {
        "predictions": ["yes", "yes"],
        "explanations": [[{"column": "age", "effect": 0.5}]] * 2,
    }


def test_status(facts: ModelFacts) -> None:
    assert model_list(["bank"]) == {"models": ["bank"]}
    told = model_status(facts, ready=True)
    assert (told["name"], told["ready"], told["model_version_status"][0]["state"]) == ("bank", True, "AVAILABLE")
    assert model_status(facts, ready=False)["model_version_status"][0]["state"] == "LOADING"
