"""How the time after training is shared between the stages that follow.

Some of each stage takes what it takes: measuring, fitting what tells unusual rows, writing. The rest is a question of
how many rows, disturbances and shuffles are looked at, and shrinks to what is left once the stages behind have what
they need. What was shrunk goes to the ledger.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from modelwright.data.columns import n_rows
from modelwright.running import Run
from modelwright.train.ahead import OPENING_S, SHIPPING_S
from modelwright.train.work import folder_bytes

__all__ = ["UNTIMED_S", "after_seconds", "allowed", "page_seconds", "rows_for", "rows_within", "tell_shrunk", "wished"]

NEEDS = {"evaluate": 0.7, "explain": 0.3, "stress": 0.2, "package": 1.0, "judge": 0.1, "report": 0.4}
"""Processor seconds that a stage takes at the least, but for what the models cost: the demo (45,000 rows, 16 columns)
takes 0.8, 0.3, 0.1, 1.5, 0.1 and 0.4, UCI Nursery 0.5 to 1.4, 0.5, 0.2, 0.8, 0.1 and 0.4."""

PER_CLASS = {"evaluate": 0.06, "package": 0.02}
"""More of them for each class beyond two: baselines, calibration and intervals are fitted for each; letters have 26."""

PER_CELL = {"evaluate": 0.4e-6, "package": 0.4e-6}
"""More of them for each number of the table: 100,000 rows of 50 columns took 2.9 and 3.2 s."""

MOST_CELLS = 10_000_000
"""Beyond, rows are sampled."""

ROWS_PER_S = 60_000
"""Lockbox and test rows that are measured in a second."""

WISHES = {"explain": (0.03, 0.5, 5.0), "stress": (0.01, 0.2, 2.0)}
"""Part of the budget, and bounds in seconds, that is kept for looking at rows."""

MOST_EXPLAINING, MOST_EXPLAINING_S = 0.1, 12.0
"""Part of the budget, and seconds, that explaining may take where training has left them."""

PAGE_SHARE, PAGE_S = 0.02, 1.0
"""Part of the budget, and most seconds, for the model that fits on a page."""

MOST_AFTER, MOST_NEEDED = 0.5, 0.8
"""Of what is left when training begins: all that follows, and what the stages take at the least."""

UNTIMED_S = {"explain": 120.0, "stress": 10.0}
"""Where trials are counted instead of time: the rows asked about are limited anyway."""


def page_seconds(run: Run) -> float:
    """Return the seconds that fitting the model on a page may take."""
    return min(PAGE_SHARE * run.budget.seconds, PAGE_S) * run.slowness


def wished(run: Run, stage: str) -> float:
    """Return the seconds that are kept for looking at rows in a stage."""
    share, least, most = WISHES[stage]
    return float(np.clip(share * run.budget.seconds, least, most))


def after_seconds(run: Run) -> float:
    """Return the seconds to keep for what comes after training, but for what the models cost then.

    On a busy machine everything takes longer.
    """
    needed = sum(_need(run, stage) for stage in NEEDS)
    kept = needed + 0.5 * page_seconds(run) + sum(wished(run, stage) for stage in WISHES)
    left = run.budget.left
    return max(0.0, min(kept, MOST_AFTER * left), min(needed, MOST_NEEDED * left))


def allowed(run: Run, stage: str) -> float:
    """Return the seconds that a stage may take to look at rows, so that those behind it have what they need."""
    if not run.budget.timed:
        return UNTIMED_S[stage]
    stages = list(NEEDS)
    behind = stages[stages.index(stage) + 1 :]
    left = run.budget.left - sum(_need(run, other) for other in behind)
    left -= sum(wished(run, other) for other in behind if other in WISHES) + _shipping(run)
    if stage == "explain":
        most = min(MOST_EXPLAINING * run.budget.seconds, MOST_EXPLAINING_S)
        return max(0.0, min(left, max(most, wished(run, stage))))
    return max(0.0, min(left, wished(run, stage) * run.slowness))


def rows_within(run: Run, seconds: float, *, least: int, most: int) -> int:
    """Return how many rows the models of a fold can be asked about in so many seconds, within bounds."""
    row = run.outcome.heft.row_seconds
    return most if not run.budget.timed or row <= 0 else int(np.clip(seconds / row, least, most))


def rows_for(run: Run, stage: str, usual: int, *, least: int) -> int:
    """Return how many rows of the table a stage should take: ``usual``, or fewer where time does not go round.

    The ledger has it where they are fewer.
    """
    stages = list(NEEDS)
    behind = stages[stages.index(stage) :]
    needed = sum(_need(run, other) for other in behind) + _shipping(run)
    left = run.budget.left
    if not run.budget.timed or left >= needed:
        return usual
    rows = min(usual, max(least, int(usual * max(0.0, left) / needed)))
    if rows < usual:
        told = f"{rows:,} rows instead of {usual:,}"
        run.decide(stage, "time", told, f"{max(0.0, left):.0f} s of the budget are left")
    return rows


def tell_shrunk(run: Run, stage: str, seconds: float, what: str) -> None:
    """Note that a stage had less time than is kept for it, and what was looked at all the same."""
    if run.budget.timed and seconds < wished(run, stage):
        run.decide(
            stage, "time", f"{seconds:.1f} s instead of {wished(run, stage):.1f} s", f"the budget left no more: {what}"
        )


def _need(run: Run, stage: str) -> float:
    """Return the seconds that a stage takes at the least on this machine as busy as it is."""
    classes = len(run.classes)
    seconds = NEEDS[stage] + PER_CLASS.get(stage, 0.0) * max(0, classes - 2)
    if stage == "evaluate":
        judged = len(run.folds.holdout) or len(run.rows)
        seconds += (judged + (n_rows(run.test_columns) if run.test_columns else 0)) / ROWS_PER_S
    cells = min(MOST_CELLS, len(run.rows) * len(run.columns))
    return run.slowness * (seconds + PER_CELL.get(stage, 0.0) * cells)


def _shipping(run: Run) -> float:
    """Return the seconds that opening and packaging the models takes."""
    size = sum(folder_bytes(Path(folder)) for member in run.outcome.members for folder in member.folders)
    opened = "explanation" in run.documents
    opening = 0.0 if opened else OPENING_S * run.outcome.heft.size
    return run.slowness * (SHIPPING_S * size + opening)
