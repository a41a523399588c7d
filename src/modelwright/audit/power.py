"""How well each column alone predicts the target, out of fold, and how well the others do together.

A column is cut into cells (its levels, or bins of equal counts for a number with many values; missing is a cell of
its own). The prediction for a row is the mean of its cell over the other folds, drawn towards the overall mean. This
is a one-feature tree with leaves of known size, needs no fitting and costs a few milliseconds a column.

``skill`` is the share of what there is to explain that is explained: for classes 1 - log loss / log loss of the class
shares (McFadden 1974), for values R² of the ranks of the target, which no monotone transform changes. It is
comparable between columns and between easy and hard targets, and does not flatter rare classes as accuracy does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from modelwright.audit.boosting import as_numbers, boost
from modelwright.audit.findings import AuditContext
from modelwright.audit.looking import auc, code_column, coded, is_missing, memo
from modelwright.data.columns import Columns, Strings
from modelwright.data.ranks import average_ranks

__all__ = [
    "COARSE_BINS",
    "MAX_BINS",
    "MIN_BIN_ROWS",
    "MIN_ROWS",
    "N_FOLDS",
    "ColumnPower",
    "PowerSample",
    "best_skill",
    "column_cells",
    "feature_table",
    "fit_predict",
    "joint_skill",
    "power",
    "power_sample",
    "quantile_bins",
    "score_cells",
    "skill_alone",
    "skill_of",
    "skill_together",
]

POWER_ROWS = 20_000  # the standard error of a share is then at most 0.35 percentage points
MIN_ROWS = 50  # below this, no share of what is explained can be told from luck
N_FOLDS = 5
MAX_BINS = 100  # 100 bins of equal counts explain 99.99 % of the ranks of an exact copy
MIN_BIN_ROWS = 10
COARSE_BINS = 10
# Weight of the overall mean in a cell, in rows. Numbers are also cut finely with a light prior, where a near copy of
# the target shows (ten pure rows are then 97 % sure), and coarsely, where an honest trend does; the better one counts.
PRIOR_ROWS = 1.0
LIGHT_PRIOR_ROWS = 0.25
MAX_CELLS = 2_000_000
TABLED_CELLS = 500_000  # of the tables of all folds, 4 MB

JOINT_ROWS = 6_000


@dataclass(frozen=True, eq=False)
class PowerSample:
    """Rows with a target, on which power is measured.

    Attributes
    ----------
    rows : ndarray of int, shape (n,)
        Ascending positions in the context.
    y : ndarray, shape (n,)
        Class number (int), or the rank of the value scaled to 0 … 1 (float).
    n_classes : int
        0 for values.
    folds : ndarray of int, shape (n,)
    """

    rows: np.ndarray
    y: np.ndarray
    n_classes: int
    folds: np.ndarray


@dataclass(frozen=True, kw_only=True)
class ColumnPower:
    """What one column alone explains.

    Attributes
    ----------
    skill : float
        Share explained out of fold, 0 … 1.
    missing_skill : float
        Share that the missingness alone explains.
    auc : float
        Area under the ROC curve for two classes; NaN otherwise.
    accuracy : float
        Share of rows whose class is the most frequent of their cell; NaN for values.
    n_cells : int
        Cells that occur, missing included.
    """

    skill: float
    missing_skill: float
    auc: float
    accuracy: float
    n_cells: int


def power_sample(context: AuditContext) -> PowerSample | None:
    """Return the rows on which power is measured; None without a target or with fewer than `MIN_ROWS` rows."""
    return memo(context, "power sample", lambda: _draw(context))


def _draw(context: AuditContext) -> PowerSample | None:
    if context.y is None:
        return None
    rows = np.flatnonzero(~np.isnan(context.y))
    rng = np.random.default_rng([context.brief.seed, 1])
    if len(rows) > POWER_ROWS:
        rows = np.sort(rng.choice(rows, POWER_ROWS, replace=False))
    y = context.y[rows]
    if len(rows) < MIN_ROWS or np.all(y == y[0]):
        return None
    folds = rng.permutation(len(rows)) % N_FOLDS
    if context.classes:
        return PowerSample(rows, y.astype(np.int64), len(context.classes), folds)
    return PowerSample(rows, (average_ranks(y) - 0.5) / len(y), 0, folds)


def power(context: AuditContext, name: str) -> ColumnPower | None:
    """Return what a column alone explains; None where `power_sample` is None."""
    sample = power_sample(context)
    if sample is None:
        return None
    return memo(context, ("power", name), lambda: _measure(context, name, sample))


def _measure(context: AuditContext, name: str, sample: PowerSample) -> ColumnPower:
    cells = column_cells(context, name, sample)
    skill, auc, accuracy = score_cells(cells, sample)
    if coded(context, name).n_levels > cells.max() + 1 and not isinstance(context.columns[name], Strings):
        coarse = score_cells(column_cells(context, name, sample, COARSE_BINS), sample)
        fine = score_cells(cells, sample, LIGHT_PRIOR_ROWS)
        skill, auc, accuracy = max(coarse, fine, (skill, auc, accuracy), key=lambda score: score[0])
    gone = is_missing(context.columns[name])[sample.rows]
    missing_skill = score_cells(gone.astype(np.int64), sample)[0] if gone.any() and not gone.all() else 0.0
    return ColumnPower(
        skill=skill,
        missing_skill=missing_skill,
        auc=auc,
        accuracy=accuracy,
        n_cells=len(np.unique(cells)),
    )


def column_cells(context: AuditContext, name: str, sample: PowerSample, most: int = MAX_BINS) -> np.ndarray:
    """Return the cell of each sampled row, 0 … m - 1; a number with many values has at most ``most`` and missing."""
    column = coded(context, name)
    codes = column.codes[sample.rows]
    n_bins = max(2, min(most, len(codes) // MIN_BIN_ROWS))
    if isinstance(context.columns[name], Strings) or column.n_levels <= n_bins:
        cells = codes
    else:
        cells = np.where(codes < 0, -1, quantile_bins(codes, column.n_levels, n_bins))
    cells = cells + 1
    if (int(cells.max()) + 1) * max(1, sample.n_classes) > MAX_CELLS:
        counts = np.bincount(cells)
        cells = np.where(counts[cells] < 3, 0, cells)
        cells = np.unique(cells, return_inverse=True)[1]
    return cells


def quantile_bins(codes: np.ndarray, n_levels: int, n_bins: int) -> np.ndarray:
    """Return bins of about equal counts for ordered level numbers; equal values share one, missing (-1) has any."""
    counts = np.bincount(codes[codes >= 0], minlength=n_levels)
    middle = np.cumsum(counts) - 0.5 * counts
    bins = np.minimum((middle / max(1, counts.sum()) * n_bins).astype(np.int64), n_bins - 1)
    return bins[codes]


def score_cells(cells: np.ndarray, sample: PowerSample, prior_rows: float = PRIOR_ROWS) -> tuple[float, float, float]:
    """Return skill, AUC and accuracy of the cells' out-of-fold means; the latter two NaN where not defined."""
    m = int(cells.max()) + 1
    if not sample.n_classes:
        return _score_values(cells, m, sample, prior_rows), np.nan, np.nan
    k, y = sample.n_classes, sample.y
    pair = cells * k + y
    total = np.bincount(pair, minlength=m * k).reshape(m, k).astype(float)
    loss = base = hits = 0.0
    event = np.empty(len(y))
    for mine, place, n_folds in _some_folds(m * k, sample):
        at = place * m * k + pair[mine]
        held = np.bincount(at, minlength=n_folds * m * k).reshape(n_folds, m, k)
        seen = total - held
        of_class = seen.sum(axis=1)
        prior = (of_class + 1.0 / k) / (of_class.sum(axis=1, keepdims=True) + 1.0)
        share = (seen + prior_rows * prior[:, None]) / (seen.sum(axis=2, keepdims=True) + prior_rows)
        there = held > 0
        loss -= (held[there] * np.log(share[there])).sum()
        base -= (held.sum(axis=1) * np.log(prior)).sum()
        hits += float(np.take_along_axis(held, share.argmax(axis=2)[..., None], axis=2).sum())
        if k == 2:
            event[mine] = share[..., 1].ravel()[at // k]
    area = auc(event, y == 1) if k == 2 else np.nan
    return max(0.0, 1.0 - loss / base), area, hits / len(y)


def _some_folds(size: int, sample: PowerSample) -> Iterator[tuple[np.ndarray | slice, np.ndarray | int, int]]:
    """Yield folds of which tables of ``size`` are made at once: their rows, each row's fold, and how many they are.

    All together where that is little memory: a table of few cells takes no longer than five.
    """
    if N_FOLDS * size <= TABLED_CELLS:
        yield slice(None), sample.folds, N_FOLDS
        return
    for fold in range(N_FOLDS):
        yield np.flatnonzero(sample.folds == fold), 0, 1


def _score_values(cells: np.ndarray, m: int, sample: PowerSample, prior_rows: float) -> float:
    y = sample.y
    sums = np.bincount(cells, weights=y, minlength=m)
    counts = np.bincount(cells, minlength=m)
    error = 0.0
    for mine, place, n_folds in _some_folds(m, sample):
        at = place * m + cells[mine]
        s = sums - np.bincount(at, weights=y[mine], minlength=n_folds * m).reshape(n_folds, m)
        n = counts - np.bincount(at, minlength=n_folds * m).reshape(n_folds, m)
        usual = s.sum(axis=1, keepdims=True) / np.maximum(1, n.sum(axis=1, keepdims=True))
        mean = (s + prior_rows * usual) / (n + prior_rows)
        error += float(np.square(y[mine] - mean.ravel()[at]).sum())
    return max(0.0, 1.0 - error / float(np.square(y - y.mean()).sum()))


def skill_of(context: AuditContext, cells: np.ndarray) -> float:
    """Return the skill of cells made by a rule, one per row of the context (0 where there is no power sample)."""
    sample = power_sample(context)
    return 0.0 if sample is None else score_cells(cells[sample.rows], sample)[0]


def joint_skill(context: AuditContext, names: Iterable[str]) -> float:
    """Return what the columns explain together on held-out rows, by a small gradient boosting machine."""
    wanted = tuple(sorted(names))
    sample = power_sample(context)
    if sample is None or not wanted:
        return 0.0
    return memo(context, ("joint", wanted), lambda: _boost(context, wanted, sample))


def _boost(context: AuditContext, names: tuple[str, ...], sample: PowerSample) -> float:
    n = min(JOINT_ROWS, len(sample.rows))
    chosen = np.linspace(0, len(sample.rows) - 1, n).astype(np.int64)
    table = feature_table(context, names, sample.rows[chosen])
    y, held = sample.y[chosen], sample.folds[chosen] < N_FOLDS // 2
    prediction = boost(table[~held], y[~held], table[held], sample.n_classes, context.brief.seed)
    return _joint_score(prediction, y, held, sample.n_classes)


def fit_predict(
    context: AuditContext, names: Iterable[str], y: np.ndarray, fitted: np.ndarray, held: np.ndarray
) -> np.ndarray:
    """Return predictions of ``y`` on rows ``held`` by a small gradient boosting machine fitted on ``fitted``."""
    wanted = tuple(names)
    table = feature_table(context, wanted, np.concatenate([fitted, held]))
    return boost(table[: len(fitted)], y[fitted], table[len(fitted) :], 0, context.brief.seed)


def feature_table(
    context: AuditContext, names: tuple[str, ...], rows: np.ndarray, columns: Columns | None = None
) -> np.ndarray:
    """Return columns as numbers for trees, shape (n_rows, n_columns).

    ``columns`` holds other values than the context's for some of them, over all of its rows.
    """
    other = columns or {}
    return np.column_stack(
        [
            as_numbers(code_column(other[name]), other[name], rows)
            if name in other
            else as_numbers(coded(context, name), context.columns[name], rows)
            for name in names
        ]
    )


def _joint_score(prediction: np.ndarray, y: np.ndarray, held: np.ndarray, k: int) -> float:
    if not k:
        return max(0.0, 1.0 - float(np.square(y[held] - prediction).sum() / np.square(y[held] - y[~held].mean()).sum()))
    if k == 2:
        prediction = np.column_stack([1 - prediction, prediction])
    prior = (np.bincount(y[~held], minlength=k) + 1.0 / k) / ((~held).sum() + 1.0)
    own = np.clip(prediction[np.arange(held.sum()), y[held]], 1e-6, 1)
    return max(0.0, 1.0 - float(np.log(own).sum() / np.log(prior[y[held]]).sum()))


def skill_alone(context: AuditContext, name: str) -> float:
    """Return what a column alone explains, 0 where there is no power sample."""
    measured = power(context, name)
    return 0.0 if measured is None else measured.skill


def best_skill(context: AuditContext, names: Collection[str]) -> float:
    """Return what the strongest of the columns explains alone."""
    return max((skill_alone(context, n) for n in names), default=0.0)


def skill_together(context: AuditContext, names: Collection[str]) -> float:
    """Return what the columns explain; a small joint model can be worse than the best of them on few rows."""
    return max(best_skill(context, names), joint_skill(context, names))
