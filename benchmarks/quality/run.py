"""Systems side by side: the same files, the same metric, the same time, one process tree each, one after the other.

    python benchmarks/quality/run.py --data DATA --to OUT --environments DIR [--systems modelwright,catboost]
        [--part develop] [--sets adult,titanic] [--budget 60] [--seeds 0,1,2]

DATA holds an INDEX.csv with the columns name, dir and main_file. Broken off, the same command goes on from where it
was; ``--again modelwright`` puts that system's results of these sets aside first, and measures it against the stored
others: to go on with that, leave ``--again`` out.
``table.py OUT`` makes the tables.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from environments import prepare
from measuring import Measured, load, watch
from metrics import problem_with, score
from results import Key, Result, Store
from sets import Set, choose, read_sets
from split import Split, make

OURS = "modelwright"
SYSTEMS = (
    OURS,
    "catboost",
    "autogluon:medium_quality",
    "autogluon:best_quality_v150",
    "lightautoml",
    "flaml",
    "mljar",
)
LONGEST = 20
"""Budgets after which a run is ended and counts as failed."""

MOST_TOLD = 300
ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Asked:
    """What the command line asks for."""

    data: Path
    to: Path
    environments: Path
    systems: tuple[str, ...]
    sets: tuple[Set, ...]
    seeds: tuple[int, ...]
    budget: int
    again: tuple[str, ...]


def main(words: Sequence[str] | None = None) -> None:
    """Measure what is not yet measured."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is ended too
    asked = _asked(words)
    pythons = {s: _python(s, asked.environments) for s in asked.systems}
    store = Store(asked.to)
    names = {s.name for s in asked.sets}
    old = store.supersede(
        lambda r: r.system in asked.again and r.set in names and r.budget == asked.budget and r.seed in asked.seeds
    )
    if old:
        print(f"{old} results put aside, to be measured again")
    files = _files(asked.data)
    for number, one in enumerate(asked.sets):
        for seed in asked.seeds:
            split = make(one, files[one.name], seed=seed, folder=asked.to / "splits")
            turn = (number + seed) % len(asked.systems)
            for system in asked.systems[turn:] + asked.systems[:turn]:
                key = (one.name, seed, system, asked.budget, split.fingerprint)
                if key not in store.results:
                    result = _run(key, one, split, pythons[system], store)
                    store.add(result)
                    print(_line(result), flush=True)


def _asked(words: Sequence[str] | None) -> Asked:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True, help="folder for results, predictions and logs")
    parser.add_argument("--environments", type=Path, required=True, help="where each peer has, or gets, an environment")
    parser.add_argument("--systems", default=",".join(SYSTEMS), help="lightgbm is another")
    parser.add_argument("--sets", default="", help="names of sets, separated by commas; all of the part by default")
    parser.add_argument("--part", choices=("develop", "held", "all"), default="develop")
    parser.add_argument("--budget", type=int, default=60, help="seconds")
    parser.add_argument("--seeds", default="0", help="0,1,2")
    parser.add_argument("--again", default="", help="systems to measure again")
    asked = parser.parse_args(words)
    try:
        sets = choose(read_sets(), names=asked.sets, part=asked.part)
    except ValueError as error:
        parser.error(str(error))
    if not sets:
        parser.error(f"none of these sets is in the part '{asked.part}'; give --part all")
    systems = tuple(filter(None, asked.systems.split(",")))
    if unknown := [s for s in systems if not _script(s).is_file()]:
        parser.error(f"no runner {_script(unknown[0])}")
    return Asked(
        asked.data.resolve(),
        asked.to.resolve(),
        asked.environments.resolve(),
        systems,
        tuple(sets),
        tuple(int(s) for s in asked.seeds.split(",")),
        asked.budget,
        tuple(filter(None, asked.again.split(","))),
    )


def _script(system: str) -> Path:
    return HERE / "systems" / f"with_{system.partition(':')[0]}.py"


def _python(system: str, environments: Path) -> Path:
    """Return the Python of a system: ours is the one that runs this."""
    name = system.partition(":")[0]
    return Path(sys.executable) if name == OURS else prepare(name, environments)


def _files(data: Path) -> dict[str, Path]:
    with open(data / "INDEX.csv", newline="") as handle:
        return {row["name"]: data / row["dir"] / row["main_file"] for row in csv.DictReader(handle)}


def _run(key: Key, one: Set, split: Split, python: Path, store: Store) -> Result:
    """Run one system once, and score what it predicts."""
    name, seed, system, budget, _ = key
    predictions, before = store.predictions(key), load()
    predictions.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="quality-", ignore_cleanup_errors=True) as place:
        aside, told = Path(place, "predictions.parquet"), Path(place, "told.json")
        work = Path(place, "work")
        work.mkdir()
        task = {
            "train": str(split.train),
            "test": str(split.test),
            "target": split.target,
            "objective": split.objective,
            "classes": split.classes,
            "budget": budget,
            "cores": os.cpu_count(),
            "variant": system.partition(":")[2],
            "place": str(work),
            "predictions": str(aside),
            "told": str(told),
            "began": time.time(),
        }
        Path(place, "task.json").write_text(json.dumps(task))
        command = [str(python), str(_script(system)), str(Path(place, "task.json"))]
        cost = watch(command, log=store.log(key), folder=work, most_seconds=LONGEST * budget)
        notes: dict[str, Any] = json.loads(told.read_text()) if told.is_file() else {}
        value, error = _scored(split, aside, cost, store.log(key))
        if value is not None:
            shutil.copyfile(aside, predictions)
    fit = notes.get("fit wall")
    return Result(
        set=name,
        seed=seed,
        system=system,
        budget=budget,
        split=split.fingerprint,
        part=one.part,
        objective=one.objective,
        version=_version(system, notes.get("version", "")),
        score=value,
        wall=round(cost.wall, 2),
        fit_wall=None if fit is None else round(fit, 2),
        predict_wall=None if fit is None else round(cost.wall - fit, 2),
        peak_megabytes=round(cost.peak_megabytes),
        load=round(before, 2),
        train_rows=split.train_rows,
        test_rows=split.test_rows,
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        error=error,
    )


def _scored(split: Split, predictions: Path, cost: Measured, log: Path) -> tuple[float | None, str]:
    """Return the score and nothing, or nothing and what went wrong."""
    if cost.too_long:
        return None, f"ended after {cost.wall:.0f} s"
    if cost.exit_code or not predictions.is_file():
        said = " ".join(log.read_text(errors="replace").split())[-MOST_TOLD:]
        return None, f"exit {cost.exit_code}: {said}"
    table = pq.read_table(predictions).to_pandas().to_numpy(dtype=float)
    if problem := problem_with(split.objective, table, split.test_rows):
        return None, problem
    truth = pq.read_table(split.truth).column("truth").to_numpy()
    return score(split.objective, np.asarray(truth), table, split.classes), ""


def _version(system: str, version: str) -> str:
    """Return the version; of ours with the commit, since many states have the same version."""
    if system != OURS:
        return version
    words = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    done = subprocess.run(words, capture_output=True, text=True)
    return f"{version}+{done.stdout.strip()}" if done.returncode == 0 else version


def _line(result: Result) -> str:
    told = f"{result.score:.5g}" if result.score is not None else f"FAILED {result.error[:120]}"
    return (
        f"{result.set:28} {result.seed} {result.system:28} {told:12} {result.wall:7.1f} s "
        f"{result.peak_megabytes:6.0f} MB  load {result.load:.1f}"
    )


if __name__ == "__main__":
    main()
