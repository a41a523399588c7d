"""P-values of "no more different from training than stretches of training are from each other"."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from modelwright.package.reference.documents import Variation

__all__ = ["UNKNOWN_EFFECT", "effective_rows", "p_of_distance", "p_of_shift", "variation_at"]

UNKNOWN_EFFECT = 0.01
"""Σ(√p - √q)² that stretches are taken to differ by where a version does not say: an effect of 0.2, a small one (Cohen
1988)."""

FEW_BLOCKS = 12


def effective_rows(n: float, reference: float) -> float:
    """Return the rows that a comparison of two samples is worth: half the harmonic mean."""
    return 1 / (1 / n + 1 / reference) if n > 0 and reference > 0 else 0.0


def variation_at(variation: Sequence[Variation], rows: float, freedom: float = 1.0) -> Variation:
    """Return the variation of stretches of a length, between those that were measured; an unknown one is small."""
    if not variation:
        return Variation(rows=int(rows), excess=4 * UNKNOWN_EFFECT / freedom, freedom=1.0, blocks=FEW_BLOCKS)
    lengths = np.log([max(v.rows, 1) for v in variation])
    at = math.log(max(rows, 1.0))
    between = [float(np.interp(at, lengths, [getattr(v, f) for v in variation])) for f in ("excess", "freedom")]
    blocks = float(np.interp(at, lengths, [v.blocks for v in variation]))
    return Variation(rows=int(rows), excess=between[0], freedom=between[1], blocks=round(blocks))


def p_of_distance(squared: float, rows: float, freedom: float, variation: Sequence[Variation]) -> float:
    """Return the p-value of a distance ``Σ(√p - √q)²`` of shares.

    The statistic over its mean under the variation of training has about an F distribution: its spread was measured on
    as many stretches as there were, and few of them leave room for a larger one.
    """
    from scipy.special import fdtrc

    if rows <= 0:
        return 1.0
    own = variation_at(variation, rows, freedom)
    statistic = 4 * rows * squared / freedom / (1 + own.excess * rows)
    return float(fdtrc(own.freedom, max(own.blocks * own.freedom, 1.0), statistic))


def p_of_shift(z: float, rows: float, variation: Sequence[Variation], *, two_sided: bool = False) -> float:
    """Return the p-value of a mean that lies ``z`` standard errors of chance above that of training."""
    from scipy.special import stdtr

    if rows <= 0 or not math.isfinite(z):
        return 1.0
    own = variation_at(variation, rows)
    scaled = z / math.sqrt(1 + own.excess * rows)
    tail = float(stdtr(max(own.blocks, 1), -abs(scaled) if two_sided else -scaled))
    return min(2 * tail, 1.0) if two_sided else tail
