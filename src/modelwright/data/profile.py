"""The profile: what each column is like, in numbers a person reads and monitoring compares with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modelwright.data.columns import Columns
    from modelwright.data.contract import Contract

__all__ = ["AT_5", "AT_95", "MEDIAN", "QUANTILES", "ColumnProfile", "Profile", "make_profile"]

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
"""Shares of the rows below which the quantiles of a profile lie."""

AT_5, MEDIAN, AT_95 = (QUANTILES.index(share) for share in (0.05, 0.5, 0.95))
"""Positions among them."""


@dataclass(frozen=True, kw_only=True)
class ColumnProfile:
    """Summary of one canonical column.

    Attributes
    ----------
    name, kind : str
    n_missing, n_distinct : int
    mean, std, minimum, maximum : float or None
        For numeric kinds (datetimes in seconds since 1970).
    quantiles : tuple of float
        At `QUANTILES` for numeric kinds, else empty.
    edges, counts : tuple
        Histogram over quantile-based edges, for numeric kinds (at most 20 bins).
    top : tuple of (str, int)
        Most frequent values and their counts, for the other kinds (at most 20); empty for ids and text.
    mean_length : float or None
        Mean number of characters, for text.
    """

    name: str
    kind: str
    n_missing: int
    n_distinct: int
    mean: float | None = None
    std: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    quantiles: tuple[float, ...] = ()
    edges: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()
    top: tuple[tuple[str, int], ...] = ()
    mean_length: float | None = None


@dataclass(frozen=True, kw_only=True)
class Profile:
    """Profiles of all columns over ``n_rows`` rows."""

    n_rows: int
    columns: tuple[ColumnProfile, ...]

    def __getitem__(self, name: str) -> ColumnProfile:
        return next(c for c in self.columns if c.name == name)


def make_profile(columns: Columns, contract: Contract) -> Profile:
    """Return the profile of canonical columns; see `modelwright.data.profiling`."""
    from modelwright.data.profiling import make_profile as profiled

    return profiled(columns, contract)
