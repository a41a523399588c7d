"""A neural network for tables: members that share their weights, numbers as ramps, averaged weights.

The parts are those by which networks have come close to boosted trees on tables: robust scaling with a smooth clip and
learning rates by the width of layers (RealMLP, Holzmüller et al. 2024), piecewise linear numbers (Gorishniy et al.
2022), and an ensemble within the network (TabM, Gorishniy et al. 2025), here at the cost of one member.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from modelwright.learners.base import FitContext, Fitted
from modelwright.learners.family import ANY_OBJECTIVE, Family, MeasuredCard, Valid, read_settings, rng_seed
from modelwright.learners.networks.members import Layout, Members
from modelwright.learners.networks.ramping import fit_ramps, strength
from modelwright.learners.networks.training import (
    Batches,
    Errors,
    Pace,
    Steps,
    absolute_errors,
    crossed_errors,
    squared_errors,
)
from modelwright.learners.rounds import Rounds, stopping_loss
from modelwright.learners.spaces import Choice, Log
from modelwright.runtime.scorers.network import NetworkScorer, Outcome
from modelwright.runtime.scorers.ramps import Ramps
from modelwright.runtime.view import View

__all__ = ["Mlp", "MlpSettings"]

PATIENCE = 16
LEAST_EPOCHS = 8
USUAL_EPOCHS, USUAL_ROWS, EPOCHS_BOUNDS = 60, 4_000, (16, 100)
"""So many epochs of so many rows: twice as many took 0.1 % more off the loss of ensembles, on six public tables."""

BATCH = 256
SMALLEST_BATCHES = 8
"""A table of few rows still gets so many steps an epoch."""

STOPPED = 0.6
"""Part of the epochs after which most fits have stopped."""

ABSENT_ROWS = 0.1
"""Rows that a class without any is taken to have, for the first biases of the outputs."""

WATCHED_ROWS = 10_000
"""Validation rows looked at after each epoch."""


@dataclass(frozen=True, kw_only=True)
class MlpSettings:
    """Settings of the network.

    Attributes
    ----------
    hidden : tuple of int
        Units of each hidden layer.
    members : int or None
        None: `VALUES_MEMBERS` or `CLASSES_MEMBERS`.
    ramps : int
        Most ramps of a number; 0 for none.
    epochs : int or None
        Most epochs; None: by rows.
    rate : float or None
        Learning rate of a weight of a unit with one input; None: `VALUES_RATE` or `CLASSES_RATE`.
    drop : float or None
        Share of hidden units that are silent in a step; None: `VALUES_DROP` or `CLASSES_DROP`.
    decay : float
        Weight decay, relative to the learning rate.
    """

    hidden: tuple[int, ...] | list[int] = (128, 128)
    members: int | None = None
    ramps: int = 16
    epochs: int | None = None
    rate: float | None = None
    drop: float | None = None
    decay: float = 0.02


VALUES_RATE, CLASSES_RATE = 0.1, 0.04
VALUES_MEMBERS, CLASSES_MEMBERS = 2, 4
VALUES_DROP, CLASSES_DROP = 0.0, 0.3
"""Chosen on some twenty public tables, up to 3,200 training rows each, by the loss on rows apart: values want small
steps and few members, which see more rows each; classes are soon learned by heart, against which members and silent
units help. RealMLP has the rates 0.2 and 0.04, and 15 % silent units."""


@dataclass(frozen=True)
class Native:
    """The network as it was trained, in double precision: the slow, obvious twin of its scorer."""

    inputs: Ramps
    members: Members
    outcome: Outcome


class Mlp(Family):
    """A neural network of several members."""

    space: ClassVar = {
        "hidden": Choice(((96, 96), (128, 128), (128, 128, 128), (192, 96))),
        "members": Choice((2, 4, 6)),
        "ramps": Choice((0, 8, 16, 32)),
        "rate": Log(0.02, 0.3),
        "drop": Choice((0.0, 0.1, 0.2, 0.3, 0.4)),
        "decay": Log(0.005, 0.1),
    }
    """After the spaces of RealMLP and TabM in TabArena (Erickson et al. 2025), as wide as budgets of minutes allow."""

    card: ClassVar[MeasuredCard] = MeasuredCard(
        name="mlp",
        title="Neural network",
        view="linear",
        objectives=ANY_OBJECTIVE,
        max_rows=500_000,
        max_features=2_000,
        max_classes=200,
        stoppable=True,
        watches=True,
        chancy=True,
        source="RealMLP (Holzmüller et al. 2024); TabM and piecewise linear numbers (Gorishniy et al. 2025, 2022)",
        cost=lambda n, p, k: 0.1 + STOPPED * _epochs(n) * (4e-3 + n * (4e-6 + 2.5e-7 * p + 1.5e-7 * k)),
    )

    def portfolio(
        self, *, n_rows: int, n_features: int, n_classes: int, target: str = "plain"
    ) -> tuple[Mapping[str, Any], ...]:
        """Return the one setting."""
        return ({"name": "default", "epochs": _epochs(n_rows)},)

    def quicker(self, settings: Mapping[str, Any], factor: float) -> Mapping[str, Any]:
        """Return the settings with fewer epochs."""
        epochs = int(settings.get("epochs", USUAL_EPOCHS))
        return {**settings, "epochs": min(epochs, max(LEAST_EPOCHS, round(epochs / factor)))}

    def _fit(
        self,
        view: View,
        y: np.ndarray,
        settings: Mapping[str, Any],
        context: FitContext,
        valid: Valid,
        iterations: int | None,
    ) -> Fitted:
        chosen = read_settings(MlpSettings, settings)
        rng = np.random.default_rng(rng_seed(context.seed))
        inputs = fit_ramps(view.matrix, view.names, chosen.ramps)
        outcome, errors, bias = _question(y, context)
        n_members = chosen.members or (CLASSES_MEMBERS if context.n_classes else VALUES_MEMBERS)
        layout = Layout((inputs.width, *chosen.hidden, len(bias)), n_members)
        size = max(n_members, min(BATCH, len(y) // SMALLEST_BATCHES))
        batches = Batches(inputs, view.matrix, n_members, size)
        steps = Steps(layout, layout.start(rng, strength(inputs), bias), _pace(chosen, context), rng)
        watched = None if valid is None else Watched(inputs, valid, outcome, context)
        rounds = Rounds(context.deadline, PATIENCE if valid else None)
        best = steps.mean
        for epoch in range(1, (iterations or chosen.epochs or _epochs(len(y))) + 1):
            steps.epoch(batches, errors, lambda: context.deadline.passed)
            stop = rounds.stop(epoch, watched.loss(Members(layout, steps.mean)) if watched else None)
            if rounds.best == epoch:
                best = steps.mean.copy()
            if stop:
                break
        native = Native(inputs, Members(layout, best.astype(np.float64)), outcome)
        note = rounds.note.replace("rounds", "epochs")
        return Fitted(_scorer(inputs, layout, best, outcome), native, rounds.best, note)

    def _native_predict(self, native: Any, matrix: np.ndarray) -> np.ndarray:
        return native.outcome(native.members.outputs(native.inputs(matrix)[None]).mean(axis=0))


class Watched:
    """The rows that say when to stop."""

    def __init__(self, inputs: Ramps, valid: tuple[View, np.ndarray], outcome: Outcome, context: FitContext) -> None:
        rows = np.linspace(0, len(valid[1]) - 1, min(len(valid[1]), WATCHED_ROWS)).astype(np.intp)
        self._inputs, self._y = inputs(valid[0].matrix[rows]).astype(np.float32)[None], valid[1][rows]
        self._outcome, self._loss = outcome, stopping_loss(context.metric, context.n_classes)

    def loss(self, members: Members) -> float:
        """Return the loss of the members together."""
        prediction = self._outcome(members.outputs(self._inputs).mean(axis=0).astype(np.float64))
        if self._loss == "log_loss":
            given = prediction[np.arange(len(self._y)), self._y.astype(np.int64)]
            return float(-np.log(np.maximum(given, 1e-12)).mean())
        error = prediction[:, 0] - self._y
        return float(np.abs(error).mean() if self._loss == "mae" else np.sqrt(np.square(error).mean()))


def _question(y: np.ndarray, context: FitContext) -> tuple[Outcome, Errors, np.ndarray]:
    """Return what outputs mean, how wrong they are, and their first biases."""
    n_classes = context.n_classes
    if not n_classes:
        offset, spread = float(y.mean()), float(y.std())
        kind = absolute_errors if stopping_loss(context.metric, 0) == "mae" else squared_errors
        outcome = Outcome(0, offset, spread, float(y.min()), float(y.max()))
        return outcome, kind((y - offset) / spread), np.zeros(1)
    labels = y.astype(np.int64)
    prior = np.log(np.maximum(np.bincount(labels, minlength=n_classes), ABSENT_ROWS) / len(y))
    bias = prior[1:] - prior[:1] if n_classes == 2 else prior
    return Outcome(n_classes), crossed_errors(labels, n_classes), bias


def _pace(chosen: MlpSettings, context: FitContext) -> Pace:
    rate = (CLASSES_RATE if context.n_classes else VALUES_RATE) if chosen.rate is None else chosen.rate
    drop = (CLASSES_DROP if context.n_classes else VALUES_DROP) if chosen.drop is None else chosen.drop
    return Pace(rate=rate, decay=chosen.decay, drop=drop)


def _epochs(n_rows: int) -> int:
    """Return most epochs: on many rows fewer are as many steps."""
    low, high = EPOCHS_BOUNDS
    return int(np.clip(round(USUAL_EPOCHS * (USUAL_ROWS / max(n_rows, 1)) ** 0.3), low, high))


def _scorer(inputs: Ramps, layout: Layout, weights: np.ndarray, outcome: Outcome) -> NetworkScorer:
    named = {name: np.ascontiguousarray(part) for name, part in layout.views(weights).items()}
    return NetworkScorer(
        inputs,
        named["scales"][:, 0],
        [named[f"w{i}"] for i in range(layout.n_layers)],
        [named[f"b{i}"][:, 0] for i in range(layout.n_layers)],
        named["head"],
        named["head_bias"][:, 0],
        outcome,
    )
