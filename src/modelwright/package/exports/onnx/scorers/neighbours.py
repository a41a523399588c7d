"""Nearest neighbours as nodes; see `modelwright.runtime.scorers.neighbours`. The graph holds the training rows.

As in the plan, candidates are found by a difference of large numbers, and measured again: only so a row at distance 0
is at distance 0.
"""

from __future__ import annotations

import numpy as np

from modelwright.package.exports.onnx.scorers import Site
from modelwright.package.exports.onnx.scorers.linear import scaled
from modelwright.runtime.scorers.neighbours import SPARE, NeighboursScorer

__all__ = ["neighbours"]


def neighbours(site: Site, scorer: NeighboursScorer) -> str:
    """The mean over the k nearest rows, weighted by a kernel that ends at the (k + 1)th."""
    graph = site.graph
    rows = scorer.rows
    count = min(scorer.k + 1, len(rows))
    asked = min(count + max(SPARE, count // 4), len(rows))
    queries = scaled(graph, site.matrix, scorer.scaling)
    known = graph.double(rows)
    half_squares = graph.constant(0.5 * np.square(rows.astype(np.float64)).sum(axis=1)[None, :])
    products = graph.add("MatMul", queries, graph.add("Transpose", known, perm=[1, 0]))
    rough = graph.add("Sub", half_squares, products)
    _, numbers = graph.add_pair("TopK", rough, graph.whole([asked]), axis=1, largest=0, sorted=0)
    apart = graph.add(
        "Sub", graph.add("Gather", known, numbers, axis=0), graph.add("Unsqueeze", queries, graph.whole([1]))
    )
    squared = graph.total(graph.add("Mul", apart, apart), 2, keep=False)
    nearest, order = graph.add_pair("TopK", squared, graph.whole([count]), axis=1, largest=0, sorted=1)
    chosen = graph.add("GatherElements", numbers, order, axis=1)
    weights = graph.add("Unsqueeze", _kernel(site, nearest, count), graph.whole([2]))
    target = np.eye(scorer.n_classes)[scorer.target] if scorer.n_classes else scorer.target[:, None]
    values = graph.add("Gather", graph.double(target.astype(np.float64)), chosen, axis=0)
    return graph.total(graph.add("Mul", values, weights), 1, keep=False)


def _kernel(site: Site, squared: str, count: int) -> str:
    """Return weights that sum to 1 from squared distances, nearest first, see `kernel_weights`."""
    graph = site.graph
    zero, one = graph.constant([0.0]), graph.constant([1.0])
    width = graph.columns(squared, [count - 1])
    share = graph.add("Div", squared, graph.where(graph.add("Greater", width, zero), width, one))
    weights = graph.add("Sub", one, share)
    nothing = graph.add("LessOrEqual", graph.total(weights, 1), zero)
    weights = graph.where(nothing, one, weights)
    return graph.add("Div", weights, graph.total(weights, 1))
