"""Stretches of time whose rows count as one: neighbours in time err alike, and an interval must know it."""

from __future__ import annotations

import math

import numpy as np

__all__ = ["FEWEST_BLOCKS", "block_length", "time_blocks"]

FEWEST_BLOCKS = 10  # with fewer, an interval over blocks says more of their number than of the model
SIGNIFICANT = 2.0  # of Politis and White (2004): autocorrelations below 2 √(log10 n / n) are taken for noise
SMALLEST_PROBABILITY = 1e-6


def time_blocks(order: np.ndarray, y: np.ndarray, prediction: np.ndarray) -> np.ndarray | None:
    """Return the block of each row, or None where the losses of neighbours in time are not alike.

    Parameters
    ----------
    order : ndarray of int, shape (n_rows,)
        Rank in time; equal moments share a block.
    y : ndarray of float64, shape (n_rows,)
        Class numbers or values.
    prediction : ndarray of float64, shape (n_rows, n_outputs)

    Notes
    -----
    The length is that of `block_length` for the log loss or squared error of each row.
    """
    along = np.argsort(order, kind="stable")
    if prediction.shape[1] > 1:
        own = prediction[np.arange(len(y)), y.astype(np.int64)]
        losses = -np.log(np.maximum(own, SMALLEST_PROBABILITY))
    else:
        losses = np.square(y - prediction[:, 0])
    length = block_length(losses[along])
    moments = np.diff(order[along], prepend=order[along[0]] if len(along) else 0) != 0
    if length <= 1 and bool(moments[1:].all()):
        return None
    first = np.maximum.accumulate(np.where(moments, np.arange(len(along)), 0))
    blocks: np.ndarray = np.empty(len(along), dtype=np.int64)
    blocks[along] = first // max(length, 1)
    return blocks


def block_length(series: np.ndarray) -> int:
    """Return how many neighbours belong together, for a circular block bootstrap of a mean; 1 where they do not.

    The rule of Politis and White (2004), as corrected by Patton, Politis and White (2009): up to the lag where the
    autocorrelation dies, its sum and its slope give the length that balances bias and variance. At most a tenth of
    the series.
    """
    n = len(series)
    if n < 2 * FEWEST_BLOCKS or not np.ptp(series) > 0:
        return 1
    run = max(5, math.ceil(math.sqrt(math.log10(n))))
    most = min(math.ceil(math.sqrt(n)) + run, n - 1)
    covariance = _autocovariances(series, most)
    small = np.abs(covariance[1:] / covariance[0]) < SIGNIFICANT * math.sqrt(math.log10(n) / n)
    dies = next((m for m in range(most - run + 1) if small[m : m + run].all()), most - run)
    if dies == 0:
        return 1
    reach = min(2 * dies, most)
    lags = np.arange(1, reach + 1)
    taper = np.minimum(1.0, 2 * (1 - lags / reach))
    total = covariance[0] + 2 * float(taper @ covariance[1 : reach + 1])
    slope = 2 * float(taper * lags @ covariance[1 : reach + 1])
    if total <= 0:
        return 1
    length = (1.5 * slope**2 / total**2 * n) ** (1 / 3)
    return max(1, min(math.ceil(length), n // FEWEST_BLOCKS))


def _autocovariances(series: np.ndarray, most: int) -> np.ndarray:
    centred = series - series.mean()
    power = np.abs(np.fft.rfft(centred, 2 * len(series))) ** 2
    found: np.ndarray = np.fft.irfft(power)[: most + 1] / len(series)
    return found
