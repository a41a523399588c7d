"""Ten minutes of load on our server: no error, no wrong answer, flat memory, through a hot swap and a rollback.

    python benchmarks/serving/load.py --data DATA --to OUT [--set adult] [--minutes 10] [--share 0.7]

Requests arrive at a steady rate, whether or not earlier ones are answered (an open loop); that rate is a share of
what the server does for half a minute when as many connections ask as fast as they are answered. Latency counts from
when a request was due, so a server that stalls is charged for all that waited. The client keeps to one processor and
the server to the others. The prediction log is full. A third of the way in, version 2 is promoted; at two thirds it
is rolled back. Every answer names a version and must be what that version answers in batch; answers of both versions
have to be seen, and none but the two.

Last, a server that does nothing but use as much processor time a request is asked at the same rate (`control.py`): its
p99 is what the machine alone costs; and again beside work of idle priority, as is done on the log of ours.

``OUT/load.json`` has every five seconds: requests, p50, p99, memory, versions that answered, and the processor time
that the host gave to other machines meanwhile; ``OUT/load.md`` a table.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import servers
from answers import Answers
from client import http_request
from control import control
from crowd import Crowd, Order, Outcome, percentiles, rate
from versions import SETS, VERSIONS, project_of, write_rows

ROOT = Path(__file__).parents[2]
ROWS = 500
CONNECTIONS = 64
PEAK_SECONDS = 30.0
WINDOW_SECONDS = 5.0
FEWEST_WINDOWS = 3
START_SECONDS = 1.0
"""From the start of the client to the first request: it has opened its connections by then."""

MAX_RATE = 100_000.0
"""Requests a second at most, whatever the peak."""


def main() -> None:
    """Run, write, and exit 1 where something was wrong."""
    asked = _arguments()
    asked.to.mkdir(parents=True, exist_ok=True)
    project, numbers = project_of(asked.data, asked.set, asked.projects)
    first, second = (numbers[kind] for kind in asked.versions.split(","))
    modelwright(project, "promote", str(first))
    with tempfile.TemporaryDirectory() as place:
        write_rows(asked.data, asked.set, Path(place))
        rows = rows_of(Path(place))
        answers = Answers(project, [first, second], rows)
        run = _run(asked, project, second, rows, Path(place))
    result = _summary(run, str(second), answers.wrong(run.outcome.kept))
    (asked.to / "load.json").write_text(json.dumps(result, indent=1))
    text = table(result)
    (asked.to / "load.md").write_text(text)
    print(text)
    sys.exit(0 if result["sound"] else 1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--set", default="adult", choices=sorted(SETS))
    parser.add_argument("--versions", default="trees,linear", help=f"first and second, of {', '.join(VERSIONS)}")
    parser.add_argument("--projects", type=Path, default=ROOT / "build" / "serving")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--share", type=float, default=0.7, help="of the peak")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--log", default="full", choices=("full", "sampled", "off"))
    parser.add_argument("--control", type=float, default=60.0, help="seconds of the server that does nothing; 0: none")
    return parser.parse_args()


def modelwright(project: Path, command: str, *arguments: str) -> subprocess.Popen:
    """Run a command of Modelwright on the project to its end."""
    line = [sys.executable, "-m", "modelwright", command, str(project), *arguments]
    done = subprocess.run(line, capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise RuntimeError(f"modelwright {command}: {done.stdout[-300:]}{done.stderr[-300:]}")
    return done


def rows_of(place: Path) -> list[dict[str, Any]]:
    """Return the test rows that are asked for."""
    columns = json.loads((place / "test.json").read_text())["columns"]
    count = min(ROWS, len(next(iter(columns.values()))))
    return [{name: values[i] for name, values in columns.items()} for i in range(count)]


@dataclass(frozen=True)
class Run:
    """What was measured: requests a second at the peak and asked for, and for each window memory and stolen time."""

    peak: float
    rate: float
    client: str
    outcome: Outcome
    besides: list[dict[str, float]]
    events: list[dict[str, Any]]
    control: dict[str, float] = field(default_factory=dict)


def _run(asked: argparse.Namespace, project: Path, second: int, rows: list[dict[str, Any]], place: Path) -> Run:
    server = servers.modelwright(project, workers=asked.workers, log=asked.log)
    requests = [http_request("POST", server.path, server.body(row)) for row in rows]
    count = max(FEWEST_WINDOWS, round(asked.minutes * 60 / WINDOW_SECONDS))
    with servers.divided(server, place) as (run, core):
        peak, _ = rate(run.port, requests, connections=CONNECTIONS, seconds=PEAK_SECONDS, core=core)
        order = Order(
            port=run.port,
            requests=requests,
            connections=CONNECTIONS,
            rate=min(asked.share * peak, MAX_RATE),
            seconds=count * WINDOW_SECONDS,
            window_s=WINDOW_SECONDS,
            begin=time.monotonic() + START_SECONDS,
            core=core,
        )
        with Crowd(order) as crowd:
            besides, events = _watch(project, second, count, order.begin, run, crowd)
            outcome = crowd.finish()
    beside = control(peak, replace(order, begin=0.0, seconds=asked.control), place) if asked.control else {}
    return Run(peak, order.rate, crowd.client, outcome, besides, events, beside)


def _watch(
    project: Path, second: int, count: int, begin: float, run: servers.Running, crowd: Crowd
) -> tuple[list[dict[str, float]], list[dict[str, Any]]]:
    """Promote and roll back in time; return memory and stolen time of each window, and when what was done."""
    changes = {count // 3: ("promote", (str(second),)), 2 * count // 3: ("rollback", ())}
    besides: list[dict[str, float]] = []
    events: list[dict[str, Any]] = []
    changing: list[subprocess.Popen] = []
    told = 0
    os.nice(10)  # this process, and what promotes, share the client's processor: it goes first
    time.sleep(max(0.0, begin - time.monotonic()))
    for number in range(count):
        if number in changes:
            command, arguments = changes[number]
            line = [sys.executable, "-m", "modelwright", command, str(project), *arguments]
            changing.append(subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            events.append({"at_s": number * WINDOW_SECONDS, "what": command})
        before = stolen_ms()
        time.sleep(max(0.0, begin + (number + 1) * WINDOW_SECONDS - time.monotonic()))
        besides.append({**run.memory(), "stolen_ms": stolen_ms() - before})
        for window in crowd.windows()[told:number]:  # what was due in the last one may still be in flight
            print(json.dumps(told_of(window, besides[told])), flush=True)
            told += 1
    if any(change.wait(60) for change in changing):
        raise RuntimeError("promoting or rolling back failed")
    return besides, events


def told_of(window: dict[str, Any], besides: dict[str, float]) -> dict[str, Any]:
    """Return the figures of a window."""
    p50, p99 = percentiles(window["histogram"], (0.5, 0.99))
    return {
        "at_s": window["window"] * WINDOW_SECONDS,
        "answered": window["answered"],
        "p50_us": p50,
        "p99_us": p99,
        "errors": window["asked"] - window["answered"] - window["lost"],  # those that were never answered among them
        "lost": window["lost"],
        "versions": window["versions"],
        **besides,
    }


def stolen_ms() -> float:
    """Return how long other machines on the same host have kept our processors from us (Linux, else 0)."""
    try:
        counted = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()
    except OSError:
        return 0.0
    return 1000 * int(counted[8]) / os.sysconf("SC_CLK_TCK")


def _summary(run: Run, second: str, wrong: list[str]) -> dict[str, Any]:
    outcome = run.outcome
    windows = [told_of(*pair) for pair in zip(outcome.windows, run.besides, strict=True)]
    quiet = [w for w in windows if w["answered"] > 1]
    late = windows[len(windows) // 2 :]
    errors = sum(w["errors"] for w in windows)
    answered = sum(w["answered"] for w in windows)
    lost = len(outcome.lost)
    third = len(windows) // 3
    swapped = second in windows[2 * third - 1]["versions"] and list(windows[-1]["versions"]) == list(
        windows[0]["versions"]
    )
    return {
        "peak_per_s": run.peak,
        "rate_per_s": run.rate,
        "client": run.client,
        "client_cpu_us_per_request": 1e6 * outcome.cpu_s / max(1, answered),
        "answered": answered,
        "errors": errors,
        "lost": lost,
        "p50_us": statistics.median(w["p50_us"] for w in quiet),
        "p99_us": statistics.median(w["p99_us"] for w in quiet),
        **run.control,
        "worst_p99_us": max(w["p99_us"] for w in quiet),
        "p99_us_while_nothing_was_stolen": statistics.median(
            [w["p99_us"] for w in quiet if w["stolen_ms"] == 0] or [float("nan")]
        ),
        "windows_with_stolen_time": sum(w["stolen_ms"] > 0 for w in quiet),
        "pss_first_mb": windows[min(2, len(windows) - 1)]["pss_mb"],
        "pss_last_mb": windows[-1]["pss_mb"],
        "pss_most_mb": max(w["pss_mb"] for w in windows),
        "pss_growth_of_second_half_mb": late[-1]["pss_mb"] - late[0]["pss_mb"],
        "swapped_and_back": swapped,
        "answers_not_judged": outcome.unkept,
        "sound": not (errors or lost or wrong or outcome.unkept) and swapped,
        "load_average": os.getloadavg()[0],
        "events": run.events,
        "wrong": [*wrong, *outcome.failures],
        "windows": windows,
    }


def table(result: dict[str, Any]) -> str:
    """Return the figures as Markdown."""
    lines = ["| figure | value |", "|---|---|"]
    for name, value in result.items():
        if name not in ("windows", "events", "wrong"):
            lines.append(f"| {name.replace('_', ' ')} | {f'{value:,.1f}' if isinstance(value, float) else value} |")
    lines += [f"| {e['what']} at | {e['at_s']:.0f} s |" for e in result["events"]]
    return "\n".join([*lines, f"| wrong answers | {len(result['wrong'])} |"]) + "\n"


if __name__ == "__main__":
    main()
