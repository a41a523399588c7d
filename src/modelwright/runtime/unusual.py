"""Telling rows that are unlike those of training, and which columns make them so. Applied with numpy alone.

Looked at are, for each row: how rare the value of each column is, how far outside its range, and whether it has more
decimals than any before (in nats, ``-log p``);
how rare the values of two columns are together, for those pairs that go together in training; and how far a number lies
from what all other numbers lead to expect, on normal scores. Each is compared with what rows of training had that were
not looked at when it was fitted. The largest of them, their sums over the row - many columns may each be a little odd -
and what trees say that were shown rows with values exchanged (`modelwright.runtime.contrast`) decide; the limit is the
one that a stated share of such rows is above, as in conformal prediction.

No training row is kept: shares of bins and of pairs of bins, how numbers correlate, and trees on these.
`modelwright.package.unusual.fitting` makes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from modelwright.data.columns import Column, Columns, Strings
from modelwright.runtime.bins import ABOVE, BELOW, FIRST, MISSING, NEW, OTHER
from modelwright.runtime.contrast import Contrast
from modelwright.runtime.written import Written, on_step

__all__ = [
    "UNUSUAL",
    "UNUSUAL_COLUMNS",
    "WIDTH",
    "ColumnShape",
    "Detector",
    "Reader",
    "Scale",
    "Scales",
    "Seen",
    "Shapes",
    "lengths",
]

UNUSUAL, UNUSUAL_COLUMNS = "unusual", "unusual_columns"
"""The columns of answers: whether a row is unlike training, and the columns that make it so."""

WIDTH = 10
"""Bins of a column in a pair: missing, the others, and eight of values."""

CHUNK = 2_048
MOST_NAMED = 5
NAMED_SHARE = 0.5
"""Columns are named whose surprise is so much of the largest one; at least `NAMED`."""
NAMED = 3.0
TRUSTED = 1.4
"""Nats that what the trees say counts more than each of the others: about half of the alarms are theirs. Exchanged
columns were then told most often on sets that no stated figure comes from, with nothing else told less."""
FURTHEST = 40.0
"""Nats beyond which a surprise is no more surprising; a number a billion times too large has some 20."""


@dataclass(frozen=True, kw_only=True)
class ColumnShape:
    """One column.

    Attributes
    ----------
    name : str
    knots : tuple of float
        Of numbers (lengths, for texts), strictly ascending quantiles from the least to the greatest; a bin lies below
        each. Empty for levels.
    scores : tuple of float
        Normal scores at the knots; empty where the column takes no part in what numbers lead to expect.
    units : tuple of float
        By which distances below and above the range are told.
    slack : float
        So far outside the range is not outside: dates go on.
    step : float
        Of which all numbers were multiples: 1 of whole ones, 0.01 of cents; 0 where there is none.
    off_step : float
        Nats that one that is none adds.
    steps : tuple of float
        Descending, to `step` where there is one; of how many of them a number is no multiple tells how it is written.
        Empty in versions of earlier releases, and where it tells nothing.
    levels : tuple of str
        Those with a bin of their own.
    others : tuple of str
        Levels of training without one.
    complete : bool
        Whether these are all levels of training, so that a new one can be told.
    nats : tuple of float
        Of each bin: missing, below or new, above or other, then the values.
    coarse : tuple of int
        The bin in pairs of each of these bins.
    """

    name: str
    knots: tuple[float, ...] = ()
    scores: tuple[float, ...] = ()
    units: tuple[float, ...] = ()
    slack: float = 0.0
    step: float = 0.0
    off_step: float = 0.0
    steps: tuple[float, ...] = ()
    levels: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    complete: bool = True
    nats: tuple[float, ...]
    coarse: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How surprising a score is: nats at its quantiles, and what one more adds beyond the last.

    Attributes
    ----------
    at : tuple of float
        Scores, ascending.
    slope : float
        Nats per unit of the score.
    """

    at: tuple[float, ...]
    slope: float


@dataclass(frozen=True, kw_only=True)
class Shapes:
    """What rows of training were like.

    Attributes
    ----------
    columns : tuple of ColumnShape
    pairs : tuple of (int, int)
        Positions of columns that go together.
    tables : tuple of tuple of float
        Of each pair, ``WIDTH × WIDTH`` nats: how much rarer two bins are together than if they had nothing to do with
        each other.
    precision : tuple of tuple of float
        Inverse of the correlations of normal scores, of the columns that have some.
    """

    columns: tuple[ColumnShape, ...]
    pairs: tuple[tuple[int, int], ...] = ()
    tables: tuple[tuple[float, ...], ...] = ()
    precision: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True, eq=False)
class Seen:
    """Scores of rows.

    Attributes
    ----------
    parts : ndarray of float64, shape (n_rows, n_parts)
        By column: alone; the rarest of its pairs, 0 without any; then of numbers: against all others.
    sums : ndarray of float64, shape (n_rows, 3)
        The same over the row.
    features : ndarray of float64, shape (n_rows, n_features)
        What trees are asked: bins of columns, then of numbers how far they are from what all others lead to expect,
        then of those with steps how they are written.
    """

    parts: np.ndarray
    sums: np.ndarray
    features: np.ndarray


class Reader:
    """Scores rows by shapes. Immutable."""

    def __init__(self, shapes: Shapes) -> None:
        self.names = tuple(c.name for c in shapes.columns)
        self._columns = shapes.columns
        self._index = [
            {level: FIRST + i for i, level in enumerate(c.levels)} | dict.fromkeys(c.others, OTHER)
            for c in shapes.columns
        ]
        self._knots = [np.array(c.knots) for c in shapes.columns]
        self._scores = [np.array(c.scores) for c in shapes.columns]
        self._scored = [j for j, c in enumerate(shapes.columns) if c.scores]
        self._stepped = [j for j, c in enumerate(shapes.columns) if c.steps]
        self._written = Written([shapes.columns[j].steps for j in self._stepped])
        self._nats = [np.array(c.nats) for c in shapes.columns]
        self._coarse = [np.array(c.coarse, np.intp) for c in shapes.columns]
        self._first = np.array([i for i, _ in shapes.pairs], np.intp)
        self._second = np.array([j for _, j in shapes.pairs], np.intp)
        self._table = np.array(shapes.tables).reshape(-1)
        self._offset = np.arange(len(shapes.pairs)) * WIDTH * WIDTH
        ends = np.concatenate([self._first, self._second])
        order = np.argsort(ends, kind="stable")
        self._paired, self._starts = np.unique(ends[order], return_index=True)
        self._pair_of = np.concatenate([np.arange(len(shapes.pairs))] * 2)[order] if len(ends) else ends
        self._precision = np.array(shapes.precision).reshape(len(self._scored), len(self._scored))
        self._spread = np.sqrt(np.maximum(np.diag(self._precision), 1e-300))
        everyone = np.arange(len(self.names))
        self.owner = np.concatenate([everyone, everyone, self._scored]).astype(np.intp)
        """The column of each part."""
        self.asked = np.concatenate([everyone, self._scored, self._stepped]).astype(np.intp)
        """The column of each feature."""

    def __call__(self, columns: Columns) -> Seen:
        """Return the scores of canonical rows."""
        read = [self._one(j, columns[name]) for j, name in enumerate(self.names)]
        alone, coarse, scores = self._together(read)
        apart = self._table[self._offset + coarse[:, self._first] * WIDTH + coarse[:, self._second]]
        rarest = np.zeros(alone.shape)
        if len(self._paired):
            rarest[:, self._paired] = np.maximum.reduceat(apart[:, self._pair_of], self._starts, axis=1)
        pulled = scores @ self._precision
        apart_by = pulled / self._spread
        features = np.column_stack([*(bins for _, _, _, bins in read), apart_by])
        if self._stepped:
            written = self._written([np.asarray(columns[self.names[j]]) for j in self._stepped])
            features = np.concatenate([features, written], axis=1)
        sums = np.column_stack([alone.sum(axis=1), apart.sum(axis=1), (scores * pulled).sum(axis=1)])
        return Seen(np.concatenate([alone, rarest, np.abs(apart_by)], axis=1), sums, features)

    def bins(self, columns: Columns) -> tuple[np.ndarray, np.ndarray]:
        """Return bins in pairs, shape ``(n_rows, n_columns)``, and normal scores of the columns that have some."""
        return self._together([self._one(j, columns[name]) for j, name in enumerate(self.names)])[1:]

    def _together(
        self, read: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        alone = np.column_stack([nats for nats, _, _, _ in read])
        scores = np.column_stack([read[j][2] for j in self._scored]) if self._scored else np.zeros((len(alone), 0))
        return alone, np.column_stack([coarse for _, coarse, _, _ in read]), scores

    def _one(self, j: int, column: Column) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return nats, bins in pairs, normal scores and bins of a column."""
        shape = self._columns[j]
        if isinstance(column, Strings) and not shape.knots:
            codes = column.recode(self._index[j], NEW if shape.complete else OTHER)
            bins = np.where(codes < 0, MISSING, codes)
            return self._nats[j][bins], self._coarse[j][bins], np.zeros(len(bins)), bins
        return self._number(j, lengths(column) if isinstance(column, Strings) else column)

    def _number(self, j: int, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        knots, shape = self._knots[j], self._columns[j]
        missing = np.isnan(values)
        values = np.where(missing, knots[0], values)
        bins = FIRST + np.searchsorted(knots, values)
        bins[values < knots[0]] = BELOW
        bins[values > knots[-1]] = ABOVE
        bins[missing] = MISSING
        nats = self._nats[j][bins]
        unit_low, unit_high = shape.units
        with np.errstate(over="ignore"):
            under = np.log1p(np.maximum(knots[0] - shape.slack - values, 0.0) / unit_low)
            over = np.log1p(np.maximum(values - knots[-1] - shape.slack, 0.0) / unit_high)
        nats = nats + np.minimum(under + over, FURTHEST)
        if shape.step:
            nats = nats + shape.off_step * ~on_step(values, shape.step)
        if not shape.scores:
            return nats, self._coarse[j][bins], np.zeros(len(bins)), bins
        scores = np.interp(values, knots, self._scores[j]) - np.minimum(under, FURTHEST) + np.minimum(over, FURTHEST)
        scores[missing] = 0.0
        return nats, self._coarse[j][bins], scores, bins


def lifted(nats: np.ndarray) -> np.ndarray:
    """Return nats of what trees say, as they count beside the others."""
    return np.where(nats > 0, nats + TRUSTED, 0.0)


def lengths(column: Strings) -> np.ndarray:
    """Return the number of characters of each text, NaN where it is missing."""
    table = np.array([*(float(len(level)) for level in column.levels), np.nan])
    return table[column.codes]


@dataclass(frozen=True, kw_only=True, eq=False)
class Detector:
    """Says which rows are unlike training. Immutable; any number of threads may use it at once.

    Promises: any row alone gets what it gets in a batch.

    Attributes
    ----------
    shapes : Shapes
    nats : tuple of float
        Of the quantiles of all scales.
    parts : tuple of Scale
        Of each of `Seen.parts`.
    rows : tuple of Scale
        Of the largest part, of each of `Seen.sums`, and of what the trees say where there are some.
    limit : float
        A row is unusual when the most surprising of these is above.
    alarms : float
        Share of rows like those of training that are above.
    n : int
        Rows that it rests on.
    contrast : Contrast or None
        The trees; None in versions of earlier releases, and where rows were too few.
    """

    shapes: Shapes
    nats: tuple[float, ...]
    parts: tuple[Scale, ...]
    rows: tuple[Scale, ...]
    limit: float
    alarms: float
    n: int
    contrast: Contrast | None = None

    def __call__(self, columns: Columns) -> tuple[np.ndarray, list[list[str]]]:
        """Return which rows are unusual, bool of shape ``(n_rows,)``, and by row the columns that make it so."""
        scores, parts = self.scores(columns)
        unusual = scores > self.limit
        return unusual, [self._named(part) if odd else [] for part, odd in zip(parts, unusual)]

    def scores(self, columns: Columns) -> tuple[np.ndarray, np.ndarray]:
        """Return nats of each row, shape ``(n_rows,)``, and of each of its columns, ``(n_rows, n_columns)``."""
        seen = self.reader(columns)
        parts = np.concatenate(
            [self._part_scales(seen.parts[i : i + CHUNK]) for i in range(0, len(seen.parts), CHUNK)]
            or [np.zeros(seen.parts.shape)]
        )
        by_column = np.zeros((len(parts), len(self.reader.names)))
        for k, j in enumerate(self.reader.owner):
            np.maximum(by_column[:, j], parts[:, k], out=by_column[:, j])
        told = () if self.contrast is None else (self.contrast(seen.features),)
        most = self.row_nats(np.column_stack([parts.max(axis=1, initial=0.0), seen.sums, *told]))
        found = most.max(axis=1)
        if self.contrast is not None:
            led = np.flatnonzero((found > self.limit) & (most[:, -1] >= found))
            by_column[led] = np.maximum(by_column[led], self._blamed(seen.features[led]) * found[led, None])
        return found, by_column

    def row_nats(self, scores: np.ndarray) -> np.ndarray:
        """Return how surprising each score of a row is."""
        most = self.row_scales(scores)
        if self.contrast is not None:
            most[:, -1] = lifted(most[:, -1])
        return most

    def _blamed(self, features: np.ndarray) -> np.ndarray:
        """Return what each column has to do with what the trees say: 1 for the one that has most."""
        assert self.contrast is not None
        found = np.zeros((len(features), len(self.reader.names)))
        added = self.contrast.by_feature(features)
        for k, j in enumerate(self.reader.asked):
            found[:, j] += added[:, k]
        most = found.max(axis=1, keepdims=True, initial=0.0)
        return np.maximum(found, 0.0) / np.where(most > 0, most, 1.0)

    def _named(self, nats: np.ndarray) -> list[str]:
        order = np.argsort(-nats, kind="stable")[:MOST_NAMED]
        least = max(NAMED, NAMED_SHARE * float(nats[order[0]])) if len(order) else 0.0
        return [self.reader.names[j] for j in order if nats[j] >= least]

    @cached_property
    def reader(self) -> Reader:
        """What scores rows."""
        return Reader(self.shapes)

    @cached_property
    def _part_scales(self) -> Scales:
        return Scales(self.nats, self.parts)

    @cached_property
    def row_scales(self) -> Scales:
        """Of the row."""
        return Scales(self.nats, self.rows)


class Scales:
    """Scores to nats, a scale for each column of scores."""

    def __init__(self, nats: Sequence[float], scales: Sequence[Scale]) -> None:
        self._nats = np.array(nats)
        self._at = np.array([s.at for s in scales]).reshape(len(scales), len(nats))
        self._slope = np.array([s.slope for s in scales])

    def __call__(self, scores: np.ndarray) -> np.ndarray:
        """Return nats of the same shape: between two quantiles on a straight line, 0 below the first."""
        place = (scores[:, :, None] > self._at[None]).sum(axis=2)
        last = len(self._nats) - 1
        upper, lower = np.minimum(place, last), np.maximum(place - 1, 0)
        column = np.arange(scores.shape[1])
        low, high = self._at[column, lower], self._at[column, upper]
        gap = high - low
        share = np.where(gap > 0, (scores - low) / np.where(gap > 0, gap, 1.0), 1.0)
        inside = self._nats[lower] + np.clip(share, 0, 1) * (self._nats[upper] - self._nats[lower])
        beyond = self._nats[-1] + self._slope * np.maximum(scores - self._at[:, -1], 0.0)
        found: np.ndarray = np.where(place > last, beyond, np.where(place == 0, 0.0, inside))
        return found
