"""How much of a row is missing, as a feature for trees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modelwright.data.columns import Columns, Strings
from modelwright.runtime.ops.missing import MissingCount

__all__ = ["MissingCountEncoder"]


@dataclass(frozen=True, kw_only=True)
class MissingCountEncoder:
    """Number of missing values over the columns where some are missing, if there are at least ``min_columns``."""

    min_columns: int = 2

    def fit(self, names: Sequence[str], columns: Columns) -> MissingCount | None:
        """Return the operation, or None where there is nothing to count."""
        kept = tuple(name for name in names if _some_missing(columns[name]))
        if len(kept) < self.min_columns:
            return None
        return MissingCount(inputs=kept, names=("missing values",))


def _some_missing(column: np.ndarray | Strings) -> bool:
    gaps = column.codes < 0 if isinstance(column, Strings) else np.isnan(column)
    return bool(gaps.any()) and not bool(gaps.all())
