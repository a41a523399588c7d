"""Promotions and rollbacks killed at random: is there one champion, does it answer, does the ledger hold?

    python benchmarks/maintenance/kills.py [--kills 500] [--seed 0] [--keep FOLDER]

A process promotes and rolls back without end, versions of a real project; another kills it (SIGKILL) after a random
time and looks at the project as the next process would: the chain of the ledger is whole, the pointer names what the
ledger decided, and the version that serves opens, with every digest checked, and answers a row. Printed: kills, those
that fell between the two writes of a change, and faults, of which there must be none.

The process is a fork, so that hundreds of kills cost little, and the longest time to its death is that of some three
changes, measured on the spot: on a busy machine kills fall into every step as well.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from replays import TIME, made_project
from streams import make_stream

from modelwright.champions import PROMOTED, ROLLED_BACK, champion_of
from modelwright.errors import ModelwrightError
from modelwright.project import Project
from modelwright.retrain.opening import open_world
from modelwright.retrain.world import Cost

VERSIONS = 5
CHANGES = 3.0
"""A process lives for up to as long as so many changes take."""


def changing(place: Path, begun: int) -> None:
    """Change who serves, for ever, and tell when that has begun."""
    project, turn = Project(place), 0
    while True:
        turn += 1
        if turn == 2:
            os.write(begun, b".")
        champion = project.champion
        if turn % 3 == 0 and champion is not None and champion.previous:
            project.rollback(why="a test")
        else:
            project.promote(1 + (0 if champion is None else champion.version) % VERSIONS, why="a test")


def killed(place: Path, seconds: float) -> None:
    """Have a process change champions, and kill it."""
    ready, begun = os.pipe()
    child = os.fork()
    if not child:
        try:
            changing(place, begun)
        finally:
            os._exit(1)
    os.read(ready, 1)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(ready)
    os.close(begun)


def faults_of(place: Path, row: dict[str, Any]) -> tuple[list[str], bool]:
    """Return what is wrong with a project, and whether a change was broken off between its writes."""
    project, found = Project(place), []
    pointed = champion_of(place)
    try:
        project.ledger.verify()
    except ModelwrightError as error:
        found.append(f"the chain: {error}")
    settled = project.settle()
    changes = [e for e in project.ledger.entries() if e.kind in (PROMOTED, ROLLED_BACK)]
    if settled is None or (changes and settled.version != changes[-1].body["to"]):
        return [*found, f"the ledger says {changes[-1].body['to'] if changes else None}, {settled} serves"], True
    try:
        answer, _ = project.version(settled.version).predict_row(row)
        if not answer:
            found.append(f"version {settled.version} has no answer")
    except ModelwrightError as error:
        found.append(f"version {settled.version} does not answer: {error}")
    return found, settled != pointed


def prepared(folder: Path, seed: int) -> tuple[Path, dict[str, Any]]:
    """Return a project with `VERSIONS` versions, and a row of its data."""
    stream = make_stream("none", rows=1_000, windows=1, window_rows=400, seed=seed)
    first, later = (f.rename(columns={stream.time: TIME}) for f in (stream.train, stream.windows[0]))
    project = made_project(folder, first, stream.target, 1, seed)
    if len(project.versions()) < VERSIONS:
        world, _ = open_world(project, later, time=TIME, label_delay=None, folder=project.path)
        rows = world.known(np.arange(len(first) + len(later)))
        while len(project.versions()) < VERSIONS:
            world.remade(rows, Cost())
    return project.path, later.drop(columns=[TIME, stream.target]).iloc[0].to_dict()


def seconds_of_a_change(place: Path) -> float:
    """Return about how long a promotion takes here and now."""
    project, began = Project(place), time.monotonic()
    for number in (2, 3, 1):
        project.promote(number, why="to see how long it takes")
    return (time.monotonic() - began) / 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="Keep the project here, and use the one that is there.")
    asked = parser.parse_args()
    rng, between, faults = random.Random(asked.seed), 0, []
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        place, row = prepared(asked.keep or Path(folder), asked.seed)
        longest = CHANGES * seconds_of_a_change(place)
        for number in range(asked.kills):
            killed(place, rng.uniform(0, longest))
            found, broken_off = faults_of(place, row)
            between += broken_off
            faults += [f"kill {number}: {fault}" for fault in found]
        changes = sum(e.kind in (PROMOTED, ROLLED_BACK) for e in Project(place).ledger.entries())
    print(f"{asked.kills} kills, {changes} changes, {between} broken off between two writes, {len(faults)} faults")
    for fault in faults:
        print(fault)
    if faults:
        sys.exit(1)


if __name__ == "__main__":
    main()
