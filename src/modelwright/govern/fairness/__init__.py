"""Whom a model treats differently: measures by group, how far apart groups are, and what can be done about it."""

from modelwright.govern.fairness.measuring import measure_fairness

__all__ = ["measure_fairness"]
