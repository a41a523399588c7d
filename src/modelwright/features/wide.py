"""Wide tables: which of their columns a view is made of, chosen on the training rows that it is fitted to.

A view is made of at most `MOST_COLUMNS` columns, those that tell most of the target; one whose name ends in ``":sure"``
of those alone that surely tell, see `modelwright.features.screening`. The version then reads and scores no others.
"""

from __future__ import annotations

import numpy as np

from modelwright.data.columns import Columns
from modelwright.data.contract import Contract, Kind
from modelwright.features.screening import screen

__all__ = ["MOST_COLUMNS", "SURE", "base_of", "columns_seen", "is_wide", "screened_contract"]

MOST_COLUMNS = 1_000
"""Beyond, a fit takes long and what it is offered is noise: of 500 rows, noise alone fills as many columns."""

MOST_SURE = 500
USUALLY_SURE = 50
"""Columns that surely tell at most, and how many there usually are, where a fit's time has to be guessed."""

SURE = ":sure"

WIDE_COLUMNS, ROWS_PER_COLUMN = 100, 10
"""With so many columns and fewer rows than this for each, models are also tried on the columns that surely tell:
ten cases per variable are what a regression is said to need (Peduzzi et al. 1996)."""

_SCREENED = frozenset({Kind.NUMBER, Kind.BOOLEAN, Kind.DURATION, Kind.GEO, Kind.CATEGORY, Kind.DATETIME})
"""Texts are few, and what they tell lies in their words."""


def base_of(view: str) -> str:
    """Return the name of a view without ``":sure"``."""
    return view.removesuffix(SURE)


def is_wide(n_rows: int, n_columns: int) -> bool:
    """Return whether models should also be tried on the columns that surely tell."""
    return n_columns >= WIDE_COLUMNS and n_rows < ROWS_PER_COLUMN * n_columns


def columns_seen(view: str, n_columns: int) -> int:
    """Return of how many of a table's columns a view is usually made."""
    return min(n_columns, USUALLY_SURE if view.endswith(SURE) else MOST_COLUMNS)


def screened_contract(view: str, columns: Columns, contract: Contract, y: np.ndarray, n_classes: int) -> Contract:
    """Return the contract of the columns that a view is made of.

    Parameters
    ----------
    view : str
    columns : Columns
        Canonical training rows.
    contract : Contract
        The columns that may be used.
    y : ndarray of float64, shape (n_rows,)
        Encoded target of the training rows.
    n_classes : int
        0 for values.
    """
    names = [s.name for s in contract.columns if s.kind in _SCREENED]
    sure = view.endswith(SURE)
    if not sure and len(names) <= MOST_COLUMNS:
        return contract
    found = screen(columns, names, y, n_classes)
    places = found.surely_telling(MOST_SURE) if sure else found.most_telling(MOST_COLUMNS)
    left_out = set(names).difference(names[j] for j in places.tolist())
    return contract.only(s.name for s in contract.columns if s.name not in left_out)
