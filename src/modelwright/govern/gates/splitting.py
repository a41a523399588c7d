"""Does the split keep apart what the audit says belongs together?"""

from __future__ import annotations

from typing import ClassVar

from modelwright.audit import findings
from modelwright.frame.problem import SplitKind
from modelwright.govern.gates.base import Case, Failing, Finding

__all__ = ["FairSplit"]

COPIES_RULE, ORDER_RULE = "A007", "A018"
# Splits that do not put neighbours of the file on both sides, each in its way.
APART = frozenset({SplitKind.TIME, SplitKind.GROUP, SplitKind.GROUP_TIME})


class FairSplit:
    """No copies and no hidden order of the rows carry answers from one side of the split to the other.

    Warnings of A007 (many copies) and A018 (an order without a date) that were told and not overruled are conditions:
    nobody but the user knows whether new rows will repeat and neighbour the old ones in the same way.
    """

    name: ClassVar[str] = "split keeps apart what belongs together"

    def check(self, case: Case) -> Finding:
        told = [
            f
            for f in case.audit.findings
            if f.severity is findings.Severity.WARNING and f.action is findings.Action.TOLD and not f.overruled
        ]
        reasons = []
        # An order with a date that is only told is the user's choice of split; one without names no column.
        if case.problem.split not in APART and any(f.code == ORDER_RULE and not f.columns for f in told):
            reasons.append(
                f"the rows have an order that no date explains ({ORDER_RULE}) while the split is random, so the score "
                "may be too good for later rows"
            )
        copies = next((f for f in told if f.code == COPIES_RULE), None)
        if copies is not None:
            share = float(copies.evidence["share"])
            reasons.append(
                f"{share:.0%} of the rows repeat an earlier row ({COPIES_RULE}), so the score is partly remembered"
            )
        if reasons:
            return Finding(False, "; ".join(reasons), Failing.CONDITION)
        return Finding(True, "no large share of copies and no hidden order is left", Failing.CONDITION)
