"""What a part of the rows adds to the loss of all: where most is to be gained."""

from __future__ import annotations

import math

import numpy as np

from modelwright.evaluate import valuing
from modelwright.evaluate.counting import labels_of
from modelwright.evaluate.intervals import sum_by
from modelwright.evaluate.measurements import Measurement
from modelwright.evaluate.metrics import Metric
from modelwright.evaluate.scales import student_quantile

__all__ = ["Losses"]

LEAST_CHANCE = 1e-3  # a single sure and wrong row must not make a slice: beyond, it costs no more
LEVEL = 0.95


class Losses:
    """The loss of every row, in terms of which parts of the rows are compared.

    For log loss it is what is beyond the loss that the row's own probabilities lead one to expect: rows with chances
    near a half cost more however good the model is.

    Parameters
    ----------
    metric : Metric
        That the model is judged by; ranks have no loss per row, and are not taken.
    y : ndarray of float64, shape (n_rows,)
    prediction : ndarray of float64, shape (n_rows, n_outputs)
    threshold : float or None
        For two classes.
    groups : ndarray of int or None
        Rows of one group are not independent.
    """

    def __init__(
        self,
        metric: Metric,
        y: np.ndarray,
        prediction: np.ndarray,
        threshold: float | None,
        groups: np.ndarray | None,
    ) -> None:
        self.groups = groups
        self.variance = np.zeros(len(y))
        if metric.name == "log_loss":
            self.rows, self.variance, self.total = _excess(y, prediction)
        else:
            self.rows = _losses(metric, y, prediction, threshold)
            self.total = float(self.rows.sum())

    def apart(self, part: np.ndarray) -> tuple[float, float, float]:
        """Return the mean loss of the other rows minus that of a part, its standard error and degrees of freedom."""
        means, errors = [], []
        for rows in (part, ~part):
            own, n = self.rows[rows], int(rows.sum())
            units = sum_by((own - own.mean()) / n, None if self.groups is None else self.groups[rows])
            # A part in which the rare event happens not to occur is less certain than it looks.
            errors.append(math.sqrt(max(float(units @ units), float(self.variance[rows].sum()) / n**2)))
            means.append(float(own.mean()))
        own_units = int(part.sum()) if self.groups is None else len(np.unique(self.groups[part]))
        return means[1] - means[0], math.hypot(*errors), own_units - 1.0

    def added(self, part: np.ndarray) -> Measurement:
        """Return the share of the loss of all rows that would be gone if those of a part were like the others.

        Negative where they are better than the others. No value where nothing is lost.
        """
        n = int(part.sum())
        if self.total <= 0:
            return Measurement(
                name="added", value=None, low=None, high=None, n=n, method="not defined: nothing is lost"
            )
        gap, error, freedom = self.apart(part)
        value, reach = -gap * n / self.total, student_quantile(LEVEL, freedom) * error * n / self.total
        return Measurement(
            name="added",
            value=value,
            low=value - reach,
            high=value + reach,
            n=n,
            method="difference of two means" + (", clustered" if self.groups is not None else ""),
            greater_is_better=False,
            level=LEVEL,
        )


def _excess(y: np.ndarray, prediction: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Return each row's log loss beyond the expected, its variance were the probabilities right, and the whole loss."""
    chance = np.clip(prediction, LEAST_CHANCE, 1.0)
    loss = -np.log(chance)
    expected = (chance * loss).sum(axis=1)
    variance = (chance * loss**2).sum(axis=1) - expected**2
    own = loss[np.arange(len(y)), y.astype(np.int64)]
    return own - expected, np.maximum(variance, 0.0), float(own.sum())


def _losses(metric: Metric, y: np.ndarray, prediction: np.ndarray, threshold: float | None) -> np.ndarray:
    """Return the loss of each row that goes with a metric: what a mean of it is made of, or the plain error."""
    if prediction.shape[1] > 1:
        if metric.name == "brier":
            return valuing.brier_rows(y, prediction)
        return (labels_of(prediction, threshold) != y).astype(float)
    rows = {
        "rmse": valuing.squared_rows,
        "r2": valuing.squared_rows,
        "rmsle": valuing.log_squared_rows,
        "mape": valuing.percentage_rows,
    }
    return rows.get(metric.name, valuing.absolute_rows)(y, prediction)
