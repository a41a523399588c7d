"""Which rows a fit sees, which of them stop it, and which it is asked about afterwards."""

from __future__ import annotations

import numpy as np

from modelwright.train.job import Job

__all__ = ["TRAIN_SAMPLE", "early_stopping_rows", "part_of", "sampled", "train_sample"]

TRAIN_SAMPLE = 2000
"""Training rows of the first fold that are predicted too, to tell over- from underfitting."""

INNER_VALID = 0.15
"""Part of the training rows set aside for early stopping where the validation rows must choose nothing."""


def sampled(job: Job, rows: np.ndarray, *, salt: int) -> np.ndarray:
    """Return the rows that a fit sees: all, or as many as the job allows."""
    if len(rows) <= job.max_train_rows:
        return rows
    rng = np.random.default_rng([job.seed, salt, 7])
    return np.sort(rng.choice(rows, job.max_train_rows, replace=False))


def part_of(job: Job, rows: np.ndarray, share: float) -> np.ndarray:
    """Return part of the training rows: the most recent where rows are ordered, whole groups, or a random part."""
    if job.order is not None:
        latest = np.argsort(job.order[rows], kind="stable")[-max(2, int(len(rows) * share)) :]
        return rows[np.sort(latest)]
    rng = np.random.default_rng([job.seed, 11])
    if job.groups is not None:
        names = rng.permutation(np.unique(job.groups[rows]))
        kept = names[: max(2, int(np.ceil(len(names) * share)))]
        return rows[np.isin(job.groups[rows], kept)]
    return np.sort(rng.permutation(rows)[: max(2, int(len(rows) * share))])


def early_stopping_rows(job: Job, fold: int, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Return positions to fit on and to stop by.

    With a lockbox the validation rows may stop the fit (they choose, but report nothing). Without one the
    validation rows make the reported estimate, so rows are set aside inside the training part.
    """
    everything = np.arange(len(rows))
    if len(job.holdout) or not job.folds_report:
        return everything, None
    rng = np.random.default_rng([job.seed, fold, 3])
    n_stop = max(2, round(INNER_VALID * len(rows)))
    if job.order is not None:
        stop = np.sort(np.argsort(job.order[rows], kind="stable")[-n_stop:])
    elif job.groups is not None:
        names = rng.permutation(np.unique(job.groups[rows]))
        stop = everything[np.isin(job.groups[rows], names[: max(1, round(INNER_VALID * len(names)))])]
    elif job.n_classes:
        stop = _stratified_part(job.y[rows], rng)
    else:
        stop = np.sort(rng.permutation(everything)[:n_stop])
    fit = np.setdiff1d(everything, stop)
    if job.groups is not None:
        apart = fit[~np.isin(job.groups[rows][fit], job.groups[rows][stop])]
        fit = apart if len(apart) >= len(fit) // 2 else fit
    if len(fit) < 2 or len(stop) < 1:
        return everything, everything
    return fit, stop


def _stratified_part(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return positions of about `INNER_VALID` of each class with two rows or more."""
    parts = []
    for c in np.unique(y):
        members = rng.permutation(np.flatnonzero(y == c))
        if len(members) >= 2:
            parts.append(members[: max(1, round(INNER_VALID * len(members)))])
    return np.sort(np.concatenate(parts)) if parts else np.array([], int)


def train_sample(job: Job, n: int) -> np.ndarray:
    """Return positions of rows that a model was fitted on and is asked about, to tell over- from underfitting."""
    rng = np.random.default_rng([job.seed, 5])
    return np.sort(rng.permutation(n)[:TRAIN_SAMPLE])
