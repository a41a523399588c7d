"""The steps of Adam, with a running mean of the weights in place of a falling learning rate.

Where training will end is not known beforehand: the deadline may come, or the validation rows may say that it is
enough, and a refit goes on for as many epochs as were kept. A schedule of learning rates would have to know. The mean
of the weights over the last part of all steps does what a schedule does, and is there at any moment (Karras et al.
2024).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from modelwright.learners.networks.members import Layout, Members, Pass
from modelwright.runtime.scorers.ramps import Ramps

__all__ = ["Batches", "Errors", "Pace", "Steps", "absolute_errors", "crossed_errors", "squared_errors"]

MOMENTUM, SQUARES = 0.9, 0.95
"""Decay of Adam's moments; RealMLP's 0.95 for the squares follows them faster than 0.999."""

TINY = 1e-8

MEAN_POWER = 9.0
"""A step s counts in the mean as (s / all)⁸: about the last tenth of all steps."""

MOST_CELLS = 16_000_000
"""Inputs of all rows are written down when they are no more than these (64 MB); ramps are else found batch by batch."""

NEAR = 0.1
"""Standard deviations within which an absolute error counts as a squared one: Adam wants gradients that shrink."""

Errors = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""``errors(outputs, rows)``: gradients of the loss by the outputs ``(n_members, n, n_outputs)`` of these rows."""


def squared_errors(target: np.ndarray) -> Errors:
    """Return the gradient of half the mean squared error."""
    target = target.astype(np.float32)

    def errors(outputs: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return (outputs - target[rows][..., None]) * np.float32(1.0 / rows.shape[1])

    return errors


def absolute_errors(target: np.ndarray) -> Errors:
    """Return the gradient of the mean absolute error, smooth within `NEAR` standard deviations."""
    target = target.astype(np.float32)

    def errors(outputs: np.ndarray, rows: np.ndarray) -> np.ndarray:
        error = outputs - target[rows][..., None]
        return error / np.sqrt(np.square(error) + np.float32(NEAR**2)) * np.float32(1.0 / rows.shape[1])

    return errors


def crossed_errors(labels: np.ndarray, n_classes: int) -> Errors:
    """Return the gradient of the mean log loss: of one logit for two classes, else of one per class."""
    if n_classes == 2:
        target = labels.astype(np.float32)

        def errors(outputs: np.ndarray, rows: np.ndarray) -> np.ndarray:
            second = np.tanh(outputs * np.float32(0.5)) * np.float32(0.5) + np.float32(0.5)
            return (second - target[rows][..., None]) * np.float32(1.0 / rows.shape[1])

        return errors

    def several(outputs: np.ndarray, rows: np.ndarray) -> np.ndarray:
        share = np.exp(outputs - outputs.max(axis=2, keepdims=True))
        share /= share.sum(axis=2, keepdims=True)
        flat = share.reshape(-1, share.shape[2])
        flat[np.arange(len(flat)), labels[rows].ravel()] -= np.float32(1.0)
        return share * np.float32(1.0 / rows.shape[1])

    return several


class Batches:
    """The inputs of rows, in batches: each member goes through the rows in an order of its own.

    Parameters
    ----------
    inputs : Ramps
    matrix : ndarray
    n_members, size : int
        A batch has ``size // n_members`` rows for each member: so members cost no more time than one would.
    """

    def __init__(self, inputs: Ramps, matrix: np.ndarray, n_members: int, size: int) -> None:
        self._inputs, self.n_members = inputs, n_members
        self._whole = len(matrix) * inputs.width <= MOST_CELLS
        self._rows = (inputs(matrix) if self._whole else inputs.scaling(matrix)).astype(np.float32)
        self.per_member = max(1, size // n_members)

    def of(self, rows: np.ndarray) -> np.ndarray:
        """Return float32 inputs of rows, with the shape of ``rows`` and one more axis."""
        found = self._rows[rows]
        if self._whole:
            return found
        scaled = found.reshape(-1, found.shape[-1])
        out = np.empty((len(scaled), self._inputs.width), dtype=np.float32)
        out[:, : scaled.shape[1]] = scaled
        self._inputs.climb(scaled, out[:, scaled.shape[1] :])
        return out.reshape(*rows.shape, -1)

    def epoch(self, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Yield positions of rows, shape ``(n_members, size)``, until as many were there as the table has."""
        n_rows, size = len(self._rows), self.per_member
        order = rng.permuted(np.broadcast_to(np.arange(n_rows), (self.n_members, n_rows)), axis=1)
        for batch in range(max(1, n_rows // (size * self.n_members))):
            yield order[:, batch * size : (batch + 1) * size]


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How large steps are: learning rate, weight decay relative to it, share of silent units."""

    rate: float
    decay: float
    drop: float


class Steps:
    """Weights that learn.

    Attributes
    ----------
    mean : ndarray of float32
        The running mean of the weights: the model.
    """

    def __init__(self, layout: Layout, start: np.ndarray, pace: Pace, rng: np.random.Generator) -> None:
        self.layout, self._pace, self._rng = layout, pace, rng
        self._members = Members(layout, start)
        self.mean = start.copy()
        self._gradient, self._first, self._second, self._room = (np.zeros_like(start) for _ in range(4))
        self._named = layout.views(self._gradient)
        self._rates = layout.rates()
        self._kept = 1.0 - pace.rate * pace.decay * layout.decayed()
        self._done = 0

    def epoch(self, batches: Batches, errors: Errors, late: Callable[[], bool]) -> None:
        """Go through the rows once, or until it is ``late``."""
        for rows in batches.epoch(self._rng):
            inputs, kept = batches.of(rows), Pass()
            outputs = self._members.outputs(inputs, kept, self._pace.drop, self._rng)
            self._members.gradients(inputs, errors(outputs, rows), kept, self._named)
            self._step()
            if late():
                return

    def _step(self) -> None:
        """One step of Adam (Kingma and Ba 2015) with decoupled weight decay (Loshchilov and Hutter 2019)."""
        weights, gradient, first, second, room = (
            self._members.weights, self._gradient, self._first, self._second, self._room,
        )  # fmt: skip
        self._done += 1
        step = self._done
        first *= np.float32(MOMENTUM)
        np.multiply(gradient, np.float32(1.0 - MOMENTUM), out=room)
        first += room
        np.multiply(gradient, gradient, out=room)
        room *= np.float32(1.0 - SQUARES)
        second *= np.float32(SQUARES)
        second += room
        np.sqrt(second, out=room)
        room *= np.float32(1.0 / np.sqrt(1.0 - SQUARES**step))
        room += np.float32(TINY)
        np.divide(first, room, out=room)
        room *= self._rates
        room *= np.float32(self._pace.rate / (1.0 - MOMENTUM**step))
        weights *= self._kept
        weights -= room
        np.subtract(weights, self.mean, out=room)
        room *= np.float32(1.0 - (1.0 - 1.0 / step) ** MEAN_POWER)
        self.mean += room
