"""Round numbers that occur more often than their neighbours, and piles at an end of the range."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = [
    "ABOVE",
    "MIN_EXCESS",
    "MIN_FINER",
    "MIN_PILE",
    "MIN_PILE_SHARE",
    "MIN_ROUND",
    "MIN_ROWS",
    "PILE_LEVELS",
    "PILE_NEIGHBOURS",
    "PILE_RATIO",
    "Heaps",
    "Pile",
    "find_heaps",
    "find_pile",
]

STEPS = (5, 10, 50, 100, 500, 1000, 5000, 10_000)
MIN_EXCESS = 0.30  # share of the values that stand on round numbers beyond what their neighbours have
MIN_STEP_EXCESS = 0.15  # … and so much beyond what rounding to a finer step gives
MIN_FINER = 0.05  # … while so many do not: otherwise the column is merely coarse
MIN_ROUND = 8  # different round numbers that are each above their neighbours
ABOVE = 3.0  # times as many as on the numbers around
MIN_ROWS = 100

MIN_PILE_SHARE, MIN_PILE = 0.01, 10
PILE_LEVELS = 30  # different values; the end of a short scale is an answer like any other
PILE_NEIGHBOURS = 5
PILE_RATIO = 2.5  # times as many rows as the fullest of the nearest values
MOST = 0.5  # more than half of the rows: what is usual, not a limit
# Ends of scales that are meant: shares, per cent, grades, hours, angles, pixels.
NATURAL = frozenset({-1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 10.0, 12.0, 20.0, 23.0, 24.0, 31.0, 60.0, 100.0,
                     90.0, 180.0, 360.0, 365.0, 366.0, 255.0, 1000.0, -90.0, -100.0, -180.0})  # fmt: skip


@dataclass(frozen=True)
class Heaps:
    """Values pile up at multiples of ``step``: a ``share`` where ``due`` would be; ``excess`` of the others."""

    step: int
    n: int
    share: float
    due: float
    excess: float


def find_heaps(values: np.ndarray, counts: np.ndarray) -> Heaps | None:
    """Return the step at whose multiples whole numbers pile up most, None where they do not.

    Parameters
    ----------
    values, counts : ndarray, shape (n_values,)
        Different values in ascending order, and how often each occurs. Zeros and the most frequent value are left out:
        one pile is no habit of rounding.
    """
    total = int(counts.sum())
    if total < MIN_ROWS or not np.all(values == np.floor(values)) or np.abs(values).max() > 1e12:
        return None
    keep = values != 0
    keep[np.argmax(counts)] = False
    x, c = values[keep], counts[keep].astype(np.float64)
    n = float(c.sum())
    if n < total / 2 or len(x) < 2 * MIN_ROUND:
        return None
    grain = int(np.gcd.reduce(x.astype(np.int64)))  # of a column in fifties, every second is a multiple of 100
    shares = {grain: 1.0}
    found: list[Heaps] = []
    for step in STEPS:
        on = np.mod(x, step) == 0
        share = float(c[on].sum() / n)
        due = grain / step
        finer = max((s * d / step for d, s in shares.items() if step % d == 0), default=0.0)
        shares[step] = share
        if step <= grain or share > 1 - MIN_FINER or share - finer < MIN_STEP_EXCESS:
            continue
        excess = (share - due) / (1 - due)
        if excess >= MIN_EXCESS and _above(x, c, on, step) >= MIN_ROUND:
            found.append(Heaps(step, int(c[on].sum()), share, due, excess))
    # Multiples of 10 are multiples of 5, too: the coarsest step that still explains nearly as much is the habit.
    best = max((h.excess for h in found), default=0.0)
    return next((h for h in reversed(found) if h.excess >= 0.8 * best), None)


def _above(x: np.ndarray, c: np.ndarray, on: np.ndarray, step: int) -> int:
    """Return how many multiples are well above the mean of the numbers around them."""
    before = np.concatenate([[0.0], np.cumsum(np.where(on, 0.0, c))])
    low, high = np.searchsorted(x, x[on] - step / 2), np.searchsorted(x, x[on] + step / 2, side="right")
    around = (before[high] - before[low]) / (step - 1)
    return int(((c[on] >= ABOVE * np.maximum(around, 1 / ABOVE)) & (around > 0)).sum())


@dataclass(frozen=True)
class Pile:
    """``n`` rows with the very same value at an end of the range; ``beside`` on the fullest of the values beside it."""

    value: float
    n: int
    beside: int
    top: bool


def find_pile(values: np.ndarray, counts: np.ndarray) -> Pile | None:
    """Return a pile at the highest or, for numbers above zero, the lowest value; None where an end is as usual."""
    total = int(counts.sum())
    if len(values) < PILE_LEVELS or total < MIN_ROWS:
        return None
    whole = bool(np.all(values == np.floor(values)))
    for top in (True, False):
        order = slice(None, None, -1) if top else slice(None)
        value, n = float(values[order][0]), int(counts[order][0])
        beside = int(counts[order][1 : 1 + PILE_NEIGHBOURS].max())
        # Whole numbers often begin with 1, and at their lowest value their distribution may rightly be at its height.
        natural = value in NATURAL or (not top and (whole or value <= 0))
        enough = max(MIN_PILE, MIN_PILE_SHARE * total)
        if not natural and enough <= n <= MOST * total and n >= PILE_RATIO * beside:
            return Pile(value, n, beside, top)
    return None
