"""Columns that have a value mostly for one class, or mostly for high or low values of the target.

Missing answers of reluctant people differ between classes by a factor of two or three, and what only large houses have
is there more often where the price is high: the odds of having a value then change 14-fold. What is filled in, or
emptied, when the outcome is known changes them by more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from modelwright.audit.findings import AuditContext
from modelwright.audit.looking import is_missing
from modelwright.audit.power import PowerSample

__all__ = ["ODDS", "VALUE_GAP", "ValueGap", "mostly_for_one"]

GAP_ROWS = 50  # of the class, and of the others
# Classes: values exist in nine of ten rows of one and one of ten of the others, with room for luck; or half of all rows
# differ and the odds do so twentyfold (the largest honest ones of public tables: 14).
VALUE_GAP = 0.75
PART_GAP, ODDS = 0.50, 20.0
# Numbers, cut at the tenth that parts best: the best of nine cuts has more luck, and honest reasons thin out slowly.
PART_GAP_OF_NUMBERS, ODDS_OF_NUMBERS = 0.20, 30.0
WIDE_ODDS = 10.0
CUTS = tuple(k / 10 for k in range(1, 10))
MAX_GAPS = 2  # where several columns come near, whole parts of a form belong to one class


@dataclass(frozen=True, kw_only=True)
class ValueGap:
    """Where a column has (or lacks) its values: ``part`` in words, and the shares of rows with a value in and out."""

    part: str
    inside: float
    outside: float
    odds: float

    @property
    def width(self) -> float:
        return abs(self.inside - self.outside)


def mostly_for_one(context: AuditContext, names: Collection[str], sample: PowerSample) -> dict[str, ValueGap]:
    """Return the columns that have a value mostly for one class, or one end of the target, by name."""
    gaps = {n: gap for n in names if (gap := _widest(context, n, sample)) is not None}
    if sample.n_classes:
        wide = {n: g for n, g in gaps.items() if g.width >= PART_GAP}
        sure = {n: g for n, g in wide.items() if g.width >= VALUE_GAP or g.odds >= ODDS}
    else:
        wide = {n: g for n, g in gaps.items() if g.width >= PART_GAP_OF_NUMBERS and g.odds >= WIDE_ODDS}
        sure = {n: g for n, g in wide.items() if g.odds >= ODDS_OF_NUMBERS}
    return sure if len(wide) <= MAX_GAPS else {}


def _widest(context: AuditContext, name: str, sample: PowerSample) -> ValueGap | None:
    """Return the part of the rows in which having a value differs most from the others; None without missing values."""
    present = ~is_missing(context.columns[name])[sample.rows]
    if present.all() or not present.any():
        return None
    gaps = [_gap(present, rows, part) for part, rows in _parts(context, sample)]
    return max(gaps, key=lambda g: g.width, default=None)


def _parts(context: AuditContext, sample: PowerSample) -> Iterator[tuple[str, np.ndarray]]:
    if sample.n_classes:
        parts = ((f"'{context.classes[k]}'", sample.y == k) for k in range(sample.n_classes))
    else:
        assert context.y is not None
        y = context.y[sample.rows]
        limits = np.unique(np.quantile(y, CUTS, method="lower"))
        parts = ((f"above {limit:.6g}", y > limit) for limit in limits)
    for part, rows in parts:
        if min(rows.sum(), (~rows).sum()) >= GAP_ROWS:
            yield part, rows


def _gap(present: np.ndarray, rows: np.ndarray, part: str) -> ValueGap:
    has, lacks = (np.array([x[rows].sum(), x[~rows].sum()], dtype=float) for x in (present, ~present))
    # Half a row more everywhere (Haldane 1956) keeps the odds finite.
    ratio = float(np.log(has + 0.5) @ [1, -1] - np.log(lacks + 0.5) @ [1, -1])
    inside, outside = has / (has + lacks)
    return ValueGap(part=part, inside=float(inside), outside=float(outside), odds=float(np.exp(abs(ratio))))
