"""Constants, linear models and perceptrons as nodes; see the files of these names in `modelwright.runtime.scorers`."""

from __future__ import annotations

import numpy as np

from modelwright.package.exports.onnx.graph import Graph
from modelwright.package.exports.onnx.scorers import Site
from modelwright.runtime.scorers.constant import ConstantScorer
from modelwright.runtime.scorers.linear import LinearScorer
from modelwright.runtime.scorers.mlp import MlpScorer
from modelwright.runtime.scorers.scaling import CLIP, SMOOTH, Scaling

__all__ = ["constant", "linear", "mlp", "scaled"]

HUGE = 1e100
"""Where the smooth clip cuts before it squares, see `Scaling`."""


def constant(site: Site, scorer: ConstantScorer) -> str:
    """The same outputs for as many rows as there are."""
    graph = site.graph
    rows = graph.add("Shape", site.matrix, start=0, end=1)
    shape = graph.concat([rows, graph.whole([len(scorer.outputs)])], axis=0)
    return graph.add("Expand", graph.constant(scorer.outputs[None, :]), shape)


def linear(site: Site, scorer: LinearScorer) -> str:
    """Scaled, weighed and added up."""
    graph = site.graph
    logits = _layer(graph, scaled(graph, site.matrix, scorer.scaling), scorer.coef, scorer.intercept)
    return graph.probabilities(logits, len(scorer.intercept)) if scorer.n_classes else logits


def mlp(site: Site, scorer: MlpScorer) -> str:
    """Layer by layer."""
    graph = site.graph
    signal = scaled(graph, site.matrix, scorer.scaling)
    for weight, bias in list(zip(scorer.weights, scorer.biases, strict=True))[:-1]:
        signal = graph.add("Relu", _layer(graph, signal, weight, bias))
    logits = _layer(graph, signal, scorer.weights[-1], scorer.biases[-1])
    if scorer.n_classes:
        return graph.probabilities(logits, len(scorer.biases[-1]))
    spread = graph.add("Mul", logits, graph.constant([scorer.spread]))
    return graph.add("Add", spread, graph.constant([scorer.offset]))


def scaled(graph: Graph, matrix: str, scaling: Scaling) -> str:
    """Return the matrix scaled and bounded, without missing values."""
    centred = graph.add("Sub", matrix, graph.constant(scaling.centre))
    values = graph.add("Mul", centred, graph.constant(scaling.factor))
    if scaling.smooth:
        values = graph.clip(values, [-HUGE], [HUGE])
        third = graph.add("Div", values, graph.constant([SMOOTH]))
        square = graph.add("Add", graph.constant([1.0]), graph.add("Mul", third, third))
        values = graph.add("Div", values, graph.add("Sqrt", square))
    else:
        values = graph.clip(values, [-CLIP], [CLIP])
    return graph.where(graph.add("IsNaN", values), graph.constant([0.0]), values)


def _layer(graph: Graph, signal: str, weight: np.ndarray, bias: np.ndarray) -> str:
    return graph.add("Add", graph.add("MatMul", signal, graph.double(weight)), graph.double(bias))
