"""What models on a page are fitted on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from modelwright.data.columns import Column, Columns, Strings, take
from modelwright.data.contract import Contract, Kind
from modelwright.explain.importance import promising_first
from modelwright.features.screening import screen

__all__ = ["Fit", "link_of"]

NOT_ON_A_PAGE = frozenset({Kind.TEXT, Kind.ID, Kind.CONSTANT})
MOST_SCREENED = 300
"""Columns that are looked at one by one; of wider tables those that tell most, by a quicker look at all."""

MOST_LOOKED_AT = 25
"""Columns that go in: those that the target goes with most, one by one. A page has room for ten."""


def link_of(classes: tuple[str, ...], *, amount: bool) -> str:
    """Return the scale on which effects add up: log odds, for amounts the logarithm, else the value itself."""
    if classes:
        return "logistic" if len(classes) == 2 else "softmax"
    return "log" if amount else "identity"


def _finite(column: Column) -> Column:
    """Return the column with what is infinite missing: there is no page to write it on."""
    return column if isinstance(column, Strings) else np.where(np.isfinite(column), column, np.nan)


@dataclass(frozen=True, eq=False)
class Fit:
    """Rows to fit on, and the question.

    Attributes
    ----------
    columns : Columns
    y : ndarray of float64, shape (n_rows,)
        Class numbers or values.
    contract : Contract
    classes : tuple of str
    target : str
    link : str
    index : ndarray of int or None
        Where row 0, 1, … of ``y`` are in ``columns``, so that a large table need not be copied; None: they are the
        same.
    """

    columns: Columns
    y: np.ndarray
    contract: Contract
    classes: tuple[str, ...]
    target: str
    link: str
    index: np.ndarray | None = None

    def take(self, rows: np.ndarray) -> Fit:
        """Return the same with some of the rows."""
        places = rows if self.index is None else self.index[rows]
        columns = {name: _finite(column) for name, column in take(self.columns, places).items()}
        return Fit(columns, self.y[rows], self.contract, self.classes, self.target, self.link)

    @cached_property
    def scale(self) -> float:
        """The standard deviation of values; 1 where they are all the same."""
        largest = float(np.abs(self.y).max()) or 1.0  # squares of huge values are none that float64 holds
        return float((self.y / largest).std()) * largest or 1.0

    @cached_property
    def signal(self) -> np.ndarray:
        """What columns are to tell apart, shape (n_rows, k): the value on the link's scale, or the classes."""
        if self.link == "identity":
            return self.y[:, None] / self.scale
        if self.link == "log":
            return np.log1p(self.y)[:, None]
        if self.link == "logistic":
            return (self.y == 1).astype(float)[:, None]
        return (self.y[:, None] == np.arange(len(self.classes))).astype(float)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The columns that may be on the page, the most promising first."""
        usable = [n for n in self.columns if self.contract[n].kind not in NOT_ON_A_PAGE]
        if len(usable) > MOST_SCREENED:
            telling = screen(self.columns, usable, self.y, len(self.classes)).most_telling(MOST_SCREENED)
            usable = [usable[j] for j in telling.tolist()]
        return promising_first(self.columns, usable, self.signal)[:MOST_LOOKED_AT]
