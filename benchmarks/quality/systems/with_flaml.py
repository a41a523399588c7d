"""FLAML with its defaults; columns get plain names, as it refuses some characters in them."""

from __future__ import annotations

from flaml import AutoML
from task import read

TASKS = {
    "binary": ("classification", "roc_auc"),
    "multiclass": ("classification", "log_loss"),
    "regression": ("regression", "rmse"),
}

task = read()
train, target, test = task.frames(text="category")
train, test = (part.set_axis([f"c{i}" for i in range(part.shape[1])], axis=1) for part in (train, test))
kind, metric = TASKS[task.objective]
model = AutoML()
model.fit(
    train,
    task.codes(target),
    task=kind,
    metric=metric,
    time_budget=task.budget,
    n_jobs=task.cores,
    verbose=0,
    log_file_name=str(task.place / "flaml.log"),
)
task.fitted()
task.finish(model.predict(test) if task.objective == "regression" else model.predict_proba(test), package="flaml")
