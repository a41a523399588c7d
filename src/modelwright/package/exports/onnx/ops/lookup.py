"""Tables of levels as nodes; see `modelwright.runtime.ops.lookup`."""

from __future__ import annotations

from modelwright.package.exports.onnx.graph import ML, Graph, Inexpressible
from modelwright.package.exports.onnx.inputs import Sources
from modelwright.runtime.ops.lookup import Lookup

__all__ = ["lookup"]


def lookup(graph: Graph, op: Lookup, sources: Sources) -> str:
    """The row of the table that belongs to the level."""
    source = sources.input(op.inputs[0])
    if source.missing in op.levels:
        raise Inexpressible("one of its levels is the empty text, which stands for a missing one")
    unknown = len(op.levels)
    code = graph.add(
        "LabelEncoder",
        source.name,
        domain=ML,
        keys_strings=[*op.levels, source.missing],
        values_int64s=[*range(unknown), unknown + 1],
        default_int64=unknown,
    )
    return graph.add("Gather", graph.double(op.table), graph.add("Squeeze", code, graph.whole([1])), axis=0)
