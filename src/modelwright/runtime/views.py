"""The fitted view: operations in order, each writing its part of one matrix."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np

from modelwright.data.columns import Columns, n_rows
from modelwright.runtime.op import Op, RowWriter, State
from modelwright.runtime.ops import build
from modelwright.runtime.ops.base import refused
from modelwright.runtime.ops.lookup import Lookup, row_of_lookups
from modelwright.runtime.view import View

__all__ = ["ViewPlan"]


@dataclass(frozen=True, eq=False)
class ViewPlan:
    """Canonical columns in, the matrix of one view out; what training fitted and what scoring runs.

    Attributes
    ----------
    ops : tuple of Op
        The features of the view are those of the operations, in order.
    """

    ops: tuple[Op, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the features."""
        return tuple(name for op in self.ops for name in op.names)

    @cached_property
    def categorical(self) -> tuple[int, ...]:
        """Positions of the features that hold level codes."""
        return tuple(start + i for op, (start, _) in zip(self.ops, self._spans) for i in op.categorical)

    @cached_property
    def sources(self) -> tuple[tuple[str, ...], ...]:
        """For each feature, the user's columns that it comes from."""
        return tuple(source for op in self.ops for source in op.sources)

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """The columns that scoring needs, each once, in the order of first use."""
        return tuple(dict.fromkeys(name for op in self.ops for name in op.inputs))

    @cached_property
    def _spans(self) -> tuple[tuple[int, int], ...]:
        ends = np.cumsum([len(op.names) for op in self.ops]).tolist()
        return tuple(zip([0, *ends[:-1]], ends))

    def __call__(self, columns: Columns) -> View:
        """Return the view of canonical rows; columns that are not read are ignored."""
        matrix = np.empty((n_rows(columns), len(self.names)))
        for op, (start, end) in zip(self.ops, self._spans):
            op.write(columns, matrix[:, start:end])
        return View(matrix, self.names, self.categorical)

    def row(self, where: Mapping[str, int], out: np.ndarray, wanted: Set[int] | None = None) -> list[RowWriter]:
        """Return the functions that write the view of one row into ``out``, float64 of shape (n_features,).

        Parameters
        ----------
        where : mapping of str to int
            Position of each column among the values that the functions will be given.
        wanted : set of int, or None
            Features that have to be written; None: all.
        """
        writers: list[RowWriter] = []
        spans = zip(self.ops, self._spans)

        def kind(item: tuple[Op, tuple[int, int]]) -> tuple[bool, bool]:
            needed = wanted is None or not wanted.isdisjoint(range(*item[1]))
            return needed, isinstance(item[0], Lookup)

        for (needed, lookups), group in groupby(spans, key=kind):
            run = list(group)
            if not needed:
                continue
            if lookups:
                writers.append(row_of_lookups([op for op, _ in run], where, out[run[0][1][0] : run[-1][1][1]]))  # type: ignore[misc]
            else:
                writers += [op.row(where, out[start:end]) for op, (start, end) in run]
        return writers

    def state(self) -> State:
        """Return JSON-ready settings and arrays; an array's name is ``"<position of its operation>.<name>"``."""
        settings: list[dict[str, Any]] = []
        arrays: dict[str, np.ndarray] = {}
        for position, op in enumerate(self.ops):
            op_settings, op_arrays = op.state()
            settings.append(op_settings)
            arrays.update({f"{position}.{name}": array for name, array in op_arrays.items()})
        return {"ops": settings}, arrays

    @classmethod
    def build(cls, settings: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> ViewPlan:
        """Make the plan from its state.

        Raises
        ------
        BundleError
            The state was not written by `state`, or by a release whose operations this one does not know.
        """
        listed = settings.get("ops")
        if not isinstance(listed, list) or not all(isinstance(s, Mapping) for s in listed):
            raise refused("view", "the list of operations is missing")
        parts: list[dict[str, np.ndarray]] = [{} for _ in listed]
        for key, array in arrays.items():
            position, _, name = key.partition(".")
            if not position.isdecimal() or int(position) >= len(parts):
                raise refused("view", f"the array '{key}' belongs to no operation")
            parts[int(position)][name] = array
        return cls(tuple(build(s, p) for s, p in zip(listed, parts, strict=True)))
