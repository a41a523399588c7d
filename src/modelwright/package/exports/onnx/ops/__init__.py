"""Operations of the scoring plan as nodes: one file per family, the registry is a table of names.

A converter is given the graph, the operation and the inputs, and returns the name of the operation's features, a
double tensor of shape ``(rows, n_features)``. `OPS` of the runtime and `CONVERTERS` here have the same keys: every
operation has a converter.
"""

from __future__ import annotations

from importlib import import_module

from modelwright.package.exports.onnx.graph import Graph
from modelwright.package.exports.onnx.inputs import Sources
from modelwright.runtime.op import Op

__all__ = ["CONVERTERS", "convert_op"]

_HERE = "modelwright.package.exports.onnx.ops"

CONVERTERS: dict[str, str] = {
    "numbers": f"{_HERE}.numbers:numbers",
    "scaled": f"{_HERE}.numbers:scaled",
    "quantile": f"{_HERE}.numbers:quantile",
    "lookup": f"{_HERE}.lookup:lookup",
    "dates": f"{_HERE}.dates:dates",
    "pairs": f"{_HERE}.pairs:pairs",
    "within": f"{_HERE}.pairs:within",
    "text": f"{_HERE}.topics:topics",
    "text-statistics": f"{_HERE}.statistics:statistics",
}


def convert_op(graph: Graph, op: Op, sources: Sources) -> str:
    """Add the nodes of an operation; return the name of its features."""
    module, _, attribute = CONVERTERS[op.op].partition(":")
    return getattr(import_module(module), attribute)(graph, op, sources)
