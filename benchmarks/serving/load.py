"""Ten minutes of load on our server: no error, no wrong answer, flat memory, through a hot swap and a rollback.

    python benchmarks/serving/load.py --data DATA --to OUT [--set adult] [--minutes 10] [--share 0.7]

Requests arrive at a steady rate, whether or not earlier ones are answered (an open loop); that rate is a share of what
the server does when 16 connections ask as fast as they can. Latency counts from when a request was due, so a server
that stalls is charged for all that waited. The prediction log is full. A third of the way in, version 2 is promoted; at
two thirds it is rolled back. Every answer names a version and must be what that version answers in batch; answers of
both versions have to be seen, and none but the two.

``OUT/load.json`` has every five seconds: requests, p50, p99, memory, versions that answered, and the processor time
that the host gave to other machines meanwhile; ``OUT/load.md`` a table.
"""

from __future__ import annotations

import argparse
import json
import os
import selectors
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import servers
from client import Connection, http_request, rate
from versions import SETS, VERSIONS, project_of, write_rows

ROOT = Path(__file__).parents[2]
ROWS = 500
CONNECTIONS = 64
PEAK_CONNECTIONS = 16
PEAK_SECONDS = 10.0
WINDOW_SECONDS = 5.0
TOLERANCE = 1e-9
MOST_WRONG = 100
FINISH_SECONDS = 30.0
LONGEST_WAIT = 0.01
MAX_RATE = 100_000.0
"""Requests a second at most, whatever the peak."""


@dataclass
class Window:
    """What happened in five seconds."""

    at_s: float
    latencies_us: list[float] = field(default_factory=list)
    versions: Counter = field(default_factory=Counter)
    errors: int = 0

    def told(self, memory: dict[str, float]) -> dict[str, Any]:
        """Return the figures of the window."""
        n = len(self.latencies_us)
        cuts = statistics.quantiles(self.latencies_us, n=100, method="inclusive") if n > 1 else [float("nan")] * 99
        return {
            "at_s": round(self.at_s, 1),
            "answered": n,
            "p50_us": cuts[49],
            "p99_us": cuts[98],
            "errors": self.errors,
            "versions": dict(self.versions),
            **memory,
        }


class Answers:
    """What each version answers in batch, and whether the server says the same.

    An answer is parsed once for each row and version; from then on its bytes are compared, which costs the client next
    to nothing.
    """

    def __init__(self, project: Path, numbers: list[int], rows: list[dict[str, Any]]) -> None:
        from modelwright.package.bundle import open_version

        self.expected: dict[str, dict[str, list[Any]]] = {}
        for number in numbers:
            answers, _ = open_version(project / "versions" / str(number)).predict(rows)
            self.expected[str(number)] = {name: values.tolist() for name, values in answers.items()}
        self.right: dict[tuple[int, bytes], str] = {}
        self.wrong: list[str] = []

    def version_of(self, row: int, body: bytes) -> str:
        """Return the version that the body names; what is wrong with the body is noted in ``wrong``."""
        end = body.find(b',"request_id"')
        key = (row, body[:end] if end > 0 else body)
        known = self.right.get(key)
        if known is not None:
            return known
        fault = self._fault(row, body)
        if fault and len(self.wrong) < MOST_WRONG:
            self.wrong.append(fault)
        version = str(json.loads(body).get("version"))
        if not fault:
            self.right[key] = version
        return version

    def _fault(self, row: int, body: bytes) -> str:
        document = json.loads(body)
        expected = self.expected.get(document["version"])
        if expected is None:
            return f"row {row}: a version that nobody promoted: {document['version']}"
        answer = document["predictions"][0]
        said = {"prediction": answer["prediction"]}
        said.update({f"probability_{name}": value for name, value in answer.get("probabilities", {}).items()})
        for name, values in expected.items():
            value = values[row]
            same = said.get(name) == value
            if not same and isinstance(value, float) and isinstance(said.get(name), float):
                same = abs(said[name] - value) <= TOLERANCE * max(1.0, abs(value))
            if not same:
                return f"row {row}, version {document['version']}, {name}: {said.get(name)!r}, expected {value!r}"
        return ""


class Crowd:
    """Connections that ask for rows at a steady rate.

    ``lost`` counts requests whose connection broke before the answer was there; the connection is made anew.
    """

    def __init__(self, port: int, requests: list[bytes], answers: Answers, connections: int) -> None:
        self.port, self.requests, self.answers = port, requests, answers
        self.selector = selectors.SelectSelector()  # epoll waits whole milliseconds
        self.idle: deque[Connection] = deque()
        self.asked: dict[Connection, tuple[int, float]] = {}
        self.next_row = 0
        self.lost = 0
        for _ in range(connections):
            self._connect()

    def _connect(self) -> None:
        made = Connection(self.port, blocking=False)
        self.selector.register(made.socket, selectors.EVENT_READ, made)
        self.idle.append(made)

    def close(self) -> None:
        for key in list(self.selector.get_map().values()):
            key.data.close()
        self.selector.close()

    def send(self, due: float) -> None:
        """Ask for the next row on an idle connection."""
        connection = self.idle.popleft()
        row = self.next_row % len(self.requests)
        self.next_row += 1
        self.asked[connection] = (row, due)
        try:
            connection.socket.send(self.requests[row])
        except ConnectionError:
            self._lose(connection)

    def _lose(self, connection: Connection) -> None:
        self.selector.unregister(connection.socket)
        connection.close()
        if self.asked.pop(connection, None) is not None:
            self.lost += 1
        elif connection in self.idle:
            self.idle.remove(connection)
        self._connect()

    def read(self, timeout: float) -> Iterator[tuple[int, float, int, bytes]]:
        """Yield row, microseconds since it was due, status and body of what was answered."""
        for key, _ in self.selector.select(timeout):
            connection = key.data
            try:
                answer = connection.received()
            except ConnectionError:
                self._lose(connection)
                continue
            if answer is not None:
                row, due = self.asked.pop(connection)
                self.idle.append(connection)
                yield row, 1e6 * (time.perf_counter() - due), *answer

    def steady(self, rate: float, seconds: float, window: Window) -> None:
        """Ask at a steady rate for so long, and note in the window what came of it.

        What is due waits for an idle connection; what has not had its turn at the end is asked then, late as it is.
        """
        began = time.perf_counter()
        total, sent = int(seconds * rate), 0
        give_up = began + seconds + FINISH_SECONDS
        while (sent < total or self.asked) and (now := time.perf_counter()) < give_up:
            due = min(total, int((now - began) * rate) + 1)
            while sent < due and self.idle:
                self.send(began + sent / rate)
                sent += 1
            until_next = began + sent / rate - time.perf_counter() if self.idle and sent < total else LONGEST_WAIT
            for row, taken, status, body in self.read(min(LONGEST_WAIT, max(0.0, until_next))):
                window.latencies_us.append(taken)
                if status == 200:
                    window.versions[self.answers.version_of(row, body)] += 1
                else:
                    window.errors += 1
        window.errors += total - sent  # requests that never had their turn


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
        result = _run(asked, project, second, answers, rows, Path(place))
    result["wrong"] = answers.wrong
    (asked.to / "load.json").write_text(json.dumps(result, indent=1))
    text = table(result)
    (asked.to / "load.md").write_text(text)
    print(text)
    sys.exit(0 if result["sound"] and not answers.wrong else 1)


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


def _run(
    asked: argparse.Namespace,
    project: Path,
    second: int,
    answers: Answers,
    rows: list[dict[str, Any]],
    place: Path,
) -> dict[str, Any]:
    server = servers.modelwright(project, workers=asked.workers, log=asked.log)
    requests = [http_request("POST", server.path, server.body(row)) for row in rows]
    windows: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    with servers.running(server, place) as run:
        bodies = [server.body(row) for row in rows]
        peak, _ = rate(run.port, server.path, bodies, connections=PEAK_CONNECTIONS, seconds=PEAK_SECONDS)
        steady = min(asked.share * peak, MAX_RATE)
        crowd = Crowd(run.port, requests, answers, CONNECTIONS)
        count = max(3, round(asked.minutes * 60 / WINDOW_SECONDS))
        changes = {count // 3: ("promote", (str(second),)), 2 * count // 3: ("rollback", ())}
        changing: subprocess.Popen | None = None
        for number in range(count):
            if number in changes:
                command, arguments = changes[number]
                line = [sys.executable, "-m", "modelwright", command, str(project), *arguments]
                changing = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                events.append({"at_s": number * WINDOW_SECONDS, "what": command})
            window = Window(number * WINDOW_SECONDS)
            before = stolen_ms()
            crowd.steady(steady, WINDOW_SECONDS, window)
            windows.append(window.told({**run.memory(), "stolen_ms": stolen_ms() - before}))
            print(json.dumps(windows[-1]), flush=True)
        if changing is not None and changing.wait(60):
            raise RuntimeError("promoting or rolling back failed")
        lost = crowd.lost
        crowd.close()
    return _summary(peak, steady, windows, events, lost, str(second))


def stolen_ms() -> float:
    """Return how long other machines on the same host have kept our processors from us (Linux, else 0)."""
    try:
        counted = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()
    except OSError:
        return 0.0
    return 1000 * int(counted[8]) / os.sysconf("SC_CLK_TCK")


def _summary(
    peak: float, steady: float, windows: list[dict[str, Any]], events: list[dict[str, Any]], lost: int, second: str
) -> dict[str, Any]:
    quiet = [w for w in windows if w["answered"] > 1]
    late = windows[len(windows) // 2 :]
    errors = sum(w["errors"] for w in windows)
    answered = sum(w["answered"] for w in windows)
    third = len(windows) // 3
    swapped = second in windows[2 * third - 1]["versions"] and list(windows[-1]["versions"]) == list(
        windows[0]["versions"]
    )
    return {
        "peak_per_s": peak,
        "rate_per_s": steady,
        "answered": answered,
        "errors": errors,
        "lost": lost,
        "p50_us": statistics.median(w["p50_us"] for w in quiet),
        "p99_us": statistics.median(w["p99_us"] for w in quiet),
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
        "sound": errors == 0 and lost == 0 and swapped,
        "load_average": os.getloadavg()[0],
        "events": events,
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
