"""How much each column matters: the score with the column shuffled (Breiman 2001; Fisher, Rudin and Dominici 2019).

The interval holds what is left to chance. Which rows were measured: the metric gives each row's influence on the score,
and the difference of a row's influences with and without the column is its part in the drop (paired, so rows that are
hard either way cancel). Which shuffle was drawn: the spread of the drops over repeats. And where the models of several
folds were asked, which rows a model was fitted on, see `stability`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from modelwright.data.columns import Column, Columns, Strings
from modelwright.evaluate.measurements import Measurement
from modelwright.evaluate.metrics import Metric
from modelwright.evaluate.scales import student_quantile
from modelwright.explain.folds import MODEL
from modelwright.explain.reasons import Importance, Together
from modelwright.explain.sampling import Prober
from modelwright.explain.stability import Between, Judges, note_models

__all__ = ["REPEATS", "grouped", "measure_together", "note_order", "promising_first", "rank_columns"]

# Five shuffles bring the noise of shuffling below that of 3,000 rows; scikit-learn's default is five too.
REPEATS = 5
LEVEL = 0.95
# The first columns, whose order is read.
ORDERED = 5
# The most promising columns, of which every model is asked on its own.
ASKED_APART = 10


@dataclass
class _Drops:
    """The drops of one column over its shuffles, and each row's part in them."""

    drops: list[float] = field(default_factory=list)
    parts: np.ndarray | None = None
    freedom: float = 1.0

    def add(self, drop: float, part: np.ndarray, freedom: float) -> None:
        """Note what came of one more shuffle."""
        self.drops.append(drop)
        self.parts = part if self.parts is None else self.parts + part
        self.freedom = freedom


def rank_columns(
    prober: Prober,
    y: np.ndarray,
    prediction: np.ndarray,
    features: Sequence[str],
    metric: Metric,
    *,
    threshold: float | None,
    rng: np.random.Generator,
) -> tuple[tuple[Importance, ...], tuple[str, ...]]:
    """Return the columns that time allowed, most important first, and what is to be said of where models disagree.

    Every column is shuffled once before any is shuffled twice: when time is short the intervals are wider, and only
    then are columns left out, the least promising first.
    """
    sign = 1.0 if metric.greater_is_better else -1.0
    base = metric(y, prediction, threshold)
    if np.isnan(base):
        return (), ()
    base_influence, _ = metric.influence(y, prediction, threshold)
    found: dict[str, _Drops] = {}
    which = prober.base.get(MODEL)
    judges = Judges(metric, y, prediction, np.zeros(len(y)) if which is None else np.asarray(which), threshold)
    for _ in range(REPEATS):
        order = rng.permutation(len(y))
        changes = [(name, _shuffled(prober.base[name], order)) for name in features]
        answers = prober.ask(changes)
        for name, shuffled in zip(features, answers):
            value = metric(y, shuffled, threshold)
            if np.isnan(value):
                continue
            influence, freedom = metric.influence(y, shuffled, threshold)
            found.setdefault(name, _Drops()).add(sign * (base - value), sign * (base_influence - influence), freedom)
            if name in features[:ASKED_APART]:
                judges.add(name, shuffled)
        if prober.left <= 0:
            break
    between = {name: judges.between(name) for name in found}
    ranked = [Importance(column=c, drop=_measure(d, metric, len(y), between[c])) for c, d in found.items()]
    ranked.sort(key=lambda i: -(i.drop.value or 0.0))
    return tuple(ranked), note_models([(i.column, between[i.column]) for i in ranked[:ORDERED]], metric.title)


def measure_together(
    prober: Prober,
    y: np.ndarray,
    prediction: np.ndarray,
    sets: Sequence[Sequence[str]],
    metric: Metric,
    *,
    threshold: float | None,
    rng: np.random.Generator,
) -> tuple[Together, ...]:
    """Return what sets of columns are worth together: each is shuffled as one, so that no column stands in for another.

    Sets that time does not allow twice are left out.
    """
    if not sets or np.isnan(base := metric(y, prediction, threshold)):
        return ()
    sign = 1.0 if metric.greater_is_better else -1.0
    base_influence, _ = metric.influence(y, prediction, threshold)
    found = []
    for names in sets:
        record = _Drops()
        for _ in range(REPEATS):
            if prober.left <= 0:
                break
            order = rng.permutation(len(y))
            shuffled = prober.predict({**prober.base, **{n: _shuffled(prober.base[n], order) for n in names}})
            value = metric(y, shuffled, threshold)
            if np.isnan(value):
                continue
            influence, freedom = metric.influence(y, shuffled, threshold)
            record.add(sign * (base - value), sign * (base_influence - influence), freedom)
        if len(record.drops) > 1:
            found.append(Together(columns=tuple(names), drop=_measure(record, metric, len(y), None)))
    return tuple(found)


def note_order(ranked: Sequence[Importance]) -> tuple[str, ...]:
    """Return a sentence where the order of the first columns may as well be another: other rows or another shuffle
    would put the second before the first. Intervals that hold each other's value cannot tell them apart."""
    first = [i for i in ranked[:ORDERED] if i.judgement == "used"]
    doubtful = [(a.column, b.column) for a, b in pairwise(first) if _holds(a.drop, b.drop) and _holds(b.drop, a.drop)]
    if not doubtful:
        return ()
    told = "; ".join(f"“{a}” and “{b}”" for a, b in doubtful)
    return (f"The order of these is within the noise, other rows or another seed may turn it: {told}.",)


def _holds(interval: Measurement, other: Measurement) -> bool:
    low, high, value = interval.low, interval.high, other.value
    return low is not None and high is not None and value is not None and low <= value <= high


def _shuffled(column: Column, order: np.ndarray) -> Column:
    return column.take(order) if isinstance(column, Strings) else column[order]


def _measure(record: _Drops, metric: Metric, n: int, between: Between | None) -> Measurement:
    drops = np.array(record.drops)
    assert record.parts is not None
    rows = float(np.sum((record.parts / len(drops)) ** 2))
    shuffles = float(drops.var(ddof=1) / len(drops)) if len(drops) > 1 else 0.0
    value = float(drops.mean())
    models = between.variance / len(between.drops) if between is not None else 0.0
    half = student_quantile(LEVEL, record.freedom) * np.sqrt(rows + shuffles + models)
    known = len(drops) > 1 and np.isfinite(half)
    return Measurement(
        name=metric.name,
        value=value,
        low=float(value - half) if known else None,
        high=float(value + half) if known else None,
        n=n,
        method=f"{len(drops)} shuffles, influence of rows{', spread of models' * (models > 0)}"
        if known
        else "one shuffle: no time for an interval",
        level=LEVEL,
    )


def promising_first(columns: Columns, features: Sequence[str], prediction: np.ndarray) -> tuple[str, ...]:
    """Return the columns in order of how much of the prediction's spread they go with, most first.

    The share of variance between tenths (or levels) of the column, corrected for the number of groups, so that a
    column with many levels has no advantage (Hays 1963, omega squared). It only orders the work, so that a deadline
    leaves out what matters least.
    """
    spread = prediction[:, int(np.argmax(prediction.var(axis=0)))]
    total = float(((spread - spread.mean()) ** 2).sum())
    if total <= 0:
        return tuple(features)
    return tuple(sorted(features, key=lambda name: -_omega_squared(grouped(columns[name]), spread, total)))


def _omega_squared(groups: np.ndarray, values: np.ndarray, total: float) -> float:
    counts = np.bincount(groups)
    used = counts > 0
    k, n = int(used.sum()), len(values)
    if k < 2 or k >= n:
        return 0.0
    means = np.bincount(groups, values)[used] / counts[used]
    between = float((counts[used] * (means - values.mean()) ** 2).sum())
    noise = (total - between) / (n - k)
    return (between - (k - 1) * noise) / (total + noise)


def grouped(column: Column, most: int = 10) -> np.ndarray:
    """Return a group number per row (int64): the level, or the tenth of a number with many values; missing is one."""
    if isinstance(column, Strings):
        return np.unique(column.codes, return_inverse=True)[1].astype(np.int64)
    known = ~np.isnan(column)
    groups = np.zeros(len(column), dtype=np.int64)
    values = column[known]
    distinct = np.unique(values)
    if len(distinct) > most:
        distinct = np.unique(np.quantile(values, np.arange(1, most) / most))
        groups[known] = 1 + np.searchsorted(distinct, values, side="right")
    elif len(distinct):
        groups[known] = 1 + np.searchsorted(distinct, values)
    return groups
