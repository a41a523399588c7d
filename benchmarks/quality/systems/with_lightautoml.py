"""LightAutoML's TabularAutoML with its defaults."""

from __future__ import annotations

from lightautoml.automl.presets.tabular_presets import TabularAutoML
from lightautoml.tasks import Task as LightTask
from task import read

TASKS = {"binary": ("binary", "auc"), "multiclass": ("multiclass", "crossentropy"), "regression": ("reg", "mse")}
ANSWER = "answer, in codes"
"""Name of the target's column; a name that no set uses."""

task = read()
train, target, test = task.frames(text="object")
kind, metric = TASKS[task.objective]
model = TabularAutoML(task=LightTask(kind, metric=metric), timeout=task.budget, cpu_limit=task.cores)
model.fit_predict(train.assign(**{ANSWER: task.codes(target)}), roles={"target": ANSWER}, verbose=0)
task.fitted()
task.finish(model.predict(test).data, package="lightautoml")
