"""Groups of a protected column: whether predictions for one drifted away from those for all, beside training."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from modelwright.data.contract import Contract
from modelwright.evaluate.measurements import Measurement
from modelwright.evaluate.scales import NORMAL_95
from modelwright.monitor.losses import LEVEL
from modelwright.monitor.relations import named_bin
from modelwright.monitor.testing import effective_rows, p_of_shift
from modelwright.monitor.windows import Window
from modelwright.package.reference.binning import bins_of
from modelwright.package.reference.documents import GroupReference, Reference

__all__ = ["Apart", "groups_apart"]

FEWEST_IN_GROUP = 50


@dataclass(frozen=True, kw_only=True)
class Apart:
    """How far the mean prediction for a group is from that for all: ``measurement`` now, ``before`` in training."""

    column: str
    group: str
    measurement: Measurement
    before: float
    p: float

    @property
    def moved(self) -> float:
        """How far the distance has moved, either way."""
        return abs((self.measurement.value or 0.0) - self.before)

    @property
    def wider(self) -> float:
        """By how much the distance has grown."""
        return abs(self.measurement.value or 0.0) - abs(self.before)


def groups_apart(reference: Reference, window: Window, contract: Contract, outcome: np.ndarray) -> dict[str, Apart]:
    """Return the groups of the protected columns that the window has, by name.

    Parameters
    ----------
    outcome : ndarray of float64, shape (n_rows,)
        The probability of the event, or the value.
    """
    found: dict[str, Apart] = {}
    unknown = {*window.absent, *window.hidden}
    for group in reference.groups:
        if group.column not in unknown:
            column = reference[group.column]
            bins = bins_of(window.columns[group.column], column, contract[group.column])
            for place, apart in _of_column(group, bins, outcome).items():
                name = named_bin(column, place)
                found[f"{group.column}={name}"] = Apart(column=group.column, group=name, **apart)
    return found


def _of_column(group: GroupReference, bins: np.ndarray, outcome: np.ndarray) -> dict[int, dict]:
    size = len(group.means)
    n = np.bincount(bins, minlength=size)
    sums = np.bincount(bins, weights=outcome, minlength=size)
    mean, spread = float(outcome.mean()), float(outcome.std())
    there = np.asarray(group.rows, dtype=np.float64)
    before = np.asarray(group.means) - float((np.asarray(group.means) * there).sum() / max(there.sum(), 1.0))
    found = {}
    for place in np.flatnonzero((n >= FEWEST_IN_GROUP) & (there >= FEWEST_IN_GROUP)):
        gap = float(sums[place] / n[place]) - mean
        rows = effective_rows(float(n[place]), float(there[place]))
        error = max(spread / math.sqrt(rows), 1e-12)
        reach = NORMAL_95 * spread / math.sqrt(n[place])
        found[int(place)] = {
            "measurement": Measurement(
                name="prediction less that for all",
                value=gap,
                low=gap - reach,
                high=gap + reach,
                n=int(n[place]),
                method="normal",
                level=LEVEL,
            ),
            "before": float(before[place]),
            "p": p_of_shift((gap - float(before[place])) / error, rows, group.variation, two_sided=True),
        }
    return found
