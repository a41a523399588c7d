"""What a candidate costs when it serves: time for one row, and bytes on disk.

It is measured where the libraries of the models are loaded already: in the workers.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from modelwright.data.columns import n_rows
from modelwright.engines.base import Engine
from modelwright.runtime.row import RowPlan, values_of
from modelwright.train.frontier import Costs
from modelwright.train.job import Job
from modelwright.train.outcome import TrainedMember
from modelwright.train.work import State, folder_bytes

__all__ = ["CostTask", "costs_of", "serving_costs"]

ROWS = 20
"""Rows scored one at a time; the median of them is what is told."""

CALLS = 3  # the first of them warm up


REPLIES_S = 1.0
"""Seconds of waiting for replies at a time."""

MOST_S = 20.0
"""Seconds after which a worker that has not answered is ended: the largest models take two."""


@dataclass(frozen=True)
class CostTask:
    """The model in a folder of candidate ``key``; ``seconds`` are what packaging it will take."""

    key: str
    folder: str
    seconds: float = 0.0


def costs_of(job: Job, engine: Engine, tasks: Sequence[CostTask]) -> list[Costs]:
    """Return what models cost, measured by the workers of the job; here, where a worker ended over it."""
    queue = list(tasks)
    on: dict[int, float] = {}
    found: dict[CostTask, Costs] = {}
    while len(found) < len(tasks):
        for worker in engine.idle():
            if queue:
                on[worker] = time.monotonic()
                engine.submit(worker, _cost, queue.pop(0))
        for reply in engine.wait(REPLIES_S):
            on.pop(reply.worker, None)
            task: CostTask = reply.task
            found[task] = reply.result or serving_costs(job, task.key, task.folder, task.seconds)
        for worker, began in on.items():
            if time.monotonic() > began + MOST_S:
                engine.kill(worker, "it did not answer")
    return [found[task] for task in tasks]


def _cost(state: State, task: CostTask) -> Costs:
    return serving_costs(state.job, task.key, task.folder, task.seconds)


def serving_costs(job: Job, key: str, folder: str, seconds: float = 0.0) -> Costs:
    """Return what the model in a folder costs, measured here and now; ``seconds`` are what packaging it will take."""
    from modelwright.package.assembling import assemble

    facts = {
        "contract": job.contract,
        "objective": job.objective,
        "classes": tuple(map(str, range(job.n_classes))),
        "calibrator": None,
        "threshold": None,
    }
    plan = assemble((TrainedMember(key, 1.0, (folder,), None),), facts)
    score = RowPlan(plan)
    taken = []
    for i in range(min(ROWS, n_rows(job.columns))):
        values = values_of(job.columns, plan.contract.names, i)
        for _ in range(CALLS):
            began = time.perf_counter()
            score(values)
            last = time.perf_counter() - began
        taken.append(last)
    return Costs(1000 * statistics.median(taken), float(folder_bytes(Path(folder))), seconds)
