"""What stands beside the graph: ``model.json`` for programs, ``README.md`` for people, ``test.json`` to try it with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from modelwright.data.columns import Columns, Strings
from modelwright.data.contract import ColumnSpec, Kind
from modelwright.documents import to_builtins
from modelwright.package.exports.onnx.converting import Converted
from modelwright.package.exports.onnx.gate import Agreement
from modelwright.package.exports.onnx.graph import CONTRIB, IR_VERSION, OPSETS
from modelwright.package.exports.onnx.inputs import Input
from modelwright.package.golden import Golden
from modelwright.runtime.answers import threshold_or_half
from modelwright.runtime.ops.texts import MAX_CHARACTERS
from modelwright.runtime.plan import Plan
from modelwright.runtime.storage import write_json

if TYPE_CHECKING:
    from modelwright.package.bundle import Version

__all__ = ["DOCUMENT", "FORMAT", "TEST", "model_document", "notes_of", "test_document", "write_documents"]

FORMAT = 1
DOCUMENT, TEST, README = "model.json", "test.json", "README.md"

HOLD_ROWS = frozenset({"neighbours", "kernel"})
"""Scorers that are made of training rows."""

_VALUES = {
    Kind.NUMBER: "the number",
    Kind.BOOLEAN: "1 for true, 0 for false",
    Kind.DATETIME: "seconds since 1970-01-01 UTC",
    Kind.DURATION: "seconds",
    Kind.GEO: "degrees",
    Kind.CATEGORY: "the level, as in training",
    Kind.CONSTANT: "the level, as in training",
    Kind.ID: "the text",
    Kind.TEXT: "the text as it is",
}

_READING = (
    "missing_tokens",
    "missing_numbers",
    "formats",
    "decimal",
    "thousands",
    "unit",
    "scale",
    "true_tokens",
    "false_tokens",
    "same_levels",
    "forgiving",
)
"""Of the contract: how values in the form of the training file become the numbers that the graph reads."""


def write_documents(
    folder: Path, version: Version, converted: Converted, agreement: Agreement, golden: Golden, columns: Columns
) -> None:
    """Write the three files; ``columns`` are the golden rows in canonical form."""
    write_json(folder / DOCUMENT, model_document(version, converted, agreement))
    write_json(folder / TEST, test_document(version.plan, converted, golden, columns))
    (folder / README).write_text(_readme(version, converted, agreement), encoding="utf-8")


def model_document(version: Version, converted: Converted, agreement: Agreement) -> dict[str, Any]:
    """Return what a program must know to use the graph."""
    plan, manifest = version.plan, version.manifest
    threshold = threshold_or_half(plan.threshold)
    return {
        "format": FORMAT,
        "made_by": manifest.made_by,
        "version": manifest.version,
        "digest": version.digest,
        "objective": plan.objective,
        "target": manifest.target,
        "ir_version": IR_VERSION,
        "operators": {domain or "ai.onnx": OPSETS.get(domain, 1) for domain in ("", *converted.domains)},
        "inputs": [_input(one, plan.contract[one.column]) for one in converted.inputs],
        "output": {"name": converted.output, "type": "double", "columns": list(plan.classes) or ["value"]},
        "classes": list(plan.classes),
        "calibrator": None if plan.calibrator is None else plan.calibrator.to_json(),
        "threshold": threshold if len(plan.classes) == 2 else None,
        "decision": None if plan.decision is None else plan.decision.to_json(),
        "by_group": None if plan.by_group is None else plan.by_group.to_json(),
        "agreement": to_builtins(agreement),
    }


def test_document(plan: Plan, converted: Converted, golden: Golden, columns: Columns) -> dict[str, Any]:
    """Return rows, as they are asked and as the graph reads them, with what the graph and the version answer."""
    uncalibrated = plan.uncalibrated(columns)
    return {
        "about": list(golden.about),
        "rows": golden.rows,
        "inputs": {one.name: _shown(one, columns) for one in converted.inputs},
        "uncalibrated": uncalibrated.tolist(),
        "calibrated": plan.calibrated(uncalibrated).tolist(),
        "moved": plan.moved(plan.calibrated(uncalibrated), columns).tolist(),
        "answers": {name: values.tolist() for name, values in plan.answers(plan.predict(columns)).items()},
    }


def notes_of(plan: Plan, converted: Converted, agreement: Agreement) -> tuple[str, ...]:
    """Return what the user should know, one sentence each."""
    notes = [
        f"onnxruntime answers as the version does on {agreement.n_rows:,} rows, hostile ones and those next to every "
        f"branch among them: the largest difference is {agreement.max_difference:.1e}"
    ]
    if plan.calibrator is not None:
        notes.append(f"calibration is not in the graph: {DOCUMENT} states it")
    if plan.by_group is not None:
        notes.append(f"thresholds by group are not in the graph: {DOCUMENT} states them, after calibration")
    if CONTRIB in converted.domains:
        notes.append("texts are divided by an operator that only onnxruntime has")
    if any(member.scorer.scorer in HOLD_ROWS for member in plan.members):
        notes.append("the graph holds training rows, scaled, to which its models compare the rows asked for")
    return tuple(notes)


def _input(one: Input, spec: ColumnSpec) -> dict[str, Any]:
    value = f"the first {MAX_CHARACTERS} characters of the text, in lower case" if one.lower else _value(spec)
    return {
        **to_builtins(one),
        "shape": ["rows", 1],
        "value": value,
        **{name: stated for name in _READING if (stated := to_builtins(getattr(spec, name)))},
    }


def _value(spec: ColumnSpec) -> str:
    """Return what the graph wants of a column, in words: a number on its own scale, not always the one written."""
    if spec.scale != 1.0:
        return f"the number times {spec.scale:g}"
    return _VALUES[spec.kind] + (f" in {spec.unit}, without the sign" if spec.unit else "")


def _shown(one: Input, columns: Columns) -> list[Any]:
    column = columns[one.column]
    if not isinstance(column, Strings):
        return [None if np.isnan(value) else value for value in column.tolist()]
    texts = [one.missing if text is None else text for text in column.to_object().tolist()]
    return [text[:MAX_CHARACTERS].lower() if one.lower else text for text in texts]


def _readme(version: Version, converted: Converted, agreement: Agreement) -> str:
    plan, manifest = version.plan, version.manifest
    rows = "\n".join(
        f"| {_cell(one.name)} | {one.type} | {_cell(str(_input(one, plan.contract[one.column])['value']))} "
        f"| {'NaN' if one.type == 'double' else _quoted(one.missing)} |"
        for one in converted.inputs
    )
    operators = ", ".join(f"{domain or 'ai.onnx'} {OPSETS.get(domain, 1)}" for domain in ("", *converted.domains))
    notes = "\n".join(f"- {note[0].upper()}{note[1:]}." for note in notes_of(plan, converted, agreement))
    return f"""# {_cell(manifest.target)}, version {manifest.version}, as ONNX

`model.onnx` takes rows and gives the prediction **before calibration**: `{converted.output}`, a double tensor of shape
(rows, {plan.n_outputs}){_columns(plan)}.

Operators: {operators}; made for onnxruntime 1.21 or later, in any language.

| input, shape (rows, 1) | type | value | missing |
|---|---|---|---|
{rows}

Then, with what `{DOCUMENT}` states:

1. `calibrator`: {_calibration(plan)}
2. `by_group`: {_by_group(plan)}
3. `threshold`: {_threshold(plan)}
4. `decision`: {_decision(plan)}

`{TEST}` has rows with all answers on the way: `inputs` are what the graph takes (null is NaN), `uncalibrated` what it
gives, `calibrated`, `moved` (by group) and `answers` what comes of it.

{notes}

Version digest: `{version.digest}`
"""


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _quoted(text: str) -> str:
    return f'"{text}"' if text else "the empty text"


def _columns(plan: Plan) -> str:
    return f": the probabilities of {', '.join(map(_cell, plan.classes))}" if plan.classes else ""


def _by_group(plan: Plan) -> str:
    if plan.by_group is None:
        return "null."
    names = ", ".join(f"`{_cell(name)}`" for name in plan.by_group.columns)
    return f"the odds of the event are multiplied by the number of the group in {names}; 1 where it is unknown."


def _calibration(plan: Plan) -> str:
    if plan.calibrator is None:
        return "there is none; the output is the answer."
    return f"`{plan.calibrator.kind}`, applied to the output."


def _decision(plan: Plan) -> str:
    if plan.decision is None:
        return "there is none."
    if plan.classes:
        return "the class for which the sum of each probability times `payoff[class][decision]` is largest."
    return "what to plan with is `factor` times the value, plus `shift`."


def _threshold(plan: Plan) -> str:
    if len(plan.classes) == 2:
        return f"`{_cell(plan.classes[1])}` is predicted from this probability upwards."
    return "there is none; the most probable class is predicted." if plan.classes else "there is none."
