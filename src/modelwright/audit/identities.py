"""Columns that add up to the target.

A sum, a difference or a mean of honest measurements does not meet another measurement exactly; where it does, the
target was computed from the columns (or they from it). The search is over correlations, so that all pairs of 150 and
all triples of 60 columns cost milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

__all__ = [
    "EXACT_R2",
    "PART_COVERAGE",
    "PART_EXACT_COVERAGE",
    "PART_EXACT_PURITY",
    "PART_MAX_BASE",
    "PART_PURITY",
    "PRODUCT_R2",
    "WHOLE_R2",
    "Identity",
    "find_identity",
    "find_parts",
    "find_product",
    "find_smaller_parts",
]

# A residual of an exact identity is rounding alone …
EXACT_R2 = 0.9999
# … and where small change is missing from the sum (taxes, surcharges), weights of plus or minus one do nearly as well.
WHOLE_R2 = 0.98
# The last column added must take away three quarters of what was unexplained; otherwise it is not part of the sum.
GAIN = 0.25
MAX_PAIR_COLUMNS = 150
MAX_TRIPLE_COLUMNS = 60
MAX_FULL_COLUMNS = 60
MAX_FULL_PARTS = 12
ROWS_PER_COLUMN = 5  # a regression with fewer rows per column can be exact by chance
COLLINEAR = 1e-8
NEARLY_ONE = 0.1  # weights of parts that were rounded
MAX_WHOLE_PARTS = 8
MAX_FACTORS = 3
PRODUCT_R2 = 0.999  # of logarithms; prices are rounded, and powers of measurements are not that exact
MOSTLY_POSITIVE = 0.9

PART_PURITY = 0.95
PART_RATIO = 8.0
PART_ROWS = 10
PART_COVERAGE = 0.80
PART_MAX_BASE = 0.30
# Where the class is up to a half of the rows, flags that imply it come about more easily, and must be nearly exact.
PART_EXACT_PURITY = 0.99
PART_EXACT_COVERAGE = 0.85
PART_EXACT_BASE = 0.55
MAX_PARTS = 10

# Of a sum that goes up exactly, the rows that are exact with all its parts, and those in which a part may be more than
# what is left (a correction by hand).
SUM_EXACT = 0.95
SUM_BEYOND = 0.005
SUM_ROUNDING = 1e-6  # of the target's standard deviation


@dataclass(frozen=True, eq=False)
class Identity:
    """``y ≈ weights · columns + constant``, with its R²; ``columns`` are positions in the matrix given."""

    columns: tuple[int, ...]
    weights: np.ndarray
    r2: float


def find_identity(x: np.ndarray, y: np.ndarray) -> Identity | None:
    """Return the smallest set of two or more columns that add up to the target.

    Parameters
    ----------
    x : ndarray of float, shape (n_rows, n_columns)
        Without missing values.
    y : ndarray of float, shape (n_rows,)

    Returns
    -------
    Identity or None
        Weights are in the columns' own units. None where nothing adds up.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = x.std(axis=0)
        usable = np.flatnonzero(np.isfinite(spread) & (spread > 0))
        if len(usable) < 2 or not y.std() > 0:
            return None
        z = (x[:, usable] - x[:, usable].mean(axis=0)) / spread[usable]
        t = (y - y.mean()) / y.std()
        r = z.T @ t / len(t)
        c = z.T @ z / len(t)
    for search in (_pairs, _triples, _all):
        chosen = search(c, r, len(y))
        if chosen is None:
            continue
        columns = usable[chosen]
        weights, r2 = _weights(z[:, chosen], t)
        weights = weights * y.std() / spread[columns]
        if r2 >= EXACT_R2:
            return Identity(tuple(int(k) for k in columns), weights, r2)
        whole = np.sign(weights)
        whole_r2 = 1.0 - float(np.var(y - x[:, columns] @ whole) / np.var(y))
        if len(chosen) <= 3 and whole_r2 >= WHOLE_R2:
            return Identity(tuple(int(k) for k in columns), whole, whole_r2)
    return _whole(x[:, usable], y, z, t, usable)


def find_smaller_parts(x: np.ndarray, y: np.ndarray, found: Identity) -> tuple[int, ...]:
    """Return the columns that make a sum of parts exact: those too small to be needed for nearly all of it.

    Each is 0 or more, hardly ever more than what the larger parts leave of the target, and with all of them the rows
    in which there are any are exact, and are not without.

    Parameters
    ----------
    x, y : ndarray
        As of `find_identity`.
    found : Identity
        Its outcome, of which the columns are parts of the target.
    """
    slack = SUM_ROUNDING * float(y.std())
    left = y - x[:, list(found.columns)].sum(axis=1)
    inside = (x >= 0).all(axis=0) & ((x > left[:, None] + slack).mean(axis=0) <= SUM_BEYOND) & (x > 0).any(axis=0)
    inside[list(found.columns)] = False
    parts = [int(k) for k in np.flatnonzero(inside)]
    rows = (x[:, parts] > 0).any(axis=1)
    if rows.sum() < PART_ROWS or not _exact(x[rows][:, parts], left[rows], slack) >= SUM_EXACT:
        return ()
    return tuple(
        k
        for k in parts
        if (mine := x[:, k] > 0).sum() >= PART_ROWS
        and _exact(x[mine][:, [other for other in parts if other != k]], left[mine], slack) < SUM_EXACT
    )


def _exact(parts: np.ndarray, whole: np.ndarray, slack: float) -> float:
    """Return the share of rows in which parts add up to the whole."""
    return float((np.abs(whole - parts.sum(axis=1)) <= slack).mean())


def _whole(x: np.ndarray, y: np.ndarray, z: np.ndarray, t: np.ndarray, usable: np.ndarray) -> Identity | None:
    """Return the columns that get weights of about plus or minus one beside all others, where they add up."""
    if z.shape[1] > MAX_FULL_COLUMNS or len(y) < ROWS_PER_COLUMN * z.shape[1]:
        return None
    weights = _weights(z, t)[0] * y.std() / x.std(axis=0)
    chosen = np.flatnonzero(np.abs(np.abs(weights) - 1) <= NEARLY_ONE)
    if not 2 <= len(chosen) <= MAX_WHOLE_PARTS:
        return None
    whole = np.sign(weights[chosen])
    r2 = 1.0 - float(np.var(y - x[:, chosen] @ whole) / np.var(y))
    single = float(np.square(z[:, chosen].T @ t / len(t)).max())
    if r2 < WHOLE_R2 or 1 - r2 > GAIN * (1 - single):
        return None
    return Identity(tuple(int(k) for k in usable[chosen]), whole, r2)


def find_product(x: np.ndarray, y: np.ndarray) -> Identity | None:
    """Return two or three positive columns whose product or quotient is the target; weights are exponents.

    Parameters
    ----------
    x : ndarray of float, shape (n_rows, n_columns)
        Without missing values; columns with values of zero or less are left out.
    y : ndarray of float, shape (n_rows,)
        Rows with targets of zero or less are left out.
    """
    rows = y > 0
    if rows.mean() < MOSTLY_POSITIVE:
        return None
    positive = np.flatnonzero((x[rows] > 0).all(axis=0))
    if len(positive) < 2:
        return None
    found = find_identity(np.log(x[rows][:, positive]), np.log(y[rows]))
    if found is None or len(found.columns) > MAX_FACTORS or found.r2 < PRODUCT_R2:
        return None
    if np.any(np.abs(np.abs(found.weights) - 1) > NEARLY_ONE):
        return None
    return Identity(tuple(int(positive[k]) for k in found.columns), np.sign(found.weights), found.r2)


def _weights(z: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, float]:
    weights = np.linalg.lstsq(z, t, rcond=None)[0]
    return weights, 1.0 - float(np.square(t - z @ weights).mean())


def _strongest(r: np.ndarray, n: int) -> np.ndarray:
    return np.sort(np.argsort(-np.abs(r), kind="stable")[:n])


def _pairs(c: np.ndarray, r: np.ndarray, n: int) -> list[int] | None:
    """Return the best pair by R² = (r1² + r2² - 2 r1 r2 c12) / (1 - c12²)."""
    kept = _strongest(r, MAX_PAIR_COLUMNS)
    i, j = np.triu_indices(len(kept), 1)
    i, j = kept[i], kept[j]
    free = 1 - np.square(c[i, j])
    r2 = np.where(
        free > COLLINEAR, (r[i] ** 2 + r[j] ** 2 - 2 * r[i] * r[j] * c[i, j]) / np.maximum(free, COLLINEAR), 0
    )
    single = np.maximum(r[i] ** 2, r[j] ** 2)
    return _best(np.column_stack([i, j]), np.minimum(r2, 1), single)


def _triples(c: np.ndarray, r: np.ndarray, n: int) -> list[int] | None:
    kept = _strongest(r, MAX_TRIPLE_COLUMNS)
    if len(kept) < 3:
        return None
    sets = kept[np.array(list(combinations(range(len(kept)), 3)))]
    blocks = c[sets[:, :, None], sets[:, None, :]]
    free = np.linalg.det(blocks) > COLLINEAR
    sets, blocks = sets[free], blocks[free]
    if not len(sets):
        return None
    b = r[sets]
    r2 = np.minimum(np.einsum("ij,ij->i", b, np.linalg.solve(blocks, b[..., None])[..., 0]), 1)
    single = np.square(b).max(axis=1)
    return _best(sets, r2, single)


def _best(sets: np.ndarray, r2: np.ndarray, single: np.ndarray) -> list[int] | None:
    good = (r2 >= WHOLE_R2) & (1 - r2 <= GAIN * (1 - single))
    if not good.any():
        return None
    return [int(k) for k in sets[np.where(good, r2, -1).argmax()]]


def _all(c: np.ndarray, r: np.ndarray, n: int) -> list[int] | None:
    """Return the columns of an exact identity of any length, by leaving out columns while it stays exact."""
    if len(r) > MAX_FULL_COLUMNS or n < ROWS_PER_COLUMN * len(r):
        return None
    chosen = list(range(len(r)))

    def exact(columns: list[int]) -> bool:
        weights = np.linalg.lstsq(c[np.ix_(columns, columns)], r[columns], rcond=1e-10)[0]
        return float(r[columns] @ weights) >= EXACT_R2

    if not exact(chosen):
        return None
    for column in sorted(chosen, key=lambda k: abs(r[k])):
        fewer = [k for k in chosen if k != column]
        if len(fewer) >= 2 and exact(fewer):
            chosen = fewer
    return chosen if 2 <= len(chosen) <= MAX_FULL_PARTS else None


def find_parts(flags: np.ndarray, event: np.ndarray) -> tuple[list[int], float, float] | None:
    """Return flags that each imply the event and together are nearly all of it, with their purity and coverage.

    Parameters
    ----------
    flags : ndarray of bool, shape (n_rows, n_flags)
    event : ndarray of bool, shape (n_rows,)
        The rarer class.
    """
    base = float(event.mean())
    if not 0 < base <= PART_EXACT_BASE or not flags.shape[1]:
        return None
    n = flags.sum(axis=0)
    purity = (flags & event[:, None]).sum(axis=0) / np.maximum(n, 1)
    often = base > PART_MAX_BASE
    enough = PART_EXACT_PURITY if often else np.maximum(PART_PURITY, 1 - (1 - base) / PART_RATIO)
    chosen = [int(k) for k in np.flatnonzero((n >= PART_ROWS) & (purity >= enough))]
    if not 2 <= len(chosen) <= MAX_PARTS:
        return None
    union = flags[:, chosen].any(axis=1)
    coverage = float((union & event).sum() / event.sum())
    if coverage < (PART_EXACT_COVERAGE if often else PART_COVERAGE):
        return None
    return chosen, float(event[union].mean()), coverage
