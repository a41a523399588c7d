"""Is the model better than something simple?"""

from __future__ import annotations

from typing import ClassVar

from modelwright.evaluate.measurements import Comparison
from modelwright.govern.gates.base import Case, Failing, Finding, number

__all__ = ["BeatsConstant", "BeatsSimpleModels"]

CONSTANT = "constant"


class BeatsConstant:
    """A model that is not better than a constant by more than the noise has learned nothing."""

    name: ClassVar[str] = "better than a constant"

    def check(self, case: Case) -> Finding:
        comparison = case.against(CONSTANT)
        if comparison is None:
            return Finding(True, "not applicable: it was not compared with a constant", Failing.DO_NOT_SHIP)
        if comparison.better:
            return Finding(True, f"better than a constant by {number(comparison.gain)}", Failing.DO_NOT_SHIP)
        gain = comparison.gain
        may_be = gain.value is not None and gain.value > 0
        why = (
            "it is better than a constant prediction only by what may be chance: the gain is within the noise"
            if may_be
            else "it is no better than a constant prediction, the same answer for every row"
        )
        return Finding(False, why, Failing.DO_NOT_SHIP)


class BeatsSimpleModels:
    """One rule and a linear model: worse than one of them by more than the noise blocks; as good as one is a condition.

    A model that ties with a linear one does its job; it is only more than is needed, which somebody should know.
    """

    name: ClassVar[str] = "better than simple models"

    def check(self, case: Case) -> Finding:
        simple = [c for c in case.evaluation.comparisons if c.name != CONSTANT]
        if not simple:
            return Finding(True, "not applicable: it was not compared with simple models", Failing.CONDITION)
        worse = [c for c in simple if c.gain.high is not None and c.gain.high < 0]
        if worse:
            why = f"it is worse than {_named(worse[0])}, beyond the noise: use that instead"
            return Finding(False, why, Failing.DO_NOT_SHIP)
        ties = [c for c in simple if not c.better]
        if ties:
            why = f"{_named(ties[0])} does as well within the noise and is simpler"
            return Finding(False, why, Failing.CONDITION)
        shown = " and ".join(f"{_named(c)} by {number(c.gain)}" for c in simple)
        return Finding(True, f"better than {shown}", Failing.CONDITION)


def _named(comparison: Comparison) -> str:
    names = {"one rule": "the best rule on one column", "linear": "a simple linear model"}
    return names.get(comparison.name, comparison.name)
