"""Two numbers at a time: difference, sum, product, ratio.

Trees split one feature at a time: a ratio or a difference costs them a staircase of splits, where one would do.
"""

from __future__ import annotations

import operator
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from modelwright.data.columns import Columns
from modelwright.runtime.op import RowWriter
from modelwright.runtime.ops.base import LARGEST, Operation, refused

__all__ = ["HOW", "PairNumbers", "paired"]


def _ratio(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.divide(a, b, out=np.full(len(a), np.nan), where=b != 0.0)


def _ratio_of_two(a: float, b: float) -> float:
    return a / b if b else float("nan")


HOW: dict[str, tuple[str, Callable[[np.ndarray, np.ndarray], np.ndarray], Callable[[float, float], float]]] = {
    "difference": ("-", np.subtract, operator.sub),
    "sum": ("+", np.add, operator.add),
    "product": ("*", np.multiply, operator.mul),
    "ratio": ("/", _ratio, _ratio_of_two),
}
"""How two numbers are put together: the sign in a feature's name, for columns, for one row. A ratio to 0 is missing."""


def paired(how: str, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the feature of two columns: NaN where one is missing, within the range of float32."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.clip(HOW[how][1](a, b), -LARGEST, LARGEST)


@dataclass(frozen=True, eq=False, kw_only=True)
class PairNumbers(Operation):
    """Features of two number or datetime columns each.

    Attributes
    ----------
    left, right : tuple of int
        Per feature, the position of its columns in ``inputs``.
    how : tuple of str
        Per feature, a name in `HOW`.
    """

    op: ClassVar[str] = "pairs"

    left: tuple[int, ...]
    right: tuple[int, ...]
    how: tuple[str, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not len(self.left) == len(self.right) == len(self.how) == len(self.names):
            raise refused(self.op, "every feature needs two columns and a way to put them together")
        if any(not 0 <= place < len(self.inputs) for place in (*self.left, *self.right)):
            raise refused(self.op, "a feature's column is out of range")
        if any(how not in HOW for how in self.how):
            raise refused(self.op, f"it puts numbers together in ways that are unknown: {sorted(set(self.how))}")

    @property
    def sources(self) -> tuple[tuple[str, ...], ...]:
        return tuple((self.inputs[a], self.inputs[b]) for a, b in zip(self.left, self.right))

    def write(self, columns: Columns, out: np.ndarray) -> None:
        for j, (how, (a, b)) in enumerate(zip(self.how, self.sources)):
            left, right = columns[a], columns[b]
            assert isinstance(left, np.ndarray) and isinstance(right, np.ndarray)
            out[:, j] = paired(how, left, right)

    def row(self, where: Mapping[str, int], out: np.ndarray) -> RowWriter:
        steps = [(HOW[how][2], where[a], where[b]) for how, (a, b) in zip(self.how, self.sources)]
        pack, target = struct.Struct(f"={len(steps)}d").pack_into, out.data.cast("B")

        def write(values: Sequence[Any]) -> None:
            pack(target, 0, *[of(values[a], values[b]) for of, a, b in steps])
            np.minimum(out, LARGEST, out=out)
            np.maximum(out, -LARGEST, out=out)

        return write
