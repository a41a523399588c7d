"""Columns of a window beside the reference: counts in bins, and how far they are from what training leads to expect."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from modelwright.data.columns import Column
from modelwright.data.contract import ColumnSpec
from modelwright.monitor.testing import effective_rows, p_of_distance, p_of_shift
from modelwright.package.reference.binning import counts_of
from modelwright.package.reference.documents import ColumnReference, Variation
from modelwright.package.reference.varying import distance, freedom_of
from modelwright.runtime.bins import FIRST, MISSING

__all__ = ["Compared", "compare", "effect_of"]

NEVER = Variation(rows=1, excess=0.0, freedom=1.0, blocks=1_000)
"""What was never so in training does not vary."""

FLAT = 0.95
EDGED = 6
"""Columns with fewer edges have all their values in bins of their own, and no edge of what training has seen."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Compared:
    """A column of a window beside its reference.

    Attributes
    ----------
    reference : ColumnReference
    counts : ndarray of int64, shape (n_bins,)
    n : int
    moved : float
        Share of the rows within the range that would have to move for the two to be alike (total variation).
    effect : float
        Size of the difference as Cohen's w, less what chance alone adds to it.
    p : float
        Of the difference within the range.
    p_missing : float
        Of more missing values than in training.
    """

    reference: ColumnReference
    counts: np.ndarray
    n: int
    moved: float
    effect: float
    p: float
    p_missing: float

    @property
    def shares(self) -> np.ndarray:
        """Share of the window's rows in each bin."""
        return self.counts / max(self.n, 1)

    @property
    def missing(self) -> float:
        """Share of missing values."""
        return float(self.shares[MISSING])

    @property
    def outside(self) -> float:
        """Share of rows beyond the range of training, or with a level that it did not have."""
        last = FIRST if self.reference.edges else FIRST - 1
        return float(self.shares[1:last].sum())

    @property
    def edge(self) -> float:
        """Share of rows outside or in the first and last bin of numbers, beyond what is expected there."""
        if len(self.reference.edges) <= EDGED:
            return self.outside - self.outside_expected
        ends = [1, 2, FIRST, len(self.counts) - 1]
        return float(self.shares[ends].sum() - np.asarray(self.reference.shares)[ends].sum())

    @property
    def alike(self) -> float:
        """Share of the training rows that are left when they are weighted to be like the window (Kish 1965)."""
        p, q = self.shares[FIRST:], np.asarray(self.reference.shares)[FIRST:]
        held = q > 0
        if not held.any() or p[held].sum() <= 0:
            return 1.0
        p, q = p[held] / p[held].sum(), q[held] / q[held].sum()
        return float(1 / (p**2 / q).sum())

    @property
    def flat(self) -> bool:
        """Whether training had next to one value, so that nothing is known of what others do."""
        values = self.reference.shares[FIRST:]
        return bool(values) and max(values) >= FLAT * sum(values)

    @property
    def outside_expected(self) -> float:
        """Share of such rows that later stretches of training had."""
        last = FIRST if self.reference.edges else FIRST - 1
        return float(sum(self.reference.shares[1:last]))


def compare(column: Column, reference: ColumnReference, spec: ColumnSpec | None, rows: int) -> Compared:
    """Return a column of a window beside its reference, which was made of ``rows`` rows."""
    counts = counts_of(column, reference, spec)
    n = int(counts.sum())
    within, expected = counts.astype(np.float64), np.asarray(reference.shares).copy()
    last = FIRST if reference.edges else FIRST - 1
    within[1:last], expected[1:last] = 0.0, 0.0
    inside, mass = within.sum(), expected.sum()
    if inside <= 0 or mass <= 0:
        return Compared(reference=reference, counts=counts, n=n, moved=0.0, effect=0.0, p=1.0, p_missing=1.0)
    p, q = within / inside, expected / mass
    squared = float(distance(p, q))
    both = effective_rows(inside, rows * mass)
    return Compared(
        reference=reference,
        counts=counts,
        n=n,
        moved=float(np.abs(p - q).sum() / 2),
        effect=effect_of(squared, both, freedom_of(q)),
        p=p_of_distance(squared, both, freedom_of(q), reference.variation),
        p_missing=_p_missing(counts[MISSING] / n, reference, effective_rows(n, rows)),
    )


def effect_of(squared: float, rows: float, freedom: float) -> float:
    """Return the size of a distance as Cohen's w, without what it is on average by chance alone."""
    return math.sqrt(max(4 * squared - freedom / max(rows, 1e-9), 0.0))


def _p_missing(share: float, reference: ColumnReference, rows: float) -> float:
    """Return the p-value of the share of missing values; where training had none, every one is news."""
    before = reference.shares[MISSING]
    z = 2 * math.sqrt(rows) * (math.asin(math.sqrt(min(share, 1.0))) - math.asin(math.sqrt(before)))
    return p_of_shift(z, rows, reference.gaps if before else (NEVER,))
