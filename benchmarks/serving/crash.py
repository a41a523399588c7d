"""``kill -9`` of a worker under load: only what it had in flight is lost, and another takes its place.

    python benchmarks/serving/crash.py --data DATA --to OUT [--set adult] [--workers 2] [--rate 300]

Requests arrive at a steady rate over 64 connections. After five seconds the worker with most of them is killed, with
requests in flight. A request is lost when its connection breaks before its answer came, those that were sent before the
client could know among them: at most one for each connection of that worker. Every other answer must be right, and
after ten seconds there must be as many workers as before. ``OUT/crash.json`` has the figures.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

import psutil
import servers
from client import http_request
from load import CONNECTIONS, ROOT, Answers, Crowd, Window, rows_of
from versions import SETS, project_of, write_rows

BEFORE_S, AFTER_S = 5.0, 10.0


def main() -> None:
    """Run, write, and exit 1 where more was lost than may be."""
    asked = _arguments()
    asked.to.mkdir(parents=True, exist_ok=True)
    project, numbers = project_of(asked.data, asked.set, asked.projects)
    with tempfile.TemporaryDirectory() as place:
        write_rows(asked.data, asked.set, Path(place))
        rows = rows_of(Path(place))
        answers = Answers(project, [numbers["trees"]], rows)
        server = servers.modelwright(project, version=numbers["trees"], workers=asked.workers)
        requests = [http_request("POST", server.path, server.body(row)) for row in rows]
        with servers.running(server, Path(place)) as run:
            result = _killed(run, Crowd(run.port, requests, answers, CONNECTIONS), asked.rate)
    result["wrong"] = answers.wrong
    result["sound"] = (
        not answers.wrong
        and not result["errors"]
        and result["lost"] <= result["connections_of_the_killed"]
        and result["workers_after"] >= min(result["workers_before"], asked.workers)
    )
    (asked.to / "crash.json").write_text(json.dumps(result, indent=1))
    print(json.dumps(result, indent=1))
    sys.exit(0 if result["sound"] else 1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--set", default="adult", choices=sorted(SETS))
    parser.add_argument("--projects", type=Path, default=ROOT / "build" / "serving")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rate", type=float, default=300.0, help="requests a second")
    return parser.parse_args()


def _killed(run: servers.Running, crowd: Crowd, rate: float) -> dict[str, Any]:
    before, after = Window(0.0), Window(BEFORE_S)
    crowd.steady(rate, BEFORE_S, before)
    workers = _workers(run)
    victim = max(workers, key=lambda pid: workers[pid])
    for _ in range(min(8, len(crowd.idle))):  # so that it dies with requests in flight
        crowd.send(0.0)
    in_flight = len(crowd.asked)
    os.kill(victim, signal.SIGKILL)
    crowd.steady(rate, AFTER_S, after)
    crowd.close()
    return {
        "answered_before": len(before.latencies_us),
        "answered_after": len(after.latencies_us),
        "in_flight_at_the_kill": in_flight,
        "connections_of_the_killed": workers[victim],
        "lost": crowd.lost,
        "errors": before.errors + after.errors,
        "workers_before": len(workers),
        "workers_after": len(_children(run)),
        "versions": dict(before.versions + after.versions),
    }


def _children(run: servers.Running) -> list[psutil.Process]:
    """Return the processes that answer: those below the first one that have the port open."""
    top = psutil.Process(run.process.pid)
    return [p for p in top.children(recursive=True) if any(_of(run, c) for c in p.net_connections("tcp"))]


def _workers(run: servers.Running) -> dict[int, int]:
    """Return the number of connections by process."""
    return {
        p.pid: sum(c.status == psutil.CONN_ESTABLISHED and _of(run, c) for c in p.net_connections("tcp"))
        for p in _children(run)
    }


def _of(run: servers.Running, connection: Any) -> bool:
    return connection.laddr and connection.laddr.port == run.port


if __name__ == "__main__":
    main()
