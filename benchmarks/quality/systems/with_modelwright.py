"""Modelwright as a user would run it: the two commands, and the file, the target, the metric and the budget."""

from __future__ import annotations

import subprocess
import sys

from task import Task, read

METRICS = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "rmse"}
SHIPPED = (0, 3)
"""Exit codes with which there is a version; with 3 a gate advises against it."""


def run(task: Task, *words: str) -> None:
    """Run a command; what it says on its way to failing is the last thing in the log.

    Raises
    ------
    SystemExit
        It failed.
    """
    done = subprocess.run([sys.executable, "-m", "modelwright", *words], cwd=task.place)
    if done.returncode not in SHIPPED:
        raise SystemExit(f"modelwright {words[0]} ended with {done.returncode}")


def column(names: list[str], label: str) -> str:
    """Return the column of a class; a label that reads as a number may be written as the number."""
    for name in names:
        told = name.removeprefix("probability_")
        if told == label or (name != told and _same(told, label)):
            return name
    raise SystemExit(f"no probability of class '{label}' in {names}")


def _same(one: str, other: str) -> bool:
    try:
        return float(one) == float(other)
    except ValueError:
        return False


task = read()
metric = METRICS[task.objective]
budget = f"{task.budget}s"
run(task, "run", str(task.train), "-t", task.target, "--budget", budget, "--metric", metric, "--project", "p", "--json")
task.fitted()
run(task, "predict", "p", str(task.test), "--version", "1", "-o", "answers.parquet", "--json")

import pyarrow.parquet as pq  # noqa: E402

answers = pq.read_table(task.place / "answers.parquet")
if task.objective == "regression":
    found = {"prediction": "prediction"}
else:
    found = {label: column(answers.column_names, label) for label in task.classes}
pq.write_table(answers.select(list(found.values())).rename_columns(list(found)), task.predictions)

from importlib.metadata import version  # noqa: E402

task.tell(version("modelwright"))
