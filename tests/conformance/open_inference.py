"""Asks a server as Triton's and KServe's clients do, in their environment: ``open_inference.py URL rows.json``.

Prints what came back as JSON: ``answers`` by the way of asking, each with its outputs as lists row by row, and for each
client what it was told beside. The file holds ``columns`` of values that a typed tensor can have, no text among
numbers, and ``odd`` ones of texts and nulls.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import tritonclient.http as triton
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig
from kserve.protocol.infer_type import RequestedOutput
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

MODEL = "bank"
Columns = dict[str, list[Any]]
Outputs = dict[str, list[Any]]


# --- columns as arrays ------------------------------------------------------------------------------------------------


def texts(values: list[Any]) -> np.ndarray:
    """Return values as texts, empty where one is missing: BYTES know no null."""
    return np.array(["" if value is None else str(value) for value in values], dtype=object)


def typed(values: list[Any], real: type = np.float64, whole: type = np.int64) -> np.ndarray:
    """Return numbers as numbers, NaN where one is missing, yes and no as booleans, everything else as texts."""
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int} and None not in values:
        return np.array(values, dtype=whole)
    if kinds <= {int, float}:
        return np.array([np.nan if value is None else value for value in values], dtype=real)
    if set(values) <= {"yes", "no"}:
        return np.array([value == "yes" for value in values])
    return texts(values)


# --- Triton -----------------------------------------------------------------------------------------------------------


def triton_inputs(arrays: dict[str, np.ndarray], *, binary: bool = True, column: bool = False) -> list[Any]:
    """Return an input per column, of shape ``[n]`` or as a ``column``, ``[n, 1]``."""
    made = []
    for name, array in arrays.items():
        shaped = array[:, None] if column else array
        one = triton.InferInput(name, list(shaped.shape), np_to_triton_dtype(shaped.dtype))
        made.append(one.set_data_from_numpy(shaped, binary_data=binary))
    return made


def outputs_of(result: Any) -> Outputs:
    """Return the outputs of a result of Triton's client, read by its own way to arrays."""
    found = {}
    for output in result.get_response()["outputs"]:
        array = result.as_numpy(output["name"])
        flat = array if array.shape[1] > 1 else array[:, 0]
        if array.dtype == object:
            flat = np.array([v.decode() if isinstance(v, bytes) else v for v in flat.tolist()], dtype=object)
        found[output["name"]] = flat.tolist()
    return found


def with_triton(host: str, columns: Columns, odd: Columns) -> tuple[dict[str, Outputs], dict[str, Any]]:
    answers, told = {}, {}
    as_texts = {name: texts(values) for name, values in columns.items()}
    as_typed = {name: typed(values) for name, values in columns.items()}
    small = {name: typed(values, whole=np.int32) for name, values in columns.items()}
    with triton.InferenceServerClient(host) as client:

        def ask(about: str, inputs: list[Any], **more: Any) -> Any:
            result = client.infer(MODEL, inputs, **more)
            answers[f"triton, {about}"] = outputs_of(result)
            return result.get_response()

        names = [output["name"] for output in client.get_model_metadata(MODEL)["outputs"]]
        in_json = [triton.InferRequestedOutput(name, binary_data=False) for name in names]
        in_bytes = [triton.InferRequestedOutput(name, binary_data=True) for name in names]
        mixed = [triton.InferRequestedOutput(name, binary_data=i == 0) for i, name in enumerate(names)]
        response = ask("texts in binary", triton_inputs(as_texts), request_id="call 7", outputs=in_bytes)
        told["id"], told["version"] = response["id"], response["model_version"]
        ask("nothing said of outputs", triton_inputs(as_texts))
        ask("texts in JSON", triton_inputs(as_texts, binary=False), outputs=in_json)
        ask("types in binary", triton_inputs(as_typed), outputs=in_bytes)
        ask("types in binary, columns", triton_inputs(as_typed, column=True), outputs=mixed, model_version="1")
        ask("smaller types", triton_inputs(small), outputs=in_bytes, priority=1, timeout=9_000_000)
        ask("gzip", triton_inputs(as_typed), outputs=in_bytes, request_compression_algorithm="gzip",
            response_compression_algorithm="gzip")  # fmt: skip
        ask("deflate", triton_inputs(as_texts, binary=False), outputs=in_json, request_compression_algorithm="deflate")
        ask("half in JSON", [*triton_inputs(dict(list(as_texts.items())[:3])),
                             *triton_inputs(dict(list(as_texts.items())[3:]), binary=False)])  # fmt: skip
        ask("one tensor", triton_inputs({"rows": np.stack(list(as_texts.values()), axis=1)}), outputs=in_bytes)
        ask("odd texts", triton_inputs({name: texts(values) for name, values in odd.items()}))
        later = client.async_infer(MODEL, triton_inputs(as_typed), outputs=in_bytes)
        answers["triton, asynchronously"] = outputs_of(later.get_result())
        told["alone"] = [
            outputs_of(client.infer(MODEL, triton_inputs({n: a[i : i + 1] for n, a in as_texts.items()})))
            for i in range(len(next(iter(columns.values()))))
        ]
        if "probabilities" not in names:
            ask("with an interval", triton_inputs(as_typed), parameters={"interval": 0.9})
        told["live"] = [client.is_server_live(), client.is_server_ready(), client.is_model_ready(MODEL),
                        client.is_model_ready(MODEL, "1")]  # fmt: skip
        told["not ready"] = [client.is_model_ready("nobody"), client.is_model_ready(MODEL, "2")]
        told["server"] = client.get_server_metadata()
        told["model"] = client.get_model_metadata(MODEL)
        gaps = {**as_typed, "area": np.array([np.nan] * len(columns["area"]))}
        away = triton.InferRequestedOutput("predict")
        away.set_shared_memory("here", 800)
        told["refused"] = {
            "another model": refused(lambda: client.infer("nobody", triton_inputs(as_texts))),
            "a missing input": refused(lambda: client.infer(MODEL, triton_inputs(as_texts)[1:])),
            "another output": refused(
                lambda: client.infer(MODEL, triton_inputs(as_texts), outputs=[triton.InferRequestedOutput("loss")])
            ),
            "classes by score": refused(
                lambda: client.infer(
                    MODEL, triton_inputs(as_texts), outputs=[triton.InferRequestedOutput("predict", class_count=2)]
                )
            ),
            "an output in shared memory": refused(lambda: client.infer(MODEL, triton_inputs(as_texts), outputs=[away])),
            "NaN in JSON": refused(lambda: client.infer(MODEL, triton_inputs(gaps, binary=False))),
            "shared memory": refused(
                lambda: client.infer(MODEL, [triton.InferInput("area", [1], "FP64").set_shared_memory("here", 8)])
            ),
            "the configuration": refused(lambda: client.get_model_config(MODEL)),
        }
    return answers, told


def refused(ask: Callable[[], Any]) -> list[str]:
    """Return status and message of a refusal, as Triton's client tells them."""
    try:
        ask()
    except InferenceServerException as error:
        return [str(error.status()), str(error.message())]
    return ["not at all", ""]


# --- KServe -----------------------------------------------------------------------------------------------------------


def kserve_inputs(arrays: dict[str, np.ndarray], *, binary: bool) -> list[InferInput]:
    made = []
    for name, array in arrays.items():
        one = InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
        one.set_data_from_numpy(array, binary_data=binary)
        made.append(one)
    return made


def lists(columns: Columns) -> list[InferInput]:
    """Return inputs of plain lists, nulls among them, each of the datatype that its values have."""
    names = {np.dtype(bool): "BYTES"}
    return [
        InferInput(
            name, [len(values), 1], names.get(typed(values).dtype) or np_to_triton_dtype(typed(values).dtype), values
        )
        for name, values in columns.items()
    ]


def kserve_outputs(response: Any) -> Outputs:
    found = {}
    for output in response.outputs:
        array = output.as_numpy()
        flat = array if array.shape[1] > 1 else array[:, 0]
        found[output.name] = [v.decode() if isinstance(v, bytes) else v for v in flat.tolist()]
    return found


async def with_kserve(url: str, columns: Columns, odd: Columns) -> tuple[dict[str, Outputs], dict[str, Any]]:
    answers, told = {}, {}
    as_typed = {name: typed(values) for name, values in columns.items()}
    async with InferenceRESTClient(RESTConfig(protocol="v2")) as client:

        async def ask(about: str, inputs: list[InferInput], **more: Any) -> Any:
            response = await client.infer(url, InferRequest(MODEL, inputs, **more), model_name=MODEL)
            answers[f"kserve, {about}"] = kserve_outputs(response)
            return response

        response = await ask("lists with nulls", lists(columns), request_id="call 8")
        told["id"] = response.id
        nulls = [InferInput(name, [len(values)], "BYTES", values) for name, values in odd.items()]
        await ask("odd texts", nulls)
        await ask("types in JSON", kserve_inputs(as_typed, binary=False))
        await ask("types in binary", kserve_inputs(as_typed, binary=True))
        await ask("binary both ways", kserve_inputs(as_typed, binary=True), parameters={"binary_data_output": True})
        wanted = [RequestedOutput("predict", {"binary_data": True})]
        await ask("one output", lists(columns), request_outputs=wanted)
        told["live"] = [await client.is_server_live(url), await client.is_server_ready(url),
                        await client.is_model_ready(url, MODEL)]  # fmt: skip
        told["not ready"] = [await client.is_model_ready(url, "nobody")]
        try:
            await client.infer(url, InferRequest(MODEL, lists(columns)[1:]), model_name=MODEL)
        except httpx.HTTPStatusError as error:
            told["refused"] = [str(error.response.status_code), str(error)]
    async with InferenceRESTClient(RESTConfig(protocol="v1")) as client:
        records = [dict(zip(columns, values)) for values in zip(*columns.values())]
        said = await client.infer(url, {"instances": records}, model_name=MODEL)
        answers["kserve v1"] = {"predict": said["predictions"]}
        said = await client.explain(url, MODEL, {"instances": records})
        answers["kserve v1, explained"] = {"predict": said["predictions"]}
        told["explanations"] = said["explanations"]
        told["v1 live"] = [await client.is_server_live(url), await client.is_model_ready(url, MODEL)]
    return answers, told


def main() -> None:
    url, file = sys.argv[1:]
    rows: dict[str, Columns] = json.loads(Path(file).read_text())
    answers, told = with_triton(url.removeprefix("http://"), rows["columns"], rows["odd"])
    more, told_more = asyncio.run(with_kserve(url, rows["columns"], rows["odd"]))
    versions = {name: metadata.version(name) for name in ("tritonclient", "kserve")}
    json.dump({"answers": answers | more, "triton": told, "kserve": told_more, "versions": versions}, sys.stdout)


if __name__ == "__main__":
    main()
