"""The test table beside the training table: its values by the numbers that the training table gives them."""

from __future__ import annotations

import numpy as np

from modelwright.audit.findings import AuditContext
from modelwright.audit.looking import coded, is_missing, memo
from modelwright.data.columns import Strings

__all__ = ["NEW", "codes_of_test", "in_both", "row_hashes"]

NEW = -2  # the number of a value that the training table does not have
_PRIME = np.uint64(0x9E3779B97F4A7C15)  # Fibonacci hashing (Knuth, TAOCP 3, 6.4)


def in_both(context: AuditContext) -> list[str]:
    """Return the features that the test table has as well, in the same form; empty without a test table."""
    test = context.test or {}
    return [
        n
        for n in context.features
        if n in test and isinstance(test[n], Strings) == isinstance(context.columns[n], Strings)
    ]


def codes_of_test(context: AuditContext, name: str) -> np.ndarray:
    """Return the test rows' values by level number of `coded`, -1 where missing and `NEW` where training has none."""
    return memo(context, ("test codes", name), lambda: _codes(context, name))


def _codes(context: AuditContext, name: str) -> np.ndarray:
    assert context.test is not None
    column, known = context.test[name], coded(context, name).values
    if isinstance(column, Strings):
        return column.recode({str(v): i for i, v in enumerate(known)}, NEW).astype(np.int64)
    codes = np.full(len(column), NEW, np.int64)
    codes[is_missing(column)] = -1
    if len(known):
        place = np.minimum(np.searchsorted(known, column), len(known) - 1)
        codes = np.where(known[place] == column, place, codes)
    return codes


def row_hashes(columns: list[np.ndarray]) -> np.ndarray:
    """Return a 64-bit number per row over level numbers (chance of any collision in 50,000 rows: 1e-10)."""
    state: np.ndarray = np.zeros(len(columns[0]), np.uint64)
    for codes in columns:
        mixed = (state ^ (codes.astype(np.uint64) + np.uint64(3))) * _PRIME
        state = mixed ^ (mixed >> np.uint64(29))
    return state
