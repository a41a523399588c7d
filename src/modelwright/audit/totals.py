"""A last row that sums up the others, as spreadsheets have it."""

from __future__ import annotations

import numpy as np

from modelwright.audit.findings import AuditContext
from modelwright.data.columns import Strings
from modelwright.data.totals import says_total

__all__ = ["total_row"]

# Sums are written with rounding; a cell that is the sum of the others to six digits is no coincidence.
RELATIVE_TOLERANCE = 1e-6
SUMMED_SHARE = 0.5  # of the number cells of the row; years and rates are not summed up


def total_row(context: AuditContext) -> str:
    """Return what gives the last row of the table away as a sum of the others, ``""`` where nothing does.

    Sums need every row: on a sample only the words count, and only where the last row is in it.
    """
    n = len(context.row_numbers)
    if n < 3 or int(context.row_numbers[-1]) != context.n_rows - 1:
        return ""
    word = _word(context)
    if word:
        return f"it says '{word}'"
    return _summed(context) if n == context.n_rows else ""


def _word(context: AuditContext) -> str:
    """Return the cell of the last row that says "total" while no other row of its column does."""
    for column in context.columns.values():
        if isinstance(column, Strings) and column.codes[-1] >= 0:
            said = str(column.levels[column.codes[-1]])
            if says_total(said) and (column.codes == column.codes[-1]).sum() == 1:
                return said.strip()
    for name, column in context.columns.items():
        known = column.codes[-1] >= 0 if isinstance(column, Strings) else not np.isnan(column[-1])
        if known or name not in context.raw:
            continue
        cells = context.raw[name]  # what was read as missing because the column holds numbers otherwise
        said = str(cells[-1] or "")
        if says_total(said) and said not in cells[:-1]:
            return said.strip()
    return ""


def _summed(context: AuditContext) -> str:
    n_cells = 0
    summed = []
    for name, column in context.columns.items():
        if isinstance(column, Strings) or not np.isfinite(column[-1]):
            continue
        n_cells += 1
        others = column[:-1][np.isfinite(column[:-1])]
        total = float(others.sum()) if len(others) > 1 else 0.0
        # A sum that is no larger than every part says nothing: all others may be 0.
        far = total != 0 and abs(total) > np.abs(others).max()
        if far and abs(column[-1] - total) <= RELATIVE_TOLERANCE * abs(total):
            summed.append(name)
    if not summed or len(summed) < SUMMED_SHARE * n_cells:
        return ""
    return f"it holds the sum of all other rows of '{summed[0]}'" + (
        f" and {len(summed) - 1} more columns" if len(summed) > 1 else ""
    )
