"""What goes together: probabilities and outcomes, parts of the rows and their loss."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modelwright.data.contract import Contract
from modelwright.evaluate.measurements import Measurement
from modelwright.evaluate.scales import NORMAL_95
from modelwright.monitor.losses import LEVEL, Real
from modelwright.monitor.testing import effective_rows, p_of_shift
from modelwright.monitor.windows import Window
from modelwright.package.reference.binning import bins_of
from modelwright.package.reference.documents import ColumnReference, LossReference, Reference
from modelwright.package.reference.losing import base_of
from modelwright.runtime.bins import FIRST

__all__ = ["Off", "Part", "calibration", "named_bin", "worse_parts"]

FEWEST_IN_PART = 50
PARTED = 6  # columns used most whose parts are looked at


@dataclass(frozen=True, kw_only=True)
class Part:
    """Rows with one value of a column: their loss beyond what they lead to expect; ``rise`` as a share of that."""

    column: str
    value: str
    measurement: Measurement
    estimate: float
    rise: float
    p: float


def worse_parts(reference: Reference, labelled: Window, real: Real, contract: Contract) -> dict[str, Part]:
    """Return the parts of the columns used most, by name, with how much their loss is beyond its estimate."""
    loss, prediction = reference.loss, labelled.prediction
    assert loss is not None and prediction is not None
    unknown = {*labelled.absent, *labelled.hidden}
    protected = {g.column for g in reference.groups}
    chosen = sorted(reference.columns, key=lambda c: (c.name not in protected, -(c.use or 0.0)))
    chosen = chosen[: PARTED + len(protected)]
    binned = {
        c.name: bins_of(labelled.columns[c.name], c, contract[c.name])
        for c in reference.columns
        if (c.effects or c in chosen) and c.name not in unknown
    }
    guess = base_of(loss.name, prediction) + loss.offset
    for column in reference.columns:
        if column.effects and column.name in binned:
            guess = guess + np.asarray(column.effects)[binned[column.name]]
    beyond = real.losses - guess
    found = {}
    for column in chosen:
        if column.name in binned and len(column.shares) > FIRST:
            found.update(_parts(column, binned[column.name], real.losses, guess, beyond, loss))
    return found


def _parts(
    column: ColumnReference,
    bins: np.ndarray,
    losses: np.ndarray,
    guess: np.ndarray,
    beyond: np.ndarray,
    loss: LossReference,
) -> dict[str, Part]:
    size = len(column.shares)
    n = np.bincount(bins, minlength=size)
    sums = [np.bincount(bins, weights=v, minlength=size) for v in (losses, guess, beyond, beyond**2)]
    found = {}
    for place in np.flatnonzero(n >= FEWEST_IN_PART):
        count = int(n[place])
        mean, expected, extra, squares = (float(s[place]) / count for s in sums)
        spread = math.sqrt(max(squares - extra**2, loss.residual**2 / 4))
        rows = effective_rows(count, loss.n)
        error = spread / math.sqrt(rows)
        name = named_bin(column, int(place))
        found[f"{column.name}={name}"] = Part(
            column=column.name,
            value=name,
            measurement=Measurement(
                name=loss.name,
                value=mean,
                low=max(mean - NORMAL_95 * error, 0.0),
                high=mean + NORMAL_95 * error,
                n=count,
                method="normal, over the rows of the part",
                greater_is_better=False,
                level=LEVEL,
            ),
            estimate=expected,
            rise=extra / max(expected, 1e-12),
            p=p_of_shift(extra / error, rows, loss.unexplained),
        )
    return found


def named_bin(column: ColumnReference, place: int) -> str:
    """Return a bin as people read it."""
    if place < FIRST:
        names = ("missing", "below the range", "above the range") if column.edges else ("missing", "new", "other")
        return names[place]
    if column.edges:
        return f"{column.edges[place - FIRST]:.6g} to {column.edges[place - FIRST + 1]:.6g}"
    return column.levels[place - FIRST]


@dataclass(frozen=True, kw_only=True)
class Off:
    """How far what came true is from what was predicted, on average; ``size`` in standard deviations of a row."""

    measurement: Measurement
    size: float
    p: float


def calibration(labelled: Window, classes: Sequence[str], loss: LossReference) -> Off:
    """Return the mean of what came true less what was predicted: of the event, of the likeliest class, or of values."""
    y, prediction = labelled.y, labelled.prediction
    assert y is not None and prediction is not None
    if not classes:
        off, name = y - prediction[:, 0], "bias"
    elif len(classes) == 2:
        off, name = (y == 1) - prediction[:, 1], "observed less predicted"
    else:
        off, name = (y == prediction.argmax(axis=1)) - prediction.max(axis=1), "right less expected to be"
    n, mean, spread = len(off), float(off.mean()), float(off.std(ddof=1))
    error = max(spread / math.sqrt(n), 1e-12)
    rows = effective_rows(n, loss.n)
    return Off(
        measurement=Measurement(
            name=name,
            value=mean,
            low=mean - NORMAL_95 * error,
            high=mean + NORMAL_95 * error,
            n=n,
            method="normal",
            level=LEVEL,
        ),
        size=abs(mean) / max(spread, 1e-12),
        p=p_of_shift(mean / error, rows, loss.variation, two_sided=True),
    )
