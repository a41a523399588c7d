"""Batch scoring against the booster alone, and its peak memory.

    python benchmarks/batch.py adult.csv.gz --target income [--trees 300] [--rows 1000000] [--long 5000000] [--pairs 5]

A LightGBM model is fitted on the file with the features of Modelwright and packaged. Its rows are then repeated to
ROWS, and in pairs, one after the other on the same machine:

- *booster*: LightGBM's own predict with all threads on the matrix that is already encoded;
- *arrow*: an Arrow table made canonical, encoded and predicted by `modelwright.scoring`;
- *parquet*: the same from a Parquet file into a Parquet file.

Ratios are of rows per second against the booster's, medians over the pairs. A file of LONG rows is scored in a process
of its own, and the peak of its memory compared with that of the same process on the first thousand rows.
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
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from modelwright import learners
from modelwright.data.canonical import canonicalise
from modelwright.data.kinds import infer_contract
from modelwright.data.profile import ColumnProfile, Profile
from modelwright.data.reading import read_table
from modelwright.features.views import fit_view
from modelwright.learners.base import Deadline, FitContext
from modelwright.package.bundle import Version, open_version
from modelwright.package.writing import Facts, write_version
from modelwright.runtime import Plan, PlanMember
from modelwright.scoring import score_file, scored

GROUP_ROWS = 1 << 17


def made(path: Path, target: str, trees: int, folder: Path) -> tuple[Version, pa.Table]:
    """Fit and package a model; return it and its rows."""
    table, _ = read_table(path)
    names = np.array(table.column(target).to_pylist(), dtype=object)
    levels = sorted(set(names))
    y = np.searchsorted(np.array(levels, dtype=object), names).astype(np.float64)
    rows = table.drop_columns([target])
    contract = infer_contract(rows)
    columns, _ = canonicalise(rows, contract)
    learner = learners.get("lightgbm")
    fit = fit_view(learner.card.view, columns, contract, y, objective="classify", n_classes=len(levels), seed=0)
    plan_view, train = fit
    context = FitContext(
        objective="classify", n_classes=len(levels), metric="log_loss", seed=0, threads=os.cpu_count() or 1,
        deadline=Deadline(),
    )  # fmt: skip
    settings = learner.portfolio(n_rows=len(y), n_features=len(train.names), n_classes=len(levels))[0]
    model = learner.fit(train, y, settings, context, iterations=trees)
    plan = Plan(
        contract=contract.only(set(plan_view.inputs)), objective="classify", classes=tuple(map(str, levels)),
        views={"view": plan_view}, members=(PlanMember(name="m", view="view", scorer=model.scorer, weight=1.0),),
    )  # fmt: skip
    profile = Profile(n_rows=len(y), columns=tuple(_profile(name) for name in rows.column_names))
    facts = Facts(version=1, target=target, metric="log_loss", score=None, documents={}, rows={"used": len(y)})
    write_version(folder / "version", plan, facts=facts, profile=profile, seed=0)
    return open_version(folder / "version"), rows


def _profile(name: str) -> ColumnProfile:
    return ColumnProfile(name=name, kind="number", n_missing=0, n_distinct=1)


def repeated(rows: pa.Table, n_rows: int) -> pa.Table:
    """Return the rows, shuffled and repeated."""
    return rows.take(np.random.default_rng(0).integers(0, rows.num_rows, n_rows))


def write_long(rows: pa.Table, n_rows: int, path: Path) -> None:
    """Write a Parquet file of repeated rows, group by group."""
    with pq.ParquetWriter(path, rows.schema) as writer:
        for start in range(0, n_rows, GROUP_ROWS):
            writer.write_table(repeated(rows, min(GROUP_ROWS, n_rows - start)))


def seconds(work: Callable[[], Any]) -> float:
    """Return how long it takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def pairs(version: Version, table: pa.Table, folder: Path, n_pairs: int) -> dict[str, Any]:
    """Measure the three ways in turn."""
    import lightgbm

    threads = len(os.sched_getaffinity(0))
    columns, _ = canonicalise(table, version.contract)
    (view,) = version.plan.views.values()
    matrix = np.ascontiguousarray(view(columns).matrix)
    (model,) = (version.folder / "model").iterdir()
    booster = lightgbm.Booster(model_file=str(model))
    path = folder / "rows.parquet"
    pq.write_table(table, path, row_group_size=GROUP_ROWS)

    def in_memory() -> None:
        with scored(version, table) as answers:
            assert answers.n_rows == table.num_rows

    ways: dict[str, Callable[[], Any]] = {
        "booster": lambda: booster.predict(matrix, num_threads=threads),
        "arrow": in_memory,
        "parquet": lambda: score_file(version, path, folder / "out.parquet"),
    }
    for work in ways.values():
        work()
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(n_pairs):
        for name, work in ways.items():
            taken[name].append(seconds(work))
    told: dict[str, Any] = {f"{n}_rows_per_s": round(table.num_rows / statistics.median(t)) for n, t in taken.items()}
    for name in ("arrow", "parquet"):
        ratios = [b / t for b, t in zip(taken["booster"], taken[name], strict=True)]
        told[f"{name}_against_booster"] = round(statistics.median(ratios), 3)
    return told


def memory(version: Version, path: Path) -> float:
    """Return the peak memory in MB of a process that scores a file."""
    command = [sys.executable, __file__, "--child", str(version.folder), str(path)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def child(folder: str, path: str) -> None:
    """Score a file and print the peak of the process."""
    score_file(open_version(folder), path, Path(path).with_suffix(".out.parquet"))
    status = Path("/proc/self/status").read_text()  # of this program alone: the usage of a process begins before it
    print(int(status.split("VmHWM:")[1].split()[0]) / 1024)


def main() -> None:
    """Measure; print a line of JSON for the speed and one for the memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--target", required=True)
    parser.add_argument("--trees", type=int, default=300)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--long", type=int, default=5_000_000)
    parser.add_argument("--pairs", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        version, rows = made(asked.data, asked.target, asked.trees, folder)
        told = {"rows": asked.rows, "trees": asked.trees, "threads": len(os.sched_getaffinity(0))}
        told |= pairs(version, repeated(rows, asked.rows), folder, asked.pairs)
        print(json.dumps(told), flush=True)
        write_long(rows, 1000, folder / "short.parquet")
        write_long(rows, asked.long, folder / "long.parquet")
        base = memory(version, folder / "short.parquet")
        begun = time.perf_counter()
        peak = memory(version, folder / "long.parquet")
        taken = round(time.perf_counter() - begun, 1)
        print(json.dumps({"rows": asked.long, "seconds": taken, "base_mb": round(base), "peak_mb": round(peak)}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:4])
    else:
        main()
