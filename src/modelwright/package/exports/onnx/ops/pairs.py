"""Numbers two at a time, and within their levels, as nodes; see `modelwright.runtime.ops.pairs` and ``within``."""

from __future__ import annotations

import numpy as np

from modelwright.package.exports.onnx.graph import Graph
from modelwright.package.exports.onnx.inputs import Sources
from modelwright.package.exports.onnx.ops.lookup import level_code
from modelwright.runtime.ops.base import LARGEST
from modelwright.runtime.ops.pairs import PairNumbers
from modelwright.runtime.ops.within import WithinLevels

__all__ = ["pairs", "within"]

_NODES = {"difference": "Sub", "sum": "Add", "product": "Mul", "ratio": "Div"}


def pairs(graph: Graph, op: PairNumbers, sources: Sources) -> str:
    """Feature by feature; a ratio to 0 is missing."""
    features = [_pair(graph, how, *map(sources.value, names)) for how, names in zip(op.how, op.sources)]
    return graph.clip(graph.concat(features), -LARGEST, LARGEST)


def _pair(graph: Graph, how: str, a: str, b: str) -> str:
    feature = graph.add(_NODES[how], a, b)
    if how != "ratio":
        return feature
    return graph.where(graph.add("Equal", b, graph.constant([0.0])), graph.constant([np.nan]), feature)


def within(graph: Graph, op: WithinLevels, sources: Sources) -> str:
    """The numbers less the centers of the level, times its factors."""
    code = level_code(graph, op.levels, sources.input(op.inputs[0]))
    numbers = graph.concat([sources.value(op.inputs[place]) for place in op.number])
    center, factor = (graph.add("Gather", graph.double(table), code, axis=0) for table in (op.center, op.factor))
    return graph.clip(graph.add("Mul", graph.add("Sub", numbers, center), factor), -LARGEST, LARGEST)
