"""What the order of the rows gives away."""

from __future__ import annotations

import numpy as np

from modelwright.audit.findings import AuditContext
from modelwright.audit.identifiers import identifier_reason
from modelwright.audit.looking import coded, memo
from modelwright.data.columns import Strings

__all__ = ["neighbour_likeness", "rank_correlation", "sorted_by", "target_runs"]

SORTED = 0.95
RUNS_PER_LEVEL = 1.5


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Return Spearman's correlation over the rows where both are known; 0 where it is not defined."""
    from scipy.stats import rankdata

    known = np.isfinite(a) & np.isfinite(b)
    if known.sum() < 3 or np.ptp(a[known]) == 0 or np.ptp(b[known]) == 0:
        return 0.0
    return float(np.corrcoef(rankdata(a[known]), rankdata(b[known]))[0, 1])


def neighbour_likeness(context: AuditContext) -> float:
    """Return how alike the targets of neighbouring rows are, beyond chance: 0 in a shuffled file, 1 if always equal.

    For classes it is the agreement corrected for chance (Cohen's kappa of the series with itself one row later), for
    values the lag-1 autocorrelation of the ranks. In a shuffled file its standard deviation is about 1 / √n.
    """
    return memo(context, "likeness", lambda: _likeness(context))


def _likeness(context: AuditContext) -> float:
    assert context.y is not None
    y = context.y[~np.isnan(context.y)]
    if len(y) < 3 or np.ptp(y) == 0:
        return 0.0
    if not context.classes:
        return rank_correlation(y[:-1], y[1:])
    share = np.bincount(y.astype(np.int64)) / len(y)
    chance = float(np.square(share).sum())
    return (float((y[:-1] == y[1:]).mean()) - chance) / (1 - chance)


def target_runs(context: AuditContext) -> tuple[int, float]:
    """Return the number of runs of equal classes along the file, and the number expected of a shuffled file."""
    assert context.y is not None
    y = context.y[~np.isnan(context.y)]
    share = np.bincount(y.astype(np.int64)) / len(y)
    return int((y[:-1] != y[1:]).sum()) + 1, 1 + (len(y) - 1) * (1 - float(np.square(share).sum()))


def sorted_by(context: AuditContext) -> str:
    """Return the first feature (no identifier) that the file is sorted by, ``""`` for none.

    A number counts when its rank correlation with the row number is at least `SORTED`; a category when its levels lie
    in blocks.
    """
    return memo(context, "sorted by", lambda: _sorting_column(context))


def _sorting_column(context: AuditContext) -> str:
    position = np.arange(len(context.row_numbers), dtype=np.float64)
    for name in context.features:
        column = coded(context, name)
        if column.n_levels < 2 or identifier_reason(context, name):
            continue
        runs = int((column.codes[1:] != column.codes[:-1]).sum()) + 1
        if column.n_levels > 2 and runs <= RUNS_PER_LEVEL * column.n_levels and runs < len(position) / 2:
            return name
        if not isinstance(context.columns[name], Strings):
            codes = np.where(column.codes < 0, np.nan, column.codes)
            if abs(rank_correlation(codes, position)) >= SORTED:
                return name
    return ""
