"""Networks of several members as nodes; see `modelwright.runtime.scorers.network` and `.ramps`."""

from __future__ import annotations

from modelwright.package.exports.onnx.graph import Graph
from modelwright.package.exports.onnx.scorers import Site
from modelwright.package.exports.onnx.scorers.linear import scaled
from modelwright.runtime.scorers.network import NetworkScorer
from modelwright.runtime.scorers.ramps import MIDDLE, Ramps

__all__ = ["network"]


def network(site: Site, scorer: NetworkScorer) -> str:
    """Layer by layer, all members side by side."""
    graph, outcome = site.graph, scorer.outcome
    sums = graph.add("MatMul", _ramped(graph, site.matrix, scorer.inputs), graph.constant(scorer.first))
    signal = _silu(graph, graph.add("Add", sums, graph.constant(scorer.steps[0])))
    for weight, step in zip(scorer.hidden, scorer.steps[1:], strict=True):
        apart = graph.add("Reshape", signal, graph.whole([-1, len(weight)]))
        sums = graph.add("Reshape", graph.add("MatMul", apart, graph.constant(weight)), graph.whole([-1, len(step)]))
        signal = _silu(graph, graph.add("Add", sums, graph.constant(step)))
    outputs = graph.add("MatMul", signal, graph.constant(scorer.last))
    outputs = graph.add("Add", outputs, graph.constant(scorer.last_step))
    if outcome.n_classes:
        return graph.probabilities(outputs, len(scorer.last_step))
    values = graph.add("Mul", outputs, graph.constant([outcome.spread]))
    return graph.clip(graph.add("Add", values, graph.constant([outcome.offset])), [outcome.low], [outcome.high])


def _ramped(graph: Graph, matrix: str, inputs: Ramps) -> str:
    features = scaled(graph, matrix, inputs.scaling)
    if not len(inputs.feature):
        return features
    own = graph.columns(features, inputs.feature.tolist())
    line = graph.add("Mul", own, graph.double(inputs.slope))
    bounded = graph.clip(graph.add("Add", line, graph.double(inputs.offset)), [0.0], [1.0])
    return graph.concat([features, graph.add("Sub", bounded, graph.constant([MIDDLE]))])


def _silu(graph: Graph, signal: str) -> str:
    half = graph.add("Tanh", graph.add("Mul", signal, graph.constant([0.5])))
    gate = graph.add("Mul", graph.add("Add", half, graph.constant([1.0])), graph.constant([0.5]))
    return graph.add("Mul", signal, gate)
