"""Gaussian processes as nodes; see `modelwright.runtime.scorers.kernel`. The graph holds the training rows."""

from __future__ import annotations

import numpy as np

from modelwright.package.exports.onnx.graph import Graph
from modelwright.package.exports.onnx.scorers import Site
from modelwright.package.exports.onnx.scorers.linear import scaled
from modelwright.runtime.scorers.kernel import KernelScorer

__all__ = ["kernel"]


def kernel(site: Site, scorer: KernelScorer) -> str:
    """The likeness to the training rows, weighed and added up, beside a linear part."""
    graph = site.graph
    rows = scaled(graph, site.matrix, scorer.scaling)
    queries = graph.add("Mul", graph.columns(rows, scorer.columns.tolist()), graph.double(scorer.inverse))
    smooth = graph.add("MatMul", _likeness(graph, queries, scorer.support), graph.double(scorer.alpha))
    straight = graph.add("MatMul", rows, graph.double(scorer.coef))
    sums = graph.add("Add", graph.add("Add", smooth, straight), graph.double(scorer.intercept))
    if scorer.n_classes:
        return graph.probabilities(sums, len(scorer.intercept))
    bounded = graph.clip(sums, [scorer.link.low], [scorer.link.high])
    if not scorer.link.log:
        return bounded
    return graph.add("Sub", graph.add("Exp", bounded), graph.constant([scorer.link.shift]))


def _likeness(graph: Graph, queries: str, support: np.ndarray) -> str:
    """Return Matérn's kernel of the distances of the queries to the training rows."""
    known = support.astype(np.float64)
    squares = graph.constant(np.square(known).sum(axis=1)[None, :])
    products = graph.add("MatMul", queries, graph.double(np.ascontiguousarray(known.T)))
    squared = graph.add("Add", graph.total(graph.add("Mul", queries, queries), 1), squares)
    squared = graph.add("Sub", squared, graph.add("Mul", products, graph.constant([2.0])))
    root = graph.add("Sqrt", graph.add("Mul", graph.add("Max", squared, graph.constant([0.0])), graph.constant([5.0])))
    third = graph.add("Div", graph.add("Mul", root, root), graph.constant([3.0]))
    grown = graph.add("Add", graph.add("Add", third, root), graph.constant([1.0]))
    return graph.add("Mul", grown, graph.add("Exp", graph.add("Neg", root)))
