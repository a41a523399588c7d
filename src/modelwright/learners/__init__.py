"""The learners. One family per file; the registry is a table of names, resolved late."""

from __future__ import annotations

import importlib

from modelwright.errors import UsageError, did_you_mean
from modelwright.learners.base import Learner

__all__ = ["LEARNERS", "get"]

LEARNERS: dict[str, str] = {
    "lightgbm": "modelwright.learners.lightgbm:Lightgbm",
    "catboost": "modelwright.learners.catboost:Catboost",
    "xgboost": "modelwright.learners.xgboost:Xgboost",
    "extra_trees": "modelwright.learners.extra_trees:ExtraTrees",
    "random_forest": "modelwright.learners.random_forest:RandomForest",
    "mlp": "modelwright.learners.mlp:Mlp",
    "linear": "modelwright.learners.linear:Linear",
    "neighbours": "modelwright.learners.neighbours:Neighbours",
    "kernel": "modelwright.learners.kernel:Kernel",
}


def get(name: str) -> Learner:
    """Return the learner of this name.

    Raises
    ------
    UsageError
        There is none.
    """
    if name not in LEARNERS:
        raise UsageError(f"there is no learner '{name}'", fix=did_you_mean(name, LEARNERS), code="MW-T101")
    module, _, attribute = LEARNERS[name].partition(":")
    return getattr(importlib.import_module(module), attribute)()
