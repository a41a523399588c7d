"""The container contract of SageMaker, by replay: requests byte for byte as its documentation says that they come.

How the image is started (``docker run IMAGE serve``, the port, SIGTERM) is in `test_image`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conformance.made import columns_of, make_project, records_of
from tests.serve.running import Answer, Server, Wire, serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ROWS = records_of(columns_of(30))
LINES = [",".join("" if value is None else str(value) for value in row.values()) for row in ROWS]
FROM = "Host: 169.254.180.2:8080\r\nUser-Agent: AHC/2.0\r\n"  # a name that is not the server's
PING_SECONDS = 2.0  # then the platform calls the container unhealthy
CSV, JSON, JSON_LINES = "text/csv", "application/json", "application/jsonlines"


@pytest.fixture(scope="module", params=["classes", "values"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    project = make_project(tmp_path_factory.mktemp(request.param) / "bank", request.param)
    with serving(project, environment={"MODELWRIGHT_SERVE_INSECURE": "1"}) as running:
        yield running


@pytest.fixture
def wire(server: Server) -> Iterator[Wire]:
    with Wire(server.port) as connection:
        yield connection


@pytest.fixture(scope="module")
def expected(server: Server) -> list[dict[str, Any]]:
    """What `/predict` answers for every row."""
    with Wire(server.port) as connection:
        answer = invoke(connection, JSON, json.dumps({"rows": ROWS}), path="/predict")
    return json.loads(answer.body)["predictions"]


def get(wire: Wire, path: str) -> Answer:
    wire.send(f"GET {path} HTTP/1.1\r\n{FROM}\r\n".encode())
    return answer_of(wire)


def invoke(wire: Wire, kind: str, body: str, *, accept: str = "", more: str = "", path: str = "/invocations") -> Answer:
    """Send a body of known length, with the headers that the platform passes on."""
    content = body.encode()
    head = f"POST {path} HTTP/1.1\r\n{FROM}Content-Type: {kind}\r\nContent-Length: {len(content)}\r\n"
    head += f"X-Amzn-SageMaker-Custom-Attributes: trace=7; of=tests\r\n{more}"
    wire.send((head + (f"Accept: {accept}\r\n" if accept else "") + "\r\n").encode() + content)
    return answer_of(wire)


def answer_of(wire: Wire) -> Answer:
    answer = wire.answer()
    assert answer is not None
    return answer


def test_ping(wire: Wire) -> None:
    for _ in range(3):  # on one connection, as the platform keeps it
        began = time.monotonic()
        answer = get(wire, "/ping")
        assert (answer.status, answer.body) == (200, b"") and time.monotonic() - began < PING_SECONDS


def test_execution_parameters(wire: Wire) -> None:
    answer = get(wire, "/execution-parameters")
    told = json.loads(answer.body)
    assert answer.status == 200 and answer.headers["content-type"] == JSON
    assert set(told) == {"MaxConcurrentTransforms", "BatchStrategy", "MaxPayloadInMB"}
    assert told["MaxConcurrentTransforms"] >= 1 and told["BatchStrategy"] == "MULTI_RECORD"
    assert 1 <= told["MaxPayloadInMB"] <= 100  # what a transform job may have


def test_an_endpoint_is_asked_in_json(wire: Wire, expected: list[dict[str, Any]]) -> None:
    alone = {"predictions": [row["prediction"] for row in expected]}
    positions = [list(row.values()) for row in ROWS]
    for body in ({"instances": ROWS}, {"instances": positions}, {"inputs": positions}, ROWS, positions):
        for accept in ("", "*/*", JSON):
            answer = invoke(wire, JSON, json.dumps(body), accept=accept)
            assert answer.status == 200 and answer.headers["content-type"] == JSON
            assert json.loads(answer.body) == alone


@pytest.mark.parametrize("accept", ["", "*/*", CSV])
def test_an_endpoint_is_asked_in_csv_without_a_header(wire: Wire, accept: str, expected: list[dict[str, Any]]) -> None:
    for n_rows in (1, len(ROWS)):
        answer = invoke(wire, CSV, "\n".join(LINES[:n_rows]), accept=accept)
        assert answer.status == 200 and answer.headers["content-type"].startswith(CSV)
        assert answer.body.decode() == "".join(f"{row['prediction']}\n" for row in expected[:n_rows])


def test_a_large_body_waits_for_leave(wire: Wire, expected: list[dict[str, Any]]) -> None:
    body = "\n".join(LINES * 400)
    answer = invoke(wire, CSV, body, more="Expect: 100-continue\r\n")
    assert answer.status == 200 and answer.body.count(b"\n") == 400 * len(LINES)
    assert answer.body.decode().split("\n")[: len(LINES)] == [str(row["prediction"]) for row in expected]


@pytest.mark.parametrize("kind", [CSV, JSON_LINES])
def test_batch_transform(wire: Wire, kind: str, expected: list[dict[str, Any]]) -> None:
    """Records are cut by line into payloads, and the answers are joined by line: there is one line for each record."""
    records = LINES if kind == CSV else [json.dumps({"features": list(row.values())}) for row in ROWS]
    whole = invoke(wire, kind, "".join(f"{record}\n" for record in records), accept=kind).body
    joined = b""
    for start in range(0, len(records), 7):
        part = records[start : start + 7]
        answer = invoke(wire, kind, "".join(f"{record}\n" for record in part), accept=kind)
        assert answer.status == 200 and answer.headers["content-type"].startswith(kind)
        assert answer.body.count(b"\n") == len(part) and answer.body.endswith(b"\n")
        joined += answer.body
    assert joined == whole
    lines = whole.decode().splitlines()
    said = lines if kind == CSV else [json.loads(line)["prediction"] for line in lines]
    assert said == [str(row["prediction"]) if kind == CSV else row["prediction"] for row in expected]


def test_a_single_record_and_a_body_in_pieces(wire: Wire, expected: list[dict[str, Any]]) -> None:
    pieces = [LINES[0][:9].encode(), LINES[0][9:].encode()]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    head = f"POST /invocations HTTP/1.1\r\n{FROM}Content-Type: {CSV}\r\nTransfer-Encoding: chunked\r\n\r\n"
    wire.send(head.encode() + chunks + b"0\r\n\r\n")
    answer = answer_of(wire)
    assert (answer.status, answer.body.decode()) == (200, f"{expected[0]['prediction']}\n")


def test_what_cannot_be_read_is_the_callers_error(wire: Wire) -> None:
    """The platform passes a 4xx on with its text, and takes a 5xx for a container that fails."""
    refused = {
        "application/x-recordio-protobuf": (b"\x0a\x23\xd7\xce".decode("latin-1"), 415),
        "text/libsvm": ("1 1:0.5", 415),
        CSV: ("1,2,3", 422),
        JSON: ('{"instances": [', 400),
        JSON_LINES: ('{"features": [1]}', 422),
    }
    for kind, (body, status) in refused.items():
        answer = invoke(wire, kind, body)
        assert answer.status == status, kind
        assert set(json.loads(answer.body)) == {"error", "fix", "code", "request_id"}
    assert get(wire, "/ping").status == 200
