"""Promotions and rollbacks that are killed at random: is there one champion, and does the chain of the ledger hold?

    python benchmarks/maintenance/kills.py [--kills 500] [--seed 0]

A process promotes and rolls back without end; another kills it (SIGKILL) after a random time and looks at the project
as the next process would. Printed: kills, those that fell between the two writes of a change, and faults, of which
there must be none. The versions are empty folders: what is tested is who serves.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from modelwright.champions import PROMOTED, ROLLED_BACK, champion_of
from modelwright.project import Project

VERSIONS = 5
LONGEST_S = 0.03
"""After the process has begun to change champions; a change takes some milliseconds."""

WORKER = """
import sys
from modelwright.project import Project
Project.version = lambda self, number=None: self.version_folder(number)
Project.signed_otherwise = lambda self, number: ""
project, turn = Project(sys.argv[1]), 0
print("ready", flush=True)
while True:
    turn += 1
    champion = project.champion
    if turn % 3 == 0 and champion is not None and champion.previous:
        project.rollback(why="a test")
    else:
        project.promote(1 + (0 if champion is None else champion.version) % 5, why="a test")
"""


def killed(place: Path, rng: random.Random) -> None:
    """Have a process change champions, and kill it."""
    worker = subprocess.Popen([sys.executable, "-c", WORKER, str(place)], stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    worker.stdout.readline()
    time.sleep(rng.uniform(0, LONGEST_S))
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    worker.stdout.close()


def faults_of(place: Path) -> tuple[list[str], bool]:
    """Return what is wrong with a project, and whether a change was broken off between its writes."""
    project, found = Project(place), []
    pointed = champion_of(place)
    try:
        project.ledger.verify()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a fault
        found.append(f"the chain: {error}")
    settled = project.settle()
    changes = [e for e in project.ledger.entries() if e.kind in (PROMOTED, ROLLED_BACK)]
    if changes and (settled is None or settled.version != changes[-1].body["to"]):
        found.append(f"the ledger says {changes[-1].body['to']}, {settled} serves")
    if settled is not None and settled.version not in project.versions():
        found.append(f"{settled.version} serves, and is no version")
    return found, settled != pointed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    rng, between, faults = random.Random(asked.seed), 0, []
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        place = Path(folder) / "made"
        project = Project.create(place)
        for number in range(1, VERSIONS + 1):
            (project.path / "versions" / str(number)).mkdir()
        for number in range(asked.kills):
            killed(place, rng)
            found, broken_off = faults_of(place)
            between += broken_off
            faults += [f"kill {number}: {fault}" for fault in found]
        changes = len(Project(place).ledger.entries())
    print(f"{asked.kills} kills, {changes} changes, {between} broken off between two writes, {len(faults)} faults")
    for fault in faults:
        print(fault)
    if faults:
        sys.exit(1)


if __name__ == "__main__":
    main()
