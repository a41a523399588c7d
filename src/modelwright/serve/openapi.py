"""The description of the server in OpenAPI 3.1, from the contract of the version that serves.

A schema promises no more than the server does, and no less: a value of any column may be a number, a text, true,
false or null, since the contract reads each spelling and lets new levels and values out of range through, but every
column has to be there. Kind, range and levels of a column stand in its description. What JSON Schema cannot say, that
two lists are of the same length or that data fits its shape, is left to the refusals. What answers which route is read
from `modelwright.serve.routes`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from modelwright import __version__
from modelwright.data.contract import ColumnSpec
from modelwright.serve.exchange import JSON, ModelFacts
from modelwright.serve.protocols.oip import datatype_of
from modelwright.serve.routes import ROUTES, Route
from modelwright.serve.schemas import Schema, example_of, options_of, ref, schemas

__all__ = ["document"]

CSV = "text/csv"
LINES = "application/jsonlines"
ARROW = ("application/vnd.apache.arrow.stream", "application/vnd.apache.arrow.file", "application/vnd.apache.parquet")
OCTETS = "application/octet-stream"


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
    components: Schema = {"schemas": schemas(facts)}
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
    "explain": "Say why one row is answered as it is",
    "invocations": "Predict, as SageMaker and MLflow ask",
    "v1": "Predict, protocol v1 of KServe, TensorFlow Serving and Vertex",
    "v1_explain": "Predict and say why, protocol v1 of KServe",
    "oip": "Predict, Open Inference Protocol v2",
}
_REFUSALS = {
    "400": "The request cannot be read", "401": "A key is needed", "403": "The key does not allow this",
    "404": "There is no such model or version", "408": "The body did not come in time",
    "413": "The request is too large", "415": "The content type is not supported",
    "421": "The server is not asked for by this name", "422": "The rows do not fit the contract",
    "429": "Too many requests",
    "500": "The server failed", "503": "The server cannot answer now",
}  # fmt: skip
_OF_ANY_ROUTE = ("400", "401", "403", "404", "421", "429", "500", "503")


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
    content = {"content": {kind: {"schema": ref(schema)}}} if kind else {}
    operation |= {"summary": summary, "tags": ["health" if route.scope is None else "about"]}
    operation["responses"]["202" if route.page == "feedback" else "200"] = {"description": summary, **content}
    if route.page in ("ready", "ping", "v2_ready"):
        operation["responses"]["503"] = {"description": "Requests may not come now", **content}
    if route.page == "feedback":
        operation["requestBody"] = {"required": True, "content": {JSON: {"schema": ref("Labels")}}}
        operation["responses"]["409"] = _refusal("409", "The server keeps no log")


def _refusal(code: str, what: str = "") -> Schema:
    return {"description": what or _REFUSALS[code], "content": {JSON: {"schema": ref("Error")}}}


def _parameters(route: Route, facts: ModelFacts) -> list[Schema]:
    known = {"model": facts.name, "version": facts.version}
    found: list[Schema] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}, "example": known[name]}
        for name in re.findall(r"\{(\w+)\}", route.template)
    ]
    if route.protocol in ("own", "invocations", "v1", "v1_explain"):
        found += [{"name": name, "in": "query", "schema": schema} for name, schema in options_of(facts).items()]
    return found


def _request(protocol: str, facts: ModelFacts) -> Schema:
    row = example_of(facts)
    if protocol == "oip":
        inputs = [
            {"name": s.name, "shape": [1, 1], "datatype": _fitting(s, row.get(s.name)), "data": [row.get(s.name)]}
            for s in facts.contract.columns
        ]
        return {JSON: {"schema": ref("V2Request"), "example": {"inputs": inputs}}, OCTETS: {"schema": ref("V2Binary")}}
    if protocol in ("v1", "v1_explain"):
        return {JSON: {"schema": ref("V1Request"), "example": {"instances": [row]}}}
    if protocol == "explain":
        return {JSON: {"schema": ref("Explain"), "example": {"rows": [row], "what_if": _other(row)}}}
    lines = {LINES: {"schema": ref("Lines")}, CSV: {"schema": ref("Lines")}}
    tables = {**lines, **{kind: {"schema": ref("Binary")} for kind in ARROW}}
    if protocol == "own":
        return {JSON: {"schema": ref("Request"), "example": {"rows": [row]}}, **tables}
    return {JSON: {"schema": ref("Invocation"), "example": {"dataframe_records": [row]}}, **tables}


def _other(row: dict[str, Any]) -> dict[str, Any]:
    """Return one column of a row with another value: a number if there is one, more by one; else that it is unknown."""
    number = next((n for n, v in row.items() if isinstance(v, int | float) and not isinstance(v, bool)), None)
    return {number: row[number] + 1} if number is not None else dict.fromkeys([*row][:1])


def _fitting(spec: ColumnSpec, value: Any) -> str:
    """Return the datatype of an example: a text is BYTES whatever the column's own."""
    return "BYTES" if isinstance(value, str) else datatype_of(spec) if value is None or spec.kind.numeric else "FP64"


def _response(protocol: str) -> Schema:
    if protocol == "oip":
        return {JSON: {"schema": ref("V2Response")}, OCTETS: {"schema": ref("V2Binary")}}
    if protocol in ("v1", "v1_explain"):
        return {JSON: {"schema": ref("Predictions")}}
    if protocol == "explain":
        return {JSON: {"schema": ref("Object")}}
    schema = ref("Response" if protocol == "own" else "Predictions")
    lines = {CSV: {"schema": ref("Text")}, LINES: {"schema": ref("Text")}}
    return {JSON: {"schema": schema}, **lines, **{kind: {"schema": ref("Binary")} for kind in ARROW[:2]}}
