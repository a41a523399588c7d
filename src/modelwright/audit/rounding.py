"""To how many decimals numbers are written, and what that alone tells of the target."""

from __future__ import annotations

import numpy as np

from modelwright.audit.findings import AuditContext
from modelwright.audit.looking import coded
from modelwright.audit.power import COARSE_BINS, PowerSample, quantile_bins, score_cells

__all__ = ["MIN_LEVELS", "MOST_DECIMALS", "decimals", "told_by_decimals"]

MOST_DECIMALS = 9  # more of them are computed, not written
MIN_LEVELS = 50  # of fewer values each may mean something of its own
COMMON_SHARE, COMMON_ROWS = 0.01, 20  # a value so frequent (a zero, a default) is compared with itself alone
FINE_BINS = 30
ULPS = 4  # by which a product with a power of ten may be off a whole number

_TENS = 10.0 ** np.arange(MOST_DECIMALS)[:, None]


def decimals(values: np.ndarray) -> np.ndarray:
    """Return the fewest decimals that write each number, at most `MOST_DECIMALS`, shape (n,) like the values."""
    with np.errstate(invalid="ignore", over="ignore"):  # of infinite numbers, and of those next to it, nothing is known
        scaled = _TENS * values
        written = np.abs(np.round(scaled) - scaled) <= ULPS * np.finfo(np.float64).eps * np.abs(scaled)
    return np.where(written.any(axis=0), written.argmax(axis=0), MOST_DECIMALS)


def told_by_decimals(
    context: AuditContext, name: str, sample: PowerSample, *, least: float
) -> tuple[float, np.ndarray]:
    """Return what the decimals of a number explain beyond its value, and the decimals of all rows (-1: missing).

    Rows are compared with rows of about the same value and the same order of magnitude, with many values and with few
    to a cell, whichever leaves less to the decimals: what they tell then is no matter of size. Decimals that with the
    order of magnitude explain less than ``least`` are not looked at any closer: 0.
    """
    column = coded(context, name)
    if column.n_levels < MIN_LEVELS:
        return 0.0, np.full(len(column.codes), -1)
    values = np.asarray(column.values, dtype=np.float64)
    of_level = decimals(values)
    every = np.where(column.codes < 0, -1, of_level[column.codes])
    if of_level.min() == of_level.max():
        return 0.0, every
    codes, written = column.codes[sample.rows], every[sample.rows]
    with np.errstate(divide="ignore"):
        size = np.floor(np.log10(np.abs(values)))  # -inf of zero, a size of its own
    sizes = np.append(np.unique(size, return_inverse=True)[1] + 1, 0)[codes]
    if score_cells(sizes * (MOST_DECIMALS + 2) + written + 1, sample)[0] < least:
        return 0.0, every
    common = np.append(column.counts >= max(COMMON_ROWS, COMMON_SHARE * column.n_present), False)[codes]
    excess = []
    for n_bins in (COARSE_BINS, FINE_BINS):
        bins = np.where(codes < 0, 0, quantile_bins(codes, column.n_levels, n_bins) + 1)
        place = np.where(common, -1 - codes, bins * (sizes.max() + 1) + sizes)
        alone = np.unique(place, return_inverse=True)[1]
        beside = np.unique(alone * (MOST_DECIMALS + 2) + written + 1, return_inverse=True)[1]
        excess.append(score_cells(beside, sample)[0] - score_cells(alone, sample)[0])
    return min(excess), every
