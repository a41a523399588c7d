"""Regression."""

from modelwright.objectives.regress.objective import Regress

__all__ = ["REGRESS", "Regress"]

REGRESS = Regress()
