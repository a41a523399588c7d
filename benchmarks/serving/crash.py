"""``kill -9`` of a worker under load: only what it had in flight is lost, and another takes its place.

    python benchmarks/serving/crash.py --data DATA --to OUT [--set adult] [--workers 2] [--rate 2000]

Requests arrive at a steady rate over 64 connections (``--rate 0``: each asks again as soon as it is answered, so that
every one has a request in flight). After five seconds the worker with most connections is killed. A request
was in flight when it had been sent on an open connection, and that connection broke before the answer was whole; what
was due and not sent yet is asked on another connection. So what is lost must have been sent to the killed worker, by
a connection that it had when it was killed; every other request must be answered, rightly, and after ten seconds
there must be as many workers as before. ``OUT/crash.json`` has the figures.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
import servers
from answers import Answers
from client import http_request
from crowd import Crowd, Order, Outcome
from load import CONNECTIONS, ROOT, START_SECONDS, rows_of
from versions import SETS, project_of, write_rows

BEFORE_S, AFTER_S, WINDOW_S = 5.0, 10.0, 5.0


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
            result, outcome = _killed(run, requests, asked.rate)
    result["wrong"] = [*answers.wrong(outcome.kept), *outcome.failures]
    result["sound"] = (
        not (result["wrong"] or result["unanswered"] or result["lost_of_others"] or outcome.unkept)
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
    parser.add_argument("--rate", type=float, default=2000.0, help="requests a second; 0: as fast as they are answered")
    return parser.parse_args()


def _killed(run: servers.Running, requests: list[bytes], rate: float) -> tuple[dict[str, Any], Outcome]:
    order = Order(
        port=run.port,
        requests=requests,
        connections=CONNECTIONS,
        rate=rate,
        seconds=BEFORE_S + AFTER_S,
        window_s=WINDOW_S,
        begin=time.monotonic() + START_SECONDS,
    )
    with Crowd(order) as crowd:
        time.sleep(order.begin + BEFORE_S - time.monotonic())
        workers = _workers(run)
        victim = max(workers, key=lambda pid: len(workers[pid]))
        killed = time.monotonic()
        os.kill(victim, signal.SIGKILL)
        outcome = crowd.finish()
    lost_by = [lost["port"] for lost in outcome.lost]
    answered = outcome.total("answered")
    return {
        "client": crowd.client,
        "asked": outcome.total("asked"),
        "answered": answered,
        "lost": len(lost_by),
        "lost_of_others": sum(port not in workers[victim] for port in lost_by),
        "lost_sent_before_the_kill": sum(lost["sent"] < killed for lost in outcome.lost),
        "lost_sent_while_it_died": sum(lost["sent"] >= killed for lost in outcome.lost),
        "died_within_ms": 1000 * max((lost["broke"] - killed for lost in outcome.lost), default=float("nan")),
        "connections_of_the_killed": len(workers[victim]),
        "unanswered": outcome.total("asked") - answered - len(lost_by),
        "workers_before": len(workers),
        "workers_after": len(_children(run)),
        "versions": sorted({name for window in outcome.windows for name in window["versions"]}),
    }, outcome


def _children(run: servers.Running) -> list[psutil.Process]:
    """Return the processes that answer: those below the first one that have the port open."""
    top = psutil.Process(run.process.pid)
    return [p for p in top.children(recursive=True) if any(_of(run, c) for c in p.net_connections("tcp"))]


def _workers(run: servers.Running) -> dict[int, set[int]]:
    """Return the ports of the clients of each process."""
    return {
        p.pid: {c.raddr.port for c in p.net_connections("tcp") if c.status == psutil.CONN_ESTABLISHED and _of(run, c)}
        for p in _children(run)
    }


def _of(run: servers.Running, connection: Any) -> bool:
    return connection.laddr and connection.laddr.port == run.port


if __name__ == "__main__":
    main()
