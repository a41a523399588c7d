"""Rows that are alike in every feature and differ in the target, and whether they are copies or chance.

Where features are few and coarse, rows agree by chance, and their targets differ as they should. Then many more pairs
agree in all features but one, from which the chance to agree in that one, too, can be told. Copies are more than that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwright.audit.findings import AuditContext
from modelwright.audit.identifiers import identifier_reason
from modelwright.audit.looking import coded

__all__ = ["CHANCE_TIMES", "MAX_COLUMNS", "MIN_DISTINCT", "Contradictions", "find_contradictions"]

MAX_COLUMNS = 200
MAX_LEFT_OUT = 40
CHANCE_TIMES = 3.0  # columns hang together, and agree more often than independent ones
MIN_DISTINCT = 0.5  # different rows per row; with fewer, the table is a table of cells and rows are bound to agree


@dataclass(frozen=True, eq=False)
class Contradictions:
    """Groups of rows that are alike in every feature.

    Attributes
    ----------
    rows : ndarray of int
        Positions in the context of the rows of groups whose targets differ, group by group.
    n_groups : int
    n : int
        Rows with a target.
    best : float
        The highest accuracy that remains possible, 1 where the target is a number.
    spread : float
        Share of the variance of the target within the groups, 0 for classes.
    """

    rows: np.ndarray
    n_groups: int
    n: int
    best: float
    spread: float


def find_contradictions(context: AuditContext, enough_apart: float) -> Contradictions | None:
    """Return the contradictions, None where there are none or where rows agree by chance.

    Parameters
    ----------
    enough_apart : float
        By how much two values of a number as target must differ.
    """
    names = [n for n in context.features if not identifier_reason(context, n)][:MAX_COLUMNS]
    if context.y is None or not names:
        return None
    known = np.flatnonzero(np.isfinite(context.y))
    y = context.y[known]
    hashes = [_hashes(coded(context, n).codes[known]) for n in names]
    total = np.asarray(np.sum(hashes, axis=0, dtype=np.uint64))
    _, group, sizes = np.unique(total, return_inverse=True, return_counts=True)
    if len(sizes) == len(known) or len(sizes) < MIN_DISTINCT * len(known):
        return None
    lowest, highest = np.full(len(sizes), np.inf), np.full(len(sizes), -np.inf)
    np.minimum.at(lowest, group, y)
    np.maximum.at(highest, group, y)
    differ = highest - lowest > (0 if context.classes else enough_apart)
    if not differ.any() or _by_chance(hashes, total):
        return None
    inside = np.flatnonzero(differ[group])
    best, spread = _limits(group, sizes, y, bool(context.classes))
    return Contradictions(
        known[inside[np.argsort(group[inside], kind="stable")]], int(differ.sum()), len(known), best, spread
    )


def _hashes(codes: np.ndarray) -> np.ndarray:
    """Return a random number of 64 bits per level (another for missing); sums of them tell rows apart."""
    random = np.random.default_rng([int(codes.sum()) & 0xFFFFFFFF, len(codes), int(codes.max(initial=0)) + 1])
    table = random.integers(0, 2**64, int(codes.max(initial=-1)) + 2, dtype=np.uint64)
    return table[codes]


def _by_chance(hashes: list[np.ndarray], total: np.ndarray) -> bool:
    """Return whether about as many pairs of rows would agree by chance.

    Of the pairs that agree in all columns but one, those agree in that one with the chance of two rows of the table.
    """
    n = len(total)
    agree = _pairs(total)
    step = max(1, len(hashes) // MAX_LEFT_OUT)
    for hashed in hashes[::step]:
        same = _pairs(hashed) / (n * (n - 1) / 2)
        agree_but_here = _pairs(total - hashed) - agree
        if same < 1 and CHANCE_TIMES * agree_but_here * same / (1 - same) >= agree:
            return True
    return False


def _pairs(hashed: np.ndarray) -> float:
    """Return how many pairs of rows are alike."""
    sizes = np.unique(hashed, return_counts=True)[1].astype(np.float64)
    return float((sizes * (sizes - 1) / 2).sum())


def _limits(group: np.ndarray, sizes: np.ndarray, y: np.ndarray, classes: bool) -> tuple[float, float]:
    if classes:
        cells = group * (int(y.max()) + 1) + y.astype(np.int64)
        used, counts = np.unique(cells, return_counts=True)
        most = np.zeros(len(sizes), dtype=np.int64)
        np.maximum.at(most, used // (int(y.max()) + 1), counts)
        return float(most.sum() / len(y)), 0.0
    means = np.bincount(group, y) / sizes
    variance = float(np.var(y))
    return 1.0, float(np.mean(np.square(y - means[group])) / variance) if variance > 0 else 0.0
