"""Rows of which some columns are the reference's: what questions about several columns at once are asked with."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from modelwright.data.columns import Column, Columns, Strings, n_rows
from modelwright.runtime.views import ViewPlan

__all__ = ["Group", "Mixed", "codes_or_values", "groups_of", "same", "side_by_side"]

Group = tuple[str, ...]
"""Columns that a feature comes from. Combination c of a group takes column i from the row where bit i of c is 1."""


def groups_of(view: ViewPlan, reads: Sequence[Sequence[int]]) -> tuple[Group, ...]:
    """Return, for each thing that depends on features of a view, the columns that it depends on."""
    found: dict[tuple[int, ...], Group] = {}
    for features in reads:
        key = tuple(features)
        if key not in found:
            found[key] = tuple(dict.fromkeys(name for f in key for name in view.sources[f]))
    return tuple(found[tuple(features)] for features in reads)


class Mixed:
    """The matrix of a view for rows, for the reference, and for what lies between in groups of columns.

    Parameters
    ----------
    view : ViewPlan
    groups : collection of Group
        Those of two and more columns that will be asked for.
    own, base : Columns
        Rows, and the reference as one row; texts share their levels.
    matrix : ndarray, shape (1, n_features), or None
        The reference in the view, where it is known.
    """

    def __init__(
        self,
        view: ViewPlan,
        groups: Collection[Group],
        own: Columns,
        base: Columns,
        matrix: np.ndarray | None = None,
    ) -> None:
        self.rows = n_rows(own)
        parts = [(g, c) for g in groups for c in range(1, (1 << len(g)) - 1)]
        taken = [{name: bool(c >> i & 1) for i, name in enumerate(g)} for g, c in parts]
        columns = {
            name: _blended(own[name], base[name], [True, *(t.get(name, True) for t in taken)]) for name in view.inputs
        }
        made = view(columns).matrix
        self.own = made[: self.rows]
        self.base = view({name: base[name] for name in view.inputs}).matrix if matrix is None else matrix
        starts = range(self.rows, len(made), max(self.rows, 1))
        self._between = {part: made[start : start + self.rows] for part, start in zip(parts, starts)}

    def of(self, group: Group, combination: int) -> np.ndarray:
        """Return the matrix for a combination; right in the features that come from the group, and from no other.

        The reference has one row, which stands for all.
        """
        if combination == (1 << len(group)) - 1:
            return self.own
        return self.base if combination == 0 else self._between[group, combination]


def _blended(own: Column, base: Column, take_own: Sequence[bool]) -> Column:
    """Return the rows once for each entry: their own values, or the reference's."""
    if len(take_own) == 1 and take_own[0]:
        return own
    values, typical = codes_or_values(own), codes_or_values(base)
    made = np.concatenate([values if mine else np.repeat(typical, len(values)) for mine in take_own])
    return Strings(made, own.levels) if isinstance(own, Strings) else made


def codes_or_values(column: Column) -> np.ndarray:
    """Return the array behind a column."""
    return column.codes if isinstance(column, Strings) else column


def side_by_side(reference: Columns, columns: Columns) -> tuple[Columns, Columns]:
    """Return rows and reference such that texts of a column share their levels."""
    own, base = {}, {}
    for name, column in columns.items():
        own[name], base[name] = column, reference[name]
        if isinstance(column, Strings):
            value = reference[name].to_object()[0]  # type: ignore[union-attr]
            own[name], base[name] = _with_level(column, value)
    return own, base


def _with_level(column: Strings, value: str | None) -> tuple[Strings, Strings]:
    if len(column) == 1:
        return _with_level_of_one(column, value)
    used, codes = np.unique(column.codes, return_inverse=True)  # a column of ids would bring every level it has
    absent = int(len(used) > 0 and used[0] < 0)
    levels = column.levels[used[absent:]]
    if value is None:
        code = -1
    else:
        found = np.flatnonzero(levels == value)
        code = int(found[0]) if len(found) else len(levels)
        levels = levels if len(found) else np.concatenate([levels, np.array([value], dtype=object)])
    own = Strings((codes.reshape(column.codes.shape) - absent).astype(np.int32), levels)
    return own, Strings(np.array([code], np.int32), levels)


def _with_level_of_one(column: Strings, value: str | None) -> tuple[Strings, Strings]:
    """Return the same for one row, in a fraction of the time."""
    code = int(column.codes[0])
    own = None if code < 0 else column.levels[code]
    known = list(dict.fromkeys(level for level in (own, value) if level is not None))
    levels = np.empty(len(known), dtype=object)
    levels[:] = known
    return tuple(  # type: ignore[return-value]
        Strings(np.array([-1 if v is None else known.index(v)], np.int32), levels) for v in (own, value)
    )


def same(own: Column, base: Column) -> np.ndarray:
    """Return whether each value is that of the reference; missing is as missing."""
    if isinstance(own, Strings):
        return own.codes == base.codes[0]  # type: ignore[union-attr]
    return (own == base[0]) | (np.isnan(own) & np.isnan(base[0]))  # type: ignore[index]
