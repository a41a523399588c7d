"""The inputs of a graph: one per column of the contract, and in lower case too where the words of a text are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from modelwright.data.columns import Columns, Strings
from modelwright.data.contract import Kind
from modelwright.runtime.ops.lookup import Lookup
from modelwright.runtime.ops.texts import MAX_CHARACTERS, TextTopics
from modelwright.runtime.ops.within import WithinLevels
from modelwright.runtime.plan import Plan

__all__ = ["Input", "Sources", "feeds", "inputs_of"]

MISSING_TEXTS = ("", "\u2205", "\u2205 missing \u2205")
"""What stands for a missing text: the first of these that is no level of the column."""


@dataclass(frozen=True, kw_only=True)
class Input:
    """A tensor that the graph reads, of shape ``(rows, 1)``.

    Attributes
    ----------
    name : str
        In the graph; the column's, where that is free.
    column : str
    kind : str
        Of the column, see `modelwright.data.contract.Kind`.
    type : str
        ``"double"`` or ``"string"``.
    missing : str
        ``"NaN"`` for numbers; the text that stands for a missing one otherwise.
    lower : bool
        Whether it takes the first `MAX_CHARACTERS` characters in lower case, not the text as it is.
    """

    name: str
    column: str
    kind: str
    type: str
    missing: str
    lower: bool = False


class Sources:
    """The inputs by column, as operations look for them."""

    def __init__(self, inputs: tuple[Input, ...]) -> None:
        self._found = {(one.column, one.lower): one for one in inputs}

    def input(self, column: str, *, lower: bool = False) -> Input:
        """Return the input of a column."""
        return self._found[(column, lower)]

    def value(self, column: str, *, lower: bool = False) -> str:
        """Return the name of a column's tensor in the graph."""
        return self._found[(column, lower)].name


def inputs_of(plan: Plan) -> tuple[Input, ...]:
    """Return the inputs of a plan's graph, in the order of its contract."""
    operations = [op for view in plan.views.values() for op in view.ops]
    read_in_lower_case = {name for op in operations if isinstance(op, TextTopics) for name in op.inputs}
    taken: set[str] = set()
    found: list[Input] = []
    for position, spec in enumerate(plan.contract.columns, start=1):
        name = _free(spec.name or f"column {position}", taken)
        if spec.kind.numeric:
            found.append(Input(name=name, column=spec.name, kind=spec.kind, type="double", missing="NaN"))
            continue
        by_level = [op for op in operations if isinstance(op, Lookup | WithinLevels) and spec.name == op.inputs[0]]
        levels = {level for op in by_level for level in op.levels}
        missing = next(text for text in MISSING_TEXTS if text not in levels)
        if spec.kind is Kind.TEXT:
            missing = ""  # to a text, missing is the same as empty
        found.append(Input(name=name, column=spec.name, kind=spec.kind, type="string", missing=missing))
        if spec.name in read_in_lower_case:
            lower = _free(f"{spec.name}:lower", taken)
            found.append(
                Input(name=lower, column=spec.name, kind=spec.kind, type="string", missing=missing, lower=True)
            )
    return tuple(found)


def feeds(inputs: tuple[Input, ...], columns: Columns) -> dict[str, np.ndarray]:
    """Return canonical rows as the tensors that a session takes, by name."""
    return {one.name: _tensor(one, columns) for one in inputs}


def _tensor(one: Input, columns: Mapping[str, np.ndarray | Strings]) -> np.ndarray:
    column = columns[one.column]
    if not isinstance(column, Strings):
        return np.ascontiguousarray(column, dtype=np.float64).reshape(-1, 1)
    levels = [str(level)[:MAX_CHARACTERS].lower() if one.lower else str(level) for level in column.levels]
    table = np.array([*levels, one.missing], dtype=object)
    return table[column.codes].reshape(-1, 1)


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "'"
    taken.add(name)
    return name
