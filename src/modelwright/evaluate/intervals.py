"""Measurements with intervals, and paired gains.

Why no plain bootstrap: the influence of each row (see `metrics`) gives the standard error of every metric in one pass,
also for grouped rows, and the interval is made on a scale where the metric has no bounds (log odds for shares,
logarithm for losses). For shares that is what covers best in small samples (Brown, Cai and DasGupta 2001; for areas
under curves Pepe 2003 and Boyd, Eng and Page 2013), where percentile and BCa intervals fall short of their level.
Means of skewed losses get the bootstrap-t of their influences (Hall 1992), which corrects for the skewness. Plain
shares of independent rows are Wilson's. What must stay true is in ``tests/evaluate/test_coverage.py``: 93 to 97 % of
nominal 95 % intervals contain the truth.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from modelwright.evaluate import ranking
from modelwright.evaluate.measurements import Measurement
from modelwright.evaluate.metrics import Metric, get
from modelwright.evaluate.scales import BOUNDS, SCALES, student_quantile, wilson
from modelwright.evaluate.valuing import mean_influence
from modelwright.runtime.answers import threshold_or_half

__all__ = [
    "BEYOND_NOISE",
    "beyond_noise",
    "gain",
    "independent_influences",
    "influence_gain",
    "mean_measurement",
    "measure",
    "moved",
    "plain_trials",
    "sum_by",
]

DRAWS = 999  # bootstrap-t resamples: the quantiles then move by about 3 % of the interval's width
MAX_UNITS = 2000  # above, rows are put into random blocks: skewness of their sums is what counts, and it is kept
# Where a few rows carry the sum, resamples without them have next to no spread and the studentised quantiles run away
# (the bootstrap-t is erratic then: Efron and Tibshirani 1993, section 12.5). No end lies farther from the value than so
# many times the end of the percentile bootstrap; what skewness asks for in earnest stays well below.
MOST_BEYOND_PERCENTILE = 3.0
FEW_UNITS = 10  # below so many groups the quantiles of a bootstrap-t are erratic; Student's t is used
BEYOND_NOISE = 2.0  # standard errors by which a choice must beat a plainer one


def measure(
    metric: str | Metric,
    y: np.ndarray,
    prediction: np.ndarray,
    *,
    groups: np.ndarray | None = None,
    seed: int = 0,
    threshold: float | None = None,
    level: float = 0.95,
    unit: str = "",
    inflation: float = 1.0,
) -> Measurement:
    """Return a metric with its interval.

    Parameters
    ----------
    metric : str or Metric
    y : ndarray of float64, shape (n_rows,)
    prediction : ndarray of float64, shape (n_rows, n_outputs)
    groups : ndarray of int, shape (n_rows,), or None
        Rows of one group are not independent; the interval is then wide enough for new groups.
    seed : int
        For the bootstrap-t of skewed losses.
    threshold : float or None
        Decision threshold for two classes.
    level : float
        Of the interval.
    unit : str
        The target's unit; kept where the metric has it.
    inflation : float
        Variance of the value over that which these rows alone give it, see `allowances`.

    Returns
    -------
    Measurement
        ``value`` is None where the metric is not defined on these rows; ``method`` says why.

    Raises
    ------
    UsageError
        The metric is not known.
    """
    metric = get(metric)
    unit = unit if metric.unit_of_target else ""
    why = metric.undefined(y, prediction)
    value = float("nan") if why else metric(y, prediction, threshold)
    if not math.isfinite(value):
        reason = why or "the predictions are not finite"
        return _measurement(metric, None, None, None, len(y), f"not defined: {reason}", unit, level)
    if groups is None and (trials := plain_trials(metric, y, prediction, threshold)) is not None:
        low, high = wilson(value * trials / inflation, trials / inflation, level)
        return _measurement(metric, value, low, high, len(y), "Wilson", unit, level)
    units, freedom = independent_influences(metric, y, prediction, groups, threshold)
    if len(units) < 2:
        what = "one group" if groups is not None else "one row"
        return _measurement(metric, value, None, None, len(y), f"no interval: {what} only", unit, level)
    units = units * math.sqrt(inflation)
    bounds = _interval(metric, value, units, min(freedom, len(units) - 1), groups is not None, seed, level)
    if bounds is None:
        bounds = _without_variation(metric, value, _rarest(y, prediction, groups), level)
    return _measurement(metric, value, bounds[0], bounds[1], len(y), bounds[2], unit, level)


def independent_influences(
    metric: Metric, y: np.ndarray, prediction: np.ndarray, groups: np.ndarray | None, threshold: float | None
) -> tuple[np.ndarray, float]:
    """Return the influence of each independent unit, and the degrees of freedom of their sum of squares."""
    influence, freedom = metric.influence(y, prediction, threshold)
    if metric.name == "roc_auc" and prediction.shape[1] == 2:
        influence = ranking.steadied(influence, y == 1, metric(y, prediction))
    return sum_by(influence, groups), freedom


def _measurement(
    metric: Metric,
    value: float | None,
    low: float | None,
    high: float | None,
    n: int,
    method: str,
    unit: str,
    level: float,
) -> Measurement:
    return Measurement(
        name=metric.name,
        value=value,
        low=low,
        high=high,
        n=n,
        method=method,
        greater_is_better=metric.greater_is_better,
        unit=unit,
        level=level,
    )


def plain_trials(metric: Metric, y: np.ndarray, prediction: np.ndarray, threshold: float | None) -> float | None:
    """Return the number of rows of which the metric is a plain share, None where it is not one."""
    if metric.name == "accuracy":
        return float(len(y))
    if prediction.shape[1] == 2 and metric.name == "recall":
        return float((y == 1).sum())
    if prediction.shape[1] == 2 and metric.name == "precision":
        return float((prediction[:, 1] >= threshold_or_half(threshold)).sum())
    return None


def sum_by(influence: np.ndarray, groups: np.ndarray | None) -> np.ndarray:
    """Return the influence of each independent unit: rows, or groups scaled for their small number."""
    if groups is None:
        return influence
    _, number = np.unique(groups, return_inverse=True)
    sums = np.bincount(number, weights=influence)
    return sums * math.sqrt(len(sums) / max(len(sums) - 1, 1))


def beyond_noise(difference: np.ndarray, groups: np.ndarray | None = None, errors: float = BEYOND_NOISE) -> bool:
    """Return whether the mean of a difference per row is above 0 by more than so many of its standard errors."""
    units = sum_by(mean_influence(difference), groups)
    return float(difference.mean()) > errors * math.sqrt(float(units @ units))


def _interval(
    metric: Metric, value: float, units: np.ndarray, freedom: float, grouped: bool, seed: int, level: float
) -> tuple[float, float, str] | None:
    """Return bounds and method; None where the rows do not vary or the value sits on a bound."""
    lowest, highest = BOUNDS[metric.scale]
    error = math.sqrt(float(units @ units))
    if error <= 1e-12 * max(abs(value), 1e-12) or not lowest < value < highest:
        return None
    scale = SCALES[metric.scale]
    skewed = metric.scale in {"positive", "explained"} and not metric.quantile
    relative = units * scale.slope(value) * (2.0 if metric.root else 1.0)
    curved = metric.scale == "positive" and skewed
    below, above, method, range_ = _reach(relative if curved else units, freedom, skewed, seed, level, curved=curved)
    centre, spread = scale.there(value), scale.slope(value) * error
    low, high = scale.back(centre - below * spread), scale.back(centre + above * spread)
    if range_ is not None:
        ends = tuple(_farthest(value, end, curved, metric.root) for end in range_)
        low, high, method = _held(low, high, method, *ends)
    if metric.name == "roc_auc":
        method = "DeLong"
    elif metric.quantile:
        method = "Woodruff"
    return low, high, method + (", clustered" if grouped else "")


def _farthest(value: float, end: float, relative: bool, root: bool) -> float:
    """Return how far an interval may go where the percentile bootstrap changes the mean by ``end``."""
    change = MOST_BEYOND_PERCENTILE * end
    if not relative:
        return value + change
    share = max(1 + change, 0.0)
    return value * (math.sqrt(share) if root else share)


def _held(low: float, high: float, method: str, lowest: float, highest: float) -> tuple[float, float, str]:
    """Return bounds no farther than the percentile bootstrap allows, and the method."""
    if low < lowest or high > highest:
        return max(low, lowest), min(high, highest), f"{method}, bounded by the percentile bootstrap"
    return low, high, method


def _reach(
    units: np.ndarray, freedom: float, skewed: bool, seed: int, level: float, curved: bool = False
) -> tuple[float, float, str, tuple[float, float] | None]:
    """Return how many standard errors the interval reaches below and above, how, and the percentile bootstrap's ends.

    The ends are changes of the estimate; None without a bootstrap.
    """
    if skewed and len(units) >= FEW_UNITS:
        low, high, range_ = bootstrap_t(units, seed, level, curved=curved)
        return high, -low, f"bootstrap-t, {DRAWS}", range_
    reach = student_quantile(level, freedom)
    return reach, reach, "infinitesimal jackknife", None


def bootstrap_t(
    units: np.ndarray, seed: int, level: float, *, curved: bool = False
) -> tuple[float, float, tuple[float, float]]:
    """Return both quantiles of the studentised sum of resampled influences (Hall 1992, ch. 3), and of the plain sum.

    With ``curved`` the influences are shares of a mean, and its logarithm is what is studentised: resampled mean over
    mean is 1 + sum, and the standard error of the logarithm falls as the mean rises.
    """
    rng = np.random.default_rng(seed)
    if len(units) > MAX_UNITS:
        shuffled = units[rng.permutation(len(units))]
        units = np.add.reduceat(shuffled, np.linspace(0, len(units), MAX_UNITS, endpoint=False).astype(np.int64))
    n = len(units)
    units = units - units.mean()
    picks = rng.integers(0, n, (DRAWS, n), dtype=np.int32)
    drawn = units[picks]
    total = drawn.sum(axis=1)
    spread = np.einsum("ij,ij->i", drawn, drawn) - total**2 / n
    tail = (1 - level) / 2
    least, most = np.quantile(total, [tail, 1 - tail])
    if curved:
        mean = np.maximum(1 + total, 1e-12)
        total = np.log(mean) * mean
    student = total / np.sqrt(np.maximum(spread * n / (n - 1), 1e-300))
    low, high = np.quantile(student[spread > 0], [tail, 1 - tail])
    # The plain sum's own skewness may leave one side short: both sides get at least the longer one's reach.
    farthest = max(-float(least), float(most))
    return float(low), float(high), (-farthest, farthest)


def _rarest(y: np.ndarray, prediction: np.ndarray, groups: np.ndarray | None) -> int:
    """Return the number of independent units in the rarest class, or in all for values."""
    unit = np.arange(len(y)) if groups is None else groups
    if prediction.shape[1] == 1:
        return len(np.unique(unit))
    return min(len(np.unique(unit[y == c])) for c in np.unique(y))


def _without_variation(metric: Metric, value: float, n: int, level: float) -> tuple[float, float, str]:
    """Return bounds where every row says the same, as when all are right.

    A bounded metric gets Wilson's bound for ``n`` rows without an exception, ``n`` in the rarest class; an unbounded
    loss has no such bound and keeps the value.
    """
    lowest, highest = BOUNDS[metric.scale]
    miss = wilson(0, n, level)[1]
    if math.isfinite(lowest) and math.isfinite(highest):
        width = highest - lowest
        if value >= highest:
            return highest - miss * width, highest, "Wilson, no exception seen"
        if value <= lowest:
            return lowest, lowest + miss * width, "Wilson, no exception seen"
        return max(value - miss * width, lowest), min(value + miss * width, highest), "Wilson, no variation seen"
    if metric.name == "brier" and value == 0:
        return 0.0, miss, "Wilson, no exception seen"
    return value, value, "all rows alike"


def gain(
    metric: str | Metric,
    y: np.ndarray,
    prediction: np.ndarray,
    other: np.ndarray,
    *,
    groups: np.ndarray | None = None,
    seed: int = 0,
    threshold: float | None = None,
    other_threshold: float | None = None,
    level: float = 0.95,
    unit: str = "",
    inflation: float = 1.0,
) -> Measurement:
    """Return how much better ``prediction`` is than ``other`` on the same rows; more is better.

    The difference of the rows' influences on both scores carries what the scores have in common out of the interval,
    as a paired test does.

    Parameters
    ----------
    metric, y, groups, seed, level, unit, inflation
        As for `measure`.
    prediction, other : ndarray of float64, shape (n_rows, n_outputs)
    threshold, other_threshold : float or None
        Decision thresholds of the two, for two classes.
    """
    metric = get(metric)
    sign = 1.0 if metric.greater_is_better else -1.0
    why = metric.undefined(y, prediction)
    value = float("nan") if why else metric(y, prediction, threshold) - metric(y, other, other_threshold)
    unit = unit if metric.unit_of_target else ""
    if not math.isfinite(value):
        reason = why or "a score is not finite"
        missing = _measurement(metric, None, None, None, len(y), f"not defined: {reason}", unit, level)
        return replace(missing, greater_is_better=True)
    mine, freedom = metric.influence(y, prediction, threshold)
    theirs, other_freedom = metric.influence(y, other, other_threshold)
    found = influence_gain(
        sign * value,
        sign * math.sqrt(inflation) * (mine - theirs),
        # What never varies, as a constant's ranking, has no freedom to take away.
        min((f for f in (freedom, other_freedom) if f > 0), default=0.0),
        groups=groups,
        seed=seed,
        level=level,
        by_label=metric.counts is not None,
    )
    return replace(_measurement(metric, *found[:3], len(y), found[3], unit, level), greater_is_better=True)


def influence_gain(
    value: float,
    influence: np.ndarray,
    freedom: float,
    *,
    groups: np.ndarray | None,
    seed: int,
    level: float = 0.95,
    by_label: bool = False,
) -> tuple[float, float | None, float | None, str]:
    """Return value, bounds and method of a difference with known influences of the rows.

    With ``by_label`` only rows with two different labels have an influence, and there may be few: one more of them is
    added to the variance, as Agresti and Min (2005) do for paired shares.
    """
    units = sum_by(influence, groups)
    if len(units) < 2:
        return value, None, None, "no interval: one unit only"
    variance = float(units @ units)
    if variance <= 1e-30:
        return value, value, value, "paired, no row differs"
    if by_label:
        variance += float(np.square(influence).max())
    error = math.sqrt(variance)
    below, above, method, range_ = _reach(units, max(min(freedom, len(units) - 1), 1.0), not by_label, seed, level)
    low, high = value - below * error, value + above * error
    if range_ is not None:
        low, high, method = _held(low, high, method, *(_farthest(value, end, False, False) for end in range_))
    return value, low, high, f"paired {method}" + (", clustered" if groups is not None else "")


def mean_measurement(
    name: str,
    rows: np.ndarray,
    *,
    groups: np.ndarray | None = None,
    seed: int = 0,
    level: float = 0.95,
    unit: str = "",
    greater_is_better: bool = True,
    inflation: float = 1.0,
) -> Measurement:
    """Return the mean of a number per row (money, a residual) with a bootstrap-t interval; ``inflation`` as for
    `measure`."""
    n = len(rows)
    value = float(rows.mean()) if n else None
    low = high = None
    method = "no interval: fewer than two rows"
    if n > 1 and value is not None:
        influence = mean_influence(rows) * math.sqrt(inflation)
        _, low, high, method = influence_gain(value, influence, n - 1.0, groups=groups, seed=seed, level=level)
        method = method.removeprefix("paired ").replace("paired, no row differs", "all rows alike")
    return Measurement(
        name=name, value=value, low=low, high=high, n=n, method=method,
        greater_is_better=greater_is_better, unit=unit, level=level,
    )  # fmt: skip


def moved(found: Measurement, change: float) -> Measurement:
    """Return a measurement whose value is changed; the interval goes along on the scale it was made on."""
    metric = get(found.name)
    lowest, highest = BOUNDS[metric.scale]
    value = min(max((found.value or 0.0) + change, lowest), highest)
    inside = found.value is not None and lowest < found.value < highest and lowest < value < highest
    if not inside or found.low is None or found.high is None:
        low = None if found.low is None else min(max(found.low + change, lowest), highest)
        high = None if found.high is None else min(max(found.high + change, lowest), highest)
        return replace(found, value=value, low=low, high=high)
    scale = SCALES[metric.scale]
    step = scale.there(value) - scale.there(found.value or 0.0)
    low, high = (v if not lowest < v < highest else scale.back(scale.there(v) + step) for v in (found.low, found.high))
    return replace(found, value=value, low=low, high=high)
