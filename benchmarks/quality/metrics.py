"""The metric of an objective, the smaller the better: 1 - ROC AUC, log loss, RMSE; and its resampling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

__all__ = ["NAMES", "problem_with", "resampled", "score"]

NAMES = {"binary": "1 - ROC AUC", "multiclass": "log loss", "regression": "RMSE"}
LEAST_CHANCE = 1e-15
"""Chances are held above it, as competitions do: a class that was called impossible costs 34.5."""

AT_ONCE = 2_000_000
"""Most cells of the counts that are drawn at a time."""


def problem_with(objective: str, table: np.ndarray, rows: int) -> str | None:
    """Return why predictions cannot be scored, or None where they can."""
    if len(table) != rows:
        return f"{len(table)} predictions of {rows} rows"
    if not np.isfinite(table).all():
        return f"{(~np.isfinite(table)).any(axis=1).sum()} rows without a finite prediction"
    if objective == "multiclass" and ((table < 0).any() or (table.sum(axis=1) <= 0).any()):
        return "chances below zero"
    return None


def score(objective: str, truth: np.ndarray, table: np.ndarray, classes: Sequence[str]) -> float:
    """Return the metric of predictions.

    Parameters
    ----------
    table : ndarray of shape (n_rows, n_classes) or (n_rows, 1)
        Chances in the order of the classes, or values.
    """
    once = np.ones((1, len(truth)), dtype=int)
    return float(_scores(objective, _evidence(objective, truth, table, classes), once)[0])


def resampled(
    objective: str, truth: np.ndarray, tables: Sequence[np.ndarray], classes: Sequence[str], *, times: int, seed: int
) -> np.ndarray:
    """Return the metric on rows drawn with replacement, for all tables on the same rows.

    Returns
    -------
    ndarray of shape (n_tables, times)
        Not a number where a draw held one class alone, of which there is no ROC AUC.
    """
    evidence = [_evidence(objective, truth, table, classes) for table in tables]
    parts = [
        np.stack([_scores(objective, each, counts) for each in evidence]) for counts in _draws(len(truth), times, seed)
    ]
    return np.concatenate(parts, axis=1)


def _draws(rows: int, times: int, seed: int) -> Iterator[np.ndarray]:
    """Yield how often each row is drawn, (draws, rows), as many draws at once as memory is kept for."""
    generator = np.random.default_rng(seed)
    step = max(1, AT_ONCE // rows)
    for begin in range(0, times, step):
        drawn = min(step, times - begin)
        yield np.stack([np.bincount(generator.integers(rows, size=rows), minlength=rows) for _ in range(drawn)])


Evidence = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Of ROC AUC: the order of the rows by chance, where each run of equal chances begins in it, and whether a row in that
order is an event. Of the others: the losses of the rows, and nothing."""


def _evidence(objective: str, truth: np.ndarray, table: np.ndarray, classes: Sequence[str]) -> Evidence:
    nothing = np.empty(0, dtype=int)
    if objective == "binary":
        chance = table[:, 1]
        order = np.argsort(chance, kind="stable")
        begins = np.flatnonzero(np.r_[True, np.diff(chance[order]) > 0])
        return order, begins, (truth == classes[1])[order].astype(int)
    if objective == "multiclass":
        place = {name: i for i, name in enumerate(classes)}
        chances = table / table.sum(axis=1, keepdims=True)
        own = chances[np.arange(len(truth)), [place[label] for label in truth]]
        return -np.log(np.clip(own, LEAST_CHANCE, 1)), nothing, nothing
    return (table[:, 0] - truth.astype(float)) ** 2, nothing, nothing


def _scores(objective: str, evidence: Evidence, counts: np.ndarray) -> np.ndarray:
    """Return the metric for each line of counts of the rows."""
    if objective != "binary":
        means = counts @ evidence[0] / counts.sum(axis=1)
        return np.sqrt(means) if objective == "regression" else means
    order, begins, events = evidence
    sorted_counts = counts[:, order]
    of_events = np.add.reduceat(sorted_counts * events, begins, axis=1).astype(float)
    of_others = np.add.reduceat(sorted_counts * (1 - events), begins, axis=1).astype(float)
    below = np.cumsum(of_others, axis=1) - of_others
    with np.errstate(invalid="ignore"):
        area = (of_events * (below + of_others / 2)).sum(axis=1) / (of_events.sum(axis=1) * of_others.sum(axis=1))
    return 1 - area
