"""The description of the server in OpenAPI 3.1, from the contract of the version that serves.

A schema promises no more than the server does: a value of any column may be a number, a text, true, false or null,
since the contract reads each spelling and lets new levels and values out of range through. Kind, range and levels of a
column stand in its description. What answers which route is read from `modelwright.serve.routes`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from modelwright import __version__
from modelwright.data.contract import ColumnSpec, Kind
from modelwright.data.enforcing import described
from modelwright.serve.exchange import JSON, ModelFacts
from modelwright.serve.protocols.oip import datatype_of
from modelwright.serve.protocols.options import MOST_REASONS
from modelwright.serve.routes import ROUTES, Route

__all__ = ["document"]

LEVELS_SHOWN = 12
CSV = "text/csv"
LINES = "application/jsonlines"
ARROW = ("application/vnd.apache.arrow.stream", "application/vnd.apache.arrow.file", "application/vnd.apache.parquet")
OCTETS = "application/octet-stream"

Schema = dict[str, Any]


def document(facts: ModelFacts, *, guarded: bool = True, routes: Iterable[Route] = ROUTES) -> Schema:
    """Return the OpenAPI document of the routes.

    Parameters
    ----------
    guarded : bool
        Whether the server asks for keys.
    """
    paths: dict[str, Schema] = {}
    for route in routes:
        paths.setdefault(route.template, {})[route.method.lower()] = _operation(route, facts, guarded=guarded)
    components: Schema = {"schemas": _schemas(facts)}
    if guarded:
        components["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer"},
            "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{facts.name}: predicts {facts.target}",
            "version": facts.version,
            "description": f"Version {facts.version} of the model '{facts.name}' ({facts.objective}), served by "
            f"Modelwright {__version__}. Digest {facts.digest or 'unknown'}.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": components,
    }


# --- operations ----------------------------------------------------------------------------------------------------

_PAGES: dict[str, tuple[str, str, str]] = {
    "alive": ("The process answers", JSON, "Health"),
    "ready": ("Requests may come", JSON, "Health"),
    "ping": ("Requests may come, with an empty body", "", ""),
    "version": ("Who answers", JSON, "Object"),
    "metrics": ("Figures for Prometheus", "text/plain", "Text"),
    "openapi": ("This description", JSON, "Object"),
    "card": ("What the version says of itself", "text/markdown", "Text"),
    "execution": ("What batch transform may send at a time", JSON, "Object"),
    "feedback": ("Take labels that came late", JSON, "Object"),
    "v1_models": ("Names of the models", JSON, "Object"),
    "v1_model": ("State of the model", JSON, "Object"),
    "v2_server": ("Name and extensions of the server", JSON, "Object"),
    "v2_model": ("Inputs and outputs of the model", JSON, "V2Model"),
    "v2_ready": ("Whether the model answers", JSON, "Health"),
}
_PROTOCOLS = {
    "own": "Predict",
    "invocations": "Predict, as SageMaker and MLflow ask",
    "v1": "Predict, protocol v1 of KServe, TensorFlow Serving and Vertex",
    "v1_explain": "Predict and say why, protocol v1 of KServe",
    "oip": "Predict, Open Inference Protocol v2",
}
_REFUSALS = {
    "400": "The body cannot be read", "401": "A key is needed", "403": "The key does not allow this",
    "404": "There is no such model or version", "408": "The body did not come in time",
    "413": "The request is too large", "415": "The content type is not supported",
    "421": "The server is not asked for by this name", "422": "The rows do not fit the contract",
    "429": "Too many requests",
    "500": "The server failed", "503": "The server cannot answer now",
}  # fmt: skip
_OF_ANY_ROUTE = ("401", "403", "404", "421", "429", "500", "503")


def _operation(route: Route, facts: ModelFacts, *, guarded: bool) -> Schema:
    words = re.findall(r"[A-Za-z0-9]+", route.template) or ["root"]
    operation: Schema = {"operationId": "_".join((route.method.lower(), *words)), "responses": {}}
    if parameters := _parameters(route, facts):
        operation["parameters"] = parameters
    if route.protocol:
        operation |= {"summary": _PROTOCOLS[route.protocol], "tags": ["predictions"]}
        operation["requestBody"] = {"required": True, "content": _request(route.protocol, facts)}
        operation["responses"]["200"] = {"description": "The predictions", "content": _response(route.protocol)}
    else:
        _page(route, operation)
    codes = _REFUSALS if route.method == "POST" else _OF_ANY_ROUTE
    for code in codes:
        operation["responses"].setdefault(code, _refusal(code))
    if guarded:
        operation["security"] = [{"bearer": []}, {"key": []}] if route.scope is not None else []
    return operation


def _page(route: Route, operation: Schema) -> None:
    summary, kind, schema = _PAGES[route.page]
    content = {"content": {kind: {"schema": _ref(schema)}}} if kind else {}
    operation |= {"summary": summary, "tags": ["health" if route.scope is None else "about"]}
    operation["responses"]["202" if route.page == "feedback" else "200"] = {"description": summary, **content}
    if route.page in ("ready", "ping", "v2_ready"):
        operation["responses"]["503"] = {"description": "Requests may not come now", **content}
    if route.page == "feedback":
        operation["requestBody"] = {"required": True, "content": {JSON: {"schema": _ref("Labels")}}}


def _refusal(code: str) -> Schema:
    return {"description": _REFUSALS[code], "content": {JSON: {"schema": _ref("Error")}}}


def _parameters(route: Route, facts: ModelFacts) -> list[Schema]:
    known = {"model": facts.name, "version": facts.version}
    found: list[Schema] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}, "example": known[name]}
        for name in re.findall(r"\{(\w+)\}", route.template)
    ]
    if route.protocol in ("own", "invocations", "v1", "v1_explain"):
        found += [{"name": name, "in": "query", "schema": schema} for name, schema in _options(facts).items()]
    return found


def _options(facts: ModelFacts) -> dict[str, Schema]:
    options: dict[str, Schema] = {
        "probabilities": {"type": "boolean", "description": "Whether the probabilities of the classes are wanted"},
        "reasons": {"type": "integer", "minimum": 0, "maximum": MOST_REASONS, "description": "Reasons per row"},
    }
    if not facts.classes:
        options["interval"] = {
            "type": "number", "minimum": 0.5, "maximum": 0.99,
            "description": "Coverage of the interval that is wanted beside each value",
        }  # fmt: skip
    return options


def _request(protocol: str, facts: ModelFacts) -> Schema:
    row = _example(facts)
    if protocol == "oip":
        inputs = [
            {"name": s.name, "shape": [1, 1], "datatype": _fitting(s, row.get(s.name)), "data": [row.get(s.name)]}
            for s in facts.contract.columns
        ]
        return {JSON: {"schema": _ref("V2Request"), "example": {"inputs": inputs}}, OCTETS: {"schema": _ref("Binary")}}
    if protocol in ("v1", "v1_explain"):
        return {JSON: {"schema": _ref("V1Request"), "example": {"instances": [row]}}}
    lines = {LINES: {"schema": _ref("Text")}, CSV: {"schema": _ref("Text")}}
    tables = {**lines, **{kind: {"schema": _ref("Binary")} for kind in ARROW}}
    if protocol == "own":
        return {JSON: {"schema": _ref("Request"), "example": {"rows": [row]}}, **tables}
    return {JSON: {"schema": _ref("Invocation"), "example": {"dataframe_records": [row]}}, **tables}


def _fitting(spec: ColumnSpec, value: Any) -> str:
    """Return the datatype of an example: a text is BYTES whatever the column's own."""
    return "BYTES" if isinstance(value, str) else datatype_of(spec) if value is None or spec.kind.numeric else "FP64"


def _response(protocol: str) -> Schema:
    if protocol == "oip":
        return {JSON: {"schema": _ref("V2Response")}, OCTETS: {"schema": _ref("Binary")}}
    if protocol in ("v1", "v1_explain"):
        return {JSON: {"schema": _ref("Predictions")}}
    schema = _ref("Response" if protocol == "own" else "Predictions")
    lines = {CSV: {"schema": _ref("Text")}, LINES: {"schema": _ref("Text")}}
    return {JSON: {"schema": schema}, **lines, **{kind: {"schema": _ref("Binary")} for kind in ARROW[:2]}}


# --- schemas -------------------------------------------------------------------------------------------------------


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items, "minItems": 1}


def _object(properties: Schema, required: Iterable[str] = ()) -> Schema:
    schema: Schema = {"type": "object", "properties": properties}
    return {**schema, "required": list(required)} if required else schema


def _schemas(facts: ModelFacts) -> Schema:
    return {**_plain_schemas(), **_own_schemas(facts), **_foreign_schemas(facts)}


def _plain_schemas() -> Schema:
    text = {"type": "string"}
    label = {"request_id": {"type": "string", "maxLength": 200}, "row": {"type": "integer", "minimum": 0},
             "label": _ref("Value")}  # fmt: skip
    return {
        "Text": text,
        "Binary": {"type": "string", "format": "binary"},
        "Object": {"type": "object"},
        "Value": {"type": ["number", "string", "boolean", "null"]},
        "Health": _object({"live": {"type": "boolean"}, "ready": {"type": "boolean"}, "status": text}),
        "Error": _object(
            {
                "error": text,
                "fix": text,
                "code": {"type": "string", "pattern": "^MW-[A-Z][0-9]{3}$"},
                "request_id": text,
            },
            ("error", "code", "request_id"),
        ),
        "Label": _object(label, ("request_id", "label")),
        "Labels": {
            "anyOf": [_ref("Label"), _object({"labels": {"type": "array", "items": _ref("Label")}}, ("labels",))]
        },
    }


def _own_schemas(facts: ModelFacts) -> Schema:
    options = _options(facts)
    record = _object({s.name: _column(s, facts) for s in facts.contract.columns})
    record |= {"additionalProperties": _ref("Value"), "minProperties": 1, "example": _example(facts)}
    columns = {"type": "object", "minProperties": 1, "additionalProperties": _list(_ref("Value"))}
    instance = {"anyOf": [_ref("Record"), _list(_ref("Value")), _ref("Value")]}
    forms = {"rows": _list(_ref("Record")), "columns": columns, "instances": _list(instance)}
    wrapped = [
        {**_object({name: schema, **options}, (name,)), "additionalProperties": False} for name, schema in forms.items()
    ]
    response = _object(
        {"predictions": {"type": "array", "items": _ref("Prediction")}, "model": {"type": "string"},
         "version": {"type": "string"}, "request_id": {"type": "string"},
         "notes": {"type": "array", "items": _ref("Note")}},
        ("predictions", "model", "version", "request_id", "notes"),
    )  # fmt: skip
    return {
        "Record": record,
        "Columns": columns,
        "Instance": instance,
        "Request": {"anyOf": [*wrapped, _ref("Record")]},
        "Prediction": _prediction(facts),
        "Note": _object({n: {"type": ["string", "integer", "null"]} for n in
                         ("what", "column", "rows", "done", "message")}),
        "Response": response,
    }  # fmt: skip


def _answer(facts: ModelFacts) -> Schema:
    return {"type": "string", "enum": list(facts.classes)} if facts.classes else {"type": ["number", "null"]}


def _prediction(facts: ModelFacts) -> Schema:
    properties: Schema = {"prediction": _answer(facts)}
    if facts.classes:
        share = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
        properties["probabilities"] = _object(dict.fromkeys(facts.classes, share))
    else:
        bound = {"type": ["number", "null"]}
        properties["interval"] = _object({"low": bound, "high": bound, "coverage": {"type": "number"}})
    properties["reasons"] = {"type": "array", "items": {"type": "object"}}
    return _object(properties, ("prediction",))


def _foreign_schemas(facts: ModelFacts) -> Schema:
    options = _object(_options(facts))
    predictions = {"type": "array", "items": {"anyOf": [_answer(facts), _ref("Prediction")]}}
    return {
        "V1Request": _object({"instances": _list(_ref("Instance")), "parameters": options}, ("instances",)),
        "Predictions": _object(
            {"predictions": predictions, "explanations": {"type": "array", "items": {"type": "array"}}},
            ("predictions",),
        ),
        "Invocation": {"anyOf": [*_mlflow(options), _ref("Record"), _list(_ref("Record"))]},
        **_v2(options),
    }


def _mlflow(options: Schema) -> list[Schema]:
    split = _object(
        {"columns": _list({"type": "string"}), "data": _list(_list(_ref("Value")))}, ("columns", "data")
    )  # fmt: skip
    rows = {"anyOf": [_list(_ref("Instance")), _ref("Columns"), _ref("Record")]}
    forms = {"dataframe_split": split, "dataframe_records": _list(_ref("Record")), "instances": rows, "inputs": rows}
    return [_object({name: schema, "params": options}, (name,)) for name, schema in forms.items()]


def _v2(options: Schema) -> Schema:
    text, shape = {"type": "string"}, {"type": "array", "items": {"type": "integer"}}
    data = {"type": "array", "items": {"anyOf": [_ref("Value"), {"type": "array", "items": _ref("Value")}]}}
    tensor = _object(
        {"name": text, "shape": shape, "datatype": text, "data": data, "parameters": {"type": "object"}},
        ("name", "shape", "datatype"),
    )
    output = _object({"name": text, "parameters": {"type": "object"}}, ("name",))
    described_tensor = _object({"name": text, "datatype": text, "shape": shape}, ("name", "datatype", "shape"))
    tensors = {"type": "array", "items": described_tensor}
    return {
        "V2Request": _object(
            {"id": text, "inputs": _list(tensor), "outputs": {"type": "array", "items": output}, "parameters": options},
            ("inputs",),
        ),
        "V2Response": _object(
            {"model_name": text, "model_version": text, "id": text, "outputs": {"type": "array", "items": tensor}},
            ("model_name", "id", "outputs"),
        ),
        "V2Model": _object(
            {"name": text, "versions": {"type": "array", "items": text}, "platform": text, "inputs": tensors,
             "outputs": tensors},
            ("name", "platform", "inputs", "outputs"),
        ),
    }  # fmt: skip


# --- columns -------------------------------------------------------------------------------------------------------


def _example(facts: ModelFacts) -> dict[str, Any]:
    return facts.example or dict.fromkeys(facts.contract.names)


def _column(spec: ColumnSpec, facts: ModelFacts) -> Schema:
    """Return the schema of a column: any value, and in words what it held in training."""
    schema: Schema = {"type": ["number", "string", "boolean", "null"], "description": _words(spec)}
    value = facts.example.get(spec.name)
    if value is not None:
        schema["examples"] = [value]
    return schema


def _words(spec: ColumnSpec) -> str:
    words = [str(spec.kind)]
    if spec.kind in (Kind.DATETIME, Kind.BOOLEAN):
        words.append(described(spec))
    if spec.kind in (Kind.NUMBER, Kind.GEO) and spec.minimum is not None and spec.maximum is not None:
        unit = f" {spec.unit_of_values}" if spec.unit_of_values else ""
        words.append(f"{spec.minimum:g} to {spec.maximum:g}{unit} in training")
    if spec.kind in (Kind.CATEGORY, Kind.CONSTANT) and spec.levels:
        more = f" and {spec.n_levels - LEVELS_SHOWN:,} more" if spec.n_levels > LEVELS_SHOWN else ""
        words.append("in training: " + ", ".join(spec.levels[:LEVELS_SHOWN]) + more)
    words.append("may be missing" if spec.nullable else "never missing in training")
    return "; ".join(words)
