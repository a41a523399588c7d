"""Smaller ensembles beside the best: what each would lose in score, and save in time and size.

The members are taken away one by one, each time the one that is missed least, and those that stay are weighed anew.
Without limits the smallest ensemble is chosen that loses next to nothing; with limits, the best that keeps them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modelwright.evaluate.metrics import Metric
from modelwright.train.ensemble import greedy_weights

__all__ = ["Costs", "Point", "chosen_point", "frontier"]

MOST_ROWS = 6_000
"""Rows on which ensembles are compared."""

FREE = 2e-4
"""Part of the loss that a smaller ensemble may lose without being asked for: the fourth digit."""


@dataclass(frozen=True)
class Costs:
    """Of scoring one row, in milliseconds; of keeping the models on disk, in bytes; and what packaging them is expected
    to take, in seconds."""

    milliseconds: float
    size: float
    seconds: float = 0.0

    def __add__(self, other: Costs) -> Costs:
        return Costs(self.milliseconds + other.milliseconds, self.size + other.size, self.seconds + other.seconds)


@dataclass(frozen=True)
class Point:
    """An ensemble on the frontier.

    Attributes
    ----------
    weights : ndarray, shape (n_candidates,)
    loss : float
        On the rows that were compared.
    noise : float
        Standard error of the difference between its loss and the best one's.
    costs : Costs
    """

    weights: np.ndarray
    loss: float
    noise: float
    costs: Costs

    @property
    def members(self) -> int:
        return int(np.count_nonzero(self.weights))


def frontier(
    metric: Metric,
    y: np.ndarray,
    predictions: np.ndarray,
    weights: np.ndarray,
    costs: Sequence[Costs | None],
) -> tuple[Point, ...]:
    """Return the ensemble itself and the smaller ones, the largest first.

    Parameters
    ----------
    metric : Metric
    y : ndarray, shape (n_rows,)
    predictions : ndarray, shape (n_candidates, n_rows, n_outputs)
        Out-of-fold predictions.
    weights : ndarray, shape (n_candidates,)
        Of the best ensemble.
    costs : sequence of Costs or None
        Of every candidate with a weight.
    """
    if len(y) > MOST_ROWS:
        rows = np.linspace(0, len(y) - 1, MOST_ROWS).astype(np.intp)
        y, predictions = y[rows], predictions[:, rows]
    best = np.tensordot(weights, predictions, axes=1)
    found = [_point(metric, y, predictions, weights, best, costs)]
    kept = np.flatnonzero(weights)
    while len(kept) > 1:
        kept = np.delete(kept, _least_missed(metric, y, predictions, found[-1].weights, kept))
        smaller = np.zeros(len(weights))
        smaller[kept] = greedy_weights(metric.loss, y, predictions[kept])
        kept = np.flatnonzero(smaller)
        found.append(_point(metric, y, predictions, smaller, best, costs))
    return tuple(found)


def chosen_point(
    points: Sequence[Point],
    *,
    milliseconds: float | None = None,
    size: float | None = None,
    members: int | None = None,
    seconds: float | None = None,
) -> int:
    """Return which point to take: within the limits the smallest that loses next to nothing against the best there.

    Where none is within them, the quickest: the gate of the limit will tell. ``seconds`` are left for packaging: of
    those within the limits, those that take longer are left alone, but for the one that takes least.
    """
    within = [
        i
        for i, p in enumerate(points)
        if (milliseconds is None or p.costs.milliseconds <= milliseconds)
        and (size is None or p.costs.size <= size)
        and (members is None or p.members <= members)
    ]
    if not within:
        return min(range(len(points)), key=lambda i: points[i].costs.milliseconds)
    if seconds is not None:
        in_time = [i for i in within if points[i].costs.seconds <= seconds]
        within = in_time or [min(within, key=lambda i: points[i].costs.seconds)]
    best = min(points[i].loss for i in within)
    return max(i for i in within if points[i].loss <= best + FREE * abs(best))


def _least_missed(metric: Metric, y: np.ndarray, predictions: np.ndarray, weights: np.ndarray, kept: np.ndarray) -> int:
    """Return the position in ``kept`` of the member without which the others lose least."""
    losses = []
    for member in kept:
        rest = weights.copy()
        rest[member] = 0.0
        total = rest.sum()
        rest = rest / total if total else np.where(np.isin(np.arange(len(rest)), kept) & (rest == 0), 1 / len(kept), 0)
        losses.append(metric.loss(y, np.tensordot(rest, predictions, axes=1)))
    return int(np.argmin(losses))


def _point(
    metric: Metric,
    y: np.ndarray,
    predictions: np.ndarray,
    weights: np.ndarray,
    best: np.ndarray,
    costs: Sequence[Costs | None],
) -> Point:
    mixed = np.tensordot(weights, predictions, axes=1)
    noise = 0.0
    if not np.array_equal(mixed, best):
        difference = metric.influence(y, mixed)[0] - metric.influence(y, best)[0]
        noise = float(np.sqrt(np.square(difference).sum()))
    total = Costs(0.0, 0.0)
    for weight, cost in zip(weights, costs, strict=True):
        if weight and cost is not None:
            total += cost
    return Point(weights, metric.loss(y, mixed), noise, total)
