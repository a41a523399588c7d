"""Categories without the target: level codes, one-hot indicators, frequencies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwright.data.columns import Strings
from modelwright.features.levels import count_levels
from modelwright.runtime.ops.lookup import Lookup

__all__ = ["Frequencies", "LevelCodes", "OneHot"]


@dataclass(frozen=True, kw_only=True)
class LevelCodes:
    """A whole number per level, most frequent first; then one for all other levels, rare or new; then one for
    missing.

    Attributes
    ----------
    min_count : int
        Levels seen less often in training share the code of the other levels.
    max_levels : int
        So many levels at most have codes of their own.
    """

    min_count: int
    max_levels: int

    def fit(self, name: str, column: Strings) -> Lookup:
        """Return the operation; its feature has the column's name and is categorical."""
        levels = count_levels(column, min_count=self.min_count, max_levels=self.max_levels)
        table = np.arange(levels.n_known + 2, dtype=np.float64).reshape(-1, 1)
        return Lookup(inputs=(name,), names=(name,), categorical=(0,), levels=levels.names, table=table)


@dataclass(frozen=True, kw_only=True)
class OneHot:
    """An indicator per level, one for all other levels, one for missing; those that never vary are left out.

    With two levels and nothing else one indicator says it all.

    Attributes
    ----------
    min_count : int
        Levels seen less often in training share the indicator of the other levels.
    max_levels : int
        So many levels at most have indicators of their own.
    """

    min_count: int
    max_levels: int

    def fit(self, name: str, column: Strings) -> Lookup | None:
        """Return the operation, or None where the training rows all look the same."""
        levels = count_levels(column, min_count=self.min_count, max_levels=self.max_levels)
        n = levels.n_known
        wanted = list(range(n))
        if levels.n_rare:
            wanted.append(n)
        if levels.n_missing:
            wanted.append(n + 1)
        if len(wanted) < 2:
            return None
        if len(wanted) == 2:
            wanted = wanted[1:]
        labels = [*(f"{name}={level}" for level in levels.names), f"{name}:other", f"{name}:missing"]
        return Lookup(
            inputs=(name,),
            names=tuple(labels[i] for i in wanted),
            levels=levels.names,
            table=np.eye(n + 2)[:, wanted],
        )


@dataclass(frozen=True, kw_only=True)
class Frequencies:
    """The share of training rows with the same level: says how common a value is, whatever it is."""

    def fit(self, name: str, column: Strings) -> Lookup:
        """Return the operation; a level not seen is taken to be as rare as one seen once."""
        levels = count_levels(column, min_count=2)
        table = np.concatenate([levels.counts, [1, levels.n_missing]]).astype(np.float64).reshape(-1, 1)
        return Lookup(
            inputs=(name,),
            names=(f"{name}:frequency",),
            levels=levels.names,
            table=table / max(1, len(column)),
        )
