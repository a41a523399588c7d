"""Does the split keep apart what the audit says belongs together?"""

from __future__ import annotations

from typing import ClassVar

from modelwright.audit import findings
from modelwright.frame.problem import SplitKind
from modelwright.govern.gates.base import Case, Failing, Finding

__all__ = ["FairSplit"]

COPIES_RULE, ORDER_RULE, LATE_RULE = "A007", "A018", "A052"
# Splits that do not put neighbours of the file on both sides, each in its way.
APART = frozenset({SplitKind.TIME, SplitKind.GROUP, SplitKind.GROUP_TIME})


class FairSplit:
    """No copies and no hidden order of the rows carry answers from one side of the split to the other.

    Warnings of A007 (many copies) and A018 (an order without a date) that were told and not overruled are conditions:
    nobody but the user knows whether new rows will repeat and neighbour the old ones in the same way. So is A052 (late
    rows have one outcome): dropping the dates does not take those rows out of what is learned and measured.
    """

    name: ClassVar[str] = "split keeps apart what belongs together"

    def check(self, case: Case) -> Finding:
        told = [
            f
            for f in case.audit.findings
            if f.severity is findings.Severity.WARNING and f.action is findings.Action.TOLD and not f.overruled
        ]
        reasons: dict[str, str] = {}
        # An order with a date that is only told is the user's choice of split; one without names no column.
        if case.problem.split not in APART and any(f.code == ORDER_RULE and not f.columns for f in told):
            why = (
                f"the rows have an order that no date explains ({ORDER_RULE}) while the split is random, so the score "
                "may be too good for later rows"
            )
            reasons[why] = "name the column that says when a row came about (--time), or run with --split time"
        copies = next((f for f in told if f.code == COPIES_RULE), None)
        if copies is not None:
            share = float(copies.evidence["share"])
            why = f"{share:.0%} of the rows repeat an earlier row ({COPIES_RULE}), so the score is partly remembered"
            reasons[why] = "find out whether new rows will repeat old ones too; if not, remove the copies and run again"
        late = next((f for f in case.audit.findings if f.code == LATE_RULE and not f.overruled), None)
        if late is not None:
            why = (
                f"{float(late.evidence['inside']):.0%} of {late.n_rows:,} rows at one end of '{late.columns[0]}' have "
                f"one outcome ({LATE_RULE}), so the score tells in part when a row came about, not how it turns out"
            )
            reasons[why] = f"leave out the rows at that end of '{late.columns[0]}', and run again"
        if reasons:
            return Finding(False, "; ".join(reasons), Failing.CONDITION, "; ".join(reasons.values()))
        return Finding(
            True,
            "no large share of copies, no hidden order and no rows whose outcome is yet unknown are left",
            Failing.CONDITION,
        )
