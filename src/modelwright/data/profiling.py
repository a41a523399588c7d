"""Profiles of canonical columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelwright.data.columns import Columns, Strings, n_rows
from modelwright.data.contract import Contract, Kind
from modelwright.data.profile import ColumnProfile, Profile
from modelwright.data.sampling import sample_rows

__all__ = ["make_profile"]

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
MAX_BINS = 20
MAX_TOP = 20
SAMPLE_ROWS = 200_000
"""Rows from which quantiles and edges are taken; counts, means and ranges are over all rows."""

_SEED = 0


def make_profile(columns: Columns, contract: Contract) -> Profile:
    """Return the profile of canonical columns.

    Parameters
    ----------
    columns : Columns
    contract : Contract
        Says which columns, and their kinds.
    """
    total = n_rows(columns)
    rows = sample_rows(total, SAMPLE_ROWS, np.random.default_rng(_SEED)) if total > SAMPLE_ROWS else None
    profiles = []
    for spec in contract.columns:
        column = columns[spec.name]
        if isinstance(column, Strings):
            profiles.append(_of_strings(spec.name, spec.kind, column))
        else:
            profiles.append(_of_numbers(spec.name, spec.kind, column, rows))
    return Profile(n_rows=total, columns=tuple(profiles))


def _of_numbers(name: str, kind: Kind, column: np.ndarray, rows: np.ndarray | None) -> ColumnProfile:
    import pandas as pd

    missing = np.isnan(column)
    n_missing = int(missing.sum())
    present = column[~missing] if n_missing else column
    if not len(present):
        return ColumnProfile(name=name, kind=str(kind), n_missing=n_missing, n_distinct=0)
    sample = present if rows is None or len(present) <= SAMPLE_ROWS else _without_nan(column[rows])
    low, high = float(present.min()), float(present.max())
    quantiles = _quantiles(sample, QUANTILES)
    quantiles[0], quantiles[-1] = low, high
    edges = np.unique(_quantiles(sample, np.linspace(0, 1, MAX_BINS + 1)))
    edges[0], edges[-1] = low, high
    with np.errstate(over="ignore"):  # the square of a very large number is infinite, and then there is no deviation
        mean, std = float(present.mean()), float(present.std())
    return ColumnProfile(
        name=name,
        kind=str(kind),
        n_missing=n_missing,
        n_distinct=len(pd.unique(present)),
        mean=mean if np.isfinite(mean) else None,
        std=std if np.isfinite(std) else None,
        minimum=low,
        maximum=high,
        quantiles=tuple(float(q) for q in quantiles),
        edges=tuple(float(e) for e in edges),
        counts=_counts(present, edges),
    )


def _quantiles(values: np.ndarray, shares: Sequence[float] | np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore", invalid="ignore"):  # between -1e308 and 1e308 nothing can be interpolated
        found = np.quantile(values, shares)
    return found if np.isfinite(found).all() else np.quantile(values, shares, method="nearest")


def _without_nan(values: np.ndarray) -> np.ndarray:
    return values[~np.isnan(values)]


def _counts(values: np.ndarray, edges: np.ndarray) -> tuple[int, ...]:
    """Return how many values lie in each bin; a bin holds its upper edge, the first also its lower."""
    if len(edges) == 1:
        return (len(values),)
    bins = np.searchsorted(edges[1:-1], values, side="left")
    return tuple(int(c) for c in np.bincount(bins, minlength=len(edges) - 1))


def _of_strings(name: str, kind: Kind, column: Strings) -> ColumnProfile:
    present = column.codes[column.codes >= 0]
    counts = np.bincount(present, minlength=len(column.levels))
    used = int((counts > 0).sum())
    top: tuple[tuple[str, int], ...] = ()
    if kind not in (Kind.ID, Kind.TEXT):
        order = np.argsort(-counts, kind="stable")[:MAX_TOP]
        top = tuple((str(column.levels[i]), int(counts[i])) for i in order if counts[i] > 0)
    mean_length = None
    if kind is Kind.TEXT and len(present):
        lengths = np.fromiter((len(v) for v in column.levels), np.int64, len(column.levels))
        mean_length = float((lengths * counts).sum() / len(present))
    return ColumnProfile(
        name=name,
        kind=str(kind),
        n_missing=len(column) - len(present),
        n_distinct=used,
        top=top,
        mean_length=mean_length,
    )
