"""The ensemble as it stands while candidates are still being tried."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from modelwright.train.ensemble import greedy_weights

__all__ = ["Standing"]

SHARES = (0.1, 0.25, 0.5)
"""Parts of the mixture with the present ensemble that a new candidate is tried with."""

MOST_ROWS = 6_000
"""Rows on which candidates are compared while training goes on: it must cost next to nothing. The choice at the end
looks at more."""

Predictions = dict[int, np.ndarray]  # by fold


class Standing:
    """Weights of the candidates that are done, and what another would add to them.

    Parameters
    ----------
    loss : callable
        ``loss(y, prediction)``, lower is better.
    truth : dict of int to ndarray
        Target of the validation rows of each fold.
    """

    def __init__(self, loss: Callable[[np.ndarray, np.ndarray], float], truth: dict[int, np.ndarray]) -> None:
        most = max(1, MOST_ROWS // max(1, len(truth)))
        self._rows = {f: _spread(len(y), most) for f, y in truth.items()}
        self._truth = {f: y[self._rows[f]] for f, y in truth.items()}
        self._loss = loss
        self._members: list[Predictions] = []
        self._weights = np.empty(0)
        self.value = np.inf
        """Loss of the ensemble on all folds."""

    def update(self, done: Sequence[Predictions], folds: Sequence[int]) -> tuple[np.ndarray, float]:
        """Weigh the finished candidates anew; return their weights and the part of the loss that this took off."""
        self._members = [{f: one[f][self._rows[f]] for f in folds} for one in done]
        stacked = np.stack([np.concatenate([one[f] for f in folds]) for one in self._members])
        y = np.concatenate([self._truth[f] for f in folds])
        self._weights = greedy_weights(self._loss, y, stacked)
        before, self.value = self.value, self._loss(y, np.tensordot(self._weights, stacked, axes=1))
        return self._weights, _part(before, self.value)

    def gain(self, new: Predictions) -> float:
        """Return the part of the loss on some folds that mixing a new candidate's predictions in would take off.

        Below zero where every mixture is worse; infinite where nothing can be compared.
        """
        folds = tuple(new)
        y = np.concatenate([self._truth[f] for f in folds])
        members = np.stack([np.concatenate([one[f] for f in folds]) for one in self._members])
        present = np.tensordot(self._weights, members, axes=1)
        found = np.concatenate([new[f][self._rows[f]] for f in folds])
        after = min(self._loss(y, (1 - share) * present + share * found) for share in SHARES)
        return _part(self._loss(y, present), after)


def _part(before: float, after: float) -> float:
    if not (np.isfinite(before) and np.isfinite(after)):
        return np.inf
    return (before - after) / abs(before) if before else 0.0


def _spread(n: int, most: int) -> np.ndarray:
    """Return at most so many positions among ``n``, evenly."""
    return np.arange(n) if n <= most else np.linspace(0, n - 1, most).astype(np.intp)
