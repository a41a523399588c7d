"""What is kept of the time for training: for fitting the members again, and for the learning curve."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelwright.train.job import Job, first_repeat
from modelwright.train.running import Running

__all__ = ["REFIT_SHARE", "SEEDS_KEPT", "more_rows", "refit_seconds", "shipped_times"]

REFIT_MARGIN = 1.25
"""Some members take longer than their rows tell."""

REFIT_SHARE = 0.45
"""Most of the training time that is kept for the refit and the learning curve: the models of the folds can stand in for
members whose refit would cost more. Where not even the weightiest member could be fitted again in it, they stand in for
all, and the time is better spent on further candidates."""

SEEDS_KEPT = 2
"""Fits of each member that time is kept for where the version may hold several: the second gains most."""

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
