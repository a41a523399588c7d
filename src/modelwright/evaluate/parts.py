"""Parts of the rows by the values of a column: missing, levels, few numbers, ranges of many."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from modelwright.data.columns import Column, Strings
from modelwright.data.contract import ColumnSpec, Kind

__all__ = ["FEWEST_ROWS", "RANGES", "Part", "parts_of"]

FEWEST_ROWS = 30
"""Of a part of which anything is to be said."""
MOST_LEVELS = 12  # of a category, most frequent first
MOST_VALUES = 8  # distinct numbers up to which each is a part of its own
RANGES = 5


@dataclass(frozen=True, eq=False)
class Part:
    """Rows whose values of a column are the same in words, as a mask of all rows."""

    column: str
    value: str
    rows: np.ndarray


def parts_of(name: str, column: Column, spec: ColumnSpec | None) -> Iterator[Part]:
    """Yield the parts by a column; of texts and identifiers, nearly all of whose values differ, the missing alone."""
    if isinstance(column, Strings):
        missing = column.codes < 0
        if missing.any():
            yield Part(name, "missing", missing)
        if spec is not None and spec.kind in {Kind.TEXT, Kind.ID}:
            return  # nearly every value is another one
        counts = np.bincount(column.codes[~missing], minlength=len(column.levels))
        for code in np.argsort(-counts, kind="stable")[:MOST_LEVELS]:
            if counts[code] >= FEWEST_ROWS:
                yield Part(name, str(column.levels[code]), column.codes == code)
        return
    missing = np.isnan(column)
    if missing.any():
        yield Part(name, "missing", missing)
    known = column[~missing]
    if len(known) >= 2 * FEWEST_ROWS:
        yield from _number_parts(name, column, known, spec)


def _number_parts(name: str, column: np.ndarray, known: np.ndarray, spec: ColumnSpec | None) -> Iterator[Part]:
    values = np.unique(known[:2000])
    if len(values) <= MOST_VALUES and len(values := np.unique(known)) <= MOST_VALUES:
        for value in values:
            yield Part(name, _words(value, spec) + _unit(spec), column == value)
        return
    edges = np.unique(np.quantile(known, np.linspace(0, 1, RANGES + 1), method="lower"))
    for i, (low, high) in enumerate(itertools.pairwise(edges)):
        last = i == len(edges) - 2
        rows = (column >= low) & (column <= high if last else column < high)
        yield Part(name, f"{_words(low, spec)} – {_words(high, spec)}{_unit(spec)}", rows)


def _unit(spec: ColumnSpec | None) -> str:
    return f" {spec.unit_of_values}" if spec is not None and spec.unit_of_values else ""


def _words(value: float, spec: ColumnSpec | None) -> str:
    kind = None if spec is None else spec.kind
    if kind is Kind.BOOLEAN:
        return "yes" if value else "no"
    if kind is Kind.DATETIME:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=float(np.clip(value, -6e10, 2.5e11)))
        return moment.strftime("%Y-%m-%d")
    if float(value).is_integer() and abs(value) < 1e9:
        return f"{value:.0f}"
    rounded = float(f"{value:.4g}")
    return f"{rounded:.0f}" if 1e4 <= abs(rounded) < 1e9 else f"{value:.4g}"
