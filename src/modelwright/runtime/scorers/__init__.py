"""The scorers: fitted models in their serving form. One family per file; the registry is a table of names."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from modelwright.errors import BundleError
from modelwright.runtime.scorer import Scorer

__all__ = ["SCORERS", "load"]

SCORERS: dict[str, str] = {
    "constant": "modelwright.runtime.scorers.constant:ConstantScorer",
    "linear": "modelwright.runtime.scorers.linear:LinearScorer",
    "neighbours": "modelwright.runtime.scorers.neighbours:NeighboursScorer",
    "kernel": "modelwright.runtime.scorers.kernel:KernelScorer",
    "forest": "modelwright.runtime.scorers.forest:ForestScorer",
    "mlp": "modelwright.runtime.scorers.mlp:MlpScorer",
    "network": "modelwright.runtime.scorers.network:NetworkScorer",
    "lightgbm": "modelwright.runtime.scorers.lightgbm:LightgbmScorer",
    "xgboost": "modelwright.runtime.scorers.xgboost:XgboostScorer",
    "single-sums": "modelwright.runtime.scorers.single_sums:SingleSumsScorer",
    "catboost": "modelwright.runtime.scorers.catboost:CatboostScorer",
    "oblivious": "modelwright.runtime.scorers.oblivious:ObliviousScorer",
}


def load(settings: Mapping[str, Any], folder: Path) -> Scorer:
    """Load the scorer that `Scorer.save` described with ``settings``.

    Raises
    ------
    BundleError
        The kind of scorer is unknown, or its files are missing or malformed.
    """
    name = settings.get("scorer")
    if not isinstance(name, str) or name not in SCORERS:
        raise BundleError(
            f"the version holds a model of the unknown kind '{name}'",
            fix="score it with the release of modelwright that wrote it, or a later one",
            code="MW-B150",
        )
    module, _, attribute = SCORERS[name].partition(":")
    return getattr(importlib.import_module(module), attribute).load(settings, folder)
