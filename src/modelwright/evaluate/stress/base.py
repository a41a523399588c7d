"""What a stress is: a way in which rows that come later may differ from those that were learned from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from modelwright.data.columns import Columns, Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.format import joined
from modelwright.package.rendering import raw_text, raw_value

__all__ = ["NUMBERS", "WORDS", "Case", "Raw", "Rows", "Stress", "emptied", "named", "spread"]

NUMBERS = frozenset({Kind.NUMBER, Kind.DURATION})
"""Kinds that have a unit."""
WORDS = frozenset({Kind.CATEGORY, Kind.TEXT})
NORMAL_IQR = 1.349
"""Interquartile range of a normal distribution, in standard deviations."""

Raw = Mapping[str, Sequence[Any]]


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows that are disturbed.

    Attributes
    ----------
    columns : Columns
        Canonical, as the model reads them.
    contract : Contract
    ranked : tuple of str
        Columns that the model relies on, most important first.
    """

    columns: Columns
    contract: Contract
    ranked: tuple[str, ...]

    @property
    def n(self) -> int:
        return len(next(iter(self.columns.values())))

    def of_kinds(self, kinds: frozenset[Kind]) -> tuple[ColumnSpec, ...]:
        """Return columns of some kinds, most important first, then those that matter little.

        Those that are treated as personal are left out: what stands in the source is not known here.
        """
        order = {name: place for place, name in enumerate(self.ranked)}
        found = [s for s in self.contract.columns if s.kind in kinds and s.treatment is None]
        return tuple(sorted(found, key=lambda s: order.get(s.name, len(order))))

    def important(self, kinds: frozenset[Kind], most: int) -> tuple[ColumnSpec, ...]:
        """Return at most so many columns of some kinds that the model relies on."""
        return tuple(s for s in self.of_kinds(kinds) if s.name in self.ranked)[:most]

    def numbers(self, spec: ColumnSpec, values: np.ndarray) -> list[Any]:
        """Return numbers as they would stand in the source, None where missing."""
        return [None if np.isnan(v) else raw_value(spec, float(v)) for v in values]

    def texts(self, spec: ColumnSpec) -> list[Any]:
        """Return the values of a column of words as they stand in the source, None where missing."""
        column = self.columns[spec.name]
        assert isinstance(column, Strings)
        return [None if level is None else raw_text(spec, level) for level in column.to_object()]


@dataclass(frozen=True, eq=False)
class Case:
    """One disturbance: ``words`` are read after "if", ``change`` returns the disturbed columns as raw values."""

    stress: str
    columns: tuple[str, ...]
    words: str
    change: Callable[[np.random.Generator], Raw]


class Stress(Protocol):
    """A kind of disturbance.

    Promises: pure; ``cases`` yields nothing where it does not apply, and the worst or most telling first; what a case
    changes depends on the rows and the generator alone.
    """

    name: ClassVar[str]

    def cases(self, rows: Rows) -> Iterator[Case]: ...


def emptied(n: int, columns: tuple[str, ...], rng: np.random.Generator) -> Raw:
    """Return columns without a value in any of ``n`` rows."""
    return {name: [None] * n for name in columns}


def spread(values: np.ndarray) -> float:
    """Return the standard deviation that the middle half of the values has; 0 where half of them are one value."""
    present = values[np.isfinite(values)]
    if not len(present):
        return 0.0
    low, high = np.quantile(present, [0.25, 0.75])
    return float(high - low) / NORMAL_IQR or float(present.std())


def named(columns: Sequence[str], most: int = 4) -> str:
    """Return names of columns in quotation marks: ``"“a”, “b” and 3 more"``."""
    return joined((f"“{name}”" for name in columns), most)
