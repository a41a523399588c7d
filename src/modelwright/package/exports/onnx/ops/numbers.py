"""Numbers as nodes; see `modelwright.runtime.ops.numbers`."""

from __future__ import annotations

import numpy as np

from modelwright.package.exports.onnx.graph import Graph
from modelwright.package.exports.onnx.inputs import Sources
from modelwright.runtime.ops.base import LARGEST
from modelwright.runtime.ops.numbers import Numbers, QuantileNumbers, ScaledNumbers

__all__ = ["numbers", "quantile", "scaled"]


def numbers(graph: Graph, op: Numbers, sources: Sources) -> str:
    """Columns side by side, within the range of float32."""
    return graph.clip(_gathered(graph, op.inputs, sources), -LARGEST, LARGEST)


def scaled(graph: Graph, op: ScaledNumbers, sources: Sources) -> str:
    """Filled, clipped, centred, scaled; then the indicators."""
    values = _gathered(graph, op.inputs, sources)
    missing = graph.add("IsNaN", values)
    bounded = graph.clip(graph.where(missing, graph.constant(op.fill), values), op.low, op.high)
    centred = graph.add("Sub", bounded, graph.constant(op.center))
    features = graph.add("Mul", centred, graph.constant(op.factor))
    return _with_indicators(graph, features, missing, op.indicators)


def quantile(graph: Graph, op: QuantileNumbers, sources: Sources) -> str:
    """Interpolated in each column's own table; then the indicators."""
    values = _gathered(graph, op.inputs, sources)
    missing = graph.add("IsNaN", values)
    starts = zip(op.starts[:-1], op.starts[1:], strict=True)
    columns = [
        _interpolated(graph, graph.columns(values, [j]), op.knots[a:b], op.heights[a:b])
        for j, (a, b) in enumerate(starts)
    ]
    features = graph.where(missing, graph.constant(op.fill), graph.concat(columns))
    return _with_indicators(graph, features, missing, op.indicators)


def _interpolated(graph: Graph, x: str, knots: np.ndarray, heights: np.ndarray) -> str:
    """Return what ``np.interp`` does, of a column of shape (rows, 1): ``slope * (x - knot) + height`` of the interval
    that begins at the last knot not above x, flat outside."""
    steps = np.diff(knots)
    slopes = np.append(np.divide(np.diff(heights), steps, out=np.zeros(len(steps)), where=steps > 0), 0.0)
    last = graph.whole(len(knots) - 1)
    below = graph.cast(graph.add("LessOrEqual", graph.constant(knots[None, :]), x), "INT64")
    found = graph.add("Sub", graph.total(below, 1), graph.whole(1))
    interval = graph.add("Min", graph.add("Max", found, graph.whole(0)), last)
    inside = graph.clip(x, knots[0], knots[-1])
    knot, height, slope = (graph.add("Gather", graph.constant(table), interval) for table in (knots, heights, slopes))
    return graph.add("Add", graph.add("Mul", slope, graph.add("Sub", inside, knot)), height)


def _gathered(graph: Graph, names: tuple[str, ...], sources: Sources) -> str:
    return graph.concat([sources.value(name) for name in names])


def _with_indicators(graph: Graph, features: str, missing: str, indicators: tuple[int, ...]) -> str:
    if not indicators:
        return features
    return graph.concat([features, graph.cast(graph.columns(missing, indicators), "DOUBLE")])
