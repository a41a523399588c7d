"""What a column gives away by having a value at all, and how its values pair off with the classes."""

from __future__ import annotations

import numpy as np

from modelwright.audit.findings import AuditContext
from modelwright.audit.looking import coded, is_missing, memo
from modelwright.audit.power import PowerSample, score_cells
from modelwright.data.columns import Strings

__all__ = [
    "EXISTENCE_SKILL",
    "FILLED_ROWS",
    "HAS_VALUE",
    "MANY_VALUES",
    "MIN_CLASS_ROWS",
    "ONE_SIDED_PURITY",
    "ONE_SIDED_RATIO",
    "ONE_SIDED_ROWS",
    "ONE_SIDED_SURE_ROWS",
    "agreement",
    "existence_skill",
    "marks_class",
    "purity",
    "sides",
]

DEFAULT_SHARE = 0.05
MANY_VALUES = 10
MIN_CLASS_ROWS = 5
EXISTENCE_SKILL = 0.40  # the sign is a single yes or no, so less is asked for than of a column
# One-sided: the other outcomes are eight times rarer among the rows with (or without) a value than in all rows.
# Missing answers of reluctant people reach two to three times.
ONE_SIDED_PURITY = 0.90
ONE_SIDED_RATIO = 8.0
ONE_SIDED_ROWS = 20
HAS_VALUE = 1  # the place of the rows with a value among the `sides`
FILLED_ROWS = 10  # ... of those with a value: what is filled in for so few is seldom a property
ONE_SIDED_SURE_ROWS = 100  # below, it is told and not acted on: a rare alloy has its own class in honest data, too
ONE_SIDED_CHANCE = 1e-6  # of so pure a side by luck (binomial); a table has some hundreds of sides


def existence_skill(context: AuditContext, name: str, sample: PowerSample) -> float:
    """Return what it explains whether a value is missing, is the default, or is anything else."""
    return memo(context, ("existence", name), lambda: _existence(context, name, sample))


def _existence(context: AuditContext, name: str, sample: PowerSample) -> float:
    cells = _existence_cells(context, name)[sample.rows]
    return 0.0 if np.all(cells == cells[0]) else score_cells(cells, sample)[0]


def _existence_cells(context: AuditContext, name: str) -> np.ndarray:
    """Return 0 where the value is missing, 2 where it is the default of a number with many values, else 1."""
    column = coded(context, name)
    cells = np.where(is_missing(context.columns[name]), 0, 1)
    if not isinstance(context.columns[name], Strings) and column.n_levels > MANY_VALUES:
        default = int(column.counts.argmax())
        if column.counts[default] >= DEFAULT_SHARE * len(cells):
            cells = np.where(column.codes == default, 2, cells)
    return cells


def marks_class(context: AuditContext, name: str, sample: PowerSample) -> float:
    """Return how well having a value (other than the default) agrees with being of one class, beyond chance."""
    if not sample.n_classes:
        return 0.0
    filled = _existence_cells(context, name)[sample.rows] == 1
    shares = np.bincount(sample.y, minlength=sample.n_classes) / len(sample.y)
    best = 0.0
    for k in np.flatnonzero(shares * len(sample.y) >= MIN_CLASS_ROWS):
        usual = max(shares[k], 1 - shares[k])
        if usual < 1:
            best = max(best, (float((filled == (sample.y == k)).mean()) - usual) / (1 - usual))
    return best


def agreement(cells: np.ndarray, sample: PowerSample) -> float:
    """Return how well cells and classes agree beyond chance (kappa) where they pair off one to one, else 0.

    Missing values and one more value may be left over; every class with `MIN_CLASS_ROWS` rows needs a cell of its own.
    """
    k = sample.n_classes
    m = int(cells.max()) + 1
    if m > k + 3:
        return 0.0
    table = np.bincount(cells * k + sample.y, minlength=m * k).reshape(m, k)
    rows = table.sum(axis=1)
    classes = np.flatnonzero(table.sum(axis=0) >= MIN_CLASS_ROWS)
    own = {int(c) for c in table[rows > 0].argmax(axis=1)}
    if len(classes) < 2 or not own.issuperset(int(c) for c in classes) or (rows > 0).sum() > len(classes) + 2:
        return 0.0
    right, usual = table.max(axis=1).sum() / len(cells), table.sum(axis=0).max() / len(cells)
    return float((right - usual) / (1 - usual))


def purity(side: np.ndarray, sample: PowerSample, least_rows: int = ONE_SIDED_ROWS) -> tuple[float, float] | None:
    """Return the share of the top class on a one-sided side and in all rows; None where it is not one-sided."""
    from scipy.special import bdtrc

    n = int(side.sum())
    if not least_rows <= n <= len(side) - ONE_SIDED_ROWS:
        return None
    share = np.bincount(sample.y[side], minlength=sample.n_classes) / n
    top = int(share.argmax())
    usual = float((sample.y == top).mean())
    if share[top] < ONE_SIDED_PURITY or 1 - usual < ONE_SIDED_RATIO * (1 - share[top]):
        return None
    luck = bdtrc(round(n * share[top]) - 1, n, usual)
    return (float(share[top]), usual) if luck <= ONE_SIDED_CHANCE else None


def sides(context: AuditContext, name: str, sample: PowerSample, *, values: bool) -> list[np.ndarray]:
    """Return the rows with and without a value; with ``values`` also those with the default and with another value.

    A flag has its two values as sides.
    """
    column = coded(context, name)
    codes = column.codes[sample.rows]
    found = [codes < 0, codes >= 0]
    if values and column.n_levels == 2:
        found += [codes == 0, codes == 1]
    elif values:
        cells = _existence_cells(context, name)[sample.rows]
        found += [cells == 1, cells == 2]
    return found
