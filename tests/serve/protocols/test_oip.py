"""Open Inference Protocol v2: tensors in JSON and in bytes, outputs, metadata."""

from __future__ import annotations

import json
import struct
from typing import Any

import msgspec
import numpy as np
import pytest

from modelwright.data.contract import ColumnSpec, Kind
from modelwright.errors import RequestError
from modelwright.serve.exchange import ModelFacts, Request
from modelwright.serve.limits import Limits
from modelwright.serve.protocols.oip import model_metadata, protocol, readiness, server_metadata

from .conftest import TABLE, ask, facts_of, scored_of

OIP = protocol(Limits())


def tensor(name: str, data: Any, datatype: str = "INT64", shape: Any = None, **parameters: Any) -> dict[str, Any]:
    return {"name": name, "shape": shape or [2, 1], "datatype": datatype, "data": data, "parameters": parameters}


AGE, JOB = tensor("age", [41, 39]), tensor("job", ["clerk", None], "BYTES")


def binary(document: dict[str, Any], *tails: bytes) -> Request:
    head = msgspec.json.encode(document)
    return ask(head + b"".join(tails), "application/octet-stream", inference_header_content_length=str(len(head)))


def bytes_tensor(name: str, datatype: str, size: int) -> dict[str, Any]:
    return {"name": name, "shape": [2], "datatype": datatype, "parameters": {"binary_data_size": size}}


@pytest.mark.parametrize("shape", [[2], [2, 1]])
@pytest.mark.parametrize("nested", [False, True])
def test_an_input_per_column(shape: list[int], nested: bool, facts: ModelFacts) -> None:
    age = tensor("age", [[41], [39]] if nested else [41, 39], shape=shape, content_type="np")
    document = {"inputs": [age, {**JOB, "shape": shape}], "parameters": {"content_type": "pd", "other": [[1]]}}
    assert OIP.decode(ask(document), facts).columns == TABLE


@pytest.mark.parametrize("data", [[[1, 2], [3, 4]], [1, 2, 3, 4]])
def test_one_input_by_position(data: list[Any], facts: ModelFacts) -> None:
    asked = OIP.decode(ask({"inputs": [tensor("x", data, "FP32", [2, 2])]}), facts)
    assert asked.columns == {"age": [1, 3], "job": [2, 4]}


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ([], "MW-S119"),
        ([tensor("age", [1], "INT64")], "MW-S116"),
        ([tensor("age", [1, 2, 3], "INT64", [2, 2])], "MW-S116"),
        ([tensor("age", [1, 2, 3], "INT64", [1, 3])], "MW-S116"),
        ([tensor("age", [[1, 2], [3]], "INT64", [2, 2])], "MW-S116"),
        ([tensor("age", ["a", "b"], "INT64")], "MW-S116"),
        ([tensor("job", [1, 2], "BYTES")], "MW-S116"),
        ([tensor("age", [[[1]], [[2]]], "INT64")], "MW-S116"),
        ([tensor("age", [1, 2], "COMPLEX")], "MW-S116"),
        ([tensor("age", [1, 2], shape=[2, 1, 1])], "MW-S116"),
        ([tensor("age", [1, 2], shape=[-2])], "MW-S116"),
        ([tensor("age", [], shape=[0])], "MW-S119"),
        ([tensor("age", [1], shape=[2**61, 2**61])], "MW-S104"),
        ([tensor("age", [10**30, 1])], "MW-S110"),
        ([AGE, AGE], "MW-S116"),
        ([AGE, tensor("job", ["a"], "BYTES", [1])], "MW-S111"),
        ([{"name": "age", "shape": [1], "datatype": "INT64"}], "MW-S116"),
        ([{"name": "age"}], "MW-S108"),
        ([bytes_tensor("age", "INT64", 16)], "MW-S116"),
    ],
)
def test_inputs_that_are_refused(inputs: list[Any], code: str, facts: ModelFacts) -> None:
    with pytest.raises(RequestError) as caught:
        OIP.decode(ask({"inputs": inputs}), facts)
    assert caught.value.code == code, str(caught.value)


def test_binary_tensors(facts: ModelFacts) -> None:
    age = np.array([41, 39], "<i4").tobytes()
    job = b"".join(struct.pack("<I", len(t)) + t for t in (b"clerk", "é".encode()))
    document = {"inputs": [bytes_tensor("age", "INT32", len(age)), bytes_tensor("job", "BYTES", len(job))]}
    columns = OIP.decode(binary(document, age, job), facts).columns
    assert columns["age"].tolist() == [41, 39]
    assert columns["job"] == ["clerk", "é"]


def test_half_floats_and_booleans(facts: ModelFacts) -> None:
    half = np.array([1.5, np.nan], "<f2").tobytes()
    document = {"inputs": [bytes_tensor("age", "FP16", 4), bytes_tensor("job", "BOOL", 2)]}
    columns = OIP.decode(binary(document, half, b"\x00\x07"), facts).columns
    assert columns["age"][0] == 1.5
    assert columns["job"].tolist() == [False, True]


@pytest.mark.parametrize(
    ("size", "tail"),
    [(8, b"12345678"), (16, b"1" * 15), (16, b"1" * 17), (-1, b""), (2**40, b"1")],
)
def test_binary_tensors_that_do_not_fit(size: int, tail: bytes, facts: ModelFacts) -> None:
    with pytest.raises(RequestError):
        OIP.decode(binary({"inputs": [bytes_tensor("age", "INT64", size)]}, tail), facts)


@pytest.mark.parametrize("tail", [b"\x01", b"\xff\xff\xff\xffa", b"\x01\0\0\0\xff\0\0\0\0", b"\0\0\0\0"])
def test_texts_that_do_not_fit(tail: bytes, facts: ModelFacts) -> None:
    with pytest.raises(RequestError):
        OIP.decode(binary({"inputs": [bytes_tensor("job", "BYTES", len(tail))]}, tail), facts)


@pytest.mark.parametrize("length", ["", "-1", "9" * 30, "1e3", "999"])
def test_a_length_of_the_header_that_is_none(length: str, facts: ModelFacts) -> None:
    with pytest.raises(RequestError) as caught:
        OIP.decode(ask({"inputs": [AGE]}, inference_header_content_length=length), facts)
    assert caught.value.code == "MW-S108"


def answered(document: dict[str, Any], facts: ModelFacts, **more: Any) -> Any:
    request = ask(document)
    return OIP.encode(OIP.decode(request, facts), scored_of(2, **more), facts, request)


def test_the_answer(facts: ModelFacts) -> None:
    reply = answered({"id": "q1", "inputs": [AGE, JOB]}, facts)
    assert json.loads(reply.body) == {
        "model_name": "bank",
        "model_version": "3",
        "id": "q1",
        "outputs": [
            {"name": "predict", "datatype": "BYTES", "shape": [2, 1], "data": ["yes", "yes"]},
            {"name": "probabilities", "datatype": "FP64", "shape": [2, 2], "data": [0.25, 0.75, 0.25, 0.75]},
        ],
    }


def test_outputs_may_be_chosen(facts: ModelFacts) -> None:
    reply = answered({"inputs": [AGE, JOB], "outputs": [{"name": "predict"}]}, facts)
    assert [o["name"] for o in json.loads(reply.body)["outputs"]] == ["predict"]
    with pytest.raises(RequestError, match="MW-S117"):
        answered({"inputs": [AGE, JOB], "outputs": [{"name": "logits"}]}, facts)


@pytest.mark.parametrize("parameters", [{"classification": 2}, {"shared_memory_region": "here"}])
def test_outputs_of_other_extensions_are_refused(parameters: dict[str, Any], facts: ModelFacts) -> None:
    """Who asks so would read classes by score, or look for the answer in a memory that nobody wrote to."""
    with pytest.raises(RequestError, match="MW-S113"):
        answered({"inputs": [AGE, JOB], "outputs": [{"name": "predict", "parameters": parameters}]}, facts)
    none = {"classification": 0, "binary_data": False}
    assert answered({"inputs": [AGE, JOB], "outputs": [{"name": "predict", "parameters": none}]}, facts).status == 200


def test_sizes_are_whole_numbers_however_they_are_written(facts: ModelFacts) -> None:
    assert OIP.decode(ask({"inputs": [{**AGE, "shape": [2.0, 1.0]}, JOB]}), facts).columns == TABLE
    with pytest.raises(RequestError, match="MW-S116"):
        OIP.decode(ask({"inputs": [{**AGE, "shape": [2.5]}, JOB]}), facts)


def test_intervals_are_outputs() -> None:
    document = {"inputs": [AGE, JOB], "parameters": {"interval": 0.9}}
    outputs = json.loads(answered(document, facts_of(()), interval=True).body)["outputs"]
    assert [(o["name"], o["datatype"]) for o in outputs] == [("predict", "FP64"), ("low", "FP64"), ("high", "FP64")]


@pytest.mark.parametrize("binary", [False, True])
def test_sets_are_an_output(binary: bool, facts: ModelFacts) -> None:
    request = ask({
        "inputs": [AGE, JOB], "outputs": [{"name": "set", "parameters": {"binary_data": binary}}],
        "parameters": {"interval": 0.9},
    })  # fmt: skip
    reply = OIP.encode(OIP.decode(request, facts), scored_of(2, sets=True), facts, request)
    head = reply.body[: int(dict(reply.headers)["Inference-Header-Content-Length"])] if binary else reply.body
    (output,) = json.loads(head)["outputs"]
    assert (output["name"], output["datatype"], output["shape"]) == ("set", "BOOL", [2, 2])
    assert (list(reply.body[len(head) :]) if binary else output["data"]) == [False, True, True, True]


def test_options_stand_in_the_body(facts: ModelFacts) -> None:
    with pytest.raises(RequestError, match="MW-S121") as caught:
        OIP.decode(ask({"inputs": [AGE, JOB]}, query={"interval": "0.9"}), facts)
    assert (caught.value.status, caught.value.fix) == (400, "this route has none in the query: leave it out")


def test_binary_outputs(facts: ModelFacts) -> None:
    reply = answered({"inputs": [AGE, JOB], "parameters": {"binary_data_output": True}}, facts)
    ((name, length),) = reply.headers
    assert name == "Inference-Header-Content-Length"
    head, tail = json.loads(reply.body[: int(length)]), reply.body[int(length) :]
    sizes = [o["parameters"]["binary_data_size"] for o in head["outputs"]]
    assert tail[: sizes[0]] == b"\x03\0\0\0yes" * 2
    assert np.frombuffer(tail[sizes[0] :], "<f8").tolist() == [0.25, 0.75, 0.25, 0.75]


def test_metadata(facts: ModelFacts) -> None:
    told = model_metadata(facts)
    assert told["inputs"] == [
        {"name": "age", "datatype": "INT64", "shape": [-1, 1]},
        {"name": "job", "datatype": "BYTES", "shape": [-1, 1]},
    ]
    assert told["outputs"][1] == {"name": "probabilities", "datatype": "FP64", "shape": [-1, 2]}
    assert model_metadata(facts_of(()))["outputs"] == [{"name": "predict", "datatype": "FP64", "shape": [-1, 1]}]
    columns = (
        ColumnSpec(name="a", kind=Kind.NUMBER, storage="double"),
        ColumnSpec(name="b", kind=Kind.BOOLEAN, storage="bool"),
        ColumnSpec(name="c", kind=Kind.DATETIME, storage="timestamp[us]"),
    )  # fmt: skip
    assert [i["datatype"] for i in model_metadata(facts_of(columns=columns))["inputs"]] == ["FP64", "BOOL", "BYTES"]
    assert server_metadata("1.0")["extensions"] == ["binary_tensor_data"]
    assert readiness(ready=True) == {"live": True, "ready": True}
