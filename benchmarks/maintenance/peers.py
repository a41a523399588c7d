"""Maintenance beside river's adaptive random forest and beside training whenever evidently says "drift".

    python benchmarks/maintenance/peers.py DATA --python PEERS/bin/python [--sets elec2] [--kinds sudden]
        [--rows 5000] [--windows 20] [--keep FOLDER] [--out peers.jsonl]

PEERS is an environment with pandas, river and evidently; what is missing there is left out, and the line says why. The
sets, the streams, the delay of labels and the projects are those of `replays.py`, whose lines hold what maintenance
comes to. Training on evidently's word fits the same recipes on all rows whose labels are known. A forest that learns
row by row never waits for a window: it is given every label as soon as it comes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from replays import FIRST, SETS, TIME, made_project, thinned
from streams import make_stream

from modelwright.data.columns import take
from modelwright.retrain.challenge import losses_of
from modelwright.retrain.opening import open_world
from modelwright.retrain.world import Cost, World

HERE = Path(__file__).parent
LONGEST_S = 3_000


def asked_peer(python: str, kind: str, frame: pd.DataFrame, facts: dict[str, Any]) -> dict[str, Any]:
    """Return what a peer says; why not, where it cannot be had."""
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        stream, told = Path(folder) / "stream.csv", Path(folder) / "facts.json"
        frame.to_csv(stream, index=False)
        told.write_text(json.dumps(facts))
        done = subprocess.run(
            [python, str(HERE / "peer.py"), kind, str(stream), str(told)],
            capture_output=True, text=True, timeout=LONGEST_S, check=False,
        )  # fmt: skip
    if done.returncode:
        return {"failed": done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no word"}
    return dict(json.loads(done.stdout.splitlines()[-1]))


def trained_after(world: World, windows: int, after: list[int]) -> dict[str, float]:
    """Return what comes of training on all rows with labels after some windows, and of never doing so."""
    parts = np.array_split(np.arange(world.old, world.table.num_rows), windows)
    frozen = world.first.plan.predict(world.question.columns)
    said, version, cost = frozen.copy(), world.first, Cost()
    for number, part in enumerate(parts):
        said[part] = version.plan.predict(take(world.question.columns, part))
        if number in after:
            version = world.remade(world.known(part), cost)
    rows = np.arange(world.old, world.table.num_rows)
    rows = rows[~np.isnan(world.question.y[rows])]
    y, metric = world.question.y[rows], world.question.metric
    return {
        "frozen": float(losses_of(metric, y, frozen[rows]).mean()),
        "on evidently's word": float(losses_of(metric, y, said[rows]).mean()),
        "trainings": len(after),
    }


def compared(frame: pd.DataFrame, target: str, first: int, windows: int, python: str, keep: Path) -> dict[str, Any]:
    """Return the losses of the peers on a stream, and of training on the word of one of them."""
    delay = 2 * (len(frame) - first) // windows
    dated = frame.assign(**{TIME: pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(len(frame)), unit="h")})
    project = made_project(keep, dated.head(first), target, 1, 0)
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        stream = Path(folder) / "stream.parquet"
        dated.tail(len(dated) - first).to_parquet(stream)
        world, _ = open_world(project, stream, time=TIME, label_delay=f"{delay}h", folder=Path(folder))
        facts = {"target": target, "first": first, "delay": delay, "windows": windows,
                 "classes": list(world.question.classes)}  # fmt: skip
        found = {"forest": asked_peer(python, "forest", frame, facts)}
        told = asked_peer(python, "drift", frame, facts)
        found["evidently"] = told
        if "trained_after" in told:
            found["evidently"] = {**told, **trained_after(world, windows, told["trained_after"])}
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--python", required=True, help="Of the environment of the peers.")
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--kinds", default="")
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument("--windows", type=int, default=20)
    parser.add_argument("--keep", type=Path, required=True, help="Folder of the projects, as of replays.py.")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    streams = []
    for name in filter(None, asked.sets.split(",")):
        frame, target = SETS[name](asked.data)
        frame = thinned(frame, asked.rows).reset_index(drop=True)
        streams.append((name, frame, target, int(FIRST * len(frame)), asked.windows))
    for kind in filter(None, asked.kinds.split(",")):
        rows = asked.rows // 15
        made = make_stream(kind, rows=3 * rows, windows=12, window_rows=rows, turn=4, seed=0)
        frame = pd.concat([made.train, *made.windows], ignore_index=True).drop(columns=[made.time])
        streams.append((kind, frame, made.target, len(made.train), 12))
    for name, frame, target, first, windows in streams:
        found = compared(frame, target, first, windows, asked.python, asked.keep / f"{name}-{asked.rows}-1-0")
        line = json.dumps({"set": name, **found})
        print(line, flush=True)
        if asked.out is not None:
            with open(asked.out, "a") as out:
                out.write(line + "\n")


if __name__ == "__main__":
    main()
