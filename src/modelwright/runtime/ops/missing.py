"""How much of a row is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelwright.data.columns import Columns, Strings
from modelwright.runtime.ops.base import Operation, refused

__all__ = ["MissingCount"]


@dataclass(frozen=True, eq=False, kw_only=True)
class MissingCount(Operation):
    """Number of missing values among the columns read."""

    op: ClassVar[str] = "missing-count"

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.names) != 1:
            raise refused(self.op, "it writes one feature")

    def write(self, columns: Columns, out: np.ndarray) -> None:
        out[:] = 0.0
        for name in self.inputs:
            column = columns[name]
            out[:, 0] += column.codes < 0 if isinstance(column, Strings) else np.isnan(column)
