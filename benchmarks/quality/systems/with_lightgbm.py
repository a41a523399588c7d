"""Bare LightGBM: its defaults, its own treatment of categories, early stopping on a fifth of the rows, all cores."""

from __future__ import annotations

import time

import lightgbm
import numpy as np
from sklearn.model_selection import train_test_split
from task import read

SHARE = 0.2
PATIENCE = 50
MOST_TREES = 10_000
LEFT = 0.95
"""Of the budget, for growing trees."""

SETTINGS = {
    "binary": {"objective": "binary", "metric": "auc"},
    "multiclass": {"objective": "multiclass", "metric": "multi_logloss"},
    "regression": {"objective": "regression", "metric": "rmse"},
}

task = read()
train, target, test = task.frames(text="category")
train, test = (part.set_axis([f"c{i}" for i in range(part.shape[1])], axis=1) for part in (train, test))
codes = task.codes(target)
stratify = codes if task.objective != "regression" and codes.value_counts().min() > 1 else None
rows = train_test_split(range(len(train)), test_size=SHARE, random_state=0, stratify=stratify)
fitting = lightgbm.Dataset(train.iloc[rows[0]], codes.iloc[rows[0]])
stopping = lightgbm.Dataset(train.iloc[rows[1]], codes.iloc[rows[1]], reference=fitting)
settings = {**SETTINGS[task.objective], "num_threads": task.cores, "verbose": -1}
if task.objective == "multiclass":
    settings["num_class"] = len(task.classes)
end = task.began + LEFT * task.budget


def until(environment: lightgbm.callback.CallbackEnv) -> None:
    """Stop after the iteration in which the time is over."""
    if time.time() > end:
        raise lightgbm.callback.EarlyStopException(environment.iteration, environment.evaluation_result_list)


model = lightgbm.train(
    settings,
    fitting,
    MOST_TREES,
    valid_sets=[stopping],
    callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False), until],
)
task.fitted()
task.finish(np.asarray(model.predict(test)), package="lightgbm")
