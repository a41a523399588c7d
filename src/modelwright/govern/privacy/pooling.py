"""k-anonymity of what is stored: levels and bounds that fewer than ``k`` rows have are pooled where rows are read.

A version, its profile and its report list the levels of categories and the ends of ranges. A level that one row has may
be a name, and the largest income is somebody's. Pooled before anything is learned, they are in none of them, and a
request with such a value is read in the same way.

What stays: values inside a range, such as quantiles and the thresholds of trees, may be those of single rows; dates
keep their range; so does the target, without which nothing could be predicted.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np

from modelwright.data.columns import Column, Columns, Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.data.parsing.numbers import MAGNITUDE
from modelwright.data.treating.treatment import RARE, Action, Treatment

__all__ = ["base_of", "nothing_stays", "pooled", "written_as"]

_POOLED = frozenset({Action.PREFIX, Action.HASH, Action.POOL, Action.REDACT})
_RANGED = frozenset({Kind.NUMBER, Kind.GEO, Kind.DURATION})
_LISTED = frozenset({Kind.CATEGORY, Kind.CONSTANT})
"""Kinds whose levels a contract lists."""


def pooled(
    contract: Contract, columns: Columns, before: dict[str, Treatment], k: int, *, without: Collection[str]
) -> dict[str, Treatment]:
    """Return what is done to columns so that ``k`` rows share each level and both ends of a range.

    Parameters
    ----------
    contract : Contract
        Of the treated table.
    columns : Columns
        Canonical columns of all its rows.
    before : dict of str to Treatment
        What is done to columns already; what is returned holds it.
    k : int
    without : collection of str
        Columns to leave as they are.
    """
    found = {}
    for spec in contract.columns:
        if spec.name in without:
            continue
        treatment = _pooled(spec, columns[spec.name], before.get(spec.name), k)
        if treatment is not None:
            found[spec.name] = treatment
    return found


def _pooled(spec: ColumnSpec, column: Column, before: Treatment | None, k: int) -> Treatment | None:
    if isinstance(column, Strings):
        if before is None and spec.kind in _LISTED:
            before = Treatment(action=Action.POOL)
        elif before is None or before.action not in _POOLED or spec.kind not in _LISTED:
            return _with_words(spec, before, k)
        return _levels(column, before, k)
    if spec.kind not in _RANGED:
        return None
    return _bounds(np.asarray(column) / spec.scale, spec, before, k)


def _with_words(spec: ColumnSpec, before: Treatment | None, k: int) -> Treatment | None:
    """Return what is done to texts: where a policy does not name them they stay, but no rare word is stored."""
    if before is None:
        return Treatment(action=Action.POOL, least=k) if spec.kind is Kind.TEXT else None
    return replace(before, least=k) if before.action is Action.REDACT else None


def _levels(column: Strings, before: Treatment, k: int) -> Treatment | None:
    counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.levels))
    shared = not len(counts) or counts[counts > 0].min(initial=k) >= k
    # Of texts it is no matter of how many rows there were: the next one may leave a name that the table's names took.
    if shared and before.action is not Action.REDACT:
        return None
    kept = tuple(sorted(str(level) for level, n in zip(column.levels, counts, strict=True) if n >= k))
    # Without a level that stays, an empty list would let all through.
    return replace(before, levels=kept or (RARE,))


def _bounds(values: np.ndarray, spec: ColumnSpec, before: Treatment | None, k: int) -> Treatment | None:
    present = np.sort(values[np.isfinite(values)])
    own = before or Treatment(action=Action.CLIP, **written_as(spec))
    if len(present) < 2 * k:
        one = 0.0 if own.low is None else own.low
        return replace(own, low=one, high=one) if len(present) and np.ptp(present) else None
    low, high = float(present[k - 1]), float(present[-k])
    if low == present[0] and high == present[-1]:
        return None
    return replace(own, low=low, high=high)


def written_as(spec: ColumnSpec) -> dict[str, Any]:
    """Return how the numbers of a column are written, as fields of a treatment."""
    return {
        "decimal": spec.decimal,
        "thousands": spec.thousands,
        "unit": spec.unit,
        "magnitude": MAGNITUDE in spec.formats,
        "duration": spec.kind is Kind.DURATION,
    }


def nothing_stays(treatment: Treatment) -> bool:
    """Return whether one value stands for all: too few rows share any."""
    return treatment.levels == (RARE,) or (treatment.low is not None and treatment.low == treatment.high)


def base_of(treatment: Treatment) -> Treatment | None:
    """Return a treatment without what depends on how many rows there were, None where nothing is left.

    With more rows, levels that were rare are so no more, and years go on.
    """
    if treatment.action in (Action.POOL, Action.CLIP):
        return None
    low = treatment.low if treatment.action is Action.YEAR else None
    return replace(treatment, levels=(), low=low, high=None, least=1)
