"""Does the model earn more than what could be done without it?"""

from __future__ import annotations

from typing import ClassVar

from modelwright import format as fmt
from modelwright.govern.gates.base import Case, Failing, Finding, number

__all__ = ["WorthItsMoney"]

AMOUNTS = "check the payoff, or decide without a model"
KNOWINGLY = "collect more rows, or accept that it may earn nothing"


class WorthItsMoney:
    """Under the payoff of the brief, a model that earns less than the best way without one, by more than the noise,
    costs money every day; one whose gain is within the noise may."""

    name: ClassVar[str] = "worth its money"

    def check(self, case: Case) -> Finding:
        worth = case.evaluation.worth
        ways = [] if worth is None else [w for w in worth.ways if not w.modelled and w.gain.value is not None]
        if not ways:
            return Finding(True, "not applicable: no payoff was given", Failing.CONDITION)
        best = min(ways, key=lambda w: w.gain.value or 0.0)
        gain, than = best.gain, f"to {best.text}"
        if gain.high is not None and gain.high < 0:
            why = f"{than} earns {number(fmt.turned(gain))} more per 1,000 cases than the model, beyond the noise"
            return Finding(False, why, Failing.DO_NOT_BUILD, AMOUNTS)
        if gain.low is None or gain.low <= 0:
            why = f"that the model earns more than {than} may be chance: {number(gain)} per 1,000 cases"
            return Finding(False, why, Failing.CONDITION, KNOWINGLY)
        return Finding(True, f"earns {number(gain)} more per 1,000 cases than {than}", Failing.CONDITION)
