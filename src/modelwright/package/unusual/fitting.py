"""Making the detector of unusual rows from the training rows.

Why it works: what is stated of a row - how rare its values are, alone and together - is compared with what was stated
of rows that took no part in it, by cross-fitting: shapes from four fifths of the rows score the last one, in turn. Of
such scores a new row of the same kind is above the k-th largest of n with probability ``k / (n + 1)``, whatever the
shapes are worth (conformal anomaly detection: Laxhammar and Falkman 2010; Bates et al. 2023). The shapes that are kept
rest on all rows, but are as sure of themselves as those of the folds were: an empty bin says more of many rows.

Pairs are those with the most mutual information, less what chance adds (Miller 1955); what numbers lead to expect of
each other is a Gaussian copula, its correlations shrunk (Ledoit and Wolf 2004).
"""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np

from modelwright.data.columns import Column, Columns, Strings, n_rows, take
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.data.numbers import quantiles_of_sorted
from modelwright.data.sampling import sample_rows
from modelwright.format import plural
from modelwright.package.unusual.contrast import fit_contrast
from modelwright.runtime.bins import MISSING
from modelwright.runtime.unusual import (
    WIDTH,
    ColumnShape,
    Detector,
    Reader,
    Scale,
    Scales,
    Shapes,
    lengths,
)
from modelwright.runtime.written import on_step

__all__ = ["ALARMS", "MOST_ROWS", "fit_detector"]

ALARMS = 0.05
"""Share of rows like those of training that are called unusual at most."""

SURE = 0.9
"""Share of tables of which that is true: a limit that holds on average is too low for nearly every second one."""

FEWEST = 60
"""Rows below which a share of 5 % above a limit cannot be told."""

MOST_ROWS, MOST_CELLS, MOST_COLUMNS = 20_000, 500_000, 100
"""More rows change the limit by less than a tenth of the alarms; of wide tables fewer are taken, and the first columns,
so that it is done in a second or two."""

FOLDS = 5
KNOTS, ROWS_PER_KNOT = 33, 15
MOST_LEVELS, MOST_OTHERS = 24, 500
MOST_PAIRS, PAIRS_PER_COLUMN = 64, 2
MOST_WORK = 2e9  # of products: about a second
STEPS = (1.0, 0.1, 0.01, 0.001)  # finer ones are those of measurements, whose last digits say nothing
LEAST_ON_STEP = 0.01  # of values: fewer are multiples by chance
LEAST_INFORMATION = 0.01  # nats: below, a pair says next to nothing
MOST_SCORED = 100  # columns of numbers that are expected from each other: more make the inverse noise
PRIOR = 0.5  # rows in every bin: Jeffreys
PRIOR_PAIR = 1.0
RIDGE = 1e-3
LEVELS = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)
STEEPEST, STEEPEST_SCORE = 1.0, 3.0
"""Nats per unit beyond the last quantile, at most: one per nat; three per normal score."""
SMALLEST = 1e-9
TINY = 1e-300


def fit_detector(
    columns: Columns, contract: Contract, *, seed: int, most_rows: int = MOST_ROWS
) -> tuple[Detector | None, str]:
    """Return what tells rows that are unlike these, and a note on it.

    Parameters
    ----------
    columns : Columns
        Canonical training rows.
    contract : Contract
        Of the columns to look at.
    seed : int
    most_rows : int
        Of which it is made.

    Returns
    -------
    detector : Detector or None
        None where there are too few rows or no column says anything; the note says so.
    note : str
    """
    specs = [s for s in contract.columns if s.kind not in (Kind.ID, Kind.CONSTANT)][:MOST_COLUMNS]
    count = n_rows(columns)
    if count < FEWEST:
        return None, f"none: {count} rows, {FEWEST} are needed"
    if not specs:
        return None, "none: the model reads no column of which something would be unusual"
    rng = np.random.default_rng(seed)
    mine: Columns = {s.name: columns[s.name] for s in specs}
    most = min(most_rows, MOST_CELLS // len(specs))
    if count > most:
        mine = take(mine, sample_rows(count, most, rng))
    return _calibrated(mine, specs, rng.permutation(n_rows(mine)) % FOLDS, seed)


def _calibrated(mine: Columns, specs: list[ColumnSpec], folds: np.ndarray, seed: int) -> tuple[Detector, str]:
    rows = len(folds)
    shapes = _shapes(mine, specs, weight=1 - 1 / FOLDS)
    reader = Reader(shapes)
    contrast = fit_contrast(reader, mine, specs, seed=seed)
    parts = np.empty((rows, len(reader.owner)))
    sums = np.empty((rows, 3))
    odds = np.empty((rows, 0 if contrast is None else 1))
    for fold in range(FOLDS):
        held = folds == fold
        shown = take(mine, ~held)
        own = Reader(_shapes(shown, specs, weight=1.0))
        seen = own(take(mine, held))
        parts[held], sums[held] = seen.parts, seen.sums
        if contrast is not None and (trees := fit_contrast(own, shown, specs, seed=seed)) is not None:
            odds[held, 0] = trees(seen.features)
        else:
            contrast, odds = None, np.empty((rows, 0))
    levels = [level for level in LEVELS if (1 - level) * (rows + 1) >= 1]
    nats = tuple(float(-np.log(1 - level)) for level in levels)
    scored = len(_scored(specs))
    steepest = np.r_[np.full(parts.shape[1] - scored, STEEPEST), np.full(scored, STEEPEST_SCORE)]
    largest = np.empty(rows)
    for fold in range(FOLDS):  # the largest of many is above all that were seen more often than each alone
        held = folds == fold
        largest[held] = Scales(nats, _scales(parts[~held], levels, nats, steepest))(parts[held]).max(axis=1)
    both = np.column_stack([largest, sums, odds])
    detector = Detector(
        shapes=shapes,
        nats=nats,
        parts=_scales(parts, levels, nats, steepest),
        rows=_scales(both, levels, nats, np.full(both.shape[1], STEEPEST)),
        limit=0.0,
        alarms=ALARMS,
        n=rows,
        contrast=contrast,
    )
    limit = _limit(detector.row_nats(both).max(axis=1))
    told = f"{plural(len(specs), 'column')} and {plural(len(shapes.pairs), 'pair')} of them, from {rows:,} rows"
    changed = "" if contrast is None else ", and trees that were shown such rows with values exchanged"
    note = f"{told}{changed}; {ALARMS:.0%} of rows like those of training at most are called unusual"
    return replace(detector, limit=limit), note


def _limit(nats: np.ndarray) -> float:
    """Return the least limit that `ALARMS` of new rows at most are above, in `SURE` of the draws of these rows.

    The share of new rows above the k-th largest of n has the beta distribution with ``k`` and ``n + 1 - k``: Vovk 2012.
    """
    from scipy.special import betainc

    kth = np.arange(1, len(nats) + 1)
    within = kth[betainc(kth, len(nats) + 1 - kth, ALARMS) >= SURE]
    return float(np.sort(nats)[-within.max(initial=1)])


def _scales(
    scores: np.ndarray, levels: list[float], nats: tuple[float, ...], steepest: np.ndarray
) -> tuple[Scale, ...]:
    at = np.quantile(scores, levels, axis=0, method="higher")
    found = []
    for k in range(scores.shape[1]):
        tail = at[-1, k] - at[0, k]
        slope = (nats[-1] - nats[0]) / tail if tail > SMALLEST else np.inf
        found.append(Scale(at=tuple(at[:, k].tolist()), slope=float(min(slope, steepest[k]))))
    return tuple(found)


# --- shapes --------------------------------------------------------------------------------------------------------


def _scored(specs: list[ColumnSpec]) -> list[str]:
    """Return the columns that are expected from each other; dates go on after training, whatever else is as it was."""
    return [s.name for s in specs if s.kind.numeric and s.kind is not Kind.DATETIME][:MOST_SCORED]


def _shapes(columns: Columns, specs: list[ColumnSpec], *, weight: float) -> Shapes:
    """Return the shapes of rows that count as so much of one each."""
    scored = set(_scored(specs))
    shapes = tuple(_shape(columns[s.name], s, scored=s.name in scored, weight=weight) for s in specs)
    reader = Reader(Shapes(columns=shapes, precision=_nothing(len(scored))))
    coarse, scores = reader.bins(columns)
    pairs = _pairs(coarse)
    return Shapes(
        columns=shapes,
        pairs=tuple(pairs),
        tables=tuple(_table(coarse[:, i], coarse[:, j], weight) for i, j in pairs),
        precision=_precision(scores) if scored else (),
    )


def _nothing(width: int) -> tuple[tuple[float, ...], ...]:
    return tuple(map(tuple, np.eye(width).tolist()))


def _shape(column: Column, spec: ColumnSpec, *, scored: bool, weight: float) -> ColumnShape:
    if isinstance(column, Strings) and spec.kind is not Kind.TEXT:
        return _levels(column, spec.name, weight)
    values = lengths(column) if isinstance(column, Strings) else column
    return _numbers(values, spec, scored=scored, weight=weight)


def _numbers(values: np.ndarray, spec: ColumnSpec, *, scored: bool, weight: float) -> ColumnShape:
    present = np.sort(values[~np.isnan(values)])
    n, count = len(values), len(present)
    if not count:
        present, count = np.zeros(1), 1
    wanted = int(np.clip(weight * count // ROWS_PER_KNOT, 5, KNOTS))
    knots = np.unique(np.quantile(present, np.linspace(0, 1, wanted), method="inverted_cdf"))
    left, right = np.searchsorted(present, knots, "left"), np.searchsorted(present, knots, "right")
    counts = np.diff(right, prepend=0).astype(float)
    middle = np.clip((left + right) / 2 / count, 0.5 / count, 1 - 0.5 / count)
    steps, step = _steps(present)
    late = spec.kind is Kind.DATETIME  # what comes after training is later, and that is as it should be
    beyond = float(counts.max()) if late else 0.0
    held = np.concatenate([[n - int((~np.isnan(values)).sum()), beyond, beyond], counts])
    return ColumnShape(
        name=spec.name,
        knots=tuple(knots.tolist()),
        scores=tuple(_normal(middle).tolist()) if scored else (),
        units=_units(present),
        slack=float(present[-1] - present[0]) if late else 0.0,
        step=0.0 if late else step,
        steps=steps if scored else (),
        off_step=float(np.log(1 + weight * count / PRIOR)),
        nats=tuple(_nats(weight * held, weight * n).tolist()),
        coarse=tuple(_grouped(counts)),
    )


def _steps(present: np.ndarray) -> tuple[tuple[float, ...], float]:
    """Return which of `STEPS` tell how a value is written, and the largest of which all values are multiples, or 0.

    They end with that one, and those of which hardly any value is a multiple are left out. Few values have none.
    """
    if len(present) < FEWEST:
        return (), 0.0
    telling = []
    for step in STEPS:
        share = float(on_step(present, step).mean())
        if share >= LEAST_ON_STEP:
            telling.append(step)
        if share == 1:
            return tuple(telling), step
    return tuple(telling), 0.0


def _units(present: np.ndarray) -> tuple[float, float]:
    """Return the units of distances below and above the range: the spread of that tail."""
    first, last = float(present[0]), float(present[-1])
    span = max(last / 20 - first / 20, abs(last) / 20 * SMALLEST, TINY)  # parts of it: a span may be beyond any number
    tail = quantiles_of_sorted(present, (0.1, 0.9)).tolist()
    low, high = max(tail[0] - first, span), max(last - tail[1], span)
    return min(low, sys.float_info.max), min(high, sys.float_info.max)


def _levels(column: Strings, name: str, weight: float) -> ColumnShape:
    n = len(column)
    counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.levels)).astype(float)
    order = np.argsort(-counts, kind="stable")
    order = order[counts[order] > 0]
    own, rest = order[:MOST_LEVELS], order[MOST_LEVELS:]
    single = float((counts[order] == 1).sum())  # how often the next value is new: Good 1953
    held = np.concatenate([[n - counts.sum(), single, counts[rest].sum()], counts[own]])
    known = len(rest) <= MOST_OTHERS
    return ColumnShape(
        name=name,
        levels=tuple(column.levels[own].tolist()),
        others=tuple(column.levels[rest].tolist()) if known else (),
        complete=known,
        nats=tuple(_nats(weight * held, weight * (n + single)).tolist()),
        coarse=(MISSING, 1, 1, *(2 + i if i < WIDTH - 2 else 1 for i in range(len(own)))),
    )


def _nats(held: np.ndarray, n: float) -> np.ndarray:
    """Return how rare each bin is; against the commonest, so that a column of many bins is not surprising as such."""
    share = (held + PRIOR) / (n + PRIOR * len(held))
    found: np.ndarray = np.log(share.max() / share)
    return found


def _grouped(counts: np.ndarray) -> list[int]:
    """Return the bin in pairs of each bin of numbers: neighbours together, about equally many rows each."""
    through = (np.cumsum(counts) - counts / 2) / max(counts.sum(), 1.0)
    own = 2 + np.minimum((through * (WIDTH - 2)).astype(int), WIDTH - 3)
    return [MISSING, int(own[0]), int(own[-1]), *own.tolist()]


def _normal(shares: np.ndarray) -> np.ndarray:
    from scipy.special import ndtri

    return np.asarray(ndtri(shares))


def _precision(scores: np.ndarray) -> tuple[tuple[float, ...], ...]:
    from sklearn.covariance import ledoit_wolf

    covariance, _ = ledoit_wolf(scores)
    floor = RIDGE * max(float(np.trace(covariance)) / len(covariance), SMALLEST)
    return tuple(map(tuple, np.linalg.inv(covariance + floor * np.eye(len(covariance))).tolist()))


# --- pairs ---------------------------------------------------------------------------------------------------------


def _table(first: np.ndarray, second: np.ndarray, weight: float) -> tuple[float, ...]:
    """Return how much rarer bins are together than apart, in nats."""
    counts = weight * np.bincount(first * WIDTH + second, minlength=WIDTH * WIDTH).reshape(WIDTH, WIDTH)
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / max(counts.sum(), 1.0)
    nats = np.log((expected + PRIOR_PAIR) / (counts + PRIOR_PAIR))
    return tuple(nats.reshape(-1).round(3).tolist())


def _pairs(coarse: np.ndarray) -> list[tuple[int, int]]:
    """Return the pairs of columns that go together most: for each column its best, then the best of all."""
    rows, d = coarse.shape
    information = _information(coarse[:: max(1, int(rows * (WIDTH * d) ** 2 / MOST_WORK))])
    upper = [(i, j) for i in range(d) for j in range(i + 1, d) if information[i, j] > LEAST_INFORMATION]
    upper.sort(key=lambda p: -information[p])
    best: dict[int, tuple[int, int]] = {}
    for pair in upper:
        for j in pair:
            best.setdefault(j, pair)
    most = min(MOST_PAIRS, PAIRS_PER_COLUMN * d)
    chosen = sorted(set(best.values()), key=lambda p: -information[p])[:most]
    return [*chosen, *(p for p in upper if p not in set(chosen))][:most]


def _information(coarse: np.ndarray) -> np.ndarray:
    """Return the mutual information of every two columns in nats, less what chance adds, shape ``(d, d)``."""
    n, d = coarse.shape
    hot = np.zeros((n, d * WIDTH), np.float32)
    hot[np.arange(n)[:, None], coarse + np.arange(d) * WIDTH] = 1
    joint = (hot.T @ hot).astype(float) / n
    alone = np.diag(joint)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(joint > 0, joint * np.log(joint / np.outer(alone, alone)), 0.0)
    total = terms.reshape(d, WIDTH, d, WIDTH).sum(axis=(1, 3))
    used = (alone.reshape(d, WIDTH) > 0).sum(axis=1)
    return np.asarray(total - np.outer(used - 1, used - 1) / (2 * n))
