"""Whole rounds of maintenance killed at random, two maintainers at once, a server beside them: does the next go on?

    python benchmarks/maintenance/killed_rounds.py [--kills 40] [--seed 0]

A small project gets rows whose relation has turned, and ``modelwright maintain --once --policy automatic`` is started
twice; both are killed (SIGKILL) after a random time, most often while a model is trained. Then, each time on a fresh
copy of the project: the ledger is whole, there is one champion and its version answers (as in ``kills.py``), a server
that is started then answers with that champion, one of the two maintainers was refused where both were there, and a
round that is left alone ends with a champion that has learned from the new rows, which the server takes over. Printed:
how far the rounds had come, and faults, of which there must be none.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from kills import faults_of
from replays import TIME, made_project
from streams import make_stream

from modelwright.project import Project

sys.path.append(str(Path(__file__).parent.parent / "serving"))

import servers
from client import Connection, http_request

TAKEN = "another process maintains"
FIRST, LAST = 0.3, 1.2
"""Of the time that a round takes: before, Python starts; and a machine that is busy may take longer than it did."""

FOLLOWS_S = 60.0  # until a server answers with the new champion: far more than the second it takes on a machine at rest


def maintainer(place: Path, rows: Path) -> subprocess.Popen[str]:
    """Start a round."""
    command = [sys.executable, "-m", "modelwright", "maintain", str(place), "--data", str(rows), "--once"]
    command += ["--policy", "automatic", "--trials", "1", "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def killed(place: Path, rows: Path, seconds: float) -> list[str]:
    """Start two rounds, kill both, and return what was wrong with there being two."""
    both = [maintainer(place, rows) for _ in range(2)]
    time.sleep(seconds)
    lived = [process.poll() is None for process in both]
    for process in both:
        process.kill()
    told = [process.communicate() for process in both]
    refused = [TAKEN in out + err for out, err in told]
    if any(not alive and not no for alive, no in zip(lived, refused, strict=True)) and any(lived):
        return [f"a maintainer ended beside the other without being refused: {told}"]
    return ["both were refused"] if all(refused) else []


def state_of(place: Path) -> str:
    """Return how far a round came."""
    kinds = [e.kind for e in Project(place).ledger.entries()]
    if "retrained" not in kinds:
        return "no training" if len(Project(place).runs()) == 1 else "training"
    last = len(kinds) - 1 - kinds[::-1].index("retrained")
    return "promoted" if "promoted" in kinds[last:] else "trained"


def asked(port: int, body: bytes) -> tuple[int, dict[str, Any]]:
    """Return what a server says to a row."""
    connection = Connection(port)
    status, answer = connection.ask(http_request("POST", "/predict", body))
    connection.close()
    return status, json.loads(answer)


def served(place: Path, rows: Path, row: dict[str, Any], folder: Path) -> list[str]:
    """Start a server and go through a round beside it; return what is wrong with its answers."""
    server = servers.modelwright(place, log="off")
    with servers.running(server, folder) as run:
        body, champion = server.body(row), Project(place).champion
        status, told = asked(run.port, body)
        if status != 200 or champion is None or str(told.get("version")) != str(champion.version):
            return [f"champion {champion}, the server says {status} {told}"]
        round_ = maintainer(place, rows)
        out, err = round_.communicate()
        if round_.returncode:
            return [f"the next round ended with {round_.returncode}: {err[-500:]}"]
        now, end = json.loads(out)["champion"], time.monotonic() + FOLLOWS_S
        if now == 1:
            return [f"the next round did not promote: {out[-1500:]}"]
        while time.monotonic() < end:
            status, told = asked(run.port, body)
            if status == 200 and str(told.get("version")) == str(now):
                return []
            time.sleep(0.1)
    return [f"version {now} was promoted, the server says {status} {told}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    asked_for = parser.parse_args()
    rng, states, faults = random.Random(asked_for.seed), Counter(), []
    with tempfile.TemporaryDirectory(prefix="killed-rounds-") as name:
        folder = Path(name)
        stream = make_stream("sudden", rows=1_000, windows=2, window_rows=600, turn=1)
        first, later = (f.rename(columns={stream.time: TIME}) for f in (stream.train, stream.windows[1]))
        made = made_project(folder, first, stream.target, 1, asked_for.seed).path
        later.to_parquet(rows := folder / "later.parquet")
        row = later.drop(columns=[TIME, stream.target]).iloc[0].to_dict()
        longest = seconds_of_a_round(made, rows, folder / "timed")
        for number in range(asked_for.kills):
            place = Path(shutil.copytree(made, folder / "copy"))
            found = killed(place, rows, longest * rng.uniform(FIRST, LAST))
            state = state_of(place)
            wrong, broken_off = faults_of(place, row)
            states["between two writes" if broken_off else state] += 1
            found += wrong + served(place, rows, row, folder)
            found += [f"after all: {fault}" for fault in faults_of(place, row)[0]]
            faults += [f"kill {number} ({state}): {fault}" for fault in found]
            shutil.rmtree(place)
    print(f"{asked_for.kills} kills, by how far the round had come: {dict(states)}; {len(faults)} faults")
    for fault in faults:
        print(fault)
    if faults:
        sys.exit(1)


def seconds_of_a_round(made: Path, rows: Path, place: Path) -> float:
    """Return about how long a round takes here and now."""
    shutil.copytree(made, place)
    began = time.monotonic()
    out, err = (process := maintainer(place, rows)).communicate()
    if process.returncode or json.loads(out)["champion"] == 1:
        raise SystemExit(f"a round that is left alone does not promote: {out} {err}")
    shutil.rmtree(place)
    return time.monotonic() - began


if __name__ == "__main__":
    main()
