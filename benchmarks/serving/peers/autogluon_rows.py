"""AutoGluon in process: fit one LightGBM on ``FOLDER/train.json``, predict single rows of ``FOLDER/test.json``.

    python autogluon_rows.py FOLDER COUNT

Prints microseconds per row as JSON. It has no server of its own.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
from autogluon.tabular import TabularPredictor

FIT_SECONDS = 60


def frame_of(path: Path) -> tuple[pd.DataFrame, str]:
    document = json.loads(path.read_text())
    frame = pd.DataFrame(document["columns"])
    return frame.assign(target_of_benchmark=document["target"]), document["objective"]


def main() -> None:
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    train, objective = frame_of(folder / "train.json")
    held, _ = frame_of(folder / "test.json")
    settings = {"GBM": {"num_boost_round": 200, "ag_args_fit": {"num_cpus": 1}}}
    with tempfile.TemporaryDirectory() as place:
        predictor = TabularPredictor(label="target_of_benchmark", path=place, verbosity=0)
        predictor.fit(
            train, hyperparameters=settings, num_cpus=1, num_gpus=0, time_limit=FIT_SECONDS, fit_weighted_ensemble=False
        )
        predictor.persist()
        ask = predictor.predict_proba if objective == "classify" else predictor.predict
        rows = [held.iloc[[i % len(held)]].drop(columns="target_of_benchmark") for i in range(count + 5)]
        taken = []
        for row in rows:
            began = time.perf_counter_ns()
            ask(row)
            taken.append((time.perf_counter_ns() - began) / 1000)
    print(json.dumps(taken[5:]))


if __name__ == "__main__":
    main()
