"""The reference of a version, made of its training rows when it is packaged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from modelwright.data.columns import Column, Columns, Strings, n_rows, take
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.package.reference import varying
from modelwright.package.reference.binning import bins_of
from modelwright.package.reference.documents import (
    PREDICTION,
    ColumnReference,
    GroupReference,
    LossReference,
    Reference,
)
from modelwright.package.reference.joining import fit_joint
from modelwright.package.reference.losing import base_of, fit_effects, loss_name, loss_of
from modelwright.runtime.bins import FIRST

__all__ = ["MAX_BYTES", "ROWS", "Judged", "fit_reference", "watched_prediction"]

MAX_BYTES = 50_000
"""Of the whole document; with many columns each has fewer bins."""

BINS = (4, 12)
"""Fewest and most bins of a column: twelve show a shape, and a test with fewer freedoms sees more."""

EDGE, TAILS = 0.01, (0.05, 0.95)
"""The first and the last bin have a hundredth of the rows: many rows there are at the edge of training."""

COLUMNS_SHARE = 0.65  # of all bytes; what goes together has eleven kilobytes at most
BYTES_OF_BIN = 40  # edge, share, effect and its error
BYTES_OF_COLUMN = 300
FULL_COLUMNS = 80
"""Of more columns, those used least have the share of missing values alone: 80 bytes each."""

ROWS = 100_000
"""Every so-manieth row, in order, so that there are no more: shares are then known to a third of a percent."""

LOSS_ROWS = 20_000  # for the ridge
LOSS_COLUMNS = 20  # those used most
MOST_OUTPUTS = 2  # of a model whose predictions are one number per row
DIGITS = 7  # of edges within the range
FEWEST_REPEATS = 0.1  # share that is kept: of a column that hardly repeats itself nothing follows


@dataclass(frozen=True, kw_only=True, eq=False)
class Judged:
    """Rows that trained none of the models that predicted them: ``rows`` counts over the columns' rows."""

    rows: np.ndarray
    y: np.ndarray
    prediction: np.ndarray


def fit_reference(
    columns: Columns,
    contract: Contract,
    *,
    judged: Judged | None = None,
    metric: str = "",
    classes: Sequence[str] = (),
    use: Mapping[str, float] | None = None,
    order: np.ndarray | None = None,
    protected: Sequence[str] = (),
    most_rows: int = ROWS,
) -> Reference:
    """Return the reference.

    Parameters
    ----------
    columns : Columns
        Canonical, the rows the version was trained on.
    contract : Contract
        Of the plan: the columns that scoring reads.
    judged : Judged or None
        Out-of-fold predictions.
    metric : str
        Of the problem.
    classes : sequence of str
        Empty for values.
    use : mapping of float
        Importance by column, in any unit; None: not measured.
    order : ndarray or None
        Position of each row in time; None: the order of the rows, which is believed less.
    protected : sequence of str
    most_rows : int
        Of which shares are taken.
    """
    total = n_rows(columns)
    sequence = np.arange(total) if order is None else np.argsort(order, kind="stable")
    kept = sequence[:: max(1, -(-total // most_rows))]
    ordered = order is not None
    most = _most_bins(len(contract.columns))
    shares = _use(use, contract.names)
    fitted, binned = [], {}
    full = sorted(contract.names, key=lambda name: -shares.get(name, 0.0))[:FULL_COLUMNS]
    for spec in contract.columns:
        own = take({"": columns[spec.name]}, kept)[""]
        if spec.name not in full:
            fitted.append(_bare(own, spec, shares.get(spec.name)))
            continue
        column, bins = _column(own, spec, most=most, ordered=ordered)
        repeats = _repeats(take({"": columns[spec.name]}, sequence)[""])
        fitted.append(replace(column, use=shares.get(spec.name), repeats=repeats))
        binned[spec.name] = bins
    reference = Reference(
        rows=total,
        order="the time of the rows" if ordered else "the order of the rows",
        columns=tuple(fitted),
        joint=fit_joint(fitted, binned, ordered=ordered),
    )
    if judged is None or len(judged.rows) < 2 * varying.FEWEST_ROWS:
        return reference
    found = _with_loss(
        reference, columns, contract, judged, metric, bool(classes), sequence, most_rows=most_rows, ordered=ordered
    )
    return replace(found, groups=_groups(reference, columns, contract, judged, protected, ordered=ordered))


def _most_bins(n_columns: int) -> int:
    room = (MAX_BYTES * COLUMNS_SHARE / max(min(n_columns, FULL_COLUMNS), 1) - BYTES_OF_COLUMN) / BYTES_OF_BIN
    return int(np.clip(room, *BINS))


def _use(use: Mapping[str, float] | None, names: Sequence[str]) -> dict[str, float]:
    if use is None:
        return {}
    found = {name: max(use.get(name, 0.0), 0.0) for name in names}
    total = sum(found.values())
    return {name: round(value / total, 4) for name, value in found.items()} if total > 0 else {}


def _column(column: Column, spec: ColumnSpec, *, most: int, ordered: bool) -> tuple[ColumnReference, np.ndarray]:
    """Return the reference of a column and the bin of each row."""
    if isinstance(column, Strings) and spec.kind is not Kind.TEXT:
        empty = _of_levels(column, spec, most)
    else:
        values = _lengths(column) if isinstance(column, Strings) else column
        empty = ColumnReference(name=spec.name, kind=spec.kind, edges=_edges(values, most), shares=())
    n_bins = FIRST + (max(len(empty.edges) - 1, 0) if empty.edges else len(empty.levels))
    bins = bins_of(column, replace(empty, shares=(0.0,) * n_bins), spec)
    counts = np.bincount(bins, minlength=n_bins).astype(np.float64)
    shares = counts / max(len(bins), 1)
    # What is expected outside is taken from the rows that have a value: as many as in training are missing.
    outside = np.array(_outside(column, empty))
    present = max(1 - shares[0] - outside.sum(), 0.0)
    shares[1:] *= present / max(shares[1:].sum(), 1e-12)
    shares[1:FIRST] += outside
    found = replace(
        empty,
        shares=tuple(float(f"{s:.4g}") for s in shares),
        variation=varying.of_bins(bins, n_bins, ordered=ordered),
        gaps=varying.of_gaps(bins == 0, ordered=ordered),
    )
    return found, bins


def _repeats(column: Column) -> float | None:
    """Return the share of rows with the number of the row before, among those that have one; None for next to none."""
    if isinstance(column, Strings):
        return None
    present = column[~np.isnan(column)]
    share = float((np.diff(present) == 0).mean()) if len(present) > 1 else 0.0
    return round(share, 3) if share >= FEWEST_REPEATS else None


def _bare(column: Column, spec: ColumnSpec, use: float | None) -> ColumnReference:
    absent = column.codes < 0 if isinstance(column, Strings) else np.isnan(column)
    missing = float(f"{absent.mean():.4g}") if len(column) else 0.0
    return ColumnReference(name=spec.name, kind=spec.kind, shares=(missing, 0.0, 1 - missing), use=use)


def _of_levels(column: Strings, spec: ColumnSpec, most: int) -> ColumnReference:
    if spec.kind is Kind.ID:
        return ColumnReference(name=spec.name, kind=spec.kind, shares=())
    counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.levels))
    order = np.argsort(-counts, kind="stable")[:most]
    return ColumnReference(
        name=spec.name,
        kind=spec.kind,
        levels=tuple(str(column.levels[i]) for i in order if counts[i] > 0),
        complete=0 < spec.n_levels == len(spec.levels),
        shares=(),
    )


def _lengths(column: Strings) -> np.ndarray:
    lengths = np.fromiter((len(v) for v in column.levels), np.float64, len(column.levels))
    return np.append(lengths, np.nan)[column.codes]


def _edges(values: np.ndarray, most: int) -> tuple[float, ...]:
    present = values[~np.isnan(values)]
    if not len(present):
        return ()
    low, high = float(present.min()), float(present.max())
    distinct = np.unique(present[:: max(1, len(present) // 2000)])
    if len(distinct) <= most:
        inner = np.unique(present) if len(present) <= ROWS else distinct
    else:
        middle = np.linspace(*TAILS, max(most - 3, 2))
        inner = np.quantile(present, (EDGE, *middle, 1 - EDGE), method="nearest")
    rounded = sorted({float(f"{e:.{DIGITS}g}") for e in inner[: most * 4]} | {high})
    rounded = [e for e in rounded if low < e <= high]
    first = [low, low] if (present == low).mean() >= 0.5 / most else [low]
    return (*first, *rounded)


def _outside(column: Column, reference: ColumnReference) -> tuple[float, float]:
    """Return the share of rows expected below or new, and above: what later stretches had beyond all before them."""
    n = len(column)
    if isinstance(column, Strings):
        if not reference.complete:
            return 0.0, 0.0
        first = np.full(len(column.levels), n)
        present = np.flatnonzero(column.codes >= 0)
        np.minimum.at(first, column.codes[present], present)
        starts = (np.arange(n) * varying.BLOCKS[-1] // max(n, 1)) * n // varying.BLOCKS[-1]
        recent = present[present >= n // 2]
        new = first[column.codes[recent]] >= starts[recent]
        return max(float(new.sum()) / max(n - n // 2, 1), 0.5 / max(n, 1)), 0.0  # of all rows, missing ones among them
    starts_of = varying.block_starts(n)
    floor = 0.5 / max(n, 1)
    if not starts_of or np.isnan(column).all():
        return floor, floor
    starts = starts_of[-1]
    low = np.fmin.accumulate(np.fmin.reduceat(column, starts[:-1]))
    high = np.fmax.accumulate(np.fmax.reduceat(column, starts[:-1]))
    block = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    late = block >= (len(starts) - 1) // 2
    below = float((column[late] < low[block[late] - 1]).mean())
    above = float((column[late] > high[block[late] - 1]).mean())
    return max(below, floor), max(above, floor)


def _with_loss(
    reference: Reference,
    columns: Columns,
    contract: Contract,
    judged: Judged,
    metric: str,
    classes: bool,
    sequence: np.ndarray,
    *,
    most_rows: int,
    ordered: bool,
) -> Reference:
    place = np.empty(len(sequence), dtype=np.int64)
    place[sequence] = np.arange(len(sequence))
    order = np.argsort(place[judged.rows], kind="stable")
    order = order[:: max(1, -(-len(order) // most_rows))]
    rows, y, prediction = judged.rows[order], judged.y[order], judged.prediction[order]
    watched = watched_prediction(prediction)
    spec = ColumnSpec(name=PREDICTION, kind=Kind.NUMBER)
    predicted, bins = _column(watched, spec, most=BINS[1], ordered=ordered)
    name = loss_name(metric, classes)
    loss, base = loss_of(name, y, prediction), base_of(name, prediction)
    chosen = sorted(reference.columns, key=lambda c: -(c.use or 0.0))[:LOSS_COLUMNS]
    held = [predicted, *chosen]
    binned = [bins, *(bins_of(take({"": columns[c.name]}, rows)[""], c, contract[c.name]) for c in chosen)]
    step = slice(None, None, max(1, -(-len(rows) // LOSS_ROWS)))
    sizes = [len(c.shares) for c in held]
    fitted = fit_effects([b[step] for b in binned], sizes, (loss - base)[step])
    estimate = base + sum(e[b] for e, b in zip(fitted.effects, binned, strict=True))
    beyond = loss - estimate
    by_name = {
        c.name: replace(c, effects=tuple(float(f"{v:.4g}") for v in e), errors=tuple(float(f"{v:.4g}") for v in s))
        for c, e, s in zip(held, fitted.effects, fitted.errors, strict=True)
        if e.any()
    }
    return replace(
        reference,
        columns=tuple(by_name.get(c.name, c) for c in reference.columns),
        prediction=by_name.get(PREDICTION, predicted),
        classes=_class_shares(prediction),
        loss=LossReference(
            name=name,
            mean=float(loss.mean()),
            deviation=float(loss.std()),
            n=len(judged.rows),
            variation=varying.of_means(loss, ordered=ordered),
            offset=float(beyond.mean()),
            residual=float(beyond.std()),
            doubt=fitted.doubt,
            unexplained=varying.of_means(beyond, ordered=ordered),
            of_event=prediction.shape[1] == 2,
        ),
    )


def watched_prediction(prediction: np.ndarray) -> np.ndarray:
    """Return what of predictions is watched: the event's probability, the likeliest class's of many, or the value."""
    if prediction.shape[1] == 1:
        return prediction[:, 0]
    return prediction[:, 1] if prediction.shape[1] == 2 else prediction.max(axis=1)


def _groups(
    reference: Reference,
    columns: Columns,
    contract: Contract,
    judged: Judged,
    protected: Sequence[str],
    *,
    ordered: bool,
) -> tuple[GroupReference, ...]:
    """Return the mean predictions for groups; of more than two classes there is no one outcome to compare."""
    if judged.prediction.shape[1] > MOST_OUTPUTS:
        return ()
    outcome, found = watched_prediction(judged.prediction), []
    variation = varying.of_means(outcome, ordered=ordered)
    for name in protected:
        if name not in contract.names or len(reference[name].shares) <= FIRST:
            continue
        bins = bins_of(take({"": columns[name]}, judged.rows)[""], reference[name], contract[name])
        size = len(reference[name].shares)
        n = np.bincount(bins, minlength=size)
        means = np.bincount(bins, weights=outcome, minlength=size) / np.maximum(n, 1)
        rounded = tuple(float(f"{m:.5g}") for m in means)
        found.append(GroupReference(column=name, means=rounded, rows=tuple(n.tolist()), variation=variation))
    return tuple(found)


def _class_shares(prediction: np.ndarray) -> tuple[float, ...]:
    if prediction.shape[1] < 3:
        return ()
    counts = np.bincount(prediction.argmax(axis=1), minlength=prediction.shape[1])
    return tuple(float(f"{s:.4g}") for s in counts / len(prediction))
