"""The description in OpenAPI: complete, true to the contract, and no promise that the server does not keep."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from modelwright.data.contract import ColumnSpec, Kind
from modelwright.errors import RequestError
from modelwright.serve.exchange import ModelFacts
from modelwright.serve.labels import Label, check_labels
from modelwright.serve.limits import Limits
from modelwright.serve.models import as_json
from modelwright.serve.openapi import document
from modelwright.serve.protocols import make_protocols
from modelwright.serve.routes import ROUTES, Route, routes_for
from modelwright.serve.schemas import ref

from .protocols.conftest import COLUMNS, ask, facts_of


def parts(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for inner in node:
            yield from parts(inner)


@pytest.mark.parametrize("classes", [("no", "yes"), ()])
@pytest.mark.parametrize("guarded", [True, False])
def test_every_reference_leads_somewhere(classes: tuple[str, ...], guarded: bool) -> None:
    told = json.loads(json.dumps(document(facts_of(classes), guarded=guarded)))
    assert told["openapi"].startswith("3.1")
    schemas = told["components"]["schemas"]
    references = {p["$ref"] for p in parts(told) if "$ref" in p}
    assert {r.rpartition("/")[2] for r in references} <= set(schemas)
    ids = [p["operationId"] for p in parts(told["paths"]) if "operationId" in p]
    assert len(set(ids)) == len(ids)


def test_every_route_is_described() -> None:
    told = document(facts_of())["paths"]
    assert {(r.method.lower(), r.template) for r in ROUTES} == {(m, path) for path in told for m in told[path]}
    added = routes_for({"AIP_PREDICT_ROUTE": "/v1/endpoints/1:predict"})
    assert "/v1/endpoints/1:predict" in document(facts_of(), routes=added)["paths"]


def test_who_needs_a_key() -> None:
    told = document(facts_of(), guarded=True)["paths"]
    assert told["/predict"]["post"]["security"] == [{"bearer": []}, {"key": []}]
    assert told["/readyz"]["get"]["security"] == []
    open_ = document(facts_of(), guarded=False)
    assert "security" not in open_["paths"]["/predict"]["post"]
    assert "securitySchemes" not in open_["components"]


def test_parameters_of_the_path_are_declared() -> None:
    for path, operations in document(facts_of())["paths"].items():
        for operation in operations.values():
            declared = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "path"}
            assert declared == set(re.findall(r"\{(\w+)\}", path))


def test_columns_are_described_and_not_restricted() -> None:
    columns = (
        *COLUMNS,
        ColumnSpec(name="when", kind=Kind.DATETIME, formats=("%d.%m.%Y",)),
        ColumnSpec(name="off", kind=Kind.NUMBER, minimum=0.0, maximum=20.0, unit="%"),
        ColumnSpec(name="early", kind=Kind.NUMBER, minimum=0.0, maximum=0.2, unit="%", scale=0.01),
        ColumnSpec(name="city", kind=Kind.CATEGORY, levels=tuple(map(str, range(40))), n_levels=40),
    )
    record = document(facts_of(columns=columns))["components"]["schemas"]["Record"]
    told = {name: schema["description"] for name, schema in record["properties"].items()}
    assert told["age"] == "number; 18 to 90 in training; never missing in training"
    assert told["job"] == "category; in training: clerk, nurse; may be missing"
    assert "%d.%m.%Y" in told["when"]
    assert told["off"] == told["early"] == "number; 0 to 20 % in training; never missing in training"
    assert told["city"].count(",") == 11
    assert "and 28 more" in told["city"]
    for schema in record["properties"].values():
        assert schema["type"] == ["number", "string", "boolean", "null"]
        assert "enum" not in schema
    assert record["example"] == {"age": 41, "job": "clerk"}


def test_every_column_has_to_be_there() -> None:
    schemas = document(facts_of())["components"]["schemas"]
    assert schemas["Record"]["required"] == schemas["Columns"]["required"] == ["age", "job"]
    assert (schemas["Row"]["minItems"], schemas["Row"]["maxItems"]) == (2, 2)
    assert [form["items"] for form in schemas["Rows"]["anyOf"]] == [ref("Record"), ref("Row")]
    alone = document(facts_of(columns=COLUMNS[:1]))["components"]["schemas"]
    assert ref("Value") in [form["items"] for form in alone["Rows"]["anyOf"]]  # a row of one column may be its value


def test_an_interval_is_offered_where_there_is_one() -> None:
    def offered(facts: ModelFacts) -> tuple[Any, list[str]]:
        told = document(facts)
        parameters = {p["name"]: p["schema"] for p in told["paths"]["/predict"]["post"]["parameters"]}
        wanted = told["components"]["schemas"]["V2Request"]["properties"]["outputs"]["items"]
        return parameters.get("interval", {}).get("maximum"), wanted["properties"]["name"]["enum"]

    assert offered(facts_of()) == (None, ["predict", "probabilities"])
    assert offered(facts_of(())) == (None, ["predict"])
    assert offered(replace(facts_of(()), most_coverage=0.95)) == (0.95, ["predict", "low", "high"])
    assert offered(replace(facts_of(), most_coverage=0.95)) == (0.95, ["predict", "probabilities", "set"])


def test_options_of_a_body_may_be_null() -> None:
    told = document(facts_of())
    parameters = told["components"]["schemas"]["V1Request"]["properties"]["parameters"]
    assert parameters["type"] == ["object", "null"]
    assert parameters["properties"]["reasons"]["type"] == ["integer", "null"]
    query = {p["name"]: p["schema"] for p in told["paths"]["/predict"]["post"]["parameters"]}
    assert query["reasons"]["type"] == "integer"


def test_labels_are_those_that_the_target_can_have() -> None:
    def labels(classes: tuple[str, ...]) -> Any:
        return document(facts_of(classes))["components"]["schemas"]["Label"]["properties"]["label"]

    assert labels(("no", "yes"))["anyOf"][0] == {"enum": ["no", "yes"]}
    assert labels(()) == {"type": "number", "minimum": -1e75, "maximum": 1e75}
    told = labels(("0", "-1", "2.5", "True", "007", "nan"))["anyOf"][0]["enum"]
    assert list(map(json.dumps, told)) == [
        '"0"', "0", '"-1"', "-1", '"2.5"', "2.5", '"True"', "true", '"007"', '"nan"',
    ]  # fmt: skip
    for label in told:
        check_labels([Label("a", label)], ("0", "-1", "2.5", "True", "007", "nan"))


@pytest.mark.parametrize(
    ("classes", "taken"), [(("no", "yes"), [True, False]), (("in", "out"), []), (("0", "1"), []), (("a", "b", "c"), [])]
)
def test_true_and_false_are_offered_where_they_are_labels(classes: tuple[str, ...], taken: list[bool]) -> None:
    told = document(facts_of(classes))["components"]["schemas"]["Label"]["properties"]["label"]["anyOf"]
    assert [value for option in told for value in option.get("enum", []) if isinstance(value, bool)] == taken
    assert not any("boolean" in option.get("type", "") for option in told)
    for value in (True, False):
        with contextlib.nullcontext() if value in taken else pytest.raises(RequestError, match="MW-S314"):
            check_labels([Label("a", value)], classes)


def test_refusals_are_declared() -> None:
    told = document(facts_of())["paths"]
    assert "409" in told["/feedback"]["post"]["responses"]  # no log is kept
    assert all("400" in operation["responses"] for path in told.values() for operation in path.values())


@pytest.mark.parametrize("route", [r for r in ROUTES if r.protocol], ids=lambda r: r.template)
def test_examples_are_read_by_their_route(route: Route) -> None:
    facts: ModelFacts = facts_of()
    operation = document(facts)["paths"][route.template]["post"]
    example = operation["requestBody"]["content"]["application/json"]["example"]
    asked = make_protocols(Limits())[route.protocol].decode(ask(example), facts)
    assert asked.what_if is None or asked.what_if == {"age": 42}
    assert asked.records == [facts.example] or asked.columns == {"age": [41], "job": ["clerk"]}


def test_numbers_of_a_source_of_texts_are_shown_as_numbers() -> None:
    age = ColumnSpec(name="age", kind=Kind.NUMBER)
    assert [as_json(age, v) for v in ("41", "-1.50", "1e3", "", None, 7, "1,5")] == [
        41,
        -1.5,
        "1e3",
        "",
        None,
        7,
        "1,5",
    ]
    assert as_json(replace(age, kind=Kind.CATEGORY), "0041") == "0041"
    assert as_json(replace(age, decimal=","), "1.234") == "1.234" and as_json(replace(age, scale=0.01), "5") == "5"
