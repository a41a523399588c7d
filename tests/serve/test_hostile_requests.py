"""A real server under hostile requests: no 5xx, nothing of a request in an answer, no growth; it goes on answering."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .hostile import attack
from .hostile_requests import GOOD, MARKS, TABLES_IN_BYTES, Case, Parts, variants
from .running import Answer, Server, Wire, make_project, request, serving

WARM = 300  # requests before memory is measured: what is imported and cached on the first of each kind
COUNT = 3000
GROWTH = 30e6  # bytes: the allocator's own; a body that was kept each time would be far more

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["classify", "regress"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    project = make_project(tmp_path_factory.mktemp("hostile") / "made", kind=request.param)
    with serving(project, "--max-body", "1", "--max-rows", "10000") as running:
        yield running


def good(server: Server) -> Answer:
    with Wire(server.port) as wire:
        wire.send(request("POST", "/predict", GOOD, content_type="application/json"))
        answer = wire.answer()
    assert answer is not None and answer.status == 200
    return answer


def predictions(server: Server) -> object:
    return json.loads(good(server).body)["predictions"]


def warm_up(server: Server) -> None:
    """Send a good body of each kind, for the libraries that are imported with the first."""
    with Wire(server.port) as wire:
        for told, body in TABLES_IN_BYTES.items():
            wire.send(request("POST", "/predict", body, content_type=told))
            answer = wire.answer()
            assert answer is not None and answer.status == 200, answer and answer.body


def test_hostile_requests(server: Server) -> None:
    before = predictions(server)
    attack(server, WARM, number=1)
    warm_up(server)
    memory = server.rss()
    report = attack(server, COUNT, number=2, copies=2)
    assert not report.problems, "\n".join(report.problems)
    assert report.sent > COUNT / 2 and {200, 400, 404, 415, 422} <= set(report.statuses), report.statuses
    assert server.rss() - memory < GROWTH
    assert predictions(server) == before
    told = server.errors.read_bytes()
    assert b"unforeseen" not in told and b"Traceback" not in told and not any(m in told for m in MARKS)


def test_those_who_send_slowly_keep_nobody_waiting(server: Server) -> None:
    """Two hundred connections that say nothing, or a byte now and then: others are answered, and they are let go."""
    silent = [Wire(server.port) for _ in range(150)]
    slow = [Wire(server.port) for _ in range(50)]
    head = b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\nx: "
    for wire in slow:
        wire.send(head)
    end = time.monotonic() + 13.0
    while time.monotonic() < end and not all(w.waits(0) for w in slow):
        good(server)
        for wire in slow:
            wire.send(b"a")
        time.sleep(0.1)
    for wire in [*silent, *slow]:
        assert wire.waits(5.0), "it was let go"
        wire.close()
    good(server)


def test_floods(server: Server) -> None:
    """Chunks, headers and pipelined requests without end take bounded memory and end with a refusal."""
    memory = server.rss()
    floods = {
        413: b"POST /predict HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n"
        + b"8\r\n        \r\n" * 400_000,
        431: b"GET /livez HTTP/1.1\r\n" + b"x: y\r\n" * 100_000,
    }
    for status, raw in floods.items():
        for _ in range(3):
            with Wire(server.port) as wire:
                wire.send(raw)
                answer = wire.answer()
                assert answer is None or answer.status == status  # a reset may overtake the answer
    good(server)
    assert server.rss() - memory < GROWTH


def test_bombs_are_given_up_and_leave_nothing(server: Server) -> None:
    """What unpacks to 330 MB is read up to the limit of bodies, 8 MiB, and no more is kept after the tenth."""
    bomb = gzip.compress(b'{"rows": [' + b'{"age": 1},' * 30_000_000 + b"{}]}", 1)
    memory = []
    for _ in range(10):
        with Wire(server.port) as wire:
            wire.send(request("POST", "/predict", bomb, content_type="application/json", content_encoding="gzip"))
            answer = wire.answer()
            assert answer is None or answer.status in (413, 415)
        memory.append(server.rss())
    assert memory[-1] - memory[1] < GROWTH and max(memory) < 500e6
    good(server)


def test_a_csv_without_its_header_is_not_told_back(server: Server) -> None:
    with Wire(server.port) as wire:
        wire.send(request("POST", "/predict", b"agee,balanced,jobs\n918273645,1,2", content_type="text/csv"))
        answer = wire.answer()
    assert answer is not None and answer.status == 422 and b"MW-C001" in answer.body
    assert b"agee" not in answer.body and b"balanced" not in answer.body and b"jobs" not in answer.body


DAMAGED = """
import random, sys
from modelwright.errors import RequestError
from modelwright.serve.exchange import ModelFacts, Request
from modelwright.serve.limits import Limits
from modelwright.serve.protocols import make_protocols
from tests.package.building import CONTRACT
from tests.serve.hostile_requests import TABLES_IN_BYTES

decode = make_protocols(Limits())["own"].decode
facts = ModelFacts("a", "1", "classify", ("no", "yes"), "t", CONTRACT)
rng, tables = random.Random(0), sorted(TABLES_IN_BYTES.items())
for _ in range(int(sys.argv[1])):
    told, body = rng.choice(tables)
    raw = bytearray(body)
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(len(raw))
        raw[at : at + 4] = rng.choice((bytes([rng.randrange(256)]) + raw[at + 1 : at + 4], b"\\xff" * 4, bytes(4)))
    try:
        decode(Request("POST", "/predict", {"content-type": told}, bytes(raw)), facts)
    except RequestError:
        pass
print("survived")
"""


def test_no_damaged_table_ends_the_process() -> None:
    """pyarrow ends the process over some damaged footers, so they must not come to it."""
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", DAMAGED, "20000"], cwd=root, capture_output=True, text=True, timeout=200
    )
    assert done.stdout == "survived\n", done.stderr[-2000:]


def test_notes_name_columns_that_are_unknown_and_hold_no_values(server: Server) -> None:
    row = {"age": 918273645, "balance": "canary7q", "job": "canary7q", "n" * 5000: "canary7q"}
    with Wire(server.port) as wire:
        wire.send(request("POST", "/predict", json.dumps({"rows": [row, json.loads(GOOD), json.loads(GOOD)]}).encode()))
        answer = wire.answer()
    assert answer is not None and answer.status == 200 and not any(mark in answer.body for mark in MARKS)
    notes = json.loads(answer.body)["notes"]
    assert any(note["what"] == "unknown column" for note in notes)
    assert max(len(note["message"]) for note in notes) < 300 and len(answer.body) < 5000


def test_pipelined_requests_are_answered_in_order(server: Server) -> None:
    with Wire(server.port) as wire:
        wire.send(b"".join(request("POST", "/predict", GOOD, X_Request_Id=f"n-{i}") for i in range(50)))
        for i in range(50):
            answer = wire.answer()
            assert answer is not None and answer.status == 200 and answer.headers["x-request-id"] == f"n-{i}"


def test_nothing_is_smuggled(server: Server) -> None:
    """What one reader takes for the body and another for the next request is refused, or the connection is closed."""
    inner = request("GET", "/livez")
    both = (
        b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
    )
    twice = b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ncontent-length: 0\r\n\r\n"
    odd = b"POST /predict HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: xchunked\r\ncontent-length: 5\r\n\r\n"
    for raw in (both, twice, odd):
        with Wire(server.port) as wire:
            wire.send(raw + inner)
            wire.finish()
            first = wire.answer()
            assert first is None or first.status == 400
            assert wire.answer() is None


def test_a_body_that_never_ends_is_given_up(tmp_path: Path) -> None:
    project = make_project(tmp_path / "made")
    with serving(project) as running, Wire(running.port) as wire:
        wire.send(b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\n{")
        good(running)
        wire.finish()
        answer = wire.answer()
        assert answer is None or answer.status in (400, 408)
        good(running)


def test_the_same_number_makes_the_same_requests() -> None:
    parts = Parts(b"/predict", GOOD, "application/json")
    case = Case(parts.framed(), parts)
    one, two = (variants(case, 20, random.Random(3)) for _ in range(2))
    assert one == two and len({c.raw for c in one}) > 15
