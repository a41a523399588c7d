"""What is kept of the time for training: for fitting the members again, and for the learning curve."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelwright.train.ahead import ROW_S, Heft
from modelwright.train.drawing import TRAIN_SAMPLE
from modelwright.train.job import Job, first_repeat
from modelwright.train.record import Candidate
from modelwright.train.running import Running

__all__ = [
    "REFIT_SHARE",
    "SEEDS_KEPT",
    "expected_heft",
    "expected_overhead",
    "more_rows",
    "refit_seconds",
    "shipped_times",
]

REFIT_MARGIN = 1.25
"""Some members take longer than their rows tell."""

REFIT_SHARE = 0.45
"""Most of the training time that is kept for the refit and the learning curve: the models of the folds can stand in for
members whose refit would cost more. Where not even the weightiest member could be fitted again in it, they stand in for
all, and the time is better spent on further candidates."""

SEEDS_KEPT = 2
"""Fits of each member that time is kept for where the version may hold several: the second gains most."""

SAVING_S = 0.2e-6
"""Processor seconds for each byte of a model that is saved: LightGBM's text is looked at in 0.12e-6 to 0.16e-6, forests
are packed in 0.2e-6."""

CURVE_FITS = 0.7
"""Fits that half of the rows takes, with room to spare, in each fold of a repetition or once for a lockbox: that point
of the learning curve is kept time for."""


def more_rows(job: Job) -> float:
    """Return how many times the rows of a fold's training part a refit sees."""
    fold = min(job.max_train_rows, float(np.median([len(train) for train, _ in job.folds])))
    return min(job.max_train_rows, len(job.y)) / max(1.0, fold)


def shipped_times(job: Job) -> float:
    """Return how many times the bytes of the models of a fold time is kept for in the version."""
    return min(SEEDS_KEPT, job.seeds) * more_rows(job)


def expected_heft(job: Job, candidate: Candidate, slowness: float) -> Heft:
    """Return what a model of a fold will cost later before there is one: of a usual size, or what there is room for."""
    from modelwright import learners

    growth = learners.get(candidate.learner).card.growth
    if growth is None or job.most_bytes is None:
        return Heft(0.0, 0.0)
    size = min(float(job.most_bytes), growth.usual_bytes(candidate.settings, job.n_outputs))
    return Heft(size, slowness * size * ROW_S)


def expected_overhead(job: Job, heft: Heft, slowness: float) -> float:
    """Return the seconds that predicting and saving are expected to take in a trial, before any was seen."""
    rows = len(job.holdout) + TRAIN_SAMPLE + float(np.median([len(valid) for _, valid in job.folds]))
    return rows * heft.row_seconds + slowness * SAVING_S * heft.size


def refit_seconds(job: Job, members: Sequence[Running], *, folds: int, n_workers: int, most: float) -> float:
    """Return the seconds to keep for refitting these members, and for the learning curve; 0 while there is no model.

    ``most`` are the seconds that may be kept, see `REFIT_SHARE`.
    """
    if not members:
        return 0.0
    seconds = [min(SEEDS_KEPT, job.seeds) * more_rows(job) * r.fit_seconds for r in members]
    curve_folds = 1 if len(job.holdout) else len(first_repeat(job, folds))
    at_once = -(-min(curve_folds, folds) // n_workers)
    best = max(members, key=lambda r: r.weight)
    curve = CURVE_FITS * at_once * best.fit_seconds if job.folds_report else 0.0
    if more_rows(job) * best.fit_seconds * REFIT_MARGIN > most:
        return min(curve, most)
    return min(max(sum(seconds) / n_workers, *seconds) * REFIT_MARGIN + curve + 0.3, most)
