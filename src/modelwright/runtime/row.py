"""The scoring plan compiled for one row at a time.

The way of a row is that of a table (see `modelwright.runtime.plan`), but buffers are made once: operations write into
them, models read from them, and nothing is allocated that a single row does not need. The slow, obvious twin is
``Plan.predict`` on a table of one row; the parity gate and the tests hold the two equal.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from modelwright.data.columns import Columns, Strings
from modelwright.data.typed_rows import picker
from modelwright.runtime.answers import row_answer
from modelwright.runtime.calibrating_rows import row_calibrator
from modelwright.runtime.calibrators import Identity
from modelwright.runtime.op import RowWriter
from modelwright.runtime.origins import Now, RowSource, origins_of
from modelwright.runtime.plan import Plan
from modelwright.runtime.scorer import row_scorers

__all__ = ["RowPlan", "values_of"]


class RowPlan:
    """Scores canonical rows one at a time; any number of threads may use it, one after the other.

    Parameters
    ----------
    plan : Plan
    order : sequence of str, or None
        Order of the columns in which `ordered` takes values; None: that of the contract.
    """

    def __init__(self, plan: Plan, order: Sequence[str] | None = None) -> None:
        self.plan = plan
        self._lock = threading.Lock()
        names = plan.contract.names if order is None else tuple(order)
        self._pick = None if names == plan.contract.names else picker([plan.contract.names.index(n) for n in names])
        where = {name: place for place, name in enumerate(names)}
        self._now = Now()
        buffers = {key: np.zeros(len(view.names)) for key, view in plan.views.items()}
        sources = {key: RowSource(buffers[key], self._now, origins_of(v, where)) for key, v in plan.views.items()}
        members = plan.members
        self._first, self._scorers = row_scorers([m.scorer for m in members], [sources[m.view] for m in members])
        self._blend = _blend_of([member.weight for member in members], plan.n_outputs)
        self._writers: list[RowWriter] = []
        for key, view in plan.views.items():
            # others go from values straight to their own tables
            self._writers += view.row(where, buffers[key], sources[key].wanted)
        self._inverse = None if plan.transform.plain else plan.transform.of_few(len(members))
        calibrator = plan.calibrator
        plain = calibrator is None or isinstance(calibrator, Identity)
        self._calibrate = None if plain else row_calibrator(calibrator, plan.n_outputs)  # type: ignore[arg-type]
        self._move = None if plan.by_group is None else plan.by_group.row(where)
        self.answer: Callable[[list[float]], dict[str, Any]] = row_answer(
            plan.objective, plan.classes, plan.threshold, plan.decision
        )

    def __call__(self, values: Sequence[Any]) -> list[float]:
        """Return class probabilities, or the one value, for canonical values in the order of the contract."""
        return self.ordered(values if self._pick is None else self._pick(values))

    def ordered(self, values: Sequence[Any]) -> list[float]:
        """Return the same for values in the order that was asked for."""
        with self._lock:
            self._now.values = values
            for write in self._writers:
                write(values)
            for find in self._first:
                find()
            outputs = [score() for score in self._scorers]
            if self._inverse is not None:  # of values, one per member
                outputs = [[value] for value in self._inverse([output[0] for output in outputs])]
            total = self._blend(outputs)
            if self._calibrate is not None:
                total = self._calibrate(total)
        return total if self._move is None else self._move(total, values)


def _blend_of(weights: Sequence[float], n_outputs: int) -> Callable[[Sequence[list[float]]], list[float]]:
    """Return the function that averages what members answer, added up in their order, as for a table."""
    if list(weights) == [1.0]:
        return lambda outputs: outputs[0]
    if n_outputs == 1:

        def blend_values(outputs: Sequence[list[float]]) -> list[float]:
            total = 0.0
            for weight, (value,) in zip(weights, outputs):
                total += weight * value
            return [total]

        return blend_values
    if n_outputs == 2:

        def blend_pairs(outputs: Sequence[list[float]]) -> list[float]:
            first = second = 0.0
            for weight, (one, other) in zip(weights, outputs):
                first += weight * one
                second += weight * other
            return [first, second]

        return blend_pairs

    def blend(outputs: Sequence[list[float]]) -> list[float]:
        total = [0.0] * n_outputs
        for weight, output in zip(weights, outputs):
            total = [before + weight * value for before, value in zip(total, output)]
        return total

    return blend


def values_of(columns: Columns, names: Sequence[str], row: int) -> list[Any]:
    """Return one row of canonical columns as `RowPlan` takes it."""
    values: list[Any] = []
    for name in names:
        column = columns[name]
        if isinstance(column, Strings):
            values.append(None if column.codes[row] < 0 else column.levels[column.codes[row]])
        else:
            values.append(float(column[row]))
    return values
