"""A run that is killed at a random moment, again and again: it goes on, loses no finished trial, and ends as well.

    python benchmarks/quality/kills.py --table FILE --target COLUMN [--kills 200] [--budget 12] [--metric roc_auc]
        [--to results.csv]

Some runs are never broken: their scores are what the others are compared with. Each of the others is killed
(``kill -9`` to its whole process group and its workers) after a random part of the budget, once or twice, and the same
command is given again. What is checked: the trials on disk when it was killed are all taken over, and the job ends with
a version. What is compared: the score of the version on rows that the command never saw.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import psutil

UNBROKEN = 10
"""Runs that nobody kills."""

TEST_SHARE = 0.3
LATEST = 1.1
"""Of the budget: kills fall between its start and a little after its end, so that the packaging is hit too."""

LONGEST = 10
"""Budgets after which a run counts as hanging."""

DONE = (0, 3)


@dataclass(frozen=True)
class Broken:
    """What became of one run."""

    number: int
    killed_at: str
    finished_before: int
    taken_over: int
    lost: int
    exit: int
    score: float | None
    wall: float
    said: str = ""


def main() -> None:
    """Kill runs and print what became of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", type=Path, required=True)
    parser.add_argument("--target", required=True)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--budget", type=int, default=12)
    parser.add_argument("--metric", default="roc_auc", choices=("roc_auc", "rmse"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--to", type=Path)
    asked = parser.parse_args()
    rng = random.Random(asked.seed)
    with tempfile.TemporaryDirectory() as place:
        train, test = _halves(asked.table, Path(place), asked.seed)
        results: list[Broken] = []
        killed = 0
        while killed < asked.kills:
            whole = len(results) < UNBROKEN
            moments = (
                [] if whole else sorted(rng.uniform(0, LATEST * asked.budget) for _ in range(rng.choice((1, 1, 2))))
            )
            results.append(_one(len(results), train, test, asked, moments, Path(place)))
            killed += len(moments)
            print(_line(results[-1]), flush=True)
            if asked.to:
                _write(results, asked.to)
    _sum_up(results, killed)


def _halves(path: Path, place: Path, seed: int) -> tuple[Path, Path]:
    """Return a file to learn from and one to be judged by."""
    table = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    order = np.random.default_rng(seed).permutation(len(table))
    n = round(TEST_SHARE * len(table))
    train, test = place / "train.csv", place / "test.csv"
    table.iloc[order[n:]].to_csv(train, index=False)
    table.iloc[order[:n]].to_csv(test, index=False)
    return train, test


def _one(number: int, train: Path, test: Path, asked: argparse.Namespace, moments: list[float], place: Path) -> Broken:
    """Run once, killed at these moments of its sessions, and then to its end."""
    folder = place / f"run{number}"
    folder.mkdir()
    budget = f"{asked.budget}s"
    command = [sys.executable, "-m", "modelwright", "run", str(train), "-t", asked.target, "--budget", budget]
    command += ["--metric", asked.metric, "--project", "p", "--json"]
    before: set[str] = set()
    hit = []
    for moment in moments:
        if _killed(command, folder, moment):
            hit.append(moment)
            before |= _trials(folder)
    began = time.monotonic()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=LONGEST * asked.budget)
    wall = time.monotonic() - began
    after = _trials(folder)
    resumed = _resumed(done.stdout)
    return Broken(
        number=number,
        killed_at=" ".join(f"{m:.2f}" for m in hit),
        finished_before=len(before),
        taken_over=resumed,
        lost=len(before - after),
        exit=done.returncode,
        score=_score(folder, test, asked) if done.returncode in DONE else None,
        wall=round(wall, 2),
        said="" if done.returncode in DONE else done.stderr[-200:] or done.stdout[-200:],
    )


def _killed(command: list[str], folder: Path, moment: float) -> bool:
    """Start, and kill the whole tree at that moment; return whether it still ran."""
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        process.wait(timeout=moment)
    except subprocess.TimeoutExpired:
        tree = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGKILL)
        for child in tree:
            try:
                child.kill()
            except psutil.NoSuchProcess:
                continue
        process.wait()
        return True
    return False


def _trials(folder: Path) -> set[str]:
    """Return the names of the finished trials on disk."""
    names = set()
    for path in folder.glob("p/runs/*/journal.jsonl"):
        data = path.read_bytes()
        for line in data[: data.rfind(b"\n") + 1].splitlines():
            told = json.loads(line)
            if told["status"] == "done":
                names.add(f"{path.parent.name}:{told['name']}")
    return names


def _resumed(stdout: str) -> int:
    try:
        return int(json.loads(stdout).get("resumed_trials", 0))
    except (json.JSONDecodeError, TypeError):
        return 0


def _score(folder: Path, test: Path, asked: argparse.Namespace) -> float | None:
    """Return the version's score on rows that the run has not seen."""
    from sklearn.metrics import roc_auc_score, root_mean_squared_error

    answers = folder / "answers.csv"
    command = [sys.executable, "-m", "modelwright", "predict", "p", str(test), "--version", "1", "-o", str(answers)]
    if subprocess.run(command, cwd=folder, capture_output=True).returncode:
        return None
    truth, found = pd.read_csv(test)[asked.target], pd.read_csv(answers)
    if asked.metric == "rmse":
        return float(root_mean_squared_error(truth, found["prediction"]))
    positive = sorted(truth.dropna().astype(str).unique())[-1]
    return float(roc_auc_score(truth.astype(str) == positive, found[f"probability_{positive}"]))


def _line(one: Broken) -> str:
    score = "no version" if one.score is None else f"{one.score:.4f}"
    what = f"killed at {one.killed_at} s" if one.killed_at else "unbroken"
    return (
        f"{one.number:4d} {what:24s} {one.finished_before:3d} trials before, {one.lost} lost, "
        f"{one.taken_over} taken over, exit {one.exit}, {one.wall:.1f} s, {score} {one.said}"
    )


def _write(results: list[Broken], path: Path) -> None:
    with open(path, "w", newline="") as handle:
        writer = csv.DictWriter(handle, list(asdict(results[0])))
        writer.writeheader()
        writer.writerows(asdict(r) for r in results)


def _sum_up(results: list[Broken], killed: int) -> None:
    whole = [r.score for r in results if not r.killed_at and r.score is not None]
    broken = [r.score for r in results if r.killed_at and r.score is not None]
    print(f"\n{killed} kills in {len(results)} runs")
    print(f"ended without a version: {sum(r.score is None for r in results)}")
    print(f"finished trials lost: {sum(r.lost for r in results)}")
    print(f"unbroken: mean {np.mean(whole):.4f}, standard deviation {np.std(whole):.4f}, {len(whole)} runs")
    if broken:
        difference = np.mean(broken) - np.mean(whole)
        error = np.sqrt(np.var(broken) / len(broken) + np.var(whole) / max(1, len(whole)))
        print(f"broken: mean {np.mean(broken):.4f}; difference {difference:+.5f} ± {1.96 * error:.5f}")


if __name__ == "__main__":
    main()
