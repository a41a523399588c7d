"""Small jobs for the trainer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from modelwright.brief import Limits
from modelwright.data.columns import Strings, take
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.train.budget import Budget
from modelwright.train.job import Job
from modelwright.train.memory import MemoryGuard
from modelwright.train.training import train


def make_job(folder: Path, n: int = 240, *, classes: int = 2, lockbox: bool = True, seed: int = 0) -> Job:
    """Return a job on a table with two numbers and a category that carry signal."""
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=n), rng.normal(size=n)
    a_missing = a.copy()
    a_missing[rng.random(n) < 0.1] = np.nan
    level = rng.integers(0, 3, n)
    signal = a + 0.7 * (level == 1) + 0.3 * rng.normal(size=n)
    y = np.digitize(signal, np.quantile(signal, np.arange(1, classes) / classes)).astype(float) if classes else signal
    columns = {"a": a_missing, "b": b, "c": Strings(level.astype(np.int32), np.array(["x", "y", "z"], dtype=object))}
    specs = (
        ColumnSpec(name="a", kind=Kind.NUMBER, nullable=True),
        ColumnSpec(name="b", kind=Kind.NUMBER),
        ColumnSpec(name="c", kind=Kind.CATEGORY, levels=("x", "y", "z"), n_levels=3),
    )
    order = rng.permutation(n)
    holdout = np.sort(order[: n // 5]) if lockbox else np.array([], int)
    rest = order[n // 5 :] if lockbox else order
    parts = np.array_split(rest, 3)
    folds = tuple(
        (np.sort(np.concatenate([p for j, p in enumerate(parts) if j != i])), np.sort(parts[i])) for i in range(3)
    )
    return Job(
        columns=columns,
        contract=Contract(columns=specs, rows_seen=n),
        y=y,
        objective="classify" if classes else "regress",
        n_classes=classes,
        metric="log_loss" if classes else "rmse",
        folds=folds,
        holdout=holdout,
        groups=None,
        order=None,
        seed=seed,
        run_folder=folder,
        memory_bytes=10**9,
        max_train_rows=n,
    )


@pytest.fixture
def job(tmp_path):
    return make_job(tmp_path)


def run_training(job, engine, *, trials=None, seconds=20.0, after=0.5, key="k", members=None):
    """Train with everything else at its plainest."""
    return train(
        job,
        engine,
        budget=Budget(seconds, timed=trials is None),
        after_seconds=None if trials else after,
        limits=Limits(trials=trials, members=members),
        journal_key=key,
        checks=take(job.columns, np.arange(20)),
        guard=MemoryGuard(None),
        tell=lambda done, total, text: None,
    )
