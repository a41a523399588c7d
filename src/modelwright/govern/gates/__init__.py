"""Gates: what a version must meet before it is used. One judgement per class; `judge` asks them all."""

from modelwright.govern.gates.base import Case
from modelwright.govern.gates.judging import GATES, judge

__all__ = ["GATES", "Case", "judge"]
