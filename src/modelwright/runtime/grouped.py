"""Intervals and sets of classes of each group of a column by itself (Mondrian conformal prediction), as a version keeps
them. Applied with numpy alone.

What holds for nine of ten rows may hold for seven of ten in one group. Where each group has a table of its own, fitted
on its own rows, it holds in each (Vovk, Gammerman and Shafer 2005, ch. 4.5). Rows of no such group get what all get.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from modelwright.data.columns import Column, Strings
from modelwright.errors import BundleError
from modelwright.runtime import intervals
from modelwright.runtime.intervals import Intervals, Sets

__all__ = ["MOST_GROUPS", "ByGroup", "from_json", "levels_of"]

MOST_GROUPS = 100
_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class ByGroup:
    """Intervals or sets of each group of a column. Immutable; any number of threads may use it at once.

    Attributes
    ----------
    column : str
    levels : tuple of str
        The groups; of a boolean column ``"false"`` and ``"true"``.
    fitted : tuple of Intervals, or of Sets
        By group.
    rest : Intervals or Sets
        Of all rows: for rows of no such group, and for coverages that the rows of a group cannot support.

    Raises
    ------
    BundleError
        Groups and what is theirs do not match (MW-B405).
    """

    column: str
    levels: tuple[str, ...]
    fitted: tuple[Intervals | Sets, ...]
    rest: Intervals | Sets
    kind: ClassVar[str] = "by group"

    def __post_init__(self) -> None:
        if not 0 < len(self.levels) == len(self.fitted) <= MOST_GROUPS or len(set(self.levels)) < len(self.levels):
            raise _damaged("it has not one of them for each group")
        if {type(own) for own in self.fitted} != {type(self.rest)}:
            raise _damaged("some are for values, some for classes")

    @property
    def coverages(self) -> np.ndarray:
        """Coverages of all rows, ascending."""
        return self.rest.coverages

    def parts(self, column: Column | None, n_rows: int, coverage: float) -> list[tuple[np.ndarray, Intervals | Sets]]:
        """Return which rows get what, for every row once; None: the column is not known, all get that of all rows."""
        if column is None:
            return [(np.arange(n_rows), self.rest)]
        codes = levels_of(column).recode({level: k for k, level in enumerate(self.levels)}, -1)
        able = [own.coverages[-1] >= coverage - _ROUNDING for own in self.fitted]
        codes = np.where(np.append(able, False)[codes], codes, -1)  # -1 is the last, which is none
        return [(np.flatnonzero(codes == k), self.rest if k < 0 else self.fitted[k]) for k in np.unique(codes)]

    def to_json(self) -> dict[str, Any]:
        """Return the state; `from_json` makes the same of it."""
        return {
            "kind": self.kind,
            "column": self.column,
            "levels": list(self.levels),
            "fitted": [own.to_json() for own in self.fitted],
            "rest": self.rest.to_json(),
        }


def levels_of(column: Column) -> Strings:
    """Return a column of levels as it is, a boolean one as levels."""
    if isinstance(column, Strings):
        return column
    codes = np.where(np.isnan(column), -1, column != 0).astype(np.int32)
    return Strings(codes, np.array(["false", "true"], dtype=object))


def from_json(state: Any) -> Intervals | Sets | ByGroup:
    """Return what a state written by ``to_json`` of any of the three holds.

    Raises
    ------
    BundleError
        It is of no known kind, or damaged (MW-B403, MW-B405).
    """
    if not isinstance(state, Mapping) or state.get("kind") != ByGroup.kind:
        return intervals.from_json(state)
    levels, fitted, column = state.get("levels"), state.get("fitted"), state.get("column")
    if not isinstance(levels, list) or not all(isinstance(level, str) for level in levels):
        raise _damaged("its groups are no list of names")
    if not isinstance(column, str) or not isinstance(fitted, list) or len(fitted) > MOST_GROUPS:
        raise _damaged("it names no column, or too many groups")
    return ByGroup(
        column=column,
        levels=tuple(levels),
        fitted=tuple(intervals.from_json(own) for own in fitted),
        rest=intervals.from_json(state.get("rest")),
    )


def _damaged(what: str) -> BundleError:
    return BundleError(
        f"the prediction intervals of the version are damaged: {what}",
        fix="restore the version from where it was made, or package the model again",
        code="MW-B405",
    )
