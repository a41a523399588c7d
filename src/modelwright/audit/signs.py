"""What gives a column away as one that holds the answer, and how much was found; see `modelwright.audit.leaks`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["TOLD_SIGNS", "Leak", "Sign"]


class Sign(StrEnum):
    """What gave a column away."""

    COPY = "copy"
    NAMED = "named"
    HINT = "hint"
    EXISTENCE = "existence"
    ONE_SIDED = "one-sided"
    FEW_ROWS = "one-sided in few rows"
    COMPANY = "company"
    DOMINANT = "dominant"
    STRONG = "strong"
    DERIVED = "computed from a leak"
    NEAR = "near copy"
    MOSTLY = "mostly for one class"


# Signs on which nothing is dropped.
TOLD_SIGNS = frozenset({Sign.HINT, Sign.FEW_ROWS, Sign.STRONG, Sign.NEAR, Sign.MOSTLY})


@dataclass(frozen=True, kw_only=True)
class Leak:
    """A column that seems to hold the answer.

    Attributes
    ----------
    column : str
    sign : Sign
    skill : float
        Share of the target the column alone explains out of fold; for one-sided columns, the share of the most
        frequent class among the rows of that side; for near copies, the share of right rows or R²; for columns mostly
        for one class, the share of its rows that have a value.
    others : float
        Share that the columns it was compared with explain; for one-sided columns, the share of that class in all
        rows; for columns mostly for one class, the share of all other rows that have a value.
    word : str
        What in the name speaks of it, where it does; for company and what was computed from a leak, that leak; for
        columns mostly for one class, that class.
    """

    column: str
    sign: Sign
    skill: float
    others: float
    word: str = ""
    against: str = ""
