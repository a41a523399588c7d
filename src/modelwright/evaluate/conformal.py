"""Fitting prediction intervals and sets of classes on out-of-fold predictions (conformal prediction).

Why it works: what a model errs by on rows that did not train it is what it will err by on new rows of the same kind,
and of ``n`` such errors the next one is among the ``k`` smallest with probability ``k / (n + 1)`` (Vovk, Gammerman and
Shafer 2005; Lei et al. 2018). What must stay true: no row counts that trained the model whose error is looked at, and
whatever is fitted to the errors (their size along the predictions) is fitted on other rows than it is used on, so it
is cross-fitted here. With cross-validation the models are several and close to, not equal to, the one that ships; the
theory then promises a little less (Barber et al. 2021), and practice gives what was asked: `benchmarks/intervals.py`.

The intervals choose nothing and change no prediction, so no score depends on them. Rows of a lockbox take no part: they
measure how often the intervals contain the truth, see `modelwright.evaluate.coverage`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from modelwright.data.sampling import sample_rows
from modelwright.evaluate.coverage import JUDGED, interval_score
from modelwright.evaluate.intervals import beyond_noise
from modelwright.runtime.intervals import Intervals, Sets
from modelwright.runtime.transform import IDENTITY, TargetTransform

__all__ = ["fit_intervals", "fit_sets"]

COVERAGES = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.875, 0.9, 0.925, 0.95, 0.96, 0.97, 0.98, 0.99)
FEWEST = 20  # rows or groups below which errors say too little of the next one
MOST_ROWS = 10_000  # at 99 % each tail then has 50 rows; more change bounds by less than their own noise
COMPARED_ROWS = 4_000  # on which shapes are compared: enough to tell a gain of a few hundredths from noise
LARGEST = 1e100  # beyond it sums of errors leave float64
FOLDS = 5
ROWS_PER_SCALE, ROWS_PER_QUANTILES = 50, 250  # rows at a knot: enough for a mean, enough for a tail of 2 %
MOST_KNOTS = 20
PRIOR_ROWS = 10  # rows by which the size of errors at a knot is drawn to that over all rows


@dataclass(frozen=True)
class _Errors:
    """Predictions and errors on the scale of a transform, with the group of each row (its own number without)."""

    prediction: np.ndarray
    error: np.ndarray
    unit: np.ndarray

    def take(self, rows: np.ndarray) -> _Errors:
        return _Errors(self.prediction[rows], self.error[rows], self.unit[rows])

    @property
    def n_units(self) -> int:
        return len(np.unique(self.unit))

    def folds(self, count: int, seed: int) -> np.ndarray:
        """Return a fold number per row, whole groups together."""
        names, number = np.unique(self.unit, return_inverse=True)
        return (np.random.default_rng(seed).permutation(len(names)) % count)[number]


@dataclass(frozen=True)
class _Table:
    """Offsets by coverage and knot, see `Intervals`."""

    knots: np.ndarray
    low: np.ndarray
    high: np.ndarray


Shape = Callable[[_Errors, np.ndarray, int], _Table]
_Tried = tuple[str, Shape, TargetTransform]


def fit_intervals(
    y: np.ndarray,
    prediction: np.ndarray,
    *,
    seed: int,
    groups: np.ndarray | None = None,
    transform: TargetTransform = IDENTITY,
) -> tuple[Intervals | None, str]:
    """Return prediction intervals of the shape that suits the errors, and a note on it.

    Tried are, from simple to rich: offsets that are the same everywhere; errors scaled by their mean size along the
    predictions (Papadopoulos et al. 2002; Lei et al. 2018); quantiles of the errors along the predictions, corrected
    to the coverage (conformalised quantile regression: Romano, Patterson and Candès 2019). Each in the target's unit
    and, for targets of 0 and more, on their logarithm. The two sides are made separately, so a skewed error gives a
    skewed interval. A richer shape is taken where it lowers the interval score on other rows beyond the noise.

    Parameters
    ----------
    y, prediction : ndarray of float64, shape (n_rows,)
        True values, and predictions by models that were not fitted on the row.
    seed : int
    groups : ndarray of int or None
        Rows of a group are not independent: they stay on one side, and the number of groups corrects for chance.
    transform : TargetTransform
        Of the plan; its bounds are those of the intervals. A target that was never negative has the bound 0.

    Returns
    -------
    intervals : Intervals or None
        None where there are too few rows; the note says so.
    note : str
    """
    unit = np.arange(len(y)) if groups is None else np.unique(groups, return_inverse=True)[1]
    rows = _some_rows((np.abs(y) < LARGEST) & (np.abs(prediction) < LARGEST), seed, MOST_ROWS)  # NaN compares as false
    y, prediction, unit = y[rows], prediction[rows], unit[rows]
    n_units = len(np.unique(unit))
    if n_units < FEWEST:
        return None, f"none: {n_units} rows or groups with an out-of-fold prediction, {FEWEST} are needed"
    tried: list[_Tried] = []
    for seen in _transforms(y, transform):
        tried += [(name, shape, seen) for name, shape in SHAPES.items()]
    scores = _compare(y, prediction, unit, tried, seed)
    best = _simplest(*scores)
    name, shape, seen = tried[best]
    intervals = _assemble(_errors(y, prediction, unit, seen), shape, seen, n_units, seed)
    constant, own = (float(scores[0][i].mean()) for i in (0, best))
    gain = 1 - own / constant if constant > 0 else 0.0
    scale = " on the logarithm" if seen.name == "log1p" else ""
    better = f", interval score {gain:.0%} below that of constant width" if best else ""
    return intervals, f"{name}{scale}, from {n_units:,} {'rows' if groups is None else 'groups'}{better}"


def _some_rows(usable: np.ndarray, seed: int, most: int) -> np.ndarray:
    rows = np.flatnonzero(usable)
    return rows[sample_rows(len(rows), most, np.random.default_rng(seed))]


def _transforms(y: np.ndarray, transform: TargetTransform) -> list[TargetTransform]:
    """Return the scales to try, the target's own first."""
    positive = bool(y.min() >= 0)
    low = 0.0 if positive and transform.low is None else transform.low
    own = TargetTransform(low=low, high=transform.high)
    if not positive or low is None or low < 0:
        return [own]
    return [own, TargetTransform(name="log1p", low=low, high=transform.high)]


def _errors(y: np.ndarray, prediction: np.ndarray, unit: np.ndarray, seen: TargetTransform) -> _Errors:
    inside = prediction if seen.low is None and seen.high is None else np.clip(prediction, seen.low, seen.high)
    position = seen.forward(inside)
    return _Errors(position, seen.forward(y) - position, unit)


def _supports(n_units: int, coverage: float) -> bool:
    """Return whether one of ``n + 1`` errors can be left out on each side."""
    return n_units >= 2 / (1 - coverage) - 1 - 1e-9


def _compare(
    y: np.ndarray, prediction: np.ndarray, unit: np.ndarray, tried: list[_Tried], seed: int
) -> tuple[list[np.ndarray], np.ndarray]:
    """Return the interval scores of each shape, row by row, on rows it was not fitted on; and the rows' groups."""
    rows = _some_rows(np.ones(len(y), bool), seed, COMPARED_ROWS)
    y, prediction, unit = y[rows], prediction[rows], unit[rows]
    errors = {seen.name: _errors(y, prediction, unit, seen) for _, _, seen in tried}
    first = errors[tried[0][2].name]
    halves, half_units = first.folds(2, seed), first.n_units // 2
    judged = [c for c in JUDGED if _supports(half_units, c)] or [COVERAGES[0]]
    return [
        _held_out_scores(y, prediction, errors[seen.name], halves, shape, seen, judged, seed)
        for _, shape, seen in tried
    ], unit


def _held_out_scores(
    y: np.ndarray,
    prediction: np.ndarray,
    errors: _Errors,
    halves: np.ndarray,
    shape: Shape,
    seen: TargetTransform,
    judged: list[float],
    seed: int,
) -> np.ndarray:
    """Return the mean interval score of each row, by intervals that were fitted on the other half."""
    scores = np.empty(len(y))
    for half in (0, 1):
        held = halves == half
        part = errors.take(~held)
        fitted = _assemble(part, shape, seen, part.n_units, seed)
        told = [interval_score(y[held], *fitted(prediction[held], c), c) for c in judged if c <= fitted.coverages[-1]]
        scores[held] = np.mean(told, axis=0)
    return scores


def _simplest(scores: list[np.ndarray], unit: np.ndarray) -> int:
    """Return the first candidate that the best one does not beat beyond the noise."""
    best = int(np.argmin([s.mean() for s in scores]))
    return next(i for i in range(len(scores)) if i == best or not beyond_noise(scores[i] - scores[best], unit))


def _assemble(errors: _Errors, shape: Shape, seen: TargetTransform, n_units: int, seed: int) -> Intervals:
    coverages = np.array([c for c in COVERAGES if _supports(n_units, c)])
    table = shape(errors, coverages, seed)
    return Intervals(
        coverages=coverages,
        knots=table.knots,
        # An interval contains its prediction, and that of a lower coverage.
        low=np.minimum.accumulate(np.minimum(table.low, 0.0), axis=0),
        high=np.maximum.accumulate(np.maximum(table.high, 0.0), axis=0),
        transform=seen,
        n=n_units,
    )


def _constant(errors: _Errors, coverages: np.ndarray, seed: int) -> _Table:
    """Return the quantiles of the errors, the same for every prediction."""
    low, high = _both_tails(errors.error, errors.error, coverages, errors.n_units)
    return _Table(np.array([np.median(errors.prediction)]), low, high)


def _scaled(errors: _Errors, coverages: np.ndarray, seed: int) -> _Table:
    """Return quantiles of the errors over their size, times the size at each knot."""
    over = errors.error / _cross_fitted(errors, seed, lambda part, held: _size_at(part, held.prediction))[0]
    low, high = _both_tails(over, over, coverages, errors.n_units)
    knots, size = _sizes(errors)
    return _Table(knots, low * size, high * size)


def _along(errors: _Errors, coverages: np.ndarray, seed: int) -> _Table:
    """Return quantiles of the errors at each knot, moved to where the coverage is kept on other rows."""

    def fit(part: _Errors, held: _Errors) -> np.ndarray:
        table = _quantiles_along(part, coverages)
        sides = [[np.interp(held.prediction, table.knots, row) for row in side] for side in (table.low, table.high)]
        return np.vstack([_size_at(part, held.prediction)[None], *sides])

    found = _cross_fitted(errors, seed, fit)
    size, (below, above) = found[0], np.split(found[1:], 2)
    low, high = _both_tails((errors.error - below) / size, (errors.error - above) / size, coverages, errors.n_units)
    table = _quantiles_along(errors, coverages)
    here = _size_at(errors, table.knots)
    return _Table(table.knots, table.low + low * here, table.high + high * here)


SHAPES: dict[str, Shape] = {
    "constant width": _constant,
    "width by the size of errors": _scaled,
    "quantiles of errors": _along,
}
"""By name, simplest first."""


def _cross_fitted(errors: _Errors, seed: int, fit: Callable[[_Errors, _Errors], np.ndarray]) -> np.ndarray:
    """Return what ``fit`` says of each row from the rows of the other folds, shape ``(n_numbers, n_rows)``."""
    folds = errors.folds(FOLDS, seed)
    parts = {f: np.atleast_2d(fit(errors.take(folds != f), errors.take(folds == f))) for f in np.unique(folds)}
    found = np.empty((len(next(iter(parts.values()))), len(folds)))
    for fold, part in parts.items():
        found[:, folds == fold] = part
    return found


def _both_tails(
    below: np.ndarray, above: np.ndarray, coverages: np.ndarray, n_units: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return, by coverage, the value that as few of ``below`` undercut, and of ``above`` exceed, as may; as columns.

    ``below`` and ``above`` may have a row per coverage.
    """
    low, high = np.empty((len(coverages), 1)), np.empty((len(coverages), 1))
    wide = [np.broadcast_to(np.sort(side, axis=-1), (len(coverages), side.shape[-1])) for side in (-below, above)]
    for i, coverage in enumerate(coverages):
        rank = _rank((1 + coverage) / 2, wide[0].shape[1], n_units)
        low[i], high[i] = -wide[0][i, rank], wide[1][i, rank]
    return low, high


def _rank(share: float, n_rows: int, n_units: int) -> int:
    """Return the position of the quantile that the next value stays under with probability ``share`` or more."""
    wanted = int(np.ceil(share * (1 + 1 / n_units) * n_rows - 1e-9))
    return min(max(wanted, 1), n_rows) - 1


def _bins(prediction: np.ndarray, rows_per_knot: int) -> tuple[np.ndarray, np.ndarray]:
    """Return knots, the median predictions of bins of about equal size, and the bin of each row."""
    count = int(np.clip(len(prediction) // rows_per_knot, 1, MOST_KNOTS))
    edges = np.unique(np.quantile(prediction, np.linspace(0, 1, count + 1)[1:-1]))
    number = np.unique(np.searchsorted(edges, prediction, side="left"), return_inverse=True)[1]
    knots = np.array([np.median(prediction[number == b]) for b in range(int(number.max()) + 1)])
    return knots, number


def _sizes(errors: _Errors) -> tuple[np.ndarray, np.ndarray]:
    """Return knots and the mean absolute error at each, drawn a little to that over all rows."""
    knots, number = _bins(errors.prediction, ROWS_PER_SCALE)
    size = np.abs(errors.error)
    overall = max(float(size.mean()), np.finfo(float).tiny)
    sums = np.bincount(number, weights=size) + PRIOR_ROWS * overall
    return knots, sums / (np.bincount(number) + PRIOR_ROWS)


def _size_at(errors: _Errors, prediction: np.ndarray) -> np.ndarray:
    return np.interp(prediction, *_sizes(errors))


def _quantiles_along(errors: _Errors, coverages: np.ndarray) -> _Table:
    knots, number = _bins(errors.prediction, ROWS_PER_QUANTILES)
    tails = np.stack([(1 - coverages) / 2, (1 + coverages) / 2])
    found = np.stack([np.quantile(errors.error[number == b], tails) for b in range(len(knots))], axis=-1)
    return _Table(knots, found[0], found[1])


def fit_sets(
    y: np.ndarray, prediction: np.ndarray, *, seed: int, groups: np.ndarray | None = None
) -> tuple[Sets | None, str]:
    """Return sets of classes that contain the true one as often as asked, class by class, and a note on them.

    Parameters
    ----------
    y : ndarray of float64, shape (n_rows,)
        True class numbers.
    prediction : ndarray of float64, shape (n_rows, n_classes)
        Probabilities as answered, after calibration, by models that were not fitted on the row.
    seed : int
    groups : ndarray of int or None
        The number of groups corrects for chance.

    Returns
    -------
    sets : Sets or None
        None where there are too few rows; the note says so.
    note : str
    """
    rows = _some_rows(np.isfinite(y) & np.isfinite(prediction).all(axis=1), seed, MOST_ROWS)
    y, prediction = y[rows].astype(np.int64), prediction[rows]
    unit = np.arange(len(y)) if groups is None else groups[rows]
    n_units = len(np.unique(unit))
    if n_units < FEWEST:
        return None, f"none: {n_units} rows or groups with an out-of-fold prediction, {FEWEST} are needed"
    thresholds, top = np.zeros((len(COVERAGES), prediction.shape[1])), prediction.argmax(axis=1)
    for k in range(prediction.shape[1]):
        own = y == k
        units = len(np.unique(unit[own]))
        # The most probable class is in every set, so a row that has it right is never missed.
        missed = np.sort(np.where(top[own] == k, -1.0, -prediction[own, k]))
        for i, coverage in enumerate(COVERAGES):
            if units >= 1 / (1 - coverage) - 1 - 1e-9:  # one of n + 1 rows may be missed; with fewer, none is
                thresholds[i, k] = -missed[_rank(coverage, len(missed), units)]
    sets = Sets(coverages=np.array(COVERAGES), thresholds=np.clip(thresholds, 0.0, 1.0), n=n_units)
    return sets, f"sets of classes, each class covered by itself, from {n_units:,} rows or groups"
