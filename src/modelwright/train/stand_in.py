"""What stands in where the time for training was over before there was a model: the quickest one, on few rows.

On a busy machine, or with a short budget and a wide table, reading and audit can take what was meant for training. One
quick model that says what it is serves a user better than none, and takes a second or two.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from modelwright.train.ahead import Horizon
from modelwright.train.job import Job
from modelwright.train.planning import CostModel, Plan
from modelwright.train.schedule import Schedule
from modelwright.train.session import Session
from modelwright.train.work import setup

__all__ = ["stand_in"]

MOST_ROWS = 5_000  # to learn from


def stand_in(session: Session, plan: Plan) -> tuple[Schedule, Job, str]:
    """Fit the candidate that costs least on one fold; return the schedule that did, the job, and what to say of it."""
    job, engine = session.job, session.engine
    rows = min(MOST_ROWS, int(np.median([len(train) for train, _ in job.folds])))
    job = replace(job, max_train_rows=min(job.max_train_rows, rows))
    cost = CostModel(len(job.columns), job.n_outputs)
    quickest = min(plan.candidates, key=lambda candidate: cost.estimate(candidate, rows))
    engine.share(setup, job)
    schedule = Schedule(
        job,
        engine,
        session.journal,
        (quickest,),
        folds=1,
        horizon=Horizon(None, pace=session.horizon.pace),
        spent=session.spent,
        tell=session.tell,
        memory_guard=session.guard,
    )
    schedule.run()
    note = (
        "the time for training was over before any candidate was ready: the quickest one stands in, fitted on "
        f"{job.max_train_rows:,} of {len(job.y):,} rows and judged on one fold; give a larger --budget for a better "
        "model"
    )
    return schedule, job, note
