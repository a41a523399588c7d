"""Documents of the evaluation. There are no naked scores: a score is a `Measurement`."""

from __future__ import annotations

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
