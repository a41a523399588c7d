"""Is the model better than something simple?"""

from __future__ import annotations

from typing import ClassVar

from modelwright import format as fmt
from modelwright.evaluate.measurements import Comparison
from modelwright.evaluate.measurements.scores import CONSTANT
from modelwright.govern.gates.base import Case, Failing, Finding, number
from modelwright.govern.gates.certainty import MORE_ROWS, way_to_perfect
from modelwright.govern.gates.limits import on_fewer_folds

__all__ = ["BeatsConstant", "BeatsSimpleModels"]

WORTH_HAVING = 0.1
"""Of the way from a constant to a perfect prediction; `modelwright.evaluate.comparisons` calls less little skill."""

BETTER_COLUMNS = "look for columns that say more of the question, or decide without a model"

SMALL_LOSS = 0.05
"""Of what a simple model gains on a constant: lost to it, it is seen by large lockboxes and hardly by anybody else."""


class BeatsConstant:
    """A model that is not better than a constant by more than the noise has learned nothing.

    Where the gain may still be one worth having, more rows would tell; else there is nothing to build.
    """

    name: ClassVar[str] = "better than a constant"

    def check(self, case: Case) -> Finding:
        comparison = case.against_constant
        if comparison is None:
            return Finding(True, "not applicable: it was not compared with a constant", Failing.DO_NOT_BUILD)
        if comparison.better:
            return Finding(True, f"better than a constant by {number(comparison.gain)}", Failing.DO_NOT_BUILD)
        gain = comparison.gain
        may_be = gain.value is not None and gain.value > 0
        way = way_to_perfect(case)
        unsure = way is not None and gain.high is not None and gain.high > WORTH_HAVING * way
        why = (
            "it is better than a constant prediction only by what may be chance: the gain is within the noise"
            if may_be
            else "it is no better than a constant prediction, the same answer for every row"
        )
        if unsure and gain.high is not None and may_be:
            why += f", and may still be as much as {fmt.number(gain.high)}"
            return Finding(False, why, Failing.COLLECT_MORE_DATA, MORE_ROWS)
        return Finding(False, why, Failing.DO_NOT_BUILD, BETTER_COLUMNS)


class BeatsSimpleModels:
    """One rule and a linear model: worse than one of them by more than the noise blocks; as good as one, or worse by
    little of what it gains on a constant, is a condition.

    A model that ties with a linear one does its job; it is only more than is needed, which somebody should know. Where
    time was too short for all folds, a worse one says nothing of what models are worth here: it is not to be shipped.
    """

    name: ClassVar[str] = "better than simple models"

    def check(self, case: Case) -> Finding:
        simple = [c for c in case.evaluation.comparisons if c.name != CONSTANT]
        if not simple:
            return Finding(True, "not applicable: it was not compared with simple models", Failing.CONDITION)
        more_than_needed = f"give it {case.more_time}, or accept that it is more than is needed"
        worse = [c for c in simple if c.gain.high is not None and c.gain.high < 0]
        for comparison in sorted(worse, key=lambda c: _small(case, c)):
            lost = number(fmt.turned(comparison.gain))
            if _small(case, comparison):
                why = f"{_named(comparison)} is better by {lost} and simpler; both gain far more on a constant"
                return Finding(False, why, Failing.CONDITION, more_than_needed)
            why = f"it is worse than {_named(comparison)} by {lost}, beyond the noise"
            if short := on_fewer_folds(case):
                why += f", and there was time to measure candidates {short} only"
                return Finding(False, why, Failing.DO_NOT_SHIP, f"give a larger --budget, or use {_named(comparison)}")
            return Finding(False, why, Failing.DO_NOT_BUILD, f"use {_named(comparison)} instead")
        ties = [c for c in simple if not c.better]
        if ties:
            why = f"{_named(ties[0])} does as well within the noise and is simpler"
            return Finding(False, why, Failing.CONDITION, more_than_needed)
        shown = " and ".join(f"{_named(c)} by {number(c.gain)}" for c in simple)
        return Finding(True, f"better than {shown}", Failing.CONDITION)


def _small(case: Case, comparison: Comparison) -> bool:
    """Return whether a simple model is better by little of what it gains on a constant."""
    constant = case.against_constant
    gained = None if constant is None else constant.gain.value
    if gained is None or comparison.gain.value is None:
        return False
    lost = -comparison.gain.value
    return 0 < lost <= SMALL_LOSS * (gained + lost)


def _named(comparison: Comparison) -> str:
    names = {"one rule": "the best rule on one column", "linear": "a simple linear model"}
    return names.get(comparison.name, comparison.name)
