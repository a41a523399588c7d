"""Made-up tables whose truth is known."""

from __future__ import annotations

import numpy as np


def binary(rng: np.random.Generator, n: int, *, share: float = 0.3, apart: float = 1.5):
    """Return y and true probabilities (n, 2): normal scores, ``apart`` standard deviations between the classes."""
    y = (rng.random(n) < share).astype(float)
    score = rng.normal(size=n) + apart * y
    event = 1 / (1 + np.exp(-(np.log(share / (1 - share)) + apart * score - apart**2 / 2)))
    return y, np.column_stack([1 - event, event])


def multiclass(rng: np.random.Generator, n: int, k: int = 4):
    """Return y and probabilities (n, k) of classes with unequal shares."""
    share = np.arange(1, k + 1) / np.arange(1, k + 1).sum()
    y = rng.choice(k, n, p=share).astype(float)
    score = rng.normal(size=(n, k))
    score[np.arange(n), y.astype(int)] += 1.5
    power = np.exp(1.2 * score)
    return y, power / power.sum(axis=1, keepdims=True)


def values(rng: np.random.Generator, n: int):
    """Return skewed positive y and predictions (n, 1) whose errors grow with y."""
    y = 3 * np.exp(rng.normal(size=n) / 2) + 0.5
    return y, (y + rng.standard_t(10, size=n) * (0.3 + 0.2 * y))[:, None]


def distorted(prediction: np.ndarray, slope: float, offset: float = 0.0) -> np.ndarray:
    """Return two-class probabilities whose log odds are scaled and moved."""
    odds = slope * np.log(prediction[:, 1] / prediction[:, 0]) + offset
    event = 1 / (1 + np.exp(-odds))
    return np.column_stack([1 - event, event])
