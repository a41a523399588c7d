"""Does the model keep to itself who was trained on?"""

from __future__ import annotations

from typing import ClassVar

from modelwright import format as fmt
from modelwright.govern.gates.base import Case, Failing, Finding

__all__ = ["PrivateEnough"]


class PrivateEnough:
    """The best of the membership attacks is no better than is accepted, beyond the noise.

    Blocks where the brief names the limit, and is a condition where it could not be measured then; with the default of
    a policy it is a condition.
    """

    name: ClassVar[str] = "private enough"

    def check(self, case: Case) -> Finding:
        membership = case.evaluation.membership
        if membership is None:
            return Finding(True, "not applicable: no privacy policy and no limit was asked for", Failing.INFORM)
        known = [a for a in membership.attacks if a.auc.value is not None]
        if not known and membership.asked:
            why = f"whether it tells who was trained on could not be measured: {'; '.join(membership.notes)}"
            return Finding(False, why, Failing.CONDITION, "train on more rows, or leave the limit out")
        if not known:
            return Finding(True, f"not applicable: {'; '.join(membership.notes)}", Failing.INFORM)
        best = max(known, key=lambda a: a.auc.value or 0.0)
        failing = Failing.DO_NOT_SHIP if membership.asked else Failing.CONDITION
        why = (
            "who has a row and its label tells whether it was trained on with an area under the ROC curve of "
            f"{fmt.measured(best.auc)}, where 0.5 is guessing"
        )
        do = "train on more rows or with fewer columns, let nobody ask it who is not trusted, or accept it knowingly"
        sure = best.auc.value if best.auc.low is None else best.auc.low
        if (sure or 0.0) > membership.most:
            return Finding(False, f"{why}: more than {membership.most:g} beyond the noise", failing, do)
        if (best.auc.value or 0.0) > membership.most:
            return Finding(False, f"{why}: it may be more than {membership.most:g}", Failing.CONDITION, do)
        return Finding(True, why, failing)
