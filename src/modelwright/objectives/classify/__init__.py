"""Classification."""

from modelwright.objectives.classify.objective import Classify

__all__ = ["CLASSIFY", "Classify"]

CLASSIFY = Classify()
