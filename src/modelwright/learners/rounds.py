"""When to stop adding rounds: the deadline, the size, or no gain on the validation rows for long enough."""

from __future__ import annotations

import time

import numpy as np

from modelwright.learners.base import Deadline

__all__ = ["Rounds", "patience_for", "stopping_loss"]

PATIENCE_STEP = 4.0
"""Patience times learning rate: 80 rounds at 0.05. AutoGluon goes from 300 (few rows) to 20 (many) at 0.05; this is
between, and follows the learning rate because what a round can gain does."""

PATIENCE_BOUNDS = (30, 250)

SMALLEST_GAIN = 1e-5
"""Improvement, as a share of the loss after the first round, that counts as going on: less is noise and costs time."""

ROUND_MEMORY = 0.7
"""How long the slowest round so far is expected again: rounds grow and shrink slowly, and a busy machine stutters."""

ABSOLUTE_METRICS = frozenset({"mae", "median_absolute_error", "mape", "smape"})
"""Metrics of regression for which fitting stops on the mean absolute error; on the squared error for all others."""


def patience_for(learning_rate: float) -> int:
    """Return after how many rounds without gain to stop."""
    low, high = PATIENCE_BOUNDS
    return int(np.clip(round(PATIENCE_STEP / learning_rate), low, high))


def stopping_loss(metric: str, n_classes: int) -> str:
    """Return what early stopping follows: ``"log_loss"``, ``"mae"`` or ``"rmse"``.

    Ranking metrics such as ROC AUC stop on the log loss too: it is smoother and, being proper, keeps probabilities
    honest.
    """
    if n_classes:
        return "log_loss"
    return "mae" if metric in ABSOLUTE_METRICS else "rmse"


class Rounds:
    """Watches a fit round by round.

    Parameters
    ----------
    deadline : Deadline
    patience : int or None
        None never stops early.
    most : int or None
        More rounds make the model too large; None: no limit.

    Attributes
    ----------
    best : int
        Number of rounds with the lowest loss; all rounds when no loss was given.
    note : str
        Why it stopped, for the ledger.
    """

    def __init__(self, deadline: Deadline, patience: int | None, most: int | None = None) -> None:
        self.deadline, self.patience, self.most = deadline, patience, most
        self.best, self.note = 0, ""
        self._loss = self._counted = np.inf
        self._enough = 0.0
        self._last_gain = 0
        self._previous = time.monotonic()
        self._round = 0.0

    def stop(self, done: int, loss: float | None = None) -> bool:
        """Take note that ``done`` rounds are finished; return whether to stop here."""
        now = time.monotonic()
        if done > 1:  # the first includes what the library prepares
            self._round = max(ROUND_MEMORY * self._round, now - self._previous)
        self._previous = now
        if loss is None:
            self.best = done
        elif loss < self._loss or done == 1:
            self._loss, self.best = loss, done
            if loss < self._counted - self._enough or done == 1:
                self._counted, self._last_gain = loss, done
            if done == 1:
                self._enough = SMALLEST_GAIN * abs(loss)
        if self.deadline.left <= self._round:
            self.note = f"stopped by the deadline after {done} rounds"
            return True
        if self.most is not None and done >= self.most:
            self.note = f"ended after {done} rounds: a larger model would take too long to package"
            return True
        return self.patience is not None and loss is not None and done - self._last_gain >= self.patience
