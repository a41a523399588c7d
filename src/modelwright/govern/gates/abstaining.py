"""Is anything answered at the risk that was asked for?"""

from __future__ import annotations

from typing import ClassVar

from modelwright import format as fmt
from modelwright.evaluate.abstaining import AtRisk, RiskPoint
from modelwright.govern.gates.base import Case, Failing, Finding

__all__ = ["AnswersEnough"]


class AnswersEnough:
    """At the risk that the brief asks for some rows are answered, and no more of the answers are wrong than it allows.

    A version that leaves every row to a person keeps any promise and is of no use; who asked should know before it
    serves.
    """

    name: ClassVar[str] = "answers enough"

    def check(self, case: Case) -> Finding:
        asked = case.at_risk
        if asked is None:
            return Finding(True, "not applicable: no risk of answers was asked for", Failing.CONDITION)
        failing = case.failing(Failing.CONDITION, "answered")
        risk, found = fmt.share(asked.risk), asked.point
        if found is None:
            why = f"which rows may be answered at a risk of {risk} cannot be told ({asked.note})"
            return Finding(False, why, failing, "collect more rows, or do without --abstain")
        if not found.n:
            why = f"at a risk of {risk} no row is answered: every one is left to a person"
            return Finding(False, why, failing, _instead(asked))
        least = case.threshold("answered") or 0.0
        why = f"at a risk of {risk} it answers {fmt.share(found.answered)} of the rows, {_wrong(found)}"
        if found.answered < least:
            return Finding(False, f"{why}; at least {fmt.share(least)} have to be answered", failing, _instead(asked))
        if found.low > asked.risk:
            do = "ask for a lower risk, or try it on newer rows before answers go out unseen"
            return Finding(False, f"{why}: more than was asked for, beyond the noise", failing, do)
        return Finding(True, why, failing)


def _wrong(found: RiskPoint) -> str:
    between = f"{fmt.share(found.low)} to {fmt.share(found.high)}"
    return f"and {fmt.share(found.wrong)} of the answers are wrong ({between})"


def _instead(asked: AtRisk) -> str:
    """Return the lowest risk at which more is answered, as a move."""
    known = () if asked.curve is None or asked.point is None else asked.curve.at
    at_least = 0.0 if asked.point is None else asked.point.answered
    more = next((p for p in known if p.risk is not None and p.risk > asked.risk and p.answered > at_least), None)
    if more is None or more.risk is None:
        return "leave all of it to people, or look for columns that tell more"
    return f"ask for a risk of {fmt.share(more.risk)}, at which {fmt.share(more.answered)} are answered"
