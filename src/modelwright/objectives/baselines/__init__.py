"""Baselines: what a model has to beat. They serve classes and values alike, and cost seconds at most."""

from modelwright.objectives.base import Baseline, FittedBaseline
from modelwright.objectives.baselines.constant import Constant
from modelwright.objectives.baselines.linear import Linear
from modelwright.objectives.baselines.one_rule import OneRule

__all__ = ["BASELINES", "Baseline", "Constant", "FittedBaseline", "Linear", "OneRule"]

BASELINES: tuple[Baseline, ...] = (Constant(), OneRule(), Linear())
