"""Schemas of what the routes read and answer, for `modelwright.serve.openapi`, which says what they promise."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from modelwright.bounds import HIGHEST_RISK, LARGEST_LABEL, LOWEST_RISK
from modelwright.data.contract import ColumnSpec, Kind
from modelwright.data.enforcing import described, is_dated
from modelwright.data.parsing.classes import classes_of
from modelwright.data.parsing.texts import text_of
from modelwright.runtime.abstaining import ABSTAIN
from modelwright.runtime.decisions import DECISION
from modelwright.runtime.intervals import LOWEST
from modelwright.runtime.unusual import UNUSUAL, UNUSUAL_COLUMNS
from modelwright.serve.exchange import ModelFacts
from modelwright.serve.labels import LONGEST_ID, MOST_LABELS, MOST_ROW
from modelwright.serve.protocols.oip import output_names
from modelwright.serve.protocols.options import MOST_REASONS
from modelwright.serve.protocols.tensors import DATATYPES

__all__ = ["Schema", "example_of", "options_of", "ref", "schemas"]

LEVELS_SHOWN = 12

Schema = dict[str, Any]


def options_of(facts: ModelFacts) -> dict[str, Schema]:
    """Return the options as the query has them."""
    options: dict[str, Schema] = {
        "probabilities": {"type": "boolean", "description": "Whether the probabilities of the classes are wanted"},
        "reasons": {
            "type": "integer",
            "minimum": 0,
            "maximum": MOST_REASONS,
            "description": "Reasons per row, at most: columns at their typical value have no effect and are left out",
        },
    }
    if facts.most_coverage:
        options["interval"] = {
            "type": "number", "minimum": LOWEST, "maximum": facts.most_coverage,
            "description": f"Coverage of the {'set of classes' if facts.classes else 'interval'} that is wanted beside "
            "each prediction",
        }  # fmt: skip
    if facts.can_abstain:
        options[ABSTAIN] = {
            "type": "number", "minimum": LOWEST_RISK, "maximum": HIGHEST_RISK,
            "description": "Share of answers that may be wrong; rows that would be more often are left to a person",
        }  # fmt: skip
    if facts.tells_unusual:
        options[UNUSUAL] = {"type": "boolean", "description": "Whether it is wanted which rows are unlike training"}
    return options


def _body_options(facts: ModelFacts) -> dict[str, Schema]:
    """Return the options as a body has them, where null stands for one that is not given."""
    return {name: {**schema, "type": [schema["type"], "null"]} for name, schema in options_of(facts).items()}


def ref(name: str) -> Schema:
    """Return the reference to one of `schemas`."""
    return {"$ref": f"#/components/schemas/{name}"}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items, "minItems": 1}


def _object(properties: Schema, required: Iterable[str] = ()) -> Schema:
    schema: Schema = {"type": "object", "properties": properties}
    return {**schema, "required": list(required)} if required else schema


def schemas(facts: ModelFacts) -> Schema:
    """Return all schemas by name."""
    return {**_plain_schemas(), **_label_schemas(facts), **_own_schemas(facts), **_foreign_schemas(facts)}


def _plain_schemas() -> Schema:
    text = {"type": "string"}
    return {
        "Text": text,
        "Lines": {**text, "minLength": 1, "description": "A row a line, with every column of a record"},
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
    }


_VALUE = {"type": "number", "minimum": -LARGEST_LABEL, "maximum": LARGEST_LABEL}


def _label_schemas(facts: ModelFacts) -> Schema:
    label = {
        "request_id": {"type": "string", "maxLength": LONGEST_ID},
        "row": {"type": "integer", "minimum": 0, "maximum": MOST_ROW},
        "label": _label(facts.classes) if facts.classes else _VALUE,
    }
    several = {"type": "array", "items": ref("Label"), "maxItems": MOST_LABELS}
    return {
        "Label": _object(label, ("request_id", "label")),
        "Labels": {"anyOf": [ref("Label"), _object({"labels": several}, ("labels",))]},
    }


def _label(classes: Sequence[str]) -> Schema:
    named = {"enum": [value for name in classes for value in _spellings(name)]}
    other: list[Schema] = [{"type": "string", "description": "one of them in another spelling"}]
    if answers := [value for value in (True, False) if classes_of({str(text_of(value))}, classes)]:
        other.append({"enum": answers, "description": "the class that is this answer in words"})
    return {"anyOf": [named, *other]}


def _spellings(name: str) -> list[Any]:
    """Return the values of JSON that stand for a class: its name, and the number or boolean that is written so."""
    numbers = [float(name) if "." in name else int(name)] if _NUMBER.fullmatch(name) else []
    return [name, *(value for value in (True, False, *numbers) if text_of(value) == name)]


_NUMBER = re.compile(r"-?\d{1,18}(\.\d+)?", re.ASCII)


def _own_schemas(facts: ModelFacts) -> Schema:
    options = _body_options(facts)
    names = facts.contract.names
    record = _object({s.name: _column(s, facts) for s in facts.contract.columns}, names)
    record |= {"additionalProperties": ref("Value"), "minProperties": 1, "example": example_of(facts)}
    columns = _object({}, names) | {"minProperties": 1, "additionalProperties": _list(ref("Value"))}
    row = _list(ref("Value")) | {"minItems": len(names), "maxItems": len(names)}
    rows = [_list(ref("Record")), _list(ref("Row")), *([_list(ref("Value"))] if len(names) == 1 else [])]
    forms = {"rows": _list(ref("Record")), "columns": columns, "instances": ref("Rows")}
    wrapped = [
        {**_object({name: schema, **options}, (name,)), "additionalProperties": False} for name, schema in forms.items()
    ]
    response = _object(
        {"predictions": {"type": "array", "items": ref("Prediction")}, "model": {"type": "string"},
         "version": {"type": "string"}, "request_id": {"type": "string"},
         "notes": {"type": "array", "items": ref("Note")}},
        ("predictions", "model", "version", "request_id", "notes"),
    )  # fmt: skip
    return {
        "Record": record,
        "Columns": columns,
        "Row": row | {"description": "Values in the order of the columns of a record"},
        "Rows": {"anyOf": rows},
        "Request": {"anyOf": [*wrapped, ref("Record")]},
        "Explain": {"anyOf": [ref("Record"), _explained(facts)]},
        "Prediction": _prediction(facts),
        "Note": _object({n: {"type": ["string", "integer", "null"]} for n in
                         ("what", "column", "rows", "done", "message")}),
        "Response": response,
    }  # fmt: skip


def _explained(facts: ModelFacts) -> Schema:
    """Return the schema of one row with other values of some of its columns."""
    other = _object({s.name: _OTHER_VALUES.get(s.kind, ref("Value")) for s in facts.contract.columns})
    other |= {
        "additionalProperties": False,
        "minProperties": 1,
        "description": "Other values of some columns: the answer to the row with them is told in 'what_if', too",
    }
    one = _list(ref("Record")) | {"maxItems": 1}
    return {**_object({"rows": one, "what_if": other}, ("rows",)), "additionalProperties": False}


_OTHER_VALUES: dict[Kind, Schema] = {
    Kind.NUMBER: {"anyOf": [{"type": ["number", "boolean", "null"]}, {"enum": [""]}]},
    Kind.BOOLEAN: {"enum": [True, False, 1, 0, "", None]},
    Kind.DATETIME: {"anyOf": [{"type": "string", "format": "date-time"}, {"enum": ["", None]}]},
}
"""What another value may surely be: of a row what cannot be read is missing, of a question it is refused."""


def _answer(facts: ModelFacts) -> Schema:
    return {"type": "string", "enum": list(facts.classes)} if facts.classes else {"type": ["number", "null"]}


def _prediction(facts: ModelFacts) -> Schema:
    properties: Schema = {"prediction": _answer(facts)}
    if facts.classes:
        share = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
        properties["probabilities"] = _object(dict.fromkeys(facts.classes, share))
        inside = {"type": "array", "items": _answer(facts), "minItems": 1}
        properties["set"] = _object({"classes": inside, "coverage": {"type": "number"}}, ("classes", "coverage"))
    else:
        bound = {"type": ["number", "null"]}
        properties["interval"] = _object({"low": bound, "high": bound, "coverage": {"type": "number"}})
    if facts.can_abstain:
        properties[ABSTAIN] = {"type": "boolean", "description": "Whether the row should go to a person"}
    if facts.tells_unusual:
        properties[UNUSUAL] = {"type": "boolean", "description": "Whether the row is unlike training"}
        properties[UNUSUAL_COLUMNS] = {"type": "array", "items": {"type": "string"}}
    properties[DECISION] = _answer(facts) | {"description": "What to do under the payoff, where the brief gave one"}
    properties["reasons"] = {"type": "array", "items": {"type": "object"}}
    return _object(properties, ("prediction",))


def _foreign_schemas(facts: ModelFacts) -> Schema:
    options = _object(_body_options(facts)) | {"type": ["object", "null"]}
    predictions = {"type": "array", "items": {"anyOf": [_answer(facts), ref("Prediction")]}}
    return {
        "V1Request": _object({"instances": ref("Rows"), "parameters": options}, ("instances",)),
        "Predictions": _object(
            {"predictions": predictions, "explanations": {"type": "array", "items": {"type": "array"}}},
            ("predictions",),
        ),
        "Invocation": {"anyOf": [*_mlflow(options), ref("Record"), _list(ref("Record")), _list(ref("Row"))]},
        **_v2(facts),
    }


def _mlflow(options: Schema) -> list[Schema]:
    names = _list({"type": "string"}) | {"uniqueItems": True}
    split = _object({"columns": names, "data": _list(_list(ref("Value")))}, ("columns", "data"))
    rows = {"anyOf": [ref("Rows"), ref("Columns"), ref("Record")]}
    forms = {"dataframe_split": split, "dataframe_records": _list(ref("Record")), "instances": rows, "inputs": rows}
    return [
        _object({name: schema, "params": options, "parameters": options}, (name,)) for name, schema in forms.items()
    ]


def _v2(facts: ModelFacts) -> Schema:
    text, shape = {"type": "string"}, {"type": "array", "items": {"type": "integer"}}
    parameters, flag = {"type": ["object", "null"]}, {"type": "boolean"}
    outputs = output_names(
        facts, interval=facts.most_coverage > 0, abstain=facts.can_abstain, unusual=facts.tells_unusual
    )
    tensor = _object(
        {"name": text, "shape": shape, "datatype": text, "data": {"type": "array"}, "parameters": {"type": "object"}},
        ("name", "shape", "datatype"),
    )
    wanted = _object(
        {"name": {"enum": list(outputs)},
         "parameters": _object({"binary_data": {"type": ["boolean", "null"]}}) | parameters},
        ("name",),
    )  # fmt: skip
    described_tensor = _object({"name": text, "datatype": text, "shape": shape}, ("name", "datatype", "shape"))
    tensors = {"type": "array", "items": described_tensor}
    return {
        "V2Input": {"anyOf": [_v2_input(["BYTES"], ["string", "null"]),
                              _v2_input([d for d in DATATYPES if d != "BYTES"], ["number", "boolean", "null"])]},
        "V2Request": _object(
            {"id": {"type": ["string", "null"]}, "inputs": _list(ref("V2Input")),
             "outputs": {"type": ["array", "null"], "items": wanted},
             "parameters": _object({**_body_options(facts), "binary_data_output": flag}) | parameters},
            ("inputs",),
        ),
        "V2Response": _object(
            {"model_name": text, "model_version": text, "id": text, "outputs": {"type": "array", "items": tensor}},
            ("model_name", "id", "outputs"),
        ),
        "V2Binary": {
            "type": "string", "format": "binary",
            "description": "The document in JSON, of as many bytes as Inference-Header-Content-Length says, and behind "
            "it the bytes of the tensors that have a 'binary_data_size'",
        },
        "V2Model": _object(
            {"name": text, "versions": {"type": "array", "items": text}, "platform": text, "inputs": tensors,
             "outputs": tensors},
            ("name", "platform", "inputs", "outputs"),
        ),
    }  # fmt: skip


def _v2_input(datatypes: list[str], values: list[str]) -> Schema:
    flat = {"type": "array", "items": {"type": values}}
    return _object(
        {
            "name": {"type": "string"},
            "shape": _list({"type": "integer", "minimum": 1}) | {"maxItems": 2},
            "datatype": {"enum": datatypes},
            "data": {"anyOf": [flat, {"type": "array", "items": flat}]},
            "parameters": {"type": ["object", "null"]},
        },
        ("name", "shape", "datatype", "data"),
    )


# --- columns -------------------------------------------------------------------------------------------------------


def example_of(facts: ModelFacts) -> dict[str, Any]:
    """Return a row that the version can score."""
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
    if spec.kind in (Kind.DATETIME, Kind.BOOLEAN) or is_dated(spec):
        words.append(described(spec))
    if spec.kind in (Kind.NUMBER, Kind.GEO) and spec.minimum is not None and spec.maximum is not None:
        low, high, unit = spec.as_written(spec.minimum), spec.as_written(spec.maximum), f" {spec.unit or ''}".rstrip()
        words.append(f"{low:g} to {high:g}{unit} in training")
    if spec.kind in (Kind.CATEGORY, Kind.CONSTANT) and spec.levels:
        more = f" and {spec.n_levels - LEVELS_SHOWN:,} more" if spec.n_levels > LEVELS_SHOWN else ""
        words.append("in training: " + ", ".join(spec.levels[:LEVELS_SHOWN]) + more)
    words.append("may be missing" if spec.nullable else "never missing in training")
    return "; ".join(words)
