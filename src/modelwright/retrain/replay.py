"""Months of life in minutes: what maintenance would have been worth on a stream of rows whose labels are known by now.

Three lives are lived on the same windows. *Frozen*: the champion answers to the end. *Maintained*: every window is
watched; harm, or many new rows, has the recipes learn again; the newest labelled rows, which neither was fitted on,
decide whether the new model answers from then on, and later ones whether it goes on; between trainings the calibrator
is fitted again where that helps. *Every window*: the recipes learn
from all labelled rows after each window, whatever they are.

What must stay true: at the end of a window nobody knows more than the rows up to there, and the labels of rows that are
older than the delay.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from modelwright.data.columns import take
from modelwright.evaluate.blocks import time_blocks
from modelwright.evaluate.intervals import mean_measurement
from modelwright.evaluate.measurements import Measurement
from modelwright.monitor.documents import Judgement
from modelwright.package.bundle import Version
from modelwright.project import Project
from modelwright.retrain.challenge import losses_of
from modelwright.retrain.living import Life
from modelwright.retrain.opening import open_world
from modelwright.retrain.recipes import Question
from modelwright.retrain.tables import FEWEST_NEW
from modelwright.retrain.triggers import Waiting
from modelwright.retrain.world import Cost, World

__all__ = ["Replay", "ReplayWindow", "Told", "replay"]

WINDOWS = 50
Told = Callable[[int, int, str], None]


@dataclass(frozen=True, kw_only=True)
class ReplayWindow:
    """A window of the stream.

    Attributes
    ----------
    labelled : int
        Rows with a label.
    frozen, maintained, every_window : float or None
        Mean losses; None where no row has a label.
    judgement : str
        Of monitoring, in the maintained life.
    actions : tuple of str
        What maintenance did after it: ``"trained"``, ``"promoted"``, ``"taken back"``, ``"recalibrated"``.
    """

    labelled: int
    frozen: float | None
    maintained: float | None
    every_window: float | None
    judgement: str
    actions: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Replay:
    """What the three lives came to: mean loss over the stream's labelled rows, and what maintenance did.

    Attributes
    ----------
    loss : str
        What is averaged: ``"log loss"``, ``"squared error"`` or ``"absolute error"``.
    frozen, maintained, every_window : float
    gain : Measurement
        What maintenance is worth: mean loss of the frozen life less that of the maintained one, paired.
    behind : Measurement
        What it leaves to be had: mean loss of the maintained life less that of the one trained after every window.
    retrains : int
        Attempts; ``promotions`` of them changed who answers, ``rollbacks`` were taken back.
    recalibrations : int
        How often the calibrator of who answers was fitted again, which is no training.
    probes : int
        How often it was asked whether there is anything to learn, at some hundredth of the cost of a training.
    rows_fitted, rows_fitted_always : int
        Rows that models of the maintained life, and of the one trained after every window, were fitted on; counted
        once for each model, those of attempts and of what was tried to choose rows among them.
    alarms : int
        Windows judged harmful or broken; ``refused`` were broken, and nothing learned from them.
    windows, rows, labelled : int
    judgements : tuple of str
        Of each window.
    events : tuple of str
        What maintenance did, a sentence each.
    by_window : tuple of ReplayWindow
    """

    loss: str
    frozen: float
    maintained: float
    every_window: float
    gain: Measurement
    behind: Measurement
    retrains: int
    probes: int
    promotions: int
    rollbacks: int
    alarms: int
    refused: int
    windows: int
    rows: int
    labelled: int
    rows_fitted: int
    rows_fitted_always: int
    judgements: tuple[str, ...]
    events: tuple[str, ...]
    by_window: tuple[ReplayWindow, ...] = ()
    told: tuple[str, ...] = ()
    recalibrations: int = 0


def replay(
    project: Project,
    stream: Any,
    *,
    time: str,
    label_delay: str | None = None,
    windows: int = WINDOWS,
    tell: Told = lambda done, total, text: None,
) -> Replay:
    """Live through a stream.

    Parameters
    ----------
    project : Project
        Its champion is who answers first. Nothing in it is changed.
    stream : path or table
        Rows with their target.
    time : str
        Column that says when a row came.
    label_delay : str or None
        How long after that its label is known, ``"7d"``; in the unit of a time column of numbers. None: at once.
    windows : int
        Of equally many rows.
    tell : callable
        ``tell(done, total, text)`` after each window.

    Raises
    ------
    UsageError
        The stream has no such column (MW-U802), or the delay is in another unit.
    DataError
        Too few of its rows are new to the project (MW-D801).
    """
    with tempfile.TemporaryDirectory(prefix="modelwright-replay-") as folder:
        world, told = open_world(project, stream, time=time, label_delay=label_delay, folder=Path(folder))
        return _Replay(world, told).live(windows, tell)


class _Replay:
    """The three lives of a world."""

    def __init__(self, world: World, told: tuple[str, ...]) -> None:
        self.world, self.told = world, told

    def live(self, windows: int, tell: Told) -> Replay:
        """Return what the three lives came to."""
        world, old = self.world, self.world.old
        n = world.table.num_rows
        parts = [p for p in np.array_split(np.arange(old, n), windows) if len(p)]
        frozen = world.first.plan.predict(world.question.columns)
        always, eager, cost = frozen.copy(), world.first, Cost()
        life = Life(
            world=world,
            version=world.first,
            waiting=Waiting(trained_on=world.first.manifest.rows.get("used", old) or old),
            answered=frozen.copy(),
            learnable=np.ones(n, dtype=bool),
            since=old,
            looked_at=old,
        )
        for number, part in enumerate(parts):
            always[part] = eager.plan.predict(take(world.question.columns, part))
            found = life.look(part)
            if number + 1 < len(parts):
                known = world.known(part)
                life.maintain(known, found)
                eager = self._eager(eager, known, cost)
            tell(number + 1, len(parts), life.judgements[-1])
        return self._sum_up(life, frozen, always, cost, parts)

    def _eager(self, before: Version, known: np.ndarray, cost: Cost) -> Version:
        """Return who answers where a model is made after every window."""
        if len(known) <= self.world.old and len(known) < FEWEST_NEW:
            return before
        return self.world.remade(known, cost)

    def _sum_up(
        self, life: Life, frozen: np.ndarray, always: np.ndarray, cost: Cost, parts: list[np.ndarray]
    ) -> Replay:
        question = self.world.question
        rows = np.arange(self.world.old, len(question.y))
        rows = rows[~np.isnan(question.y[rows])]
        y = question.y[rows]
        losses = {
            name: losses_of(question.metric, y, prediction[rows])
            for name, prediction in (("frozen", frozen), ("maintained", life.answered), ("every_window", always))
        }
        ranks = np.unique(question.order[rows], return_inverse=True)[1].astype(np.int64)
        blocks = time_blocks(ranks, y, life.answered[rows])

        def difference(one: str, other: str) -> Measurement:
            return mean_measurement("loss", losses[one] - losses[other], groups=blocks, seed=question.seed)

        return Replay(
            loss=_loss_name(question),
            **{name: float(own.mean()) for name, own in losses.items()},
            gain=difference("frozen", "maintained"),
            behind=difference("maintained", "every_window"),
            retrains=life.retrains,
            probes=life.probes,
            promotions=life.promotions,
            rollbacks=life.rollbacks,
            alarms=sum(j in (Judgement.HARMFUL, Judgement.BROKEN) for j in life.judgements),
            refused=sum(j == Judgement.BROKEN for j in life.judgements),
            windows=len(parts),
            rows=len(question.y) - self.world.old,
            labelled=len(rows),
            rows_fitted=life.cost.rows,
            rows_fitted_always=cost.rows,
            judgements=tuple(life.judgements),
            events=tuple(life.events),
            by_window=tuple(_by_window(life, losses, [np.flatnonzero(np.isin(rows, part)) for part in parts])),
            told=self.told,
            recalibrations=life.recalibrations,
        )


def _by_window(life: Life, losses: dict[str, np.ndarray], parts: list[np.ndarray]) -> Iterator[ReplayWindow]:
    for number, rows in enumerate(parts):
        yield ReplayWindow(
            labelled=len(rows),
            frozen=_mean(losses["frozen"][rows]),
            maintained=_mean(losses["maintained"][rows]),
            every_window=_mean(losses["every_window"][rows]),
            judgement=life.judgements[number],
            actions=tuple(life.actions.get(number + 1, ())),
        )


def _mean(losses: np.ndarray) -> float | None:
    return float(losses.mean()) if len(losses) else None


def _loss_name(question: Question) -> str:
    from modelwright.retrain.challenge import BY_SIZE

    if question.classes:
        return "log loss"
    return "absolute error" if question.metric in BY_SIZE else "squared error"
