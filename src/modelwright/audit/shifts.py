"""How two sets of rows differ: column by column, and all columns together.

Distances are between the distributions of known values, 0 (the same) to 1 (nothing in common): Kolmogorov-Smirnov for
numbers, total variation for levels. Together, a small gradient boosting machine is asked to tell the two sets apart on
rows it has not seen (Lopez-Paz and Oquab 2017, Revisiting Classifier Two-Sample Tests); the area under its ROC curve is
0.5 where it cannot.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwright.audit.boosting import BINS, settings_of
from modelwright.audit.looking import auc, is_missing
from modelwright.data.columns import Column, Strings

__all__ = [
    "LARGE_DIFFERENCE",
    "LARGE_DISTANCE",
    "MISSING_DIFFERENCE",
    "NEW_SHARE",
    "SURE",
    "Shift",
    "numbers_of",
    "shift",
    "tell_apart",
    "tell_apart_noise",
]

# The population stability index calls 0.25 a major shift; for two normal distributions that is a Kolmogorov-Smirnov
# distance of 0.2, which a difference of half a standard deviation between the means has as well. Flat distributions
# have less of it for the same difference, so means are compared, too (Cohen 1988 calls 0.5 a medium difference; what
# is asked for leaves room for its error).
LARGE_DISTANCE = 0.2
LARGE_DIFFERENCE = 0.4
NOISE_FACTOR = 1.95  # 1.95 √(1/n + 1/m): Kolmogorov-Smirnov at level 0.001
SURE = 3.5  # standard errors: 5 in 10,000 by chance
TRIM = (0.01, 0.99)  # a mean is not moved by the outermost values
MISSING_DIFFERENCE = 0.05
# Rows with a level that training never saw; beyond the share expected from the levels that it saw once (Good 1953).
NEW_SHARE = 0.01
NEW_LEAD = 2.0
MIN_NEW = 5
CHANCE = 0.001
MAX_LEVELS = 1_000

RARE_LEVEL = 10  # rows in both sets together: rarer levels tell the sets apart by heart only
TREES = 80
LEAVES = 15


@dataclass(frozen=True, kw_only=True)
class Shift:
    """How a column differs between two sets of rows.

    Attributes
    ----------
    distance : float
        Between the distributions, 0 … 1.
    difference : float
        Of the means, in standard deviations of the first set; 0 for levels.
    missing : tuple of float
        Share of missing values in the first and in the second set.
    new : float
        Share of the second set's known values that are levels the first set does not have.
    moved, gone, unseen : bool
        Whether the distribution, the share of missing values, the share of new levels differ by more than noise and by
        enough to matter.
    """

    distance: float
    difference: float
    missing: tuple[float, float]
    new: float
    moved: bool
    gone: bool
    unseen: bool

    @property
    def matters(self) -> bool:
        return self.moved or self.gone or self.unseen


def shift(here: Column, there: Column) -> Shift:
    """Return how a column differs between two sets of rows."""
    missing = (float(is_missing(here).mean()), float(is_missing(there).mean()))
    a, b = (c.to_object() if isinstance(c, Strings) else c for c in (here, there))
    a, b = a[~is_missing(here)], b[~is_missing(there)]
    distance = difference = new = 0.0
    moved = unseen = False
    if len(a) and len(b):
        weight = 1 / len(a) + 1 / len(b)
        if isinstance(here, Strings):
            distance = _total_variation(a, b)
            new, unseen = _new_levels(a, b)
        else:
            distance, difference = _kolmogorov_smirnov(a, b), _difference(a, b)
        moved = distance >= max(LARGE_DISTANCE, NOISE_FACTOR * weight**0.5)
        moved = moved or abs(difference) >= max(LARGE_DIFFERENCE, SURE * weight**0.5)
    gap, pooled = missing[1] - missing[0], (sum(missing)) / 2
    error = (pooled * (1 - pooled) * (1 / max(1, len(here)) + 1 / max(1, len(there)))) ** 0.5
    gone = abs(gap) >= max(MISSING_DIFFERENCE, SURE * error)
    return Shift(
        distance=distance, difference=difference, missing=missing, new=new, moved=moved, gone=gone, unseen=unseen
    )


def _kolmogorov_smirnov(a: np.ndarray, b: np.ndarray) -> float:
    a, b = np.sort(a), np.sort(b)
    values = np.concatenate([a, b])
    first, second = (np.searchsorted(s, values, side="right") / len(s) for s in (a, b))
    return float(np.abs(first - second).max())


def _difference(a: np.ndarray, b: np.ndarray) -> float:
    """Return the difference of the means in standard deviations, the outermost values drawn in."""
    a, b = a[np.isfinite(a)], b[np.isfinite(b)]
    if not len(a) or not len(b):
        return 0.0
    low, high = np.quantile(a, TRIM)
    width = high - low  # what lies beyond counts as beyond, though by no more than the range again
    a, b = (np.clip(s, low - width, high + width) for s in (a, b))
    deviation = float(a.std())
    return float(b.mean() - a.mean()) / deviation if deviation > 0 else 0.0


def _total_variation(a: np.ndarray, b: np.ndarray) -> float:
    levels, codes = np.unique(np.concatenate([a, b]).astype(str), return_inverse=True)
    if len(levels) > MAX_LEVELS:
        return 0.0
    shares = [np.bincount(c, minlength=len(levels)) / len(c) for c in (codes[: len(a)], codes[len(a) :])]
    # Total variation of k levels is about √(k · weight / 2π) by chance alone; that much is taken off.
    chance = (len(levels) * (1 / len(a) + 1 / len(b)) / (2 * np.pi)) ** 0.5
    return max(0.0, float(np.abs(shares[0] - shares[1]).sum() / 2) - chance)


def _new_levels(a: np.ndarray, b: np.ndarray) -> tuple[float, bool]:
    """Return the share of the second set's rows with new levels, and whether it is beyond chance.

    Many levels seen once announce others (Good 1953); one new level in many rows announces itself, for rows that were
    dealt out at random would not all have come to one side.
    """
    known, counts = np.unique(a.astype(str), return_counts=True)
    levels, rows = np.unique(b.astype(str), return_counts=True)
    rows = rows[~np.isin(levels, known)]
    new = float(rows.sum()) / len(b)
    once = int((counts == 1).sum())
    expected = once / len(a)
    error = ((expected + 1 / len(b)) / len(b) + once / len(a) ** 2) ** 0.5
    many = new >= max(NEW_LEAD * expected, expected + SURE * error)
    on_one_side = np.log(CHANCE / (len(known) + len(rows))) / np.log(len(b) / (len(a) + len(b)))
    one = bool(len(rows)) and rows.max() >= max(on_one_side, NEW_SHARE * len(b))
    return new, bool((many or one) and new >= NEW_SHARE and new * len(b) >= MIN_NEW)


def numbers_of(column: Column) -> np.ndarray:
    """Return a column as numbers for trees: levels by how frequent they are, rare ones as one."""
    if not isinstance(column, Strings):
        return column
    counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.levels))
    rank: np.ndarray = np.empty(len(counts) + 1)
    rank[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
    rank[:-1][counts < RARE_LEVEL] = -1
    rank[-1] = np.nan
    return rank[column.codes]


def tell_apart(table: np.ndarray, side: np.ndarray, folds: np.ndarray, seed: int) -> tuple[float, np.ndarray]:
    """Return how well two sets of rows can be told apart, and by which columns.

    Parameters
    ----------
    table : ndarray, shape (n_rows, n_columns)
    side : ndarray of int, shape (n_rows,)
        0 or 1.
    folds : ndarray of int, shape (n_rows,)
        Rows of a fold are judged by a model fitted on the others.
    seed : int

    Returns
    -------
    auc : float
        Area under the ROC curve over all held-out rows, the mean of the folds.
    gains : ndarray, shape (n_columns,)
        How much each column contributed.
    """
    import lightgbm

    settings = settings_of("binary", len(side), LEAVES, seed)
    gains, found = np.zeros(table.shape[1]), []
    for fold in np.unique(folds):
        held = folds == fold
        event = side[held] == 1
        if event.all() or not event.any() or np.ptp(side[~held]) == 0:
            continue
        data = lightgbm.Dataset(table[~held], label=side[~held], params=dict(BINS))
        model = lightgbm.train(settings, data, TREES)
        found.append(auc(np.asarray(model.predict(table[held])), event))
        gains += model.feature_importance("gain")
    return (float(np.mean(found)) if found else 0.5), gains


def tell_apart_noise(n: int, m: int) -> float:
    """Return the standard error of an area under the ROC curve when nothing tells ``n`` rows from ``m`` others."""
    return ((n + m + 1) / (12 * n * m)) ** 0.5
