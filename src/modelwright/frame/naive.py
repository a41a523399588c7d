"""How much too good a random split would have looked, where rows hang together or follow one another.

What is stated is what the number of a random split turns out to be worth: its score, minus the score on the groups or
the stretch of time that come next. Quick models say it.

*Groups.* All rows are cross-validated twice, dealt at random and by whole groups. Fold by fold the same rows are
judged by models that had met their relatives and by models that had not. The folds share most of what they learn from,
so their spread alone says too little: the interval is that of the corrected resampled t-test (Nadeau and Bengio 2003,
*Inference for the generalization error*).

*Time.* At several moments of the past the random split gives its score of all rows up to then. The rows that came next,
half as many, give theirs, judged by a model of all rows before whose labels were known, as a version will be (rolling
origins). No stretch is like the one before, so the interval is one for a further stretch, not for the mean of those
seen; else it would hold the past and miss what comes. The stretches overlap and so are more alike than they should be:
their spread counts as no smaller than that of their first halves, which do not overlap.

Differences are taken on the metric's scale without bounds: shares as log odds, errors as logarithms, so that a target
that has grown tells by how many per cent an error was too small.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from modelwright.audit.boosting import as_table, predicted
from modelwright.data.columns import Columns, take
from modelwright.errors import DataError
from modelwright.evaluate.intervals import measure
from modelwright.evaluate.measurements import Measurement
from modelwright.evaluate.metrics import Metric, get
from modelwright.evaluate.scales import BOUNDS, SCALES, student_quantile
from modelwright.frame.problem import Optimism, Problem, SplitKind
from modelwright.frame.split import Folds, make_folds
from modelwright.frame.timing import known_by, rolling_origins, unseen_groups

__all__ = ["MOST_ROWS", "measure_optimism"]

MOST_ROWS = (
    20_000  # whole groups, or every so manieth moment: a thinner sample would have fewer relatives and neighbours
)
FOLDS = 5  # four fifths to learn from, as in the training itself
JUDGED_ROWS = 2_000  # of the five random folds no more are asked than judge so many rows
ORIGINS = 6  # the earliest learns from a quarter of the rows: what fewer say is little like what all would
FEWEST_DIFFERENCES = 3  # below, their spread is anybody's guess
FEWEST_ROWS = 20  # to learn from
STRETCHES = 10  # of time, whose rows count as one in the interval of the random split's own score


def measure_optimism(
    problem: Problem,
    columns: Columns,
    y: np.ndarray,
    classes: Sequence[str],
    seed: int,
    *,
    seconds: float = math.inf,
) -> Optimism | None:
    """Return what a random split would have said, what comes next is worth, and the difference.

    Parameters
    ----------
    problem : Problem
    columns : Columns
        All columns over the used rows.
    y : ndarray of float64, shape (n_rows,)
    seconds : float
        After so many no further fold is begun: along time fewer moments of the past then speak, of groups nothing is
        said.

    Returns
    -------
    Optimism or None
        None where the split is random, or there is too little to measure it on.
    """
    until = time.monotonic() + seconds
    if problem.split in (SplitKind.RANDOM, SplitKind.STRATIFIED) or not problem.features:
        return None
    rng = np.random.default_rng([seed, 3])
    try:
        if len(y) > MOST_ROWS:
            rows = _drawn(make_folds(_asked(problem, 2), y, columns, seed), len(y), rng)
            columns, y = take(columns, rows), y[rows]
        folds = make_folds(_asked(problem, FOLDS), y, columns, seed)
    except DataError:  # too few groups or moments
        return None
    table = as_table(columns, problem.features, np.arange(len(y)))
    quick = _Quick(get(problem.metric), table, y, len(classes), rng, seed, until)
    if folds.order is None:
        return _of_groups(quick, folds)
    times = np.asarray(columns[problem.time]) if problem.time else folds.order
    return _of_stretches(quick, folds, lambda early, late: known_by(times, early, late, problem.label_delay))


def _asked(problem: Problem, n_folds: int) -> Problem:
    return replace(problem, holdout=0.0, n_folds=n_folds, n_repeats=1)


def _drawn(folds: Folds, n: int, rng: np.random.Generator) -> np.ndarray:
    """Return at most about `MOST_ROWS` rows: of whole groups, or evenly along time."""
    if folds.groups is not None:
        sizes = np.bincount(folds.groups)
        order = rng.permutation(len(sizes))
        chosen = order[np.cumsum(sizes[order]) <= MOST_ROWS]
        return np.flatnonzero(np.isin(folds.groups, chosen))
    assert folds.order is not None
    along = np.argsort(folds.order, kind="stable")
    return np.sort(along[np.linspace(0, n - 1, MOST_ROWS).astype(np.int64)])


@dataclass(frozen=True, eq=False)
class _Quick:
    """Quick models of a table, and their scores."""

    metric: Metric
    table: np.ndarray
    y: np.ndarray
    k: int
    rng: np.random.Generator
    seed: int
    until: float

    @property
    def late(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() > self.until

    def says(self, train: np.ndarray, held: np.ndarray) -> np.ndarray:
        """Return what a model of some rows predicts for others, shape (n_held, n_outputs)."""
        if len(np.unique(self.y[train])) > 1:
            return predicted(self.table[train], self.y[train], self.table[held], self.k, self.seed)
        alike: np.ndarray = np.full((len(held), max(1, self.k)), 0.0 if self.k else self.y[train[0]])
        if self.k:
            alike[:, int(self.y[train[0]])] = 1.0
        return alike

    def at_random(self, rows: np.ndarray, judged: int) -> tuple[np.ndarray, np.ndarray]:
        """Return rows of the first folds of a random cross-validation of ``rows``, and what it predicts for them."""
        fold = self.rng.permutation(len(rows)) % FOLDS
        held = [rows[fold == f] for f in range(judged)]
        said = [self.says(rows[fold != f], h) for f, h in enumerate(held)]
        return np.concatenate(held), np.concatenate(said)

    def free(self, rows: np.ndarray, said: np.ndarray) -> float:
        """Return a score on the scale without bounds, more is better; NaN where it is not defined."""
        if self.metric.undefined(self.y[rows], said):
            return math.nan
        return self.freed(self.metric(self.y[rows], said), len(rows))

    def freed(self, value: float, n: int) -> float:
        """Return a value on the scale without bounds; a share on a bound moves in by half a row."""
        lowest, highest = BOUNDS[self.metric.scale]
        if math.isfinite(lowest) and math.isfinite(highest):
            value = min(max(value, lowest + 0.5 / n), highest - 0.5 / n)
        if not lowest < value < highest:
            return math.nan
        return self.sign * SCALES[self.metric.scale].there(value)

    def back(self, free: float) -> float:
        """Return the way back of `freed`."""
        return SCALES[self.metric.scale].back(self.sign * free)

    @property
    def sign(self) -> float:
        """1 where more is better, -1 for a loss."""
        return 1.0 if self.metric.greater_is_better else -1.0


def _of_groups(quick: _Quick, folds: Folds) -> Optimism | None:
    """Return the optimism where whole groups come next."""
    n = len(quick.y)
    rows, said = quick.at_random(np.arange(n), FOLDS)
    random = np.empty_like(said)
    random[rows] = said
    differences = []
    for train, held in folds.folds:
        if quick.late:
            return None
        differences.append(quick.free(held, random[held]) - quick.free(held, quick.says(train, held)))
    naive = measure(quick.metric, quick.y, random, groups=folds.groups, seed=quick.seed)
    found = _finite(differences)
    if len(found) < FEWEST_DIFFERENCES:
        return None
    # Nadeau and Bengio: beside the mean's own variance, judged over learned rows for what the folds have in common.
    error = found.std(ddof=1) * math.sqrt(1 / len(found) + 1 / (FOLDS - 1))
    method = f"corrected resampled t over {len(found)} folds"
    return _stated(quick, naive, (float(found.mean()), float(error), len(found) - 1), method, n)


def _of_stretches(
    quick: _Quick, folds: Folds, known: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> Optimism | None:
    """Return the optimism where later rows come next, of groups not seen before where there are groups.

    ``known`` gives those of earlier rows whose labels are known when the later ones come.
    """
    assert folds.order is not None
    near, far, n = [], [], 0
    for early, late, further in rolling_origins(folds.order, ORIGINS, FEWEST_ROWS):
        if quick.late:
            break
        train, judged = early, further if len(further) else late
        if folds.groups is not None:
            train, judged = unseen_groups(folds.groups, early, judged, quick.rng)
        train = known(train, judged)
        soon = np.isin(judged, late)
        if len(train) < FEWEST_ROWS or not soon.any():
            continue
        random = quick.free(*quick.at_random(early, _judged(early)))
        said = quick.says(train, judged)
        near.append(random - quick.free(judged[soon], said[soon]))
        far.append(random - quick.free(judged, said) if len(further) else math.nan)
        n += int(soon.sum())
    rows, said = quick.at_random(np.arange(len(quick.y)), _judged(quick.y))
    place = np.argsort(np.argsort(folds.order[rows], kind="stable"))
    naive = measure(quick.metric, quick.y[rows], said, groups=place * STRETCHES // len(rows), seed=quick.seed)
    first, whole = _finite(near), _finite(far)
    if len(first) < FEWEST_DIFFERENCES or len(whole) < FEWEST_DIFFERENCES - 1:
        return None
    error = max(first.std(ddof=1), whole.std(ddof=1)) * math.sqrt(1 + 1 / len(whole))
    method = f"t over {len(first)} rolling origins, for one more"
    return _stated(quick, naive, (float(whole.mean()), float(error), len(first) - 1), method, n)


def _finite(values: Sequence[float]) -> np.ndarray:
    return np.array([v for v in values if math.isfinite(v)])


def _judged(rows: np.ndarray) -> int:
    """Return how many of the random folds are asked."""
    return min(FOLDS, math.ceil(JUDGED_ROWS * FOLDS / len(rows)))


def _stated(
    quick: _Quick, naive: Measurement, difference: tuple[float, float, int], method: str, n: int
) -> Optimism | None:
    """Return what a difference on the free scale, its standard error and degrees of freedom say of a score."""
    if naive.value is None:
        return None
    middle, error, freedom = difference
    reach = student_quantile(naive.level, freedom) * error
    start = quick.freed(naive.value, naive.n)
    # Of more optimism follows a worse score: the ends of the two change places.
    worst, fair, best = (quick.back(start - d) for d in (middle + reach, middle, middle - reach))
    low, value, high = (quick.sign * (naive.value - v) for v in (best, fair, worst))
    return Optimism(
        fair=replace(naive, value=fair, low=min(worst, best), high=max(worst, best), n=n, method=method),
        naive=naive,
        excess=replace(naive, value=value, low=low, high=high, n=n, method=method, greater_is_better=True),
    )
