"""AutoGluon's TabularPredictor with a preset; Ray gets a folder of its own, with nothing of other runs in it."""

from __future__ import annotations

import os

from task import read

METRICS = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "root_mean_squared_error"}

task = read()
ray = task.place / "r"  # sockets lie in it, of whose paths 107 characters count
ray.mkdir()
os.environ["RAY_TMPDIR"] = str(ray)

import pandas as pd  # noqa: E402
from autogluon.tabular import TabularPredictor  # noqa: E402

predictor = TabularPredictor(
    label=task.target,
    problem_type=task.objective,
    eval_metric=METRICS[task.objective],
    path=str(task.place / "autogluon"),
    verbosity=2,
)
predictor.fit(
    pd.read_parquet(task.train), presets=task.variant, time_limit=task.budget, num_cpus=task.cores, num_gpus=0
)
task.fitted()
test = pd.read_parquet(task.test)
if task.objective == "regression":
    values = predictor.predict(test).to_numpy()
else:
    chances = predictor.predict_proba(test)
    values = chances.reindex(columns=task.classes, fill_value=0).to_numpy()
task.finish(values, package="autogluon.tabular")
