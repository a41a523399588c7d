"""What a candidate costs when it serves: time for one row, and bytes on disk."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from modelwright.data.columns import n_rows
from modelwright.runtime.row import RowPlan, values_of
from modelwright.train.frontier import Costs
from modelwright.train.job import Job
from modelwright.train.outcome import TrainedMember
from modelwright.train.work import folder_bytes

__all__ = ["serving_costs"]

ROWS = 20
"""Rows scored one at a time; the median of them is what is told."""

CALLS = 3  # the first of them warm up


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
