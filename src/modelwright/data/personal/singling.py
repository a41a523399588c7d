"""What cannot single anybody out by itself: small numbers, and a few values that all repeat often."""

from __future__ import annotations

__all__ = ["SMALLEST_NUMBER", "repeats"]

FEW_LEVELS, ROWS_PER_LEVEL = 20, 20
"""A column of no more levels than this, each with so many rows on average, holds nobody's address: a *street* is
paved."""

SMALLEST_NUMBER = 10_000
"""Numbers of persons, phones and accounts, and days of birth written as numbers, have five digits at least; smaller
ones count something."""


def repeats(n_levels: int, n_rows: int) -> bool:
    """Return whether a column has so few levels, so often repeated, that they cannot single anybody out."""
    return n_levels <= FEW_LEVELS and n_rows >= ROWS_PER_LEVEL * n_levels
