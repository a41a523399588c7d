"""Tables of levels as nodes; see `modelwright.runtime.ops.lookup`."""

from __future__ import annotations

from modelwright.package.exports.onnx.graph import ML, Graph, Inexpressible
from modelwright.package.exports.onnx.inputs import Input, Sources
from modelwright.runtime.ops.lookup import Lookup

__all__ = ["level_code", "lookup"]


def lookup(graph: Graph, op: Lookup, sources: Sources) -> str:
    """The row of the table that belongs to the level."""
    code = level_code(graph, op.levels, sources.input(op.inputs[0]))
    return graph.add("Gather", graph.double(op.table), code, axis=0)


def level_code(graph: Graph, levels: tuple[str, ...], source: Input) -> str:
    """Return the place of each row's level in a table; behind the levels come any other one and the missing one."""
    if source.missing in levels:
        raise Inexpressible("one of its levels is the empty text, which stands for a missing one")
    unknown = len(levels)
    code = graph.add(
        "LabelEncoder",
        source.name,
        domain=ML,
        keys_strings=[*levels, source.missing],
        values_int64s=[*range(unknown), unknown + 1],
        default_int64=unknown,
    )
    return graph.add("Squeeze", code, graph.whole([1]))
