"""Documents of the evaluation. There are no naked scores: a score is a `Measurement`.

Names are looked up when they are asked for: a server knows scores, and need not wait for the rest.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from modelwright.evaluate.measurements.evaluation import Evaluation
    from modelwright.evaluate.measurements.fairness import (
        Disparity,
        Fairness,
        FairOption,
        Flip,
        GroupPair,
        GroupRow,
        GroupTable,
    )
    from modelwright.evaluate.measurements.money import BreakEven, ProfitCurve, Room, Swing, TopList, Way, Worth
    from modelwright.evaluate.measurements.privacy import Attack, Membership
    from modelwright.evaluate.measurements.scores import (
        CalibrationBin,
        Cases,
        Comparison,
        Confusion,
        Curve,
        LearningPoint,
        Measurement,
        Residuals,
        Slice,
    )
    from modelwright.evaluate.measurements.stress import StressCase, Stressed

__all__ = [
    "Attack",
    "BreakEven",
    "CalibrationBin",
    "Cases",
    "Comparison",
    "Confusion",
    "Curve",
    "Disparity",
    "Evaluation",
    "FairOption",
    "Fairness",
    "Flip",
    "GroupPair",
    "GroupRow",
    "GroupTable",
    "LearningPoint",
    "Measurement",
    "Membership",
    "ProfitCurve",
    "Residuals",
    "Room",
    "Slice",
    "StressCase",
    "Stressed",
    "Swing",
    "TopList",
    "Way",
    "Worth",
]

_WHERE = {
    "evaluation": ("Evaluation",),
    "fairness": ("Disparity", "FairOption", "Fairness", "Flip", "GroupPair", "GroupRow", "GroupTable"),
    "money": ("BreakEven", "ProfitCurve", "Room", "Swing", "TopList", "Way", "Worth"),
    "privacy": ("Attack", "Membership"),
    "scores": (
        "CalibrationBin",
        "Cases",
        "Comparison",
        "Confusion",
        "Curve",
        "LearningPoint",
        "Measurement",
        "Residuals",
        "Slice",
    ),
    "stress": ("StressCase", "Stressed"),
}
_MODULES = {name: module for module, names in _WHERE.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
