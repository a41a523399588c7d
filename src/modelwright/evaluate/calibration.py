"""Choosing a calibrator, and measuring how far probabilities are from coming true."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from modelwright.data.sampling import sample_rows
from modelwright.evaluate.calibrating import BINARY_FITS, MULTICLASS_FITS, Fit
from modelwright.evaluate.intervals import beyond_noise, gain
from modelwright.evaluate.measurements import CalibrationBin, Measurement
from modelwright.evaluate.metrics import get
from modelwright.evaluate.scales import wilson
from modelwright.evaluate.valuing import log_loss_rows
from modelwright.format import plural
from modelwright.runtime.calibrators import Calibrator, Identity

__all__ = ["calibration_bins", "calibration_error", "fit_calibrator"]

FOLDS = 5
FEWEST_PER_CLASS = 10  # rows of a class below which nothing can be fitted and checked
MOST_ROWS = 20_000  # more change a calibrator of a few numbers by less than its own noise
EQUAL = 1.0  # standard errors within which the simpler of two calibrators is taken
ROWS_PER_BIN, FEWEST_BINS, MOST_BINS = 50, 5, 15
DRAWS = 1000
BISECTIONS = 30
LEAST_TRUE = 0.25  # of a bin's standard error: where no distance is beyond chance, true ones are like the noise


def fit_calibrator(
    y: np.ndarray, prediction: np.ndarray, *, metric: str, seed: int, groups: np.ndarray | None = None
) -> tuple[Calibrator, str]:
    """Return the calibrator that lowers the cross-fitted log loss beyond the noise, and a note on it.

    Parameters
    ----------
    y : ndarray of float64, shape (n_rows,)
    prediction : ndarray of float64, shape (n_rows, n_outputs)
        Out-of-fold predictions.
    metric : str
        Of the problem: a calibrator that would make it worse beyond the noise is not taken.
    seed : int
    groups : ndarray of int or None
        Kept together in the cross-fitting.

    Returns
    -------
    calibrator : Calibrator
        `Identity` when nothing helps or the predictions are values.
    note : str
        ``"isotonic: ECE 0.041 → 0.012 (cross-fitted)"``, or why nothing was done.
    """
    if prediction.shape[1] < 2:
        return Identity(), "not applicable: the predictions are values"
    rng = np.random.default_rng(seed)
    if len(y) > MOST_ROWS:
        kept = sample_rows(len(y), MOST_ROWS, rng)
        y, prediction = y[kept], prediction[kept]
        groups = None if groups is None else groups[kept]
    rarest = int(np.unique(y, return_counts=True)[1].min())
    if rarest < FEWEST_PER_CLASS or len(np.unique(y)) < 2:
        return Identity(), f"none: only {plural(rarest, 'row')} of the rarest class, {FEWEST_PER_CLASS} are needed"
    folds = _folds(y, groups, rng)
    fits = BINARY_FITS if prediction.shape[1] == 2 else MULTICLASS_FITS
    tried = {name: p for name, fit in fits.items() if (p := _cross_fitted(fit, y, prediction, folds)) is not None}
    before = calibration_error(y, prediction, groups=groups, seed=seed)
    chosen = _choose(y, prediction, tried, metric, groups)
    final = fits[chosen](y, prediction) if chosen else None
    if final is None or chosen is None:
        return Identity(), f"none: ECE {before.value:.3f}, and no calibrator lowers the log loss beyond the noise"
    after = calibration_error(y, tried[chosen], groups=groups, seed=seed)
    return final, f"{chosen}: ECE {before.value:.3f} → {after.value:.3f} (cross-fitted)"


def _folds(y: np.ndarray, groups: np.ndarray | None, rng: np.random.Generator) -> np.ndarray:
    """Return a fold number per row: stratified by class, or by whole groups."""
    if groups is not None:
        names, number = np.unique(groups, return_inverse=True)
        return (rng.permutation(len(names)) % FOLDS)[number]
    order = np.lexsort((rng.random(len(y)), y))
    folds = np.empty(len(y), dtype=np.int64)
    folds[order] = np.arange(len(y)) % FOLDS
    return folds


def _cross_fitted(fit: Fit, y: np.ndarray, prediction: np.ndarray, folds: np.ndarray) -> np.ndarray | None:
    """Return predictions by calibrators fitted on the other folds, None where one of them cannot be fitted."""
    result = np.empty_like(prediction)
    for fold in np.unique(folds):
        held = folds == fold
        if held.all() or len(np.unique(y[~held])) < 2:
            return None
        fitted = fit(y[~held], prediction[~held])
        if fitted is None:
            return None
        result[held] = fitted(prediction[held])
    return result


def _choose(
    y: np.ndarray, prediction: np.ndarray, tried: dict[str, np.ndarray], metric: str, groups: np.ndarray | None
) -> str | None:
    """Return the simplest of the best calibrators, None when none beats doing nothing."""
    losses = {name: log_loss_rows(y, p) for name, p in tried.items()}
    before = log_loss_rows(y, prediction)
    good = [name for name, rows in losses.items() if beyond_noise(before - rows, groups)]
    good = [name for name in good if not _harms(metric, y, tried[name], prediction, groups)]
    if not good:
        return None
    best = min(good, key=lambda name: losses[name].mean())
    # In the order of the tables: simplest first.
    return next(n for n in good if n == best or not beyond_noise(losses[n] - losses[best], groups, EQUAL))


def _harms(metric: str, y: np.ndarray, after: np.ndarray, before: np.ndarray, groups: np.ndarray | None) -> bool:
    chosen = get(metric)
    if (chosen.needs == "label" and before.shape[1] == 2) or chosen.ranks:
        # The order of rows stays within a fold, and a threshold is chosen afterwards; across folds it does not, and
        # what that costs a ranking is no harm the one final calibrator does.
        return False
    high = gain(metric, y, after, before, groups=groups).high
    return high is not None and high < 0


def _confidence(y: np.ndarray, prediction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return stated probability and whether it came true: of the event, or of the most probable of many classes."""
    if prediction.shape[1] == 2:
        return prediction[:, 1], (y == 1).astype(float)
    top = prediction.argmax(axis=1)
    return prediction[np.arange(len(y)), top], (y == top).astype(float)


def _bin_numbers(stated: np.ndarray, wanted: int) -> np.ndarray:
    """Return bins of about equal numbers of rows, equal probabilities in one bin, numbered without gaps."""
    edges = np.unique(np.quantile(stated, np.linspace(0, 1, wanted + 1)[1:-1]))
    return np.unique(np.searchsorted(edges, stated, side="left"), return_inverse=True)[1]


def calibration_bins(y: np.ndarray, prediction: np.ndarray, n_bins: int = 10) -> tuple[CalibrationBin, ...]:
    """Return bins of equal size: mean stated probability, share that came true with Wilson's interval, rows.

    For more than two classes the probability is that of the most probable class.
    """
    if not len(y):
        return ()
    stated, came = _confidence(y, prediction)
    number = _bin_numbers(stated, min(n_bins, max(len(y) // 10, 1)))
    sizes = np.bincount(number)
    hits, sums = np.bincount(number, weights=came), np.bincount(number, weights=stated)
    bins = []
    for size, hit, total in zip(sizes.tolist(), hits.tolist(), sums.tolist()):
        low, high = wilson(hit, size)
        bins.append(CalibrationBin(predicted=total / size, observed=hit / size, low=low, high=high, n=size))
    return tuple(bins)


def calibration_error(
    y: np.ndarray, prediction: np.ndarray, *, groups: np.ndarray | None = None, seed: int = 0, level: float = 0.95
) -> Measurement:
    """Return the expected calibration error: mean distance of stated and observed share over bins of equal size.

    Each bin's distance would be above zero from chance alone; what chance adds is taken off, as Bröcker
    (2012) and Kumar, Liang and Ma (2019) ask for. The interval holds the errors under which a distance like the
    observed one is no surprise: a parametric bootstrap of the bins, inverted.
    """
    stated, came = _confidence(y, prediction)
    wanted = int(np.clip(len(y) // ROWS_PER_BIN, FEWEST_BINS, MOST_BINS))
    number = _bin_numbers(stated, wanted)
    sizes = np.bincount(number)
    gap = np.bincount(number, weights=came - stated) / sizes
    spread = _bin_errors(stated, came, number, sizes, groups)
    share = sizes / len(y)
    value = _without_chance(share, gap, spread)
    low, high = _not_surprising(share, gap, spread, level, seed)
    return Measurement(
        name="calibration_error",
        value=value,
        low=min(low, value),
        high=min(max(high, value), 1.0),
        n=len(y),
        method=f"inverted parametric bootstrap over {len(gap)} bins of equal size",
        greater_is_better=False,
        level=level,
    )


def _bin_errors(
    stated: np.ndarray, came: np.ndarray, number: np.ndarray, sizes: np.ndarray, groups: np.ndarray | None
) -> np.ndarray:
    """Return the standard error of each bin's gap; a bin without misses still has that of half a row."""
    share = (np.bincount(number, weights=came) + 0.5) / (sizes + 1)
    independent = share * (1 - share) / sizes
    if groups is None:
        return np.sqrt(independent)
    _, group = np.unique(groups, return_inverse=True)
    gap = np.bincount(number, weights=came - stated) / sizes
    n_groups = int(group.max()) + 1
    sums = np.bincount(number * n_groups + group, weights=came - stated - gap[number])
    owner = np.arange(len(sums)) // n_groups
    clustered = np.bincount(owner, weights=sums**2, minlength=len(sizes)) / sizes**2
    return np.sqrt(np.maximum(clustered, independent))


def _without_chance(share: np.ndarray, gap: np.ndarray, spread: np.ndarray) -> float:
    """Return the mean distance less what chance adds, by the method of moments.

    True distances of ``c`` times the observed ones would show as the mean of folded normal distributions; the ``c``
    at which that is what was observed is found by bisection. Distances that chance alone explains give 0.
    """
    size = np.abs(gap)
    observed = float(share @ size)
    low, high = 0.0, 1.0
    if observed <= float(share @ _folded(0 * size, spread)):
        return 0.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if float(share @ _folded(middle * size, spread)) > observed:
            high = middle
        else:
            low = middle
    return low * observed


def _not_surprising(
    share: np.ndarray, gap: np.ndarray, spread: np.ndarray, level: float, seed: int
) -> tuple[float, float]:
    """Return the least and the greatest mean distance under which the observed one lies within the middle of chance.

    How true distances are spread over the bins is not known. Chance hides most of them where all are alike, which makes
    the greatest, and least where they are as uneven as observed, but for chance, which makes the least. The same
    numbers are drawn for every size, so that the share of draws beyond the observed distance rises with it.
    """
    observed, tail = float(share @ np.abs(gap)), (1 - level) / 2
    noise = spread * np.random.default_rng(seed).standard_normal((DRAWS, len(gap)))
    uneven = np.sqrt(np.maximum(gap**2 - spread**2, 0.0) + (LEAST_TRUE * spread) ** 2)

    def end(shape: np.ndarray, at: float) -> float:
        unit = shape / float(share @ shape)
        return _where(lambda size: float(np.quantile(np.abs(size * unit + noise) @ share, at)) >= observed, 0.0, 1.0)

    return end(uneven, 1 - tail), end(np.ones(len(gap)), tail)


def _where(reached: Callable[[float], bool], low: float, high: float) -> float:
    """Return the least number from which on something is so, by bisection; ``low`` where it always is."""
    if reached(low):
        return low
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if reached(middle):
            high = middle
        else:
            low = middle
    return high


def _folded(size: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Return the mean of the absolute value of normal numbers with these means and standard deviations."""
    from scipy.special import ndtr

    density = math.sqrt(2 / math.pi) * np.exp(-((size / spread) ** 2) / 2)
    return spread * density + size * (1 - 2 * ndtr(-size / spread))
