"""Fitted models as nodes: one family per file, the registry is a table of names.

A converter is given a `Site` and the scorer, and returns the name of what `Scorer.predict` answers: a double tensor of
shape ``(rows, n_outputs)``. `SCORERS` of the runtime and `CONVERTERS` here have the same keys: every family has a
converter, which may still find a model that it cannot express and raise `Inexpressible`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module

import numpy as np

from modelwright.package.exports.onnx.graph import Graph
from modelwright.runtime.scorer import Scorer
from modelwright.runtime.views import ViewPlan

__all__ = ["CONVERTERS", "EXACT", "ROUNDED", "TOLERANCES", "Cuts", "Site", "convert_scorer"]

_HERE = "modelwright.package.exports.onnx.scorers"

CONVERTERS: dict[str, str] = {
    "constant": f"{_HERE}.linear:constant",
    "linear": f"{_HERE}.linear:linear",
    "mlp": f"{_HERE}.linear:mlp",
    "network": f"{_HERE}.network:network",
    "neighbours": f"{_HERE}.neighbours:neighbours",
    "kernel": f"{_HERE}.kernel:kernel",
    "forest": f"{_HERE}.forest:forest",
    "lightgbm": f"{_HERE}.lightgbm:lightgbm",
    "xgboost": f"{_HERE}.xgboost:xgboost",
    "catboost": f"{_HERE}.catboost:catboost",
    "single-sums": f"{_HERE}.lightgbm:single_sums",
    "oblivious": f"{_HERE}.catboost:oblivious",
}

EXACT, ROUNDED = 1e-6, 1e-5
TOLERANCES: Mapping[str, float] = {"xgboost": ROUNDED}
"""What the graph may differ by: XGBoost adds its trees up in single precision, the graph and all others in double."""

Cuts = dict[str, dict[int, np.ndarray]]
"""Values at which trees branch, by view and position of the feature: where a graph that rounds would go astray."""


@dataclass(frozen=True)
class Site:
    """Where a model stands: the graph, the view it reads, and the name of the view's matrix.

    ``cuts`` takes, by feature, the values at which its trees branch.
    """

    graph: Graph
    view: ViewPlan
    matrix: str
    cuts: dict[int, list[np.ndarray]] = field(default_factory=dict)


def convert_scorer(site: Site, scorer: Scorer) -> str:
    """Add the nodes of a model; return the name of its answer."""
    module, _, attribute = CONVERTERS[scorer.scorer].partition(":")
    return getattr(import_module(module), attribute)(site, scorer)
