"""A number as it stands among the rows of its own level: cheap *for its cut*, late *for its airline*."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, cast

import numpy as np

from modelwright.data.columns import Columns, Strings
from modelwright.runtime.levels import Of
from modelwright.runtime.op import RowWriter
from modelwright.runtime.ops.base import LARGEST, Operation, refused

__all__ = ["WithinLevels"]


@dataclass(frozen=True, eq=False, kw_only=True)
class WithinLevels(Operation):
    """``(number - center) * factor`` with center and factor by level; NaN where the number is missing.

    The first of ``inputs`` is the category, the others are numbers.

    Attributes
    ----------
    levels : tuple of str
    number : tuple of int
        Per feature, the position of its number in ``inputs``: 1 or more.
    center, factor : ndarray of float64, shape (n_levels + 2, n_features)
        A row per level, then the row for a level that is not in ``levels``, then the row for a missing one.
    """

    op: ClassVar[str] = "within"

    levels: tuple[str, ...]
    number: tuple[int, ...]
    center: np.ndarray
    factor: np.ndarray

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.number) != len(self.names) or any(not 1 <= j < len(self.inputs) for j in self.number):
            raise refused(self.op, "every feature needs the number that it is about")

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return dict.fromkeys(("center", "factor"), (len(self.levels) + 2, len(self.names)))

    @property
    def sources(self) -> tuple[tuple[str, ...], ...]:
        return tuple((self.inputs[j], self.inputs[0]) for j in self.number)

    @cached_property
    def _index(self) -> dict[str, int]:
        return {level: code for code, level in enumerate(self.levels)}

    def write(self, columns: Columns, out: np.ndarray) -> None:
        # A missing level has code -1, which is the last row of the tables.
        rows = cast(Strings, columns[self.inputs[0]]).recode(self._index, len(self.levels))
        with np.errstate(over="ignore", invalid="ignore"):
            for j, place in enumerate(self.number):
                number = cast(np.ndarray, columns[self.inputs[place]])
                feature = (number - self.center[rows, j]) * self.factor[rows, j]
                out[:, j] = np.clip(feature, -LARGEST, LARGEST)

    def row(self, where: Mapping[str, int], out: np.ndarray) -> RowWriter:
        *scales, unknown, missing = [
            tuple(zip(center, factor)) for center, factor in zip(self.center.tolist(), self.factor.tolist())
        ]
        known = Of({None: missing, **dict(zip(self.levels, scales))}, unknown)
        group, places = where[self.inputs[0]], [where[self.inputs[j]] for j in self.number]
        pack, target = struct.Struct(f"={len(places)}d").pack_into, out.data.cast("B")

        def write(values: Sequence[Any]) -> None:
            scale = known[values[group]]
            pack(target, 0, *[(values[place] - center) * factor for place, (center, factor) in zip(places, scale)])
            np.minimum(out, LARGEST, out=out)
            np.maximum(out, -LARGEST, out=out)

        return write
