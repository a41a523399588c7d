"""A large table of mixed kinds: a version in time, better than bare LightGBM on the same rows, in the memory there is.

    python benchmarks/quality/large.py --to OUT [--rows 1000000] [--columns 30] [--budget 300]

The table is made: numbers with gaps, categories of up to a thousand levels, a date; the outcome follows some of them,
with an effect of levels and an interaction. A tenth of the rows judges. LightGBM gets 300 rounds of its defaults on all
training rows, categories as it knows them, all cores.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from measuring import watch

TEST_SHARE = 0.1
BLOCK = 500_000
LEVELS = (3, 10, 40, 200, 1_000)
DONE = (0, 3)


def main(words: Sequence[str] | None = None) -> None:
    """Make the table, run both, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=30)
    parser.add_argument("--budget", type=int, default=300)
    parser.add_argument("--without-lightgbm", action="store_true", help="where its memory would not do")
    asked = parser.parse_args(words)
    asked.to.mkdir(parents=True, exist_ok=True)
    train, test = asked.to / "train.parquet", asked.to / "test.parquet"
    _make(train, round(asked.rows * (1 - TEST_SHARE)), asked.columns, seed=1)
    _make(test, round(asked.rows * TEST_SHARE), asked.columns, seed=2)
    shutil.rmtree(asked.to / "p", ignore_errors=True)
    command = [sys.executable, "-m", "modelwright", "run", str(train), "-t", "y", "--metric", "roc_auc", "--json"]
    command += ["--budget", f"{asked.budget}s", "--project", "p"]
    seen = watch(command, log=asked.to / "run.log", folder=asked.to, most_seconds=5 * asked.budget)
    print(f"run: exit {seen.exit_code}, {seen.wall:.1f} s of {asked.budget}, {seen.peak_megabytes:.0f} MB", flush=True)
    if seen.exit_code in DONE:
        _told(asked.to)
        score = [sys.executable, "-m", "modelwright", "predict", "p", str(test), "--version", "1", "-o", "a.parquet"]
        done = watch(score, log=asked.to / "predict.log", folder=asked.to, most_seconds=5 * asked.budget)
        print(
            f"predict: {done.wall:.1f} s, {done.peak_megabytes:.0f} MB, ROC AUC {_auc(test, asked.to):.5f}", flush=True
        )
    if not asked.without_lightgbm:
        _lightgbm(train, test)


def _make(path: Path, rows: int, columns: int, seed: int) -> None:
    """Write the table block by block; what the levels do is the same for every seed."""
    law, rng = np.random.default_rng(0), np.random.default_rng(seed)
    effects = [law.normal(scale=0.6, size=n) for n in LEVELS]
    writer = None
    for start in range(0, rows, BLOCK):
        n = min(BLOCK, rows - start)
        table, score = _block(n, columns, effects, rng)
        table["y"] = np.where(score + rng.logistic(size=n) > 0.5, "yes", "no")
        block = pa.table(table)
        writer = writer or pq.ParquetWriter(path, block.schema)
        writer.write_table(block)
    if writer is not None:
        writer.close()


def _block(
    n: int, columns: int, effects: list[np.ndarray], rng: np.random.Generator
) -> tuple[dict[str, object], np.ndarray]:
    table: dict[str, object] = {}
    score = np.zeros(n)
    for i, effect in enumerate(effects):
        codes = np.minimum(rng.geometric(min(0.5, 3 / len(effect)), n) - 1, len(effect) - 1)
        table[f"c{i}"] = np.array([f"level {j}" for j in range(len(effect))], dtype=object)[codes]
        score += effect[codes]
    table["day"] = np.datetime64("2024-01-01") + rng.integers(0, 700, n).astype("timedelta64[D]")
    numbers = rng.normal(size=(n, columns - len(effects) - 2)).astype(np.float32)
    score += 0.7 * numbers[:, 0] + 0.5 * numbers[:, 1] * numbers[:, 2] + 0.4 * np.sin(2 * numbers[:, 3])
    for i in range(numbers.shape[1]):
        values = numbers[:, i] if i % 3 else np.exp(numbers[:, i])
        gaps = rng.random(n) < (0.1 if i % 5 == 4 else 0.0)
        table[f"x{i}"] = pa.array(values.astype(np.float64), mask=gaps)
    return table, score


def _told(folder: Path) -> None:
    training = json.loads(sorted(folder.glob("p/runs/*/training.json"))[-1].read_text())["body"]
    members = ", ".join(f"{m['key']} {m['weight']:.0%}" for m in training["members"])
    print(f"{members}; {'; '.join(training['notes']) or 'all rows and folds'}; {training['refit']}", flush=True)


def _auc(test: Path, folder: Path) -> float:
    from sklearn.metrics import roc_auc_score

    truth = pq.read_table(test, columns=["y"])["y"].to_numpy(zero_copy_only=False) == "yes"
    return float(roc_auc_score(truth, pq.read_table(folder / "a.parquet")["probability_yes"].to_numpy()))


def _lightgbm(train: Path, test: Path) -> None:
    import lightgbm
    import pandas as pd
    from sklearn.metrics import roc_auc_score

    began = time.monotonic()
    frames = [pq.read_table(path).to_pandas() for path in (train, test)]
    names = [c for c in frames[0].columns if c.startswith("c")]
    for name in names:
        levels = frames[0][name].astype("category").cat.categories
        for frame in frames:
            frame[name] = frame[name].astype("category").cat.set_categories(levels)
    for frame in frames:
        frame["day"] = pd.to_datetime(frame["day"]).astype("int64")
        frame["y"] = (frame["y"] == "yes").astype(int)
    model = lightgbm.LGBMClassifier(n_estimators=300, verbose=-1).fit(frames[0].drop(columns="y"), frames[0]["y"])
    found = model.predict_proba(frames[1].drop(columns="y"))[:, 1]
    print(f"LightGBM: {time.monotonic() - began:.1f} s, ROC AUC {roc_auc_score(frames[1]['y'], found):.5f}")


if __name__ == "__main__":
    main()
