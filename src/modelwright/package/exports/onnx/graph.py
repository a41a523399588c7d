"""A graph under construction: nodes are added by what they compute, names are made up here.

Everything is in double precision, as in the scoring plan. Bounds and choices are written with comparisons and
``Where`` instead of ``Clip``, ``Min`` and ``Max``: what those make of NaN is up to the runtime.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

__all__ = ["CONTRIB", "IR_VERSION", "ML", "OPSETS", "Graph", "Inexpressible"]

ML, CONTRIB = "ai.onnx.ml", "com.microsoft"

OPSETS = {"": 21, ML: 5}
"""TreeEnsemble of ai.onnx.ml 5 is the first whose answer is as precise as its thresholds; StringConcat is of 20."""

IR_VERSION = 10
"""The first that has opset 21; newer ones shut out runtimes for nothing (https://onnx.ai/onnx/repo-docs/Versioning)."""


class Inexpressible(Exception):
    """A part of the plan that no graph can express exactly; its message says why, for the error that names the part."""


class Graph:
    """Nodes, constants and inputs of a model.

    Parameters
    ----------
    taken : iterable of str
        Names that the graph's own values must not have: its inputs, which are called like columns.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        from onnx import helper, numpy_helper

        self._make_node, self._from_array = helper.make_node, numpy_helper.from_array
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []
        self.domains: set[str] = {""}
        self._constants: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self._count = 0
        names = set(taken)
        self._prefix = "v"
        while any(name.startswith(self._prefix) for name in names):
            self._prefix += "_"

    def new_name(self) -> str:
        """Return a name that nothing else has."""
        self._count += 1
        return f"{self._prefix}{self._count}"

    def add(self, op: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Add a node with one output; return the output's name."""
        output = self.new_name()
        self.domains.add(domain)
        self.nodes.append(self._make_node(op, list(inputs), [output], domain=domain, **attributes))
        return output

    def add_pair(self, op: str, *inputs: str, **attributes: Any) -> tuple[str, str]:
        """Add a node with two outputs; return their names."""
        outputs = (self.new_name(), self.new_name())
        self.nodes.append(self._make_node(op, list(inputs), list(outputs), **attributes))
        return outputs

    def give(self, value: str, name: str) -> None:
        """Call a value by another name as well: an output of the graph."""
        self.nodes.append(self._make_node("Identity", [value], [name]))

    def tensor(self, array: Any, name: str = "") -> Any:
        """Return an array as a tensor, for an attribute."""
        return self._from_array(np.ascontiguousarray(array), name)

    def constant(self, array: Any, dtype: Any = np.float64) -> str:
        """Return the name of a constant; equal ones are stored once."""
        values = np.ascontiguousarray(np.asarray(array, dtype=dtype))
        values = values.reshape(np.shape(array))  # of a scalar, ascontiguousarray makes a row
        key = (values.dtype.str, values.shape, values.tobytes())
        if key not in self._constants:
            self._constants[key] = self.new_name()
            self.initializers.append(self._from_array(values, self._constants[key]))
        return self._constants[key]

    def text(self, value: str) -> str:
        """Return the name of a constant of one text."""
        name = self.new_name()
        self.initializers.append(self._from_array(np.array([value], dtype=object), name))
        return name

    def whole(self, values: int | Sequence[int]) -> str:
        """Return the name of a constant of int64."""
        return self.constant(values, np.int64)

    def double(self, array: np.ndarray) -> str:
        """Return an array as double precision, stored in the precision it has."""
        if array.dtype == np.float32:
            return self.cast(self.constant(array, np.float32), "DOUBLE")
        return self.constant(array)

    def cast(self, x: str, kind: str) -> str:
        """Return the value as ``"DOUBLE"``, ``"FLOAT"``, ``"INT64"`` or ``"BOOL"``."""
        from onnx import TensorProto

        return self.add("Cast", x, to=getattr(TensorProto, kind))

    def concat(self, parts: Sequence[str], axis: int = 1) -> str:
        """Return the parts side by side."""
        return parts[0] if len(parts) == 1 else self.add("Concat", *parts, axis=axis)

    def where(self, condition: str, yes: str, no: str) -> str:
        """Return ``yes`` where the condition holds, else ``no``."""
        return self.add("Where", condition, yes, no)

    def clip(self, x: str, low: Any, high: Any) -> str:
        """Return ``x`` within bounds, which may differ by column; NaN stays NaN."""
        bottom, top = self.constant(low), self.constant(high)
        raised = self.where(self.add("Less", x, bottom), bottom, x)
        return self.where(self.add("Greater", raised, top), top, raised)

    def total(self, x: str, axis: int, keep: bool = True) -> str:
        """Return the sum along an axis."""
        return self.add("ReduceSum", x, self.whole([axis]), keepdims=int(keep))

    def columns(self, x: str, positions: Sequence[int]) -> str:
        """Return some columns of a matrix."""
        return self.add("Gather", x, self.whole(list(positions)), axis=1)

    def as_float32(self, x: str) -> str:
        """Return ``x`` as trees of single precision see it, see `modelwright.runtime.scorers.forest.as_float32`."""
        limit = float(np.finfo(np.float32).max)
        return self.cast(self.cast(self.clip(x, -limit, limit), "FLOAT"), "DOUBLE")

    def probabilities(self, logits: str, count: int) -> str:
        """Return class probabilities, see `modelwright.runtime.scorers.linear.probabilities`.

        Parameters
        ----------
        count : int
            Columns of ``logits``: 1 for two classes.
        """
        one, zero = self.constant([1.0]), self.constant([0.0])
        if count == 1:
            small = self.add("Exp", self.add("Neg", self.add("Abs", logits)))
            top = self.where(self.add("GreaterOrEqual", logits, zero), one, small)
            second = self.add("Div", top, self.add("Add", one, small))
            return self.concat([self.add("Sub", one, second), second])
        highest = self.add("ReduceMax", logits, self.whole([1]), keepdims=1)
        powers = self.add("Exp", self.add("Sub", logits, highest))
        return self.add("Div", powers, self.total(powers, 1))
