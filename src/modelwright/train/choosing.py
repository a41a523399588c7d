"""Which candidates make the ensemble: the smallest within noise of the best that limits and time allow."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from modelwright.brief import Limits
from modelwright.evaluate import metrics
from modelwright.format import plural
from modelwright.train.ahead import Heft, seconds_ahead
from modelwright.train.costing import CostTask, costs_of
from modelwright.train.ensemble import greedy_weights
from modelwright.train.frontier import Costs, Point, chosen_point, frontier
from modelwright.train.keeping import more_rows
from modelwright.train.out_of_fold import OutOfFold
from modelwright.train.running import Running
from modelwright.train.session import Session

__all__ = ["Choice", "choose"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Choice:
    """The candidates that finished, and what is made of them.

    Attributes
    ----------
    done : list of Running
    oof : OutOfFold
        What they said of rows that they had not seen.
    points : tuple of Point
        The ensembles that could be chosen.
    taken : int
        Which one is.
    note : str
        What is to be said where time made it a smaller one.
    costs : dict of Costs
        What candidates with a weight cost when they serve, by key.
    """

    done: list[Running]
    oof: OutOfFold
    points: tuple[Point, ...]
    taken: int
    note: str
    costs: dict[str, Costs]

    @property
    def weights(self) -> np.ndarray:
        """Of the candidates, shape (n_done,)."""
        return self.points[self.taken].weights

    @property
    def prediction(self) -> np.ndarray:
        """What the ensemble says of rows that none of its models had seen, shape (n_oof, n_outputs)."""
        return np.tensordot(self.weights, self.oof.predictions, axes=1)

    @property
    def members(self) -> list[tuple[Running, float]]:
        """The candidates that are taken, with their weights."""
        return [(r, float(w)) for r, w in zip(self.done, self.weights, strict=True) if w > 0]

    @property
    def best(self) -> Running:
        """The weightiest."""
        return self.done[int(np.argmax(self.weights))]

    @property
    def hefts(self) -> list[Heft]:
        """What the models of a fold cost later."""
        return [r.heft for r, _ in self.members]


def choose(
    session: Session, done: list[Running], folds: int, limits: Limits, known: Mapping[str, Costs] | None = None
) -> Choice:
    """Return the ensemble of some finished candidates, weighed by what they said in so many folds.

    ``known`` are costs that were measured before: they are not measured again.
    """
    job, horizon = session.job, session.horizon
    metric, oof = metrics.get(job.metric), OutOfFold(job, folds, done)
    weights = greedy_weights(metric.loss, oof.y, oof.predictions, seed=job.seed)
    measured = dict(known or {})
    tasks = [
        CostTask(
            r.candidate.key,
            str(job.run_folder / r.lines[0].files),
            seconds_ahead((r.heft,), shipped=more_rows(job), slowness=horizon.pace.now),
        )
        for r, weight in zip(done, weights, strict=True)
        if weight and r.candidate.key not in measured
    ]
    measured.update(zip((task.key for task in tasks), costs_of(job, session.engine, tasks), strict=True))
    costs = [measured[r.candidate.key] if weight else None for r, weight in zip(done, weights, strict=True)]
    points = frontier(metric, oof.y, oof.predictions, weights, costs)
    within = partial(
        chosen_point, points, milliseconds=limits.latency_ms, size=limits.artefact_bytes, members=limits.members
    )
    taken, note = within(), ""
    if session.timed:
        left = max(0.0, horizon.until((), shipped=0.0) - time.monotonic())
        unhurried, taken = taken, within(seconds=left)
        note = "" if taken == unhurried else _smaller(points[unhurried], points[taken], left)
    return Choice(done=done, oof=oof, points=points, taken=taken, note=note, costs=measured)


def _smaller(best: Point, smaller: Point, left: float) -> str:
    return (
        f"{plural(smaller.members, 'candidate')} instead of {best.members}: to explain and package those would take "
        f"about {best.costs.seconds:.0f} s, and {left:.0f} s were left"
    )
