"""Triton's and KServe's own clients against the server: what they read is what ``POST /predict`` answers."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.environments import Environment, environment
from tests.conformance.made import ODD, columns_of, make_project, records_of
from tests.serve.running import serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

SCRIPT = Path(__file__).with_name("open_inference.py")
COLUMNS = columns_of(40)
ODD_TEXTS = {name: [None if value is None else str(value) for value in values] for name, values in ODD.items()}


@pytest.fixture(scope="module")
def clients() -> Environment:
    wanted = ("tritonclient[http]==2.73.*", "kserve==0.21.*")
    return environment("open-inference", wanted, with_modelwright=False)


@pytest.fixture(scope="module", params=["classes", "values"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    project = make_project(tmp_path_factory.mktemp(request.param) / "bank", request.param)
    with serving(project) as server:
        yield f"http://127.0.0.1:{server.port}"


@pytest.fixture(scope="module")
def said(clients: Environment, url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("asked")
    (folder / "rows.json").write_text(json.dumps({"columns": COLUMNS, "odd": ODD_TEXTS}))
    return json.loads(clients.run(SCRIPT, url, "rows.json", folder=folder))


@pytest.fixture(scope="module")
def expected(url: str) -> dict[str, list[Any]]:
    """What ``/predict`` answers, as the outputs of the protocol."""
    body: dict[str, Any] = {"rows": records_of(COLUMNS)}
    answers = predictions(url, body)
    found = {"predict": [row["prediction"] for row in answers]}
    if "probabilities" in answers[0]:
        found["probabilities"] = [list(row["probabilities"].values()) for row in answers]
        return found
    bounds = [row["interval"] for row in predictions(url, {**body, "interval": 0.9})]
    return found | {name: [bound[name] for bound in bounds] for name in ("low", "high")}


def predictions(url: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    request = urllib.request.Request(f"{url}/predict", json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["predictions"]


def test_the_answers_are_those_of_predict(said: dict[str, Any], expected: dict[str, list[Any]]) -> None:
    answers = {way: outputs for way, outputs in said["answers"].items() if "odd" not in way}
    assert len(answers) >= 18
    for way, outputs in answers.items():
        for name, values in outputs.items():
            assert values == expected[name], f"{way}: {name}"
    every = {name for outputs in answers.values() for name in outputs}
    assert every == set(expected)
    assert list(answers["triton, nothing said of outputs"]) == [n for n in expected if n not in ("low", "high")]
    assert list(answers["kserve, one output"]) == ["predict"]


def test_odd_texts_and_nulls(said: dict[str, Any], url: str) -> None:
    """BYTES know no null: Triton's client has an empty text for it, KServe's sends one in JSON."""
    expected = [row["prediction"] for row in predictions(url, {"columns": ODD_TEXTS})]
    for way in ("triton, odd texts", "kserve, odd texts"):
        assert said["answers"][way]["predict"] == expected, way


def test_a_row_alone_is_answered_as_among_others(said: dict[str, Any], expected: dict[str, list[Any]]) -> None:
    alone = said["triton"]["alone"]
    assert [row["predict"][0] for row in alone] == expected["predict"]


def test_health_and_metadata(said: dict[str, Any], expected: dict[str, list[Any]]) -> None:
    triton, kserve = said["triton"], said["kserve"]
    assert all(triton["live"]) and all(kserve["live"]) and all(kserve["v1 live"])
    assert not any(triton["not ready"]) and not any(kserve["not ready"])
    assert triton["server"]["name"] == "modelwright" and triton["server"]["extensions"] == ["binary_tensor_data"]
    inputs = {tensor["name"]: tensor["datatype"] for tensor in triton["model"]["inputs"]}
    assert inputs == {"area": "FP64", "rooms": "INT64", **dict.fromkeys(("job", "garden", "since", "note"), "BYTES")}
    assert [tensor["name"] for tensor in triton["model"]["outputs"]] == [
        n for n in expected if n not in ("low", "high")
    ]
    assert (triton["id"], triton["version"], kserve["id"]) == ("call 7", "1", "call 8")
    assert [0 < len(reasons) <= 5 for reasons in kserve["explanations"]] == [True] * len(expected["predict"])


def test_refusals_are_understood(said: dict[str, Any]) -> None:
    told = said["triton"]["refused"]
    assert {about: status for about, (status, _) in told.items()} == {
        "another model": "404", "a missing input": "422", "another output": "422", "classes by score": "422",
        "NaN in JSON": "400", "shared memory": "422", "an output in shared memory": "422", "the configuration": "404",
    }  # fmt: skip
    assert told["a missing input"][1] == "column 'area' is missing that the model uses"
    status, message = said["kserve"]["refused"]
    assert status == "422" and message.startswith("column 'area' is missing that the model uses")
