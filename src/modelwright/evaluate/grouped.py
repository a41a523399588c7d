"""Fitting intervals and sets of classes of each group of a column by itself; see `modelwright.runtime.grouped`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from modelwright.data.columns import Column
from modelwright.evaluate.coverage import JUDGED, inside, measure_inside
from modelwright.evaluate.measurements import Measurement
from modelwright.format import plural
from modelwright.runtime.grouped import MOST_GROUPS, ByGroup, levels_of
from modelwright.runtime.intervals import Intervals, Sets

__all__ = ["FEWEST", "by_group", "inside_of", "measure_by_group"]

FEWEST = 100
"""Rows of a group with a table of its own: with fewer its coverage would vary by more than three hundredths from one
draw of them to the next, which is what groups are to be spared."""

Fit = Callable[[np.ndarray], "tuple[Intervals | Sets | None, str]"]


def by_group(rest: Intervals | Sets, note: str, fit: Fit, name: str, column: Column) -> tuple[ByGroup | None, str]:
    """Return what each group gets, None where no group has rows enough; and a note on it.

    Parameters
    ----------
    rest : Intervals or Sets
        Of all rows, with its ``note``.
    fit : callable
        ``fit(rows)`` fits some of the rows, as ``rest`` was fitted on all.
    name : str
        Of the column.
    column : Column
        Its values, of the same rows.
    """
    groups = levels_of(column)
    counts = np.bincount(groups.codes[groups.codes >= 0], minlength=len(groups.levels))
    levels, fitted = [], []
    for k in np.argsort(-counts, kind="stable")[:MOST_GROUPS]:
        if counts[k] < FEWEST:
            break
        own, _ = fit(np.flatnonzero(groups.codes == k))
        if own is not None:
            levels.append(str(groups.levels[k]))
            fitted.append(own)
    if not levels:
        return None, f"{note}; not by '{name}': no group of it has {FEWEST} rows"
    made = ByGroup(column=name, levels=tuple(levels), fitted=tuple(fitted), rest=rest)
    return made, f"{note}; by '{name}': {plural(len(levels), 'group')} of at least {FEWEST} rows by themselves"


def inside_of(
    fitted: Intervals | Sets | ByGroup,
    y: np.ndarray,
    prediction: np.ndarray,
    coverage: float,
    column: Column | None = None,
) -> np.ndarray:
    """Return in which rows the truth lies inside, bool of shape ``(n_rows,)``; ``column`` holds the groups."""
    parts = [(np.arange(len(y)), fitted)] if not isinstance(fitted, ByGroup) else fitted.parts(column, len(y), coverage)
    found = np.zeros(len(y), bool)
    for rows, own in parts:
        found[rows] = inside(own, y[rows], prediction[rows], coverage)
    return found


def measure_by_group(
    fitted: ByGroup, y: np.ndarray, prediction: np.ndarray, column: Column, *, units: np.ndarray | None = None
) -> tuple[Measurement, ...]:
    """Return how often the truth lies inside, over all rows and in each group, at the coverages people ask for.

    Parameters
    ----------
    fitted : ByGroup
    y, prediction, column
        Of rows that took no part.
    units : ndarray of int or None
        Rows that belong together.
    """
    groups = levels_of(column)

    def among(rows: np.ndarray) -> tuple[Measurement, ...]:
        held = {c: inside_of(fitted, y, prediction, c, column)[rows] for c in JUDGED if c <= fitted.coverages[-1]}
        return measure_inside(fitted.coverages, held.__getitem__, None if units is None else units[rows])

    found = list(among(np.arange(len(y))))
    for level in fitted.levels:
        rows = np.flatnonzero(groups.recode({level: 0}, -1) == 0)
        if len(rows):
            found += [replace(m, name=f"{m.name} where {fitted.column} is {level}") for m in among(rows)]
    return tuple(found)
