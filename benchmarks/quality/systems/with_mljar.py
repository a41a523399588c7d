"""mljar-supervised in the mode Compete."""

from __future__ import annotations

from supervised import AutoML
from task import read

TASKS = {
    "binary": ("binary_classification", "auc"),
    "multiclass": ("multiclass_classification", "logloss"),
    "regression": ("regression", "rmse"),
}

task = read()
train, target, test = task.frames(text="object")
kind, metric = TASKS[task.objective]
model = AutoML(
    mode="Compete",
    ml_task=kind,
    eval_metric=metric,
    total_time_limit=task.budget,
    n_jobs=task.cores,
    results_path=str(task.place / "mljar"),
    verbose=0,
)
model.fit(train, task.codes(target))
task.fitted()
if task.objective == "regression":
    values = model.predict(test)
else:
    values = model.predict_all(test)[[f"prediction_{i}" for i in range(len(task.classes))]].to_numpy()
task.finish(values, package="mljar-supervised")
