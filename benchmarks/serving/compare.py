"""One row over HTTP: our server and its peers, same machine, same rows, same trees, in turn.

    python benchmarks/serving/compare.py --data DATA --to OUT [--sets adult] [--peers fastapi,mlflow] [--rounds 5]

Per server: p50 and p99 of one row over one keep-alive connection, the same of a request that computes nothing, requests
a second of 16 connections, memory, start to ready. All servers of a round run one after the other, never together; the
rounds are repeated, and medians over the rounds are reported, ratios from the figures of the same round.
``OUT/compare.json`` keeps every round, ``OUT/compare.md`` is the table.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import servers
from client import Connection, http_request, latencies
from crowd import rate
from environments import REQUIREMENTS, prepare
from tables import comparison
from versions import SETS, VERSIONS, project_of, write_rows

ROOT = Path(__file__).parents[2]
WARM_UP = 200
CONNECTIONS = 16
ROWS = 200
TOLERANCE = 1e-9
ALONE_SECONDS = 900
MOST_TOLD = 500


def main() -> None:
    """Measure and write."""
    asked = _arguments()
    asked.to.mkdir(parents=True, exist_ok=True)
    results: dict[str, Any] = {"machine": _machine(), "settings": {"count": asked.count, "seconds": asked.seconds}}
    results["sets"] = {}
    for name in asked.sets.split(","):
        with tempfile.TemporaryDirectory() as place:
            measured, left_out = _measure_set(asked, name, Path(place))
        results["sets"][name] = {"servers": measured, "left out": left_out}
        (asked.to / "compare.json").write_text(json.dumps(results, indent=1))
    text = comparison(results)
    (asked.to / "compare.md").write_text(text)
    print(text)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with adult/ and ames_housing/")
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--versions", default=",".join(VERSIONS), help="of ours")
    parser.add_argument("--peers", default="fastapi,mlflow,bentoml,autogluon", help="empty for none")
    parser.add_argument("--environments", type=Path, default=ROOT / ".conformance" / "peers")
    parser.add_argument("--projects", type=Path, default=ROOT / "build" / "serving", help="made there, once")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=2000, help="requests per latency, a tenth of it for slow peers")
    parser.add_argument("--seconds", type=float, default=5.0, help="per rate")
    return parser.parse_args()


def _measure_set(asked: argparse.Namespace, name: str, place: Path) -> tuple[dict[str, list[Any]], dict[str, str]]:
    project, numbers = project_of(asked.data, name, asked.projects)
    write_rows(asked.data, name, place)
    rows = _test_rows(place)
    chosen: dict[str, servers.Server] = {
        f"modelwright, {kind}": servers.modelwright(project, version=numbers[kind])
        for kind in asked.versions.split(",")
    }
    peers, rows_only, left_out = _prepared(asked, place)
    chosen.update(peers)
    measured: dict[str, list[Any]] = {about: [] for about in (*chosen, *rows_only)}
    for number in range(asked.rounds):
        for about in [about for about in measured if about not in left_out]:
            print(f"{name}, round {number + 1}: {about}", flush=True)
            try:
                if about in rows_only:
                    measured[about].append(_rows_alone(rows_only[about]))
                else:
                    expected = _expected(project, chosen[about], numbers, about, rows)
                    measured[about].append(_measure(chosen[about], rows, expected, asked, place))
            except (RuntimeError, OSError, subprocess.SubprocessError) as error:  # the others are measured all the same
                left_out[about] = str(error)[-MOST_TOLD:]
                print(left_out[about], flush=True)
    return {about: rounds for about, rounds in measured.items() if rounds}, left_out


def _rows_alone(command: list[str]) -> dict[str, Any]:
    """Return the latency of a peer that has no server."""
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=ALONE_SECONDS, env={**os.environ, **servers.ONE_THREAD}
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return {"row_us": _percentiles(json.loads(done.stdout.splitlines()[-1]))}


def _prepared(
    asked: argparse.Namespace, place: Path
) -> tuple[dict[str, servers.Server], dict[str, list[str]], dict[str, str]]:
    """Return the peers that serve, commands of those that only predict, and why others are left out."""
    peers: dict[str, servers.Server] = {}
    rows_only: dict[str, list[str]] = {}
    left_out: dict[str, str] = {}
    for peer in filter(None, asked.peers.split(",")):
        if peer not in REQUIREMENTS:
            raise SystemExit(f"there is no peer '{peer}'; there are {', '.join(REQUIREMENTS)}")
        folder = place / peer
        folder.mkdir()
        for file in ("train.json", "test.json"):
            (folder / file).write_bytes((place / file).read_bytes())
        try:
            python = prepare(peer, asked.environments)
        except RuntimeError as error:
            left_out[peer] = str(error)
            continue
        if peer == "autogluon":
            script = str(servers.HERE / "peers" / "autogluon_rows.py")
            rows_only["AutoGluon, in process"] = [str(python), script, str(folder), str(max(20, asked.count // 20))]
            continue
        train = [str(python), str(servers.HERE / "peers" / "train.py"), str(folder), *(["mlflow"] * (peer == "mlflow"))]
        trained = subprocess.run(train, capture_output=True, text=True, timeout=ALONE_SECONDS, cwd=folder)
        if trained.returncode:
            left_out[peer] = trained.stderr[-MOST_TOLD:]
            continue
        server = getattr(servers, peer)(python, folder)
        peers[server.name] = server
    return peers, rows_only, left_out


def _test_rows(place: Path) -> list[dict[str, Any]]:
    columns = json.loads((place / "test.json").read_text())["columns"]
    count = min(ROWS, len(next(iter(columns.values()))))
    return [{name: values[i] for name, values in columns.items()} for i in range(count)]


def _expected(
    project: Path, server: servers.Server, numbers: dict[str, int], about: str, rows: list[dict[str, Any]]
) -> list[float] | None:
    """Return what our version answers in batch, the last probability or the value; None for peers."""
    if server.name != "modelwright":
        return None
    from modelwright.package.bundle import open_version

    number = numbers[about.removeprefix("modelwright, ")]
    answers, _ = open_version(project / "versions" / str(number)).predict(rows)
    return list(answers.values())[-1].tolist()


def _measure(
    server: servers.Server,
    rows: list[dict[str, Any]],
    expected: list[float] | None,
    asked: argparse.Namespace,
    place: Path,
) -> dict[str, Any]:
    requests = [http_request("POST", server.path, server.body(row)) for row in rows]
    method, path = server.empty
    nothing = [http_request(method, path, b"{}" if method == "POST" else b"")]
    with servers.running(server, place) as run:
        _check(run.port, requests, expected)
        fast = _first(run.port, requests) < 1e-3
        count = asked.count if fast else max(20, asked.count // 10)
        empty, _ = latencies(run.port, nothing, warm_up=WARM_UP, count=count)
        row, client = latencies(run.port, requests, warm_up=WARM_UP if fast else 20, count=count)
        many, tool = rate(run.port, requests, connections=CONNECTIONS, seconds=asked.seconds)
        return {
            "row_us": _percentiles(row),
            "empty_us": _percentiles(empty),
            "requests_per_s": many,
            "ready_s": run.ready_s,
            "clients": [client, tool],
            **run.memory(),
        }


def _check(port: int, requests: list[bytes], expected: list[float] | None) -> None:
    """Ask for every row once; ours has to answer what the version answers in batch."""
    connection = Connection(port)
    for i, request in enumerate(requests):
        status, body = connection.ask(request)
        if status != 200:
            raise RuntimeError(f"row {i}: status {status}: {body[:500]!r}")
        if expected is not None:
            answer = json.loads(body)["predictions"][0]
            said = list(answer["probabilities"].values())[-1] if "probabilities" in answer else answer["prediction"]
            if abs(said - expected[i]) > TOLERANCE * max(1.0, abs(expected[i])):
                raise RuntimeError(f"row {i}: the server says {said!r}, the version {expected[i]!r}")
    connection.close()


def _first(port: int, requests: list[bytes]) -> float:
    """Return the seconds of the fastest of a few requests: slow servers are asked less often."""
    connection = Connection(port)
    taken = []
    for request in requests[:10]:
        began = time.perf_counter()
        connection.ask(request)
        taken.append(time.perf_counter() - began)
    connection.close()
    return min(taken)


def _percentiles(values: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return {"p50": statistics.median(values), "p99": cuts[98], "n": len(values)}


def _machine() -> dict[str, Any]:
    import modelwright

    return {
        "cores": os.cpu_count(),
        "load_before": os.getloadavg()[0],
        "python": platform.python_version(),
        "processor": platform.machine(),
        "modelwright": modelwright.__version__,
    }


if __name__ == "__main__":
    main()
