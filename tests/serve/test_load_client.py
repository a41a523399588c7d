"""The client of the load tests in ``benchmarks/serving``: the program in C counts what its twin in Python counts."""

from __future__ import annotations

import math
import shutil
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SERVING = Path(__file__).parents[2] / "benchmarks" / "serving"
FAILS, BREAKS, CLOSES = 7, 11, 13  # in every so many requests of a row
CLIENTS = ["Python", pytest.param("C", marks=pytest.mark.skipif(shutil.which("cc") is None, reason="no compiler"))]


@pytest.fixture(autouse=True)
def _path(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(SERVING))
    yield
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(SERVING)):
            del sys.modules[name]


class Server:
    """Answers, and misbehaves as it is told: refuses, breaks a connection before the answer, closes one after it."""

    def __init__(self, *, misbehaves: bool) -> None:
        self.misbehaves = misbehaves
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.taken = self.refused = self.broken = 0
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                made, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(made,), daemon=True).start()

    def _serve(self, made: socket.socket) -> None:
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with made:
            while request := made.recv(4096):
                with self._lock:
                    self.taken += 1
                    number = self.taken if self.misbehaves else 1
                    self.refused += (refuses := number % FAILS == 0)
                    self.broken += (breaks := not refuses and number % BREAKS == 0)
                if breaks:
                    return
                row = request.rpartition(b"\r\n\r\n")[2].decode()
                version = 1 + self.taken % 2
                body = f'{{"predictions":[{{"prediction":"{row}"}}],"version":"{version}","request_id":"{self.taken}"}}'
                status = "503 Later" if refuses else "200 OK"
                answer = f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode()
                made.sendall(answer[:20])  # an answer comes in pieces
                made.sendall(answer[20:])
                if number % CLOSES == 0:
                    return

    def close(self) -> None:
        self.listener.close()


def _ask(server: Server, client: str, **about: Any) -> Any:
    import crowd
    from client import http_request

    requests = [http_request("POST", "/predict", b"row%d" % i) for i in range(3)]
    order = crowd.Order(port=server.port, requests=requests, connections=4, seconds=1.0, window_s=0.5, **about)
    with crowd.Crowd(order, in_python=client == "Python") as running:
        assert running.client == client
        return running.finish()


@pytest.mark.parametrize("client", CLIENTS)
def test_every_request_that_was_due_is_accounted_for(client: str) -> None:
    server = Server(misbehaves=True)
    outcome = _ask(server, client, rate=400.0)
    server.close()
    assert outcome.total("asked") == 400
    assert outcome.total("errors") == server.refused > 20
    assert len(outcome.lost) == outcome.total("lost") >= server.broken > 20
    assert outcome.total("answered") == 400 - server.refused - len(outcome.lost)
    crossed = len(outcome.lost) - server.broken  # sent while the server closed its side: lost, and never taken
    assert server.taken == 400 - crossed  # so none was asked twice
    assert len(outcome.failures) == server.refused
    assert "status 503" in outcome.failures[0]
    assert all(lost["broke"] >= lost["sent"] for lost in outcome.lost)


@pytest.mark.parametrize("client", CLIENTS)
def test_distinct_answers_of_each_row_are_kept_and_counted(client: str) -> None:
    server = Server(misbehaves=False)
    outcome = _ask(server, client, rate=300.0)
    server.close()
    assert {(k.row, k.body) for k in outcome.kept} == {
        (row, f'{{"predictions":[{{"prediction":"row{row}"}}],"version":"{version}"'.encode())
        for row in range(3)
        for version in (1, 2)
    }
    assert sum(k.count for k in outcome.kept) == 300
    assert outcome.unkept == 0
    versions = {name: sum(w["versions"].get(name, 0) for w in outcome.windows) for name in ("1", "2")}
    assert sum(versions.values()) == 300
    assert min(versions.values()) > 100
    assert [window["window"] for window in outcome.windows] == [0, 1]
    assert [sum(count for _, count in window["histogram"]) for window in outcome.windows] == [150, 150]


@pytest.mark.parametrize("client", CLIENTS)
def test_as_fast_as_it_is_answered(client: str) -> None:
    server = Server(misbehaves=False)
    outcome = _ask(server, client, rate=0.0)
    server.close()
    assert outcome.total("answered") == outcome.total("asked") == server.taken > 100


def test_a_bucket_is_as_wide_as_is_said_and_percentiles_are_read_from_it() -> None:
    import crowd
    import crowd_twin

    for ns in (0, 1, 127, 128, 255, 256, 257, 1000, 54_321, 10**6, 123_456_789, 10**11):
        assert crowd._middle(crowd_twin.bucket(ns)) == pytest.approx(ns, rel=1 / 256, abs=0.5)
    histogram = [(crowd_twin.bucket(1000 * us), 1) for us in range(1, 101)]
    assert crowd.percentiles(histogram, (0.5, 0.99)) == pytest.approx([50, 99], rel=1 / 128)
    assert all(math.isnan(value) for value in crowd.percentiles([], (0.5, 0.99)))


def test_an_answer_is_right_when_it_is_what_its_version_answers() -> None:
    from answers import Answers
    from crowd import Kept

    answers = Answers.__new__(Answers)
    answers.expected = {"1": {"prediction": [2.0, 3.0]}, "2": {"prediction": [4.0, 5.0]}}

    def wrong(row: int, body: str) -> str:
        return "".join(answers.wrong([Kept(200, row, 1, body.encode())]))

    assert wrong(0, '{"predictions":[{"prediction":2.0}],"version":"1"') == ""
    assert wrong(1, '{"predictions":[{"prediction":5.0000000001}],"version":"2"') == ""
    assert wrong(0, '{"predictions":[{"prediction":4.0}],"version":"1"').endswith("prediction: 4.0, expected 2.0")
    assert wrong(0, '{"predictions":[{"prediction":2.0}],"version":"3"').endswith("nobody promoted: 3")
    assert "no answer of ours" in wrong(0, '{"predictions":[]')


@pytest.mark.skipif(shutil.which("cc") is None, reason="no compiler")
def test_the_control_answers_all_that_is_asked_and_works_for_each(tmp_path: Path) -> None:
    import psutil
    import servers
    from client import Connection, compiled, http_request

    work_us, asked = 500, 200
    command = [str(compiled("control")), "{port}", str(1000 * work_us)]
    control = servers.Server(name="control", command=command, path="/", empty=("GET", "/"), ready="/")
    with servers.running(control, tmp_path) as run:
        process = psutil.Process(run.process.pid)
        before = process.cpu_times().user
        connection = Connection(run.port)
        request = http_request("POST", "/", b"x" * 20)
        connection.socket.sendall(request[:-7])  # not whole: nothing is answered yet
        for _ in range(asked):
            status, body = connection.ask(request[-7:] + request[:-7])
            assert (status, body) == (200, b'{"version":"0"}')
        assert process.cpu_times().user - before > 0.3 * asked * work_us / 1e6
        connection.close()
