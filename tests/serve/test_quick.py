"""The short way for one record: the usual way is its slow twin, and what is not plain goes there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelwright.serve.quick import LONGEST

from .running import Answer, Server, Wire, make_project, request, serving

USUAL = {"accept": "application/json;q=1"}  # nobody's way of saying JSON: read, and answered the usual way
ROW = {"age": 41, "balance": 12.5, "job": "student"}


@pytest.fixture(scope="module", params=["classify", "regress"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(make_project(tmp_path_factory.mktemp("quick") / "p", kind=request.param), "--log", "off") as running:
        yield running


@pytest.fixture(scope="module")
def wire(server: Server) -> Iterator[Wire]:
    with Wire(server.port) as opened:
        yield opened


def ask(wire: Wire, body: bytes, **headers: str) -> Answer:
    wire.send(request("POST", "/predict", body, x_request_id="same", **headers))
    answer = wire.answer()
    assert answer is not None
    return answer


def same(first: Answer, second: Answer) -> None:
    assert first.status == second.status
    assert json.loads(first.body) == json.loads(second.body)
    assert {n: v for n, v in first.headers.items() if n != "date"} == {
        n: v for n, v in second.headers.items() if n != "date"
    }


values = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["NA", "", "student", "nan", "1e999", "-5"])
    | st.lists(st.integers(), max_size=1)
)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(["age", "balance", "job", "JOB", " age", "more", "rows", "columns"]), values))
def test_any_record_gets_what_it_gets_the_usual_way(wire: Wire, record: dict[str, Any]) -> None:
    body = json.dumps(record).encode()
    same(ask(wire, body), ask(wire, body, **USUAL))
    for more in ({}, {"reasons": 1}, {"probabilities": False}):
        wrapped = json.dumps({"rows": [record], **more}).encode()
        same(ask(wire, wrapped), ask(wire, wrapped, **USUAL))


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[1]", b"{}", b'{"rows": []}', b"\xff", b'{"age": NaN}', b'\xef\xbb\xbf{"age": 1}', b"1"]
    + [json.dumps({**ROW, "job": "x" * n}).encode() for n in (LONGEST - 60, LONGEST, 3 * LONGEST)]
    + [json.dumps(ROW).encode()],
    ids=lambda b: b[:20],
)
def test_any_body_gets_what_it_gets_the_usual_way(wire: Wire, body: bytes) -> None:
    same(ask(wire, body), ask(wire, body, **USUAL))


def test_a_body_in_pieces(wire: Wire) -> None:
    raw = request("POST", "/predict", json.dumps(ROW).encode(), x_request_id="same")
    for cut in (10, len(raw) - 30, len(raw) - 1):
        wire.send(raw[:cut])
        assert not wire.waits(0.05)
        wire.send(raw[cut:])
        answer = wire.answer()
        assert answer is not None and answer.status == 200


def test_pipelined_requests_are_answered_in_order(wire: Wire) -> None:
    ids = [f"n{i}" for i in range(30)]
    kinds: list[dict[str, str]] = [{}, USUAL, {"accept": "text/csv"}]
    raw = b"".join(
        request("POST", "/predict", json.dumps(ROW).encode(), x_request_id=name, **kinds[i % 3])
        for i, name in enumerate(ids)
    )
    wire.send(raw)
    answers = [wire.answer() for _ in ids]
    assert [a and a.headers["x-request-id"] for a in answers] == ids
    assert {a and a.status for a in answers} == {200}


def test_old_clients_and_those_that_close(server: Server) -> None:
    body = json.dumps(ROW).encode()
    for head in (b"POST /predict HTTP/1.0\r\n", b"POST /predict HTTP/1.1\r\nconnection: close\r\n"):
        with Wire(server.port) as wire:
            wire.send(head + b"host: localhost\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
            answer = wire.answer()
            assert answer is not None and answer.status == 200
            assert wire.waits(5) and wire.closed()


def test_expecting_100_and_chunks(wire: Wire) -> None:
    body = json.dumps(ROW).encode()
    wire.send(request("POST", "/predict", body, expect="100-continue"))
    answer = wire.answer()
    assert answer is not None and answer.status == 200
    chunks = b"%x\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (5, body[:5], len(body) - 5, body[5:])
    wire.send(b"POST /predict HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n" + chunks)
    answer = wire.answer()
    assert answer is not None and answer.status == 200


def flood(server: Server) -> int:
    """Send requests and read no answer until the server reads no more; return how many it took."""
    many = request("POST", "/predict", json.dumps(ROW).encode()) * 200
    with Wire(server.port) as wire:
        wire._socket.settimeout(0.5)
        for sent in range(3000):
            try:
                wire._socket.sendall(many)
            except (TimeoutError, ConnectionError):
                return 200 * sent
    return 200 * 3000


@pytest.mark.slow
def test_callers_who_read_nothing_make_no_memory_grow(server: Server) -> None:
    assert flood(server) < 300_000
    grown = []
    while not grown or (grown[-1] >= 8 << 20 and len(grown) < 6):  # what the first ones freed is used again in time
        before = server.rss()
        for _ in range(4):
            flood(server)
        grown.append(server.rss() - before)
    assert grown[-1] < 8 << 20, grown  # a forgotten timer a request made each four of them 30
    with Wire(server.port) as wire:
        assert ask(wire, json.dumps(ROW).encode()).status == 200
