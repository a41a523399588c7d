"""Profiles of canonical columns."""

from __future__ import annotations

import numpy as np

from modelwright.data.columns import Columns, Strings, n_rows
from modelwright.data.contract import Contract, Kind
from modelwright.data.numbers import distinct_of_sorted, quantiles_of_sorted
from modelwright.data.profile import QUANTILES, ColumnProfile, Profile

__all__ = ["make_profile"]

MAX_BINS = 20
MAX_TOP = 20


def make_profile(columns: Columns, contract: Contract) -> Profile:
    """Return the profile of canonical columns.

    Parameters
    ----------
    columns : Columns
    contract : Contract
        Says which columns, and their kinds.
    """
    profiles = []
    for spec in contract.columns:
        column = columns[spec.name]
        if isinstance(column, Strings):
            profiles.append(_of_strings(spec.name, spec.kind, column))
        else:
            profiles.append(_of_numbers(spec.name, spec.kind, column))
    return Profile(n_rows=n_rows(columns), columns=tuple(profiles))


def _of_numbers(name: str, kind: Kind, column: np.ndarray) -> ColumnProfile:
    missing = np.isnan(column)
    n_missing = int(missing.sum())
    present = column[~missing] if n_missing else column
    if not len(present):
        return ColumnProfile(name=name, kind=str(kind), n_missing=n_missing, n_distinct=0)
    ordered = np.sort(present)  # once: ranges, quantiles, different values and counts are then read off
    edges = np.unique(quantiles_of_sorted(ordered, np.linspace(0, 1, MAX_BINS + 1)))
    with np.errstate(over="ignore"):  # the square of a very large number is infinite, and then there is no deviation
        mean, std = float(present.mean()), float(present.std())
    return ColumnProfile(
        name=name,
        kind=str(kind),
        n_missing=n_missing,
        n_distinct=distinct_of_sorted(ordered),
        mean=mean if np.isfinite(mean) else None,
        std=std if np.isfinite(std) else None,
        minimum=float(ordered[0]),
        maximum=float(ordered[-1]),
        quantiles=tuple(float(q) for q in quantiles_of_sorted(ordered, QUANTILES)),
        edges=tuple(float(e) for e in edges),
        counts=_counts(ordered, edges),
    )


def _counts(ordered: np.ndarray, edges: np.ndarray) -> tuple[int, ...]:
    """Return how many sorted values lie in each bin; a bin holds its upper edge, the first also its lower."""
    up_to = [0, *np.searchsorted(ordered, edges[1:-1], side="right"), len(ordered)]
    return tuple(int(c) for c in np.diff(up_to))


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
