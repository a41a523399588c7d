"""The loss of a window: what training leads to expect, what it is by estimate without labels, what it really was."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from modelwright.evaluate.measurements import Measurement
from modelwright.evaluate.scales import student_quantile
from modelwright.monitor.comparing import Compared
from modelwright.monitor.testing import effective_rows, p_of_shift, variation_at
from modelwright.package.reference.documents import LossReference, Variation
from modelwright.package.reference.losing import base_of, loss_of

__all__ = ["LEVEL", "Estimate", "Real", "estimate", "expected", "measure"]

LEVEL = 0.95


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """The loss of rows by estimate: its value, and the standard error of what the real loss differs from it by."""

    value: float
    error: float
    freedom: float

    def measurement(self, loss: LossReference, n: int) -> Measurement:
        """Return it with its interval."""
        reach = student_quantile(LEVEL, self.freedom) * self.error
        return Measurement(
            name=loss.name,
            value=self.value,
            low=max(self.value - reach, 0.0),
            high=self.value + reach,
            n=n,
            method="from the rows' bins and probabilities, without labels",
            greater_is_better=False,
            level=LEVEL,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Real:
    """The loss of rows whose labels are known.

    ``p`` is of a loss above that of training, ``p_estimate`` of one above the estimate for the same rows;
    ``losses`` are those of the rows.
    """

    measurement: Measurement
    losses: np.ndarray
    p: float
    p_estimate: float


def expected(loss: LossReference, n: int) -> Measurement:
    """Return the loss that training leads to expect of ``n`` rows, with what such windows differ by."""
    rows = effective_rows(n, loss.n)
    own = variation_at(loss.variation, rows)
    error = loss.deviation * math.sqrt((1 + own.excess * rows) / max(rows, 1e-9))
    reach = student_quantile(LEVEL, own.blocks) * error
    return Measurement(
        name=loss.name,
        value=loss.mean,
        low=max(loss.mean - reach, 0.0),
        high=loss.mean + reach,
        n=loss.n,
        method=f"out-of-fold predictions; the interval is for windows of {n:,} rows",
        greater_is_better=False,
        level=LEVEL,
    )


def estimate(loss: LossReference, prediction: np.ndarray, compared: Mapping[str, Compared]) -> Estimate:
    """Return the loss of rows without their labels, see `modelwright.package.reference.losing`.

    Parameters
    ----------
    prediction : ndarray of float64, shape (n_rows, n_outputs)
    compared : mapping of Compared
        Columns and prediction of the same rows.
    """
    n = len(prediction)
    value = float(base_of(loss.name, prediction).mean()) + loss.offset
    uncertain, change = 0.0, 0.0
    for column in compared.values():
        effects = np.asarray(column.reference.effects)
        if len(effects):
            shift = column.shares - np.asarray(column.reference.shares)
            value += float(column.shares @ effects)
            change += float(np.abs(shift * (effects - effects @ np.asarray(column.reference.shares))).sum())
            uncertain += float(((np.asarray(column.reference.errors) * shift) ** 2).sum())
    rows = effective_rows(n, loss.n)
    own = variation_at(loss.unexplained, rows)
    # Rows that lose twice as much also vary twice as much about it.
    residual = loss.residual * max(value / max(loss.mean, 1e-12), 1.0)
    chance = residual**2 * (1 + own.excess * rows) / max(rows, 1e-9)
    return Estimate(
        value=max(value, 0.0), error=math.sqrt(chance + uncertain + (loss.doubt * change) ** 2), freedom=own.blocks
    )


def measure(loss: LossReference, y: np.ndarray, prediction: np.ndarray, compared: Mapping[str, Compared]) -> Real:
    """Return the real loss of rows with labels; ``compared`` is of these rows."""
    losses = loss_of(loss.name, y, prediction)
    n, mean = len(losses), float(losses.mean())
    spread = float(losses.std(ddof=1)) if n > 1 else loss.deviation
    reach = student_quantile(LEVEL, max(n - 1, 1)) * spread / math.sqrt(n)
    rows = effective_rows(n, loss.n)
    guess = estimate(loss, prediction, compared)
    deviation = math.sqrt((spread**2 / n + loss.deviation**2 / loss.n) * rows)  # of a row, as both samples have it
    z = (mean - loss.mean) / max(deviation / math.sqrt(rows), 1e-12)
    relative = tuple(
        Variation(rows=v.rows, excess=v.excess * (loss.deviation / max(deviation, 1e-12)) ** 2, freedom=1.0,
                  blocks=v.blocks)
        for v in loss.variation
    )  # fmt: skip
    return Real(
        measurement=Measurement(
            name=loss.name,
            value=mean,
            low=max(mean - reach, 0.0),
            high=mean + reach,
            n=n,
            method="Student's t over the rows with labels",
            greater_is_better=False,
            level=LEVEL,
        ),
        losses=losses,
        p=p_of_shift(z, rows, relative),
        p_estimate=_p_of_estimate(mean - guess.value, guess),
    )


def _p_of_estimate(difference: float, guess: Estimate) -> float:
    from scipy.special import stdtr

    return float(stdtr(max(guess.freedom, 1.0), -difference / max(guess.error, 1e-12)))
