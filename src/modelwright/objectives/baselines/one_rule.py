"""The best rule that looks at one column: "by 'contact': 'unknown' 4 % yes, 'cellular' 15 % yes".

1R of Holte (1993), "Very simple classification rules perform well on most commonly used datasets", with shares
instead of votes and, for values, centres. The column is chosen by cross-validation inside the given rows: tables of
counts per bin and fold are made once, and a fold's training table is the whole minus the fold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelwright.data.columns import Columns, n_rows, take
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.data.sampling import sample_rows
from modelwright.features.screening import screen
from modelwright.objectives.baselines.bins import Bins, make_bins
from modelwright.objectives.baselines.centres import centre, class_share_text, value_text
from modelwright.objectives.baselines.constant import Constant

__all__ = ["FittedOneRule", "OneRule"]

FOLDS = 5
MAX_ROWS_TO_CHOOSE = 50_000  # the choice between columns is settled long before
MOST_TRIED = 300
"""Columns; of wider tables those that tell most at a quicker look."""

MOST_BRANCHES_WHOLE = 8
"""A rule of so many is told whole: it can be used as it stands."""

MAX_BRANCHES_SHOWN = 4
"""Of a longer one so many are told, and how many more there are."""

# m-estimate (Cestnik 1990): a bin is judged as if it held this many more rows like the whole table.
PRIOR_ROWS = 10.0
SMALLEST_SHARE = 1e-9


@dataclass(frozen=True, eq=False)
class FittedOneRule:
    """A prediction per bin of one column; ``table`` has shape (n_bins, n_outputs). Without a column: one row."""

    bins: Bins | None
    table: np.ndarray
    text: str

    def __call__(self, columns: Columns) -> np.ndarray:
        """Return the prediction of each row's bin."""
        if self.bins is None:
            return np.tile(self.table[0], (n_rows(columns), 1))
        return self.table[self.bins(columns[self.bins.spec.name])]


class OneRule:
    """Predicts from the one column that does best alone."""

    name: ClassVar[str] = "one rule"

    def fit(
        self, columns: Columns, specs: Contract, y: np.ndarray, *, classes: Sequence[str], metric: str, seed: int
    ) -> FittedOneRule:
        """Fit; see `modelwright.objectives.base.Baseline`."""
        rng = np.random.default_rng(seed)
        rows = sample_rows(len(y), MAX_ROWS_TO_CHOOSE, rng)
        fold = rng.permutation(len(rows)) % FOLDS
        sample, targets = take({s.name: columns[s.name] for s in specs.columns}, rows), y[rows]
        best: tuple[float, Bins] | None = None
        for spec in _tried(specs, sample, targets, len(classes)):
            bins = make_bins(sample[spec.name], spec)
            codes = bins(sample[spec.name])
            if (codes == codes[0]).all():
                continue
            loss = _cross_validated_loss(codes, bins.count, targets, fold, len(classes))
            if best is None or loss < best[0]:
                best = (loss, bins)
        if best is None:
            constant = Constant().fit(columns, specs, y, classes=classes, metric=metric, seed=seed)
            return FittedOneRule(None, constant.prediction[None, :], f"no column to make a rule of: {constant.text}")
        bins = best[1]
        codes = bins(columns[bins.spec.name])
        counts = np.bincount(codes, minlength=bins.count)
        table = _table(codes, counts, y, len(classes), metric)
        return FittedOneRule(bins, table, _in_words(bins, table, counts, classes))


def _tried(specs: Contract, columns: Columns, y: np.ndarray, n_classes: int) -> list[ColumnSpec]:
    """Return the columns that a rule is tried on; whole texts are no branches of a rule."""
    tried = [s for s in specs.columns if s.kind is not Kind.TEXT]
    if len(tried) <= MOST_TRIED:
        return tried
    telling = screen(columns, [s.name for s in tried], y, n_classes).most_telling(MOST_TRIED)
    return [tried[j] for j in telling.tolist()]


def _cross_validated_loss(codes: np.ndarray, n_bins: int, y: np.ndarray, fold: np.ndarray, n_classes: int) -> float:
    """Return the mean log loss of the shares, or the mean squared error of the means, over rows left out."""
    cell = fold * n_bins + codes
    size = n_bins * FOLDS
    if n_classes:
        sums = np.bincount(cell * n_classes + y.astype(np.int64), minlength=size * n_classes)
        sums = sums.reshape(FOLDS, n_bins, n_classes).astype(np.float64)
        shares = _smoothed(sums.sum(0) - sums, sums.sum((0, 1)) - sums.sum(1))
        return float(-(sums * np.log(shares)).sum() / len(y))
    counts = np.bincount(cell, minlength=size).reshape(FOLDS, n_bins).astype(np.float64)
    sums = np.bincount(cell, weights=y, minlength=size).reshape(FOLDS, n_bins)
    outside, outside_sums = counts.sum(0) - counts, sums.sum(0) - sums
    overall = outside_sums.sum(1, keepdims=True) / np.maximum(outside.sum(1, keepdims=True), 1)
    means = (outside_sums + PRIOR_ROWS * overall) / (outside + PRIOR_ROWS)
    return float(np.mean((y - means[fold, codes]) ** 2))


def _smoothed(counts: np.ndarray, overall: np.ndarray) -> np.ndarray:
    """Return shares per bin, shrunk to the overall shares; ``counts`` (…, n_bins, k), ``overall`` (…, k)."""
    prior = (overall + SMALLEST_SHARE) / (overall + SMALLEST_SHARE).sum(-1, keepdims=True)
    return (counts + PRIOR_ROWS * prior[..., None, :]) / (counts.sum(-1, keepdims=True) + PRIOR_ROWS)


def _table(codes: np.ndarray, counts: np.ndarray, y: np.ndarray, n_classes: int, metric: str) -> np.ndarray:
    """Return the prediction per bin, shape (n_bins, n_outputs)."""
    if n_classes:
        cells = np.bincount(codes * n_classes + y.astype(np.int64), minlength=len(counts) * n_classes)
        sums = cells.reshape(len(counts), n_classes).astype(np.float64)
        return _smoothed(sums, sums.sum(0))
    _, function = centre(metric)
    overall = function(y)
    table = np.full((len(counts), 1), overall)
    parts = np.split(y[np.argsort(codes, kind="stable")], np.cumsum(counts)[:-1])
    for i, part in enumerate(parts):
        if len(part):
            table[i, 0] = (len(part) * function(part) + PRIOR_ROWS * overall) / (len(part) + PRIOR_ROWS)
    return table


def _in_words(bins: Bins, table: np.ndarray, counts: np.ndarray, classes: Sequence[str]) -> str:
    """Return the rule in words: its largest levels, or ranges from the lowest to the highest."""
    filled = np.flatnonzero(counts)
    most = len(filled) if len(filled) <= MOST_BRANCHES_WHOLE else MAX_BRANCHES_SHOWN
    if bins.edges is None:
        shown = filled[np.argsort(-counts[filled], kind="stable")][:most].tolist()
    else:
        spread = np.linspace(0, len(filled) - 1, min(len(filled), most)).round().astype(np.int64)
        shown = filled[spread].tolist()
    said = [value_text(float(table[i, 0])) if not classes else class_share_text(table[i], classes) for i in shown]
    branches = ", ".join(f"{bins.label(i)} → {what}" for i, what in zip(shown, said))
    more = len(filled) - len(shown)
    return f"by '{bins.spec.name}': {branches}" + (f", and {more} more" if more > 0 else "")
