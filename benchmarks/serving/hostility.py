"""Does the server stand hostile requests?

    python benchmarks/serving/hostility.py [--count 100000] [--seed 0] [--copies 4]

A small version is made and served by a process of its own on 127.0.0.1, its log on. COUNT requests are sent over
sockets: bodies for every decoder made by hypothesis (JSON of every protocol, CSV, Arrow, Parquet, binary tensors,
packed bodies), each followed by COPIES that are changed at random places, and requests that are no HTTP or only in
part. Of every answer is asked: no 5xx; nothing of the request in it; an error has a text, a code and the request id.
Whole requests must be answered. Memory is measured after the first tenth and at the end, and a good request must give
the same answer before and after. The exit code is 1 where anything of this does not hold.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.serve.hostile import Report, attack  # noqa: E402
from tests.serve.hostile_requests import GOOD, MODEL, TABLES_IN_BYTES  # noqa: E402
from tests.serve.running import Server, Wire, make_project, request, serving  # noqa: E402

PART = 10_000  # requests between two lines of progress
GROWTH = 32e6  # bytes that the server's memory may grow by after the first tenth


def predictions(server: Server) -> object:
    """Return the answer to a good request, without what differs each time."""
    with Wire(server.port) as wire:
        for told, body in [*TABLES_IN_BYTES.items(), ("application/json", GOOD)]:
            wire.send(request("POST", "/predict", body, content_type=told))
            answer = wire.answer()
            assert answer is not None and answer.status == 200
    return json.loads(answer.body)["predictions"]


def run(server: Server, count: int, number: int, copies: int) -> tuple[Report, list[int]]:
    """Send all requests in parts; return what came back, and the memory after each part."""
    total, memory, turn = Report(), [], 0
    while total.sent < count:
        report = attack(server, max(1, min(PART, count // 10)), number * 1_000_003 + turn, copies)
        total.statuses += report.statuses
        total.codes += report.codes
        total.closed += report.closed
        total.problems += report.problems
        memory.append(server.rss())
        print(f"{total.sent:>8} sent, {len(total.problems)} problems, {memory[-1] / 1e6:.1f} MB", file=sys.stderr)
        turn += 1
    return total, memory


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--copies", type=int, default=4)
    chosen = parser.parse_args()
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(make_project(Path(folder) / MODEL), "--max-body", "1") as server,
    ):
        before = predictions(server)
        report, memory = run(server, chosen.count, chosen.seed, chosen.copies)
        same = predictions(server) == before
        told = server.errors.read_bytes()
    growth = memory[-1] - memory[0]
    unforeseen = told.count(b"unforeseen") + told.count(b"Traceback")
    holds = not report.problems and growth < GROWTH and same and not unforeseen
    result = {
        "sent": report.sent,
        "seconds": round(time.monotonic() - began, 1),
        "statuses": dict(sorted(report.statuses.items())),
        "codes": dict(report.codes.most_common()),
        "closed_without_answer": report.closed,
        "problems": report.problems[:20],
        "memory_mb": [round(m / 1e6, 1) for m in memory],
        "growth_mb": round(growth / 1e6, 1),
        "same_answer_afterwards": same,
        "unforeseen_on_standard_error": unforeseen,
        "holds": holds,
    }
    print(json.dumps(result, indent=1))
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
