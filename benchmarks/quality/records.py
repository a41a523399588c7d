"""Every candidate of the portfolio on many sets: what it predicts, and what it costs. The planner learns from this.

    python benchmarks/quality/records.py --data DATA --to OUT --rows 2500 [--only adult,titanic]

Sets are those of the part ``develop``, thinned to ``--rows``: three quarters learn, in folds, and the last quarter
judges. Candidates are fitted as a run fits them, without a deadline. OUT/<set>-<rows>/<candidate>.npz keeps the
out-of-fold and the test predictions and the seconds of the processor; a rerun takes from there what is there.
``worth.py OUT`` learns from it.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from generators import _folds, _table
from sets import Set, choose, read_sets

FOLDS = 3
TEST_PART = 4
LEAST_ROWS = 150
MOST_SECONDS = 60.0
"""A fit that takes longer than this is stopped: no budget of minutes would let it run on."""


def main(words: Sequence[str] | None = None) -> None:
    """Fit what is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--rows", type=int, default=2_500)
    asked = parser.parse_args(words)
    with open(asked.data / "INDEX.csv", newline="") as handle:
        files = {row["name"]: asked.data / row["dir"] / row["main_file"] for row in csv.DictReader(handle)}
    for one in choose(read_sets(), names=asked.only, part="develop"):
        _record(one, files[one.name], asked.rows, asked.to / f"{one.name}-{asked.rows}")


def _record(one: Set, path: Path, most_rows: int, place: Path) -> None:
    from modelwright.learners.targets import PLAIN, kind_of
    from modelwright.train.job import Job
    from modelwright.train.planning import make_plan
    from modelwright.train.work import FitTask, fit_fold, preload, setup

    preload()
    columns, contract, y, n_classes = _table(one, path, most_rows)
    if len(y) < max(LEAST_ROWS, most_rows // 2):
        return
    part = _folds(y, n_classes, TEST_PART * FOLDS)
    test = np.flatnonzero(part < FOLDS)
    rest = np.flatnonzero(part >= FOLDS)
    fold_of = part[rest] % FOLDS
    place.mkdir(parents=True, exist_ok=True)
    (place / "about.json").write_text(json.dumps({"objective": one.objective, "rows": len(rest), "classes": n_classes}))
    np.savez(place / "truth.npz", oof=y[rest], test=y[test])
    with tempfile.TemporaryDirectory() as folder:
        job = Job(
            columns=columns,
            contract=contract,
            y=y,
            objective="classify" if n_classes else "regress",
            n_classes=n_classes,
            metric={"binary": "roc_auc", "multiclass": "log_loss", "regression": "rmse"}[one.objective],
            folds=tuple((rest[fold_of != f], rest[fold_of == f]) for f in range(FOLDS)),
            holdout=test,
            groups=None,
            order=None,
            seed=0,
            run_folder=Path(folder),
            memory_bytes=2 << 30,
            max_train_rows=len(y),
        )
        about = {
            "objective": job.objective,
            "n_features": len(columns),
            "n_classes": n_classes,
            "target": PLAIN if n_classes else kind_of(y[rest]),
        }
        plan, small = make_plan(n_rows=10**5, **about), make_plan(n_rows=len(rest), **about)
        wanted = {c.key: c for c in (*plan.candidates, *small.candidates, *(c for c, _ in small.left_out))}
        state = setup(job)
        for key, candidate in wanted.items():
            target = place / f"{key.replace('/', '~')}.npz"
            if target.is_file():
                continue
            oof, found, seconds = np.zeros((len(rest), job.n_outputs)), [], 0.0
            try:
                for fold in range(FOLDS):
                    began = time.process_time()
                    result = fit_fold(state, FitTask(candidate, fold, MOST_SECONDS))
                    seconds += time.process_time() - began
                    oof[fold_of == fold] = result.arrays["valid"]
                    found.append(result.arrays["holdout"])
            except Exception as error:  # noqa: BLE001 - a candidate that cannot is no record
                print(f"{one.name} {key}: {type(error).__name__}: {error}"[:200], flush=True)
                continue
            np.savez(target, oof=oof, test=np.mean(found, axis=0), seconds=seconds / FOLDS)
        print(f"{one.name}: {len(wanted)} candidates of {len(rest)} rows", flush=True)


if __name__ == "__main__":
    main()
