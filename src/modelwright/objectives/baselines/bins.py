"""One column as a few bins: the levels of a category, quantile ranges of a number, and the missing values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from modelwright.data.columns import Column, Strings
from modelwright.data.contract import ColumnSpec, Kind

__all__ = ["Bins", "make_bins"]

# A bin needs a few rows to say anything: six, the SMALL of Holte's 1R (1993).
MIN_BIN_ROWS = 6
MAX_LEVELS = 50  # more branches than that are no rule a person would call simple
MAX_RANGES = 8
LABEL_LENGTH = 40
FAR_SECONDS = 5e10  # some 1,600 years from 1970: beyond, calendars have no words
QUANTILE_ROWS = 50_000  # quantiles of so many rows are exact enough for eight ranges
MISSING, OTHER = 0, 1


@dataclass(frozen=True, eq=False)
class Bins:
    """How a column is cut. Bin 0 holds missing values, bin 1 levels not listed; then the levels or ranges in order.

    ``levels`` is for strings, ``edges`` (upper bounds, inclusive) for numbers; ``values`` names the bins of a number
    with few distinct values, one each.
    """

    spec: ColumnSpec
    levels: tuple[str, ...] = ()
    edges: np.ndarray | None = None
    values: tuple[float, ...] = ()

    @property
    def count(self) -> int:
        return 2 + (len(self.levels) if self.edges is None else len(self.edges) + 1)

    def __call__(self, column: Column) -> np.ndarray:
        """Return the bin of each row, int64."""
        if isinstance(column, Strings):
            index = {level: i + 2 for i, level in enumerate(self.levels)}
            return column.recode(index, OTHER).astype(np.int64).clip(MISSING)
        assert self.edges is not None
        bins = np.searchsorted(self.edges, column, side="left") + 2
        return np.where(np.isnan(column), MISSING, bins)

    def label(self, i: int) -> str:
        """Return a bin in words: ``"'cellular'"``, ``"up to 30"``, ``"30 to 45"``, ``"missing"``."""
        if i == MISSING:
            return "missing"
        if i == OTHER:
            return "any other"
        if self.edges is None:
            return f"'{_short(self.levels[i - 2])}'"
        if self.spec.kind is Kind.BOOLEAN:
            return "false" if i == 2 else "true"
        if not len(self.edges):
            return "present"
        if self.values:
            return self._show(self.values[i - 2])
        if i == 2:
            return f"up to {self._show(self.edges[0])}"
        low = self._show(self.edges[i - 3])
        return f"above {low}" if i - 2 == len(self.edges) else f"{low} to {self._show(self.edges[i - 2])}"

    def _show(self, value: float) -> str:
        if self.spec.kind is Kind.DATETIME and abs(value) < FAR_SECONDS:
            return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=value)).strftime("%Y-%m-%d")
        return f"{value:.6g}" if float(value).is_integer() else f"{value:.4g}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LABEL_LENGTH else line[: LABEL_LENGTH - 1] + "…"


def make_bins(column: Column, spec: ColumnSpec) -> Bins:
    """Return the cut of a column; the target is not looked at."""
    if isinstance(column, Strings):
        counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.levels))
        often = np.argsort(-counts, kind="stable")[:MAX_LEVELS]
        return Bins(spec, levels=tuple(str(column.levels[i]) for i in often if counts[i] >= MIN_BIN_ROWS))
    values = column[np.isfinite(column)]
    if not len(values):
        return Bins(spec, edges=np.zeros(0))
    values = values[:: max(len(values) // QUANTILE_ROWS, 1)]
    ranges = int(np.clip(len(values) // MIN_BIN_ROWS, 1, MAX_RANGES))
    at = np.linspace(0, 1, ranges + 1)[1:-1]
    edges = np.unique(np.quantile(values, at, method="inverted_cdf"))
    if len(edges) < ranges - 1:  # few distinct values, or many equal: one bin per value where that is few
        distinct = np.unique(values)
        if len(distinct) <= MAX_RANGES:
            return Bins(spec, edges=distinct[:-1], values=tuple(distinct.tolist()))
    return Bins(spec, edges=edges[edges < values.max()])
