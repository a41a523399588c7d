"""What an operation of the scoring plan is.

Encoders in `modelwright.features` are fitted *into* operations, and training runs the very same operation that
scoring will run: pipeline and plan cannot differ in their features (see ``docs/adr/0001``). An operation needs numpy
and nothing else. Its state is JSON and arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np

from modelwright.data.columns import Columns

__all__ = ["Op", "RowWriter", "State"]

RowWriter = Callable[[Sequence[Any]], None]
"""Given the canonical values of one row (floats, NaN where missing; str, None where missing), writes its features."""

State = tuple[dict[str, Any], dict[str, np.ndarray]]


class Op(Protocol):
    """A fitted encoder: canonical columns in, some features out.

    Promises: pure (same input, same bits), never raises on canonical columns that satisfy the contract (missing,
    unseen and extreme values included), and gives every row the same features alone or in a batch.

    Attributes
    ----------
    op : str
        Name in `modelwright.runtime.ops.OPS`.
    """

    op: ClassVar[str]

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns read."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """The features written."""
        ...

    @property
    def categorical(self) -> tuple[int, ...]:
        """Which of the features hold level codes, see `View`."""
        ...

    @property
    def sources(self) -> tuple[tuple[str, ...], ...]:
        """For each feature, the columns that it comes from."""
        ...

    def write(self, columns: Columns, out: np.ndarray) -> None:
        """Write the features into ``out``, float64 of shape ``(n_rows, len(names))``: a part of a larger matrix."""
        ...

    def __call__(self, columns: Columns) -> np.ndarray:
        """Return float64 of shape ``(n_rows, len(names))``."""
        ...

    def row(self, where: Mapping[str, int], out: np.ndarray) -> RowWriter:
        """Return the same for one row at a time, bit for bit what `write` gives.

        Parameters
        ----------
        where : mapping of str to int
            Position of each column among the values that the function will be given.
        out : ndarray of float64, shape (len(names),), contiguous
            Written by each call.
        """
        ...

    def state(self) -> State:
        """Return JSON-ready settings and arrays from which `build` makes the same operation."""
        ...

    @classmethod
    def build(cls, settings: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Op:
        """Make the operation from its state; raises BundleError on a state that cannot be."""
        ...
