"""Open Inference Protocol v2, JSON and with the extension for binary tensors, as Triton's and MLServer's clients speak.

Inputs are columns: one per column of the contract, of shape ``[n]`` or ``[n, 1]``; or a single one of shape ``[n, k]``
with a column for each of the k columns of the contract, in its order. Data may be flat or nested. Outputs are
``predict`` and, for classes, ``probabilities``; with the request parameter ``interval``, ``low`` and ``high`` too, or
for classes ``set``: of each class, whether it is in the set; with ``abstain``, or where the version leaves rows to a
person by its brief, ``abstain``: whether it is such a row; with ``unusual`` whether it is unlike training.

Specification: https://github.com/kserve/open-inference-protocol and Triton's extension ``binary_data``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from modelwright.data.contract import ColumnSpec, Kind
from modelwright.data.enforcing import is_dated
from modelwright.runtime.abstaining import ABSTAIN
from modelwright.runtime.unusual import UNUSUAL
from modelwright.serve.exchange import JSON, Asked, ModelFacts, Protocol, Reply, Request, Scored
from modelwright.serve.limits import Limits
from modelwright.serve.protocols import refusals
from modelwright.serve.protocols.bodies import body_of, from_json
from modelwright.serve.protocols.options import Parameters, apply, check_names
from modelwright.serve.protocols.replies import json_reply, plain, probability_keys
from modelwright.serve.protocols.tensors import Tensor, packed, read_tensor

__all__ = ["datatype_of", "encode", "model_metadata", "output_names", "protocol", "readiness", "server_metadata"]

EXPECTED = '{"inputs": [{"name": ..., "shape": [n, 1], "datatype": ..., "data": [...]}, ...]}'
HEADER_LENGTH = "inference-header-content-length"
OCTETS = "application/octet-stream"
PLATFORM = "modelwright_plan"


class _RequestParameters(Parameters):
    binary_data_output: bool = False


class _OutputParameters(msgspec.Struct):
    binary_data: bool | None = None
    classification: int | None = None
    shared_memory_region: str | None = None


class _Output(msgspec.Struct):
    name: str
    parameters: _OutputParameters | None = None


class _Body(msgspec.Struct):
    inputs: list[Tensor]
    id: str | None = None
    parameters: _RequestParameters | None = None
    outputs: list[_Output] | None = None


class _Wanted(msgspec.Struct):
    """What the answer needs to know of the request: the id, and per output whether it is wanted in binary."""

    id: str | None
    outputs: dict[str, bool]


_BODY = msgspec.json.Decoder(_Body)


def protocol(limits: Limits) -> Protocol:
    """Return the protocol of ``/v2/models/{model}/infer``."""

    def decode(request: Request, facts: ModelFacts) -> Asked:
        check_names(request.query, ())
        body = body_of(request, limits, EXPECTED)
        document, tail = _split(body, request)
        given = from_json(_BODY, document, limits, facts)
        asked = Asked(columns=_columns(given.inputs, tail, facts, limits))
        if given.parameters is not None:
            apply(asked, given.parameters)
        binary = given.parameters is not None and given.parameters.binary_data_output
        asked.extra = _Wanted(given.id, _wanted(given.outputs, binary, asked, facts))
        asked.probabilities = "probabilities" in asked.extra.outputs
        return asked

    return Protocol(decode, encode)


def _split(body: bytes, request: Request) -> tuple[bytes, memoryview]:
    """Return the JSON part of a body and the bytes of its tensors behind it."""
    text = request.headers.get(HEADER_LENGTH)
    if text is None:
        kind = request.content_type
        if kind != JSON and not kind.endswith("+json") and kind != OCTETS:
            raise refusals.unknown_type(f"{JSON}, {OCTETS} with Inference-Header-Content-Length")
        return body, memoryview(b"")
    if not (text.isascii() and text.isdigit() and len(text) < 12 and int(text) <= len(body)):
        raise refusals.wrong_shape(
            "Inference-Header-Content-Length is no length of a part of it", "send the number of bytes of the JSON part"
        )
    return body[: int(text)], memoryview(body)[int(text) :]


# --- inputs --------------------------------------------------------------------------------------------------------


def _columns(inputs: list[Tensor], tail: memoryview, facts: ModelFacts, limits: Limits) -> dict[str, Any]:
    if not inputs:
        raise refusals.no_rows()
    limits.check_columns(len(inputs))
    names = facts.contract.names
    columns: dict[str, Any] = {}
    for number, tensor in enumerate(inputs, 1):
        n_rows, width = _shape(tensor, number, limits)
        values, tail = read_tensor(tensor, number, n_rows * width, tail, limits)
        if width == 1 and not (len(inputs) == 1 == len(names) and len(tensor.shape) == 2):
            if tensor.name in columns:
                raise refusals.unfit_tensor(number, "its name occurs twice", "give each column one input")
            columns[tensor.name] = values
        elif len(inputs) == 1 and width == len(names):
            columns = {name: values[i::width] for i, name in enumerate(names)}
        else:
            fix = f"send one input per column, or a single one of shape [n, {len(names)}]"
            raise refusals.unfit_tensor(number, "it has more columns than one", fix)
    if len(tail):
        raise refusals.wrong_shape("bytes are left behind the last tensor", "state each 'binary_data_size'")
    limits.check_table(columns, limits.text + 1)
    return columns


def _shape(tensor: Tensor, number: int, limits: Limits) -> tuple[int, int]:
    """Return rows and columns of an input, refused where they are beyond the limits."""
    sizes = [int(size) for size in tensor.shape]
    if len(sizes) not in (1, 2) or min(sizes) < 0 or sizes != tensor.shape:
        raise refusals.unfit_tensor(number, "its shape is none of rows and columns", "send shape [n] or [n, 1]")
    n_rows, width = sizes[0], sizes[1] if len(sizes) == 2 else 1
    limits.check_rows(n_rows)
    limits.check_columns(width)
    if width == 0:
        raise refusals.no_rows()
    return n_rows, width


# --- outputs -------------------------------------------------------------------------------------------------------


def output_names(facts: ModelFacts, *, interval: bool, abstain: bool, unusual: bool) -> tuple[str, ...]:
    """Return the outputs that can be asked for, with an interval, a risk and what is unusual, and without."""
    names: tuple[str, ...] = ("predict", "probabilities") if facts.classes else ("predict",)
    if interval:
        names += ("set",) if facts.classes else ("low", "high")
    return (*names, *([ABSTAIN] if abstain else []), *([UNUSUAL] if unusual else []))


def _wanted(outputs: list[_Output] | None, binary: bool, asked: Asked, facts: ModelFacts) -> dict[str, bool]:
    abstain = facts.abstains or asked.abstain is not None
    available = output_names(facts, interval=asked.interval is not None, abstain=abstain, unusual=asked.unusual)
    if not outputs:
        return {name: binary for name in available if name != "probabilities" or asked.probabilities}
    wanted: dict[str, bool] = {}
    for output in outputs:
        if output.name not in available:
            raise refusals.unknown_output(", ".join(f"'{name}'" for name in available))
        parameters = output.parameters or _OutputParameters()
        for name in ("classification", "shared_memory_region"):  # who asks so reads the answer otherwise, or elsewhere
            if getattr(parameters, name):
                raise refusals.wrong_option(name, "of an extension that this server does not have: leave it out")
        own = parameters.binary_data
        wanted[output.name] = binary if own is None else own
    return wanted


def encode(asked: Asked, scored: Scored, facts: ModelFacts, request: Request) -> Reply:
    """Return the outputs that were asked for, in JSON or as binary tensors behind it; the id is echoed."""
    wanted: _Wanted = asked.extra
    outputs, tails = [], []
    for name, binary in wanted.outputs.items():
        output, values = _output(name, scored, facts)
        if binary:
            tail = packed(values, output["datatype"])
            output["parameters"] = {"binary_data_size": len(tail)}
            tails.append(tail)
        else:
            output["data"] = values
        outputs.append(output)
    document = {
        "model_name": facts.name,
        "model_version": facts.version,
        "id": wanted.id if wanted.id is not None else request.request_id,
        "outputs": outputs,
    }
    reply = json_reply(document)
    if tails:
        headers = (("Inference-Header-Content-Length", str(len(reply.body))),)
        return Reply(200, b"".join((reply.body, *tails)), OCTETS, headers)
    return reply


def _output(name: str, scored: Scored, facts: ModelFacts) -> tuple[dict[str, Any], list[Any]]:
    """Return the description of an output and its values, row by row."""
    answers, n_rows = scored.answers, scored.n_rows
    if name == "probabilities":
        columns = [plain(answers[key]) for _, key in probability_keys(facts.classes)]
        values = [value for row in zip(*columns, strict=True) for value in row]
        return {"name": name, "datatype": "FP64", "shape": [n_rows, len(columns)]}, values
    if name == "set":
        inside = [name in row for row in answers["set"] for name in facts.classes]
        return {"name": "set", "datatype": "BOOL", "shape": [n_rows, len(facts.classes)]}, inside
    if name in (ABSTAIN, UNUSUAL):
        return {"name": name, "datatype": "BOOL", "shape": [n_rows, 1]}, list(plain(answers[name]))
    key = "prediction" if name == "predict" else name
    datatype = "BYTES" if facts.classes else "FP64"
    return {"name": name, "datatype": datatype, "shape": [n_rows, 1]}, list(plain(answers[key]))


# --- metadata ------------------------------------------------------------------------------------------------------


def server_metadata(version: str) -> dict[str, Any]:
    """Return the answer of ``GET /v2``; ``version`` is the server's."""
    return {"name": "modelwright", "version": version, "extensions": ["binary_tensor_data"]}


def model_metadata(facts: ModelFacts) -> dict[str, Any]:
    """Return the answer of ``GET /v2/models/{model}``: an input per column of the contract, and the outputs."""
    outputs = [{"name": "predict", "datatype": "BYTES" if facts.classes else "FP64", "shape": [-1, 1]}]
    if facts.classes:
        outputs.append({"name": "probabilities", "datatype": "FP64", "shape": [-1, len(facts.classes)]})
    if facts.abstains:
        outputs.append({"name": ABSTAIN, "datatype": "BOOL", "shape": [-1, 1]})
    return {
        "name": facts.name,
        "versions": [facts.version],
        "platform": PLATFORM,
        "inputs": list(_inputs(facts.contract.columns)),
        "outputs": outputs,
    }


def _inputs(columns: Iterable[ColumnSpec]) -> Iterable[dict[str, Any]]:
    for spec in columns:
        yield {"name": spec.name, "datatype": datatype_of(spec), "shape": [-1, 1]}


def datatype_of(spec: ColumnSpec) -> str:
    """Return the datatype in which a column is best sent; others are read as well."""
    storage = spec.storage
    if storage == "bool":
        return "BOOL"
    if is_dated(spec):
        return "BYTES"
    if storage.startswith(("int", "uint")):
        return "INT64"
    return "FP64" if spec.kind in (Kind.NUMBER, Kind.GEO) else "BYTES"


def readiness(*, ready: bool) -> dict[str, bool]:
    """Return the body of the health routes; the specification names the key both ways."""
    return {"live": ready, "ready": ready}
