"""What is done for several answers together is there when anybody asks for it, and says when each was given."""

from __future__ import annotations

import json
import time
from pathlib import Path

from modelwright.serve.afterwards import BUNCH, BUNCH_S
from modelwright.serve.log import read_log

from .running import Wire, make_project, request, serving

ROW = {"age": 41, "balance": 12.5, "job": "student"}


def ask(wire: Wire, raw: bytes) -> bytes:
    wire.send(raw)
    answer = wire.answer()
    assert answer is not None and answer.status == 200
    return answer.body


def counted(wire: Wire) -> float:
    text = ask(wire, request("GET", "/metrics")).decode()
    lines = [line for line in text.splitlines() if line.startswith("model_infer_request_success_total{")]
    return sum(float(line.split()[-1]) for line in lines)


def test_answers_are_counted_when_somebody_looks_and_logged_with_their_own_time(tmp_path: Path) -> None:
    raw = request("POST", "/predict", json.dumps(ROW).encode())
    count = BUNCH + 3  # some of a second bunch
    project = make_project(tmp_path / "p")
    with serving(project, "--log", "full") as server, Wire(server.port) as wire:
        ids, times = [], []
        for _ in range(count):
            times.append(time.time())
            ids.append(json.loads(ask(wire, raw))["request_id"])
        assert counted(wire) == count
        ask(wire, raw)
        time.sleep(1.0 + BUNCH_S)  # the most that a server that is killed may lose
        server.process.kill()
        server.process.wait()
    log = read_log(project / "predictions").to_pylist()
    assert [row["request_id"] for row in log][:count] == ids and len(log) == count + 1
    assert all(
        abs(row["time"].timestamp() - asked) < later - asked + 1e-3
        for row, asked, later in zip(log, times, [*times[1:], time.time()])
    )
