"""Probabilities put right by the newest labels: the calibrator is fitted again, the models stay as they are.

A world that moves makes probabilities wrong before it makes their order wrong, and a slope and an offset per class are
learned from a few hundred rows, where models need thousands. Whether it helps is asked of the past as it was lived: at
every step the calibrator of the rows before answers the rows after, and stretches of time are what is counted. What is
fitted is held near to "no change" as if rows had spoken for it, so that a few odd rows move little. The order of the
rows stays for two classes: the slope is above zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwright import format as fmt
from modelwright.evaluate.blocks import block_length
from modelwright.evaluate.intervals import mean_measurement
from modelwright.evaluate.measurements import Measurement
from modelwright.evaluate.valuing import log_loss_rows
from modelwright.retrain.spans import change_point
from modelwright.retrain.tables import FEWEST_NEW
from modelwright.runtime.calibrators import (
    Beta,
    Calibrator,
    Identity,
    Isotonic,
    Sigmoid,
    Temperature,
    Vector,
    log_probabilities,
)

__all__ = ["NEWEST", "Adjustment", "Recalibrated", "Recalibration", "adjusted", "fit_adjustment", "recalibration"]

NEWEST = 400
"""Rows that a calibrator is fitted on. Half as many, or twice, came to the same within half a percent of the loss, on
the mean of elec2, airlines, hotel bookings and generated streams."""

STEP = 50
"""Rows that are answered by one calibrator when the past is lived again."""

FEWEST_ASKED = 2 * FEWEST_NEW
"""Rows on which calibrators are tried: how long neighbours err alike cannot be told from less."""

MOST_ROWS = 4_000
"""The newest rows that are asked, as of a probe."""

PRIOR = 20.0
"""Weight of "no change": a unit of the squared distance from it costs so many nats, what some 160 rows tell of it."""

SMALLEST_SLOPE = 0.05
"""Of what is fitted: the order of rows is kept, and something of how sure the models are."""

LEVEL = 0.9
"""Of the interval of the gain: with its lower end above zero the gain is one in 19 of 20 cases."""


@dataclass(frozen=True)
class Adjustment:
    """Logarithms of probabilities times ``slope``, plus an offset per class, then scaled to sum to 1."""

    slope: float
    offsets: tuple[float, ...]

    def __call__(self, prediction: np.ndarray) -> np.ndarray:
        scores = self.slope * log_probabilities(prediction) + np.array(self.offsets)
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))


@dataclass(frozen=True, kw_only=True, eq=False)
class Recalibration:
    """What a calibrator fitted on the newest rows came to.

    Attributes
    ----------
    rows : int
        It was fitted on.
    adjustment : Adjustment
        Of what the models say with the calibrator that they were trained with.
    y, lived : ndarray
        The rows that it was tried on: class numbers, and what calibrators fitted on rows before them say.
    gain : Measurement
        Mean loss of who answers now less that of ``lived``; more is better.
    """

    rows: int
    adjustment: Adjustment
    y: np.ndarray
    lived: np.ndarray
    gain: Measurement

    @property
    def wins(self) -> bool:
        """Whether it is better by more than the noise."""
        return self.gain.low is not None and self.gain.low > 0

    @property
    def why(self) -> str:
        """The numbers, in one sentence."""
        told = "better by more than the noise" if self.wins else "not better by more than the noise"
        return (
            f"probabilities fitted again on {fmt.plural(self.rows, 'newest row')}: {told} "
            f"(gain of the mean loss {fmt.measured(self.gain)} on {self.gain.n:,} rows, each after those fitted on)"
        )


@dataclass(frozen=True, kw_only=True)
class Recalibrated:
    """What a version keeps of how its calibrator was fitted again.

    Attributes
    ----------
    models : int
        The version that was trained: the models are its own.
    rows, adjustment, gain, why
        See `Recalibration`.
    """

    models: int
    rows: int
    adjustment: Adjustment
    gain: Measurement
    why: str


def recalibration(
    y: np.ndarray, trained: np.ndarray, now: np.ndarray, *, pending: int = 0, seed: int = 0
) -> Recalibration | str:
    """Return what becomes of a calibrator fitted again, or why that cannot be told.

    Where who answers now began to do better or worse within so few rows as labels are late, nothing is decided: what is
    that young may be over by now, see `spans.lasting_change`.

    Parameters
    ----------
    y : ndarray of float64, shape (n_rows,)
        Class numbers of rows that the models were not fitted on, the oldest first.
    trained : ndarray of float64, shape (n_rows, n_classes)
        What the models say with the calibrator that they were trained with.
    now : ndarray of float64, shape (n_rows, n_classes)
        What is answered now.
    pending : int
        Rows that come before their labels do.
    seed : int
    """
    y, trained, now = y[-MOST_ROWS:], trained[-MOST_ROWS:], now[-MOST_ROWS:]
    n = len(y)
    if trained.shape[1] < 2:
        return "not applicable: the predictions are values"
    if n < FEWEST_NEW + FEWEST_ASKED:
        return (
            f"only {fmt.plural(n, 'labelled row')} that the models do not know, {FEWEST_NEW + FEWEST_ASKED} are needed"
        )
    before = log_loss_rows(y, now)
    change = change_point(before)
    if change is not None and n - change <= pending:
        return "what is answered became better or worse within so few rows as labels are late: that may be over by now"
    asked, lived = y[FEWEST_NEW:], _lived(y, trained)
    difference = before[FEWEST_NEW:] - log_loss_rows(asked, lived)
    blocks = np.arange(len(difference)) // max(block_length(difference), 1)
    return Recalibration(
        rows=min(n, NEWEST),
        adjustment=fit_adjustment(y[-NEWEST:], trained[-NEWEST:]),
        y=asked,
        lived=lived,
        gain=mean_measurement("loss", difference, groups=blocks, seed=seed, level=LEVEL),
    )


def _lived(y: np.ndarray, trained: np.ndarray) -> np.ndarray:
    """Return what is said of each row but the first ones, by a calibrator of the rows before its step."""
    found = []
    for start in range(FEWEST_NEW, len(y), STEP):
        seen = slice(max(0, start - NEWEST), start)
        found.append(fit_adjustment(y[seen], trained[seen])(trained[start : start + STEP]))
    return np.concatenate(found)


def fit_adjustment(y: np.ndarray, prediction: np.ndarray) -> Adjustment:
    """Return the likeliest adjustment, held near to "no change" by `PRIOR`."""
    from scipy.optimize import minimize

    logs = log_probabilities(prediction)
    n, k = logs.shape
    truth = np.zeros((n, k))
    truth[np.arange(n), y.astype(np.int64)] = 1.0
    still = np.concatenate([[1.0], np.zeros(k)])

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        scores = parameters[0] * logs + parameters[1:]
        top = scores.max(axis=1, keepdims=True)
        powers = np.exp(scores - top)
        total = powers.sum(axis=1, keepdims=True)
        error, off = powers / total - truth, parameters - still
        value = float((np.log(total) + top).sum() - (scores * truth).sum()) + PRIOR * float(off @ off)
        return value, np.concatenate([[(error * logs).sum()], error.sum(axis=0)]) + 2 * PRIOR * off

    found = minimize(loss, still, jac=True, method="L-BFGS-B", bounds=[(SMALLEST_SLOPE, None)] + [(None, None)] * k)
    return Adjustment(float(found.x[0]), tuple(found.x[1:].tolist()))


def adjusted(calibrator: Calibrator | None, by: Adjustment) -> Calibrator:
    """Return the calibrator that says what another one says, adjusted."""
    if len(by.offsets) > 2:
        return _of_many(calibrator, by)
    slope, offset = by.slope, by.offsets[1] - by.offsets[0]
    match calibrator:
        case Temperature(slope=own):
            return Sigmoid(slope * own, offset)
        case Sigmoid(slope=own, offset=first):
            return Sigmoid(slope * own, slope * first + offset)
        case Beta(a=a, b=b, c=c):
            return Beta(slope * a, slope * b, slope * c + offset)
        case Isotonic(x=x, y=levels):
            odds = slope * (np.log(levels) - np.log1p(-np.array(levels))) + offset
            return Isotonic(x, tuple((1 / (1 + np.exp(-odds))).tolist()))
    return Sigmoid(slope, offset)


def _of_many(calibrator: Calibrator | None, by: Adjustment) -> Calibrator:
    k = len(by.offsets)
    match calibrator:
        case Temperature(slope=own):
            return Vector((by.slope * own,) * k, by.offsets)
        case Vector(slopes=slopes, offsets=first):
            offsets = tuple(by.slope * o + more for o, more in zip(first, by.offsets, strict=True))
            return Vector(tuple(by.slope * s for s in slopes), offsets)
    assert calibrator is None or isinstance(calibrator, Identity)
    return Vector((by.slope,) * k, by.offsets)
