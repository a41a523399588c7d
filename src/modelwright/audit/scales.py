"""Numbers of which a part is in another unit: metres among millimetres, minutes among hours, °F among °C.

A part in another unit is the rest moved: on the logarithmic scale by the logarithm of the factor (on the plain scale,
for temperatures, by a line). So there are two heaps with a valley between them, and moved back the smaller heap lies on
the larger one. Two honest heaps seldom lie at a known factor, and hardly ever have one shape.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

__all__ = ["FACTORS", "MIN_MOVED", "MIN_MOVED_SHARE", "VALLEY", "Moved", "find_moved"]

FACTORS: dict[float, str] = {
    1000.0: "as with thousands, grams and kilograms",
    100.0: "as with cents, per cent and centimetres",
    10.0: "as with a decimal point that slipped",
    1_000_000.0: "as with millions",
    60.0: "as with minutes and hours",
    3600.0: "as with seconds and hours",
    24.0: "as with hours and days",
    12.0: "as with months and years, or inches and feet",
    2.54: "as with inches and centimetres",
    2.20462: "as with pounds and kilograms",
    1.60934: "as with miles and kilometres",
}
MIN_MOVED_SHARE, MIN_MOVED = 0.01, 5
MIN_VALUES, MIN_MOVED_VALUES = 15, 4  # different values; with fewer, heaps are levels
# Between the heaps lie values at no more than a tenth of the density of either.
VALLEY = 0.1
# ... and as many rows would lie there at the density of the heaps that their absence is no chance (e^-5 < 1 %).
EXPECTED_IN_VALLEY = 5.0
MOST_POSITIVE = 0.9
MAX_STRETCH = 2.0  # one heap is at most so much wider than the other …
STRETCH_ROWS = 30  # … as far as that can be told
BINS = 16  # steps between the middles of the heaps
# Kolmogorov and Smirnov's distance between the heaps: chance (at 5 %), and five points for what the cut takes off.
KS_CHANCE, KS_MORE = 1.36, 0.05
# The middles lie at the factor to within three standard errors and 2 % of the way.
NEAR = 0.02


@dataclass(frozen=True)
class Moved:
    """The smaller heap.

    Attributes
    ----------
    low, high : float
        Its values lie in between, and no others do.
    n : int
    larger : bool
        Whether its values are larger than the rest.
    factor : float
        By which it is larger or smaller; 0 for a temperature scale.
    unit : str
        In words, which units do so.
    distance : float
        Kolmogorov and Smirnov's, once moved back.
    back : callable
        Moves its values back.
    """

    low: float
    high: float
    n: int
    larger: bool
    factor: float
    unit: str
    distance: float
    back: Callable[[np.ndarray], np.ndarray]


_Move = Callable[[np.ndarray], np.ndarray]


def find_moved(values: np.ndarray, counts: np.ndarray, *, temperature: bool = False) -> Moved | None:
    """Return the part of a column that is in another unit, None where there is none.

    Parameters
    ----------
    values, counts : ndarray, shape (n_values,)
        Different values in ascending order, and how often each occurs. Factors are sought among the positive ones.
    temperature : bool
        Seek temperature scales as well.
    """
    found: list[Moved] = []
    positive = values > 0
    x, c = values[positive], counts[positive]
    if len(x) >= MIN_VALUES + MIN_MOVED_VALUES and c.sum() >= MOST_POSITIVE * counts.sum():
        logs = np.log10(x)
        for factor, unit in FACTORS.items():
            for times in (factor, 1 / factor):
                heap = _heap(logs, c, _plus(float(np.log10(times))), _plus(-float(np.log10(times))))
                if heap is not None:
                    part, distance = heap
                    found.append(_moved(x[part], c[part], times > 1, factor, unit, distance, _divide(times)))
    if temperature and len(values) >= MIN_VALUES + MIN_MOVED_VALUES:
        for forth, back, unit in _TEMPERATURES:
            heap = _heap(values, counts, forth, back)
            if heap is not None:
                part, distance = heap
                larger = bool(part[-1])
                found.append(_moved(values[part], counts[part], larger, 0.0, unit, distance, back))
    return min(found, key=lambda m: m.distance, default=None)


def _plus(way: float) -> _Move:
    return lambda values: values + way


def _divide(times: float) -> _Move:
    return lambda values: values / times


_TEMPERATURES: tuple[tuple[_Move, _Move, str], ...] = (
    (lambda v: 1.8 * v + 32, lambda v: (v - 32) / 1.8, "°F among °C"),
    (lambda v: (v - 32) / 1.8, lambda v: 1.8 * v + 32, "°C among °F"),
    (lambda v: v + 273.15, lambda v: v - 273.15, "K among °C"),
    (lambda v: v - 273.15, lambda v: v + 273.15, "°C among K"),
)


def _moved(x: np.ndarray, c: np.ndarray, larger: bool, factor: float, unit: str, distance: float, back: _Move) -> Moved:
    return Moved(float(x[0]), float(x[-1]), int(c.sum()), larger, factor, unit, distance, back)


def _heap(x: np.ndarray, c: np.ndarray, forth: _Move, back: _Move) -> tuple[np.ndarray, float] | None:
    """Return which values are the rest moved ``forth``, and how far they lie from it once moved ``back``."""
    n = int(c.sum())
    before = np.concatenate([[0], np.cumsum(c)])  # rows below each value
    middle = float(x[np.searchsorted(before[1:], n / 2)])
    there = float(forth(np.array([middle]))[0])
    if there == middle:
        return None
    edges = np.linspace(middle, there, BINS + 1)
    in_bins = np.abs(np.diff(before[np.searchsorted(x, edges)]))
    pairs = in_bins[:-1] + in_bins[1:]
    lowest = int(np.argmin(pairs[2:-2])) + 2
    # Of a wide valley, the middle: what belongs to either heap is then not cut off.
    flat = np.flatnonzero(pairs[2:-2] == pairs[lowest]) + 2
    lowest = int(flat[len(flat) // 2])
    cut = edges[lowest + 1]
    part = x > cut if there > middle else x < cut
    n_part = int(c[part].sum())
    if not max(MIN_MOVED, MIN_MOVED_SHARE * n) <= n_part <= n / 2:
        return None
    if part.sum() < MIN_MOVED_VALUES or (~part).sum() < MIN_VALUES:
        return None
    bins = len(flat) + 1
    return _overlaid(x, c, part, back, (bins * abs(edges[1] - edges[0]), pairs[lowest] * bins / 2))


def _overlaid(
    x: np.ndarray, c: np.ndarray, part: np.ndarray, back: _Move, valley: tuple[float, float]
) -> tuple[np.ndarray, float] | None:
    """Return the part and its distance where it lies on the rest once moved back; ``valley`` is its width and rows."""
    rest, c_rest = x[~part], c[~part]
    moved, c_part = back(x[part]), c[part]
    n_rest, n_part = int(c_rest.sum()), int(c_part.sum())
    low, mid, high = _quantiles(rest, c_rest)
    low_part, mid_part, high_part = _quantiles(moved, c_part)
    widest, narrowest = max(high - low, high_part - low_part), min(high - low, high_part - low_part)
    if widest <= 0 or high <= low or (n_part >= STRETCH_ROWS and widest > MAX_STRETCH * narrowest):
        return None
    stretch = abs(float(np.diff(back(np.array([0.0, 1.0])))[0]))
    density = 0.8 * min(n_rest, n_part * min(stretch, 1.0)) / widest
    if density * valley[0] < EXPECTED_IN_VALLEY or valley[1] > VALLEY * density * valley[0]:
        return None
    error = 0.5 * (high - low) * 1.25 * np.sqrt(1 / n_part + 1 / n_rest)
    if abs(mid_part - mid) > 3 * error + NEAR * abs(mid_part - float(np.mean(x[part]))):
        return None
    distance = _ks(rest, c_rest, moved, c_part)
    if distance > KS_CHANCE * np.sqrt(1 / n_part + 1 / n_rest) + KS_MORE:
        return None
    return part, distance


def _quantiles(x: np.ndarray, c: np.ndarray) -> np.ndarray:
    position = np.cumsum(c) / c.sum()
    return x[np.minimum(np.searchsorted(position, (0.1, 0.5, 0.9)), len(x) - 1)]


def _ks(a: np.ndarray, c_a: np.ndarray, b: np.ndarray, c_b: np.ndarray) -> float:
    """Return the distance of two distributions. Values that rounding alone sets apart are one."""
    grain = 1e-9 * float(np.abs(a).max() + np.abs(b).max())
    points = np.concatenate([a, b]) + grain
    f_a = np.concatenate([[0], np.cumsum(c_a)])[np.searchsorted(a, points)] / c_a.sum()
    f_b = np.concatenate([[0], np.cumsum(c_b)])[np.searchsorted(b, points)] / c_b.sum()
    return float(np.abs(f_a - f_b).max())
