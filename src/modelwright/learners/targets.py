"""What kind of values a target holds, as far as it decides which losses are worth trying."""

from __future__ import annotations

import numpy as np

__all__ = ["AMOUNT", "PLAIN", "kind_of"]

PLAIN, AMOUNT = "plain", "amount"

SKEWED = 0.9
"""Skewness from which values of 0 and more are an amount: prices, counts, claims. Bulmer (1979, "Principles of
Statistics", chapter 4) calls a distribution highly skewed from 1; values cut off at the top come out a little lower."""


def kind_of(y: np.ndarray) -> str:
    """Return ``"amount"`` for values of 0 and more with a long tail to the right, else ``"plain"``.

    The mean of an amount is more often a product of what works on it than a sum, and its spread grows with it: models
    of the logarithm of the mean then need fewer splits, and are not led by the largest rows (McCullagh and Nelder 1989,
    chapters 6 and 8).
    """
    spread = float(y.std()) if len(y) else 0.0
    if spread <= 0.0 or y.min() < 0:
        return PLAIN
    skewness = float(np.mean(((y - y.mean()) / spread) ** 3))
    return AMOUNT if skewness >= SKEWED else PLAIN
