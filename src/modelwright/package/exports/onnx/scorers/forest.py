"""Random forests and extra trees as nodes; see `modelwright.runtime.scorers.forest`."""

from __future__ import annotations

import numpy as np

from modelwright.package.exports.onnx.scorers import Site
from modelwright.package.exports.onnx.scorers.trees import LESS_OR_EQUAL, Trees, add_trees
from modelwright.runtime.scorers.forest import ForestScorer

__all__ = ["forest"]


def forest(site: Site, scorer: ForestScorer) -> str:
    """The mean of the leaves; of two classes one is computed, the other is what is left."""
    arrays, graph = scorer.arrays, site.graph
    pair = scorer.n_classes == 2 and bool(np.allclose(arrays["value"].sum(axis=1), 1.0, rtol=0, atol=1e-12))
    trees = Trees(
        root=arrays["root"].astype(np.int64),
        feature=arrays["feature"].astype(np.int64),
        mode=np.full(len(arrays["feature"]), LESS_OR_EQUAL),
        threshold=arrays["threshold"].astype(np.float64),
        true=arrays["left"].astype(np.int64),
        false=arrays["right"].astype(np.int64),
        missing_true=arrays["missing_left"],
        value=arrays["value"][:, 1:] if pair else arrays["value"],
    )
    total = add_trees(site, graph.as_float32(site.matrix), trees, 1 if pair else arrays["value"].shape[1])
    mean = graph.add("Div", total, graph.constant([float(len(trees.root))]))
    return graph.concat([graph.add("Sub", graph.constant([1.0]), mean), mean]) if pair else mean
