"""How many folds, how many rows and how quick settings the time allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modelwright.train.ahead import largest_model
from modelwright.train.job import Job, first_repeat
from modelwright.train.planning import PACED_SHARE, CostModel, Plan, paced
from modelwright.train.record import Candidate

__all__ = ["Size", "choose_size"]

SEARCH_SHARE = 0.8
"""Part of the core-seconds that folds and refits of the families counted on may take."""

FAMILIES = 5
"""Full folds are used where so many candidates can be tried on them: an ensemble wants as many to be good."""

FAMILIES_REPEATED = 10
"""Folds are drawn again where so many candidates can be tried on all: repeats steady the choice between them."""

FEWEST_FAMILIES = 2
"""So many are wanted even of a single fold; below that, fits see fewer rows."""

ONE_FOLD_ROWS = 2_000
"""Validation rows from which on a single fold chooses well enough, with a lockbox to report."""

CHOICE_ROWS = 8_000
CHOICE_SCARCE = 400
"""Validation rows, and rows of the scarcest class among them, beyond which further folds choose no better; where a
lockbox reports, their time is better spent on more candidates."""

LEAST_ROWS = 2_000
"""Fits see no fewer rows than this."""


@dataclass(frozen=True)
class Size:
    """Folds and training rows that the budget allows, and the bytes of a model of a fold."""

    folds: int
    max_train_rows: int
    note: str
    most_bytes: int | None = None


def choose_size(
    job: Job, plan: Plan, seconds: float | None, n_workers: int, slowness: float = 1.0
) -> tuple[Size, Plan]:
    """Return the size, and the plan with settings that are quick enough for it, and whose models are small enough."""
    if seconds is None:
        return Size(len(job.folds), len(job.y), ""), plan
    core_seconds = max(0.0, SEARCH_SHARE * seconds * n_workers)
    rows = int(np.median([len(t) for t, _ in job.folds]))
    cost = CostModel(len(job.columns), job.n_outputs, slowness)
    most_bytes = largest_model(seconds, slowness)
    refit = len(job.y) / max(1, rows)
    costs = [cost.estimate(c, rows) for c in _first_of_families(plan.candidates)]
    repeat = len(first_repeat(job, len(job.folds)))
    folds = _folds(job, repeat, costs, refit, core_seconds)
    fit_seconds = core_seconds / (folds + refit)
    too_much = [
        max(cost.estimate(c, rows) / max(PACED_SHARE * fit_seconds, 1e-9), _usual_bytes(c, job.n_outputs) / most_bytes)
        for c in plan.candidates
    ]
    plan = Plan(tuple(paced(c, times, 1.0) for c, times in zip(plan.candidates, too_much, strict=True)), plan.left_out)
    least = sum(cost.estimate(c, rows) for c in _first_of_families(plan.candidates)[:FEWEST_FAMILIES])
    capped = max(LEAST_ROWS, int(rows * fit_seconds / max(least, 1e-9)))
    if folds <= _fewest(job) and capped < rows:
        note = f"each fit sees {capped:,} of {rows:,} training rows and {folds} of {len(job.folds)} folds: the budget"
        return Size(folds, capped, note, most_bytes), plan
    note = f"{folds} of {len(job.folds)} folds are used: more would not fit the budget"
    return Size(folds, len(job.y), note if folds < len(job.folds) else "", most_bytes), plan


def _usual_bytes(candidate: Candidate, n_outputs: int) -> float:
    """Return the bytes of a usual model of the candidate; 0 where that is not a question of rounds."""
    from modelwright import learners

    growth = learners.get(candidate.learner).card.growth
    return 0.0 if growth is None else growth.usual_bytes(candidate.settings, n_outputs)


def _folds(job: Job, repeat: int, costs: Sequence[float], refit: float, core_seconds: float) -> int:
    """Return the most folds on which enough candidates can be tried, whole repeats above the first."""
    for folds in range(len(job.folds), repeat, -repeat):
        if sum(costs[:FAMILIES_REPEATED]) * (folds + refit) <= core_seconds:
            return folds
    most = _enough(job, repeat) if len(job.holdout) else repeat
    affordable = int(core_seconds / max(sum(costs[:FAMILIES]), 1e-9) - refit)
    return int(np.clip(affordable, min(_fewest(job), most), most))


def _enough(job: Job, repeat: int) -> int:
    """Return the folds that have rows enough between them to choose by."""
    valid = [job.y[job.folds[f][1]] for f in range(repeat)]
    rows = np.cumsum([len(y) for y in valid])
    enough = rows >= CHOICE_ROWS
    if job.n_classes:
        scarcest = np.cumsum([np.bincount(y.astype(int), minlength=job.n_classes) for y in valid], axis=0).min(axis=1)
        enough &= scarcest >= CHOICE_SCARCE
    return int(np.argmax(enough)) + 1 if enough.any() else repeat


def _fewest(job: Job) -> int:
    """Return the fewest folds that candidates may be judged on."""
    alone = job.order is not None or (len(job.holdout) and len(job.folds[0][1]) >= ONE_FOLD_ROWS)
    return min(1 if alone else 2, len(job.folds))


def _first_of_families(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the first candidate of each learner, in order."""
    seen: dict[str, Candidate] = {}
    for candidate in candidates:
        seen.setdefault(candidate.learner, candidate)
    return list(seen.values())
