"""Are groups of people treated alike, as far as was asked?"""

from __future__ import annotations

from typing import ClassVar

from modelwright import format as fmt
from modelwright.evaluate.measurements import Fairness, GroupPair, GroupTable
from modelwright.govern.fairness.measuring import widest_pair
from modelwright.govern.fairness.wording import RATES
from modelwright.govern.gates.base import Case, Failing, Finding

__all__ = ["FairEnough"]

CHOOSE = "say with --fairness how groups are to be compared: selection, opportunity, errors or calibration"


class FairEnough:
    """The ratio between any two groups is not below the one that was asked for by more than the noise.

    Blocks where the brief says how groups are compared; a ratio that may be below is then a condition. Without a
    choice it informs, as nobody has said what would be fair. Columns that the audit proposes are not judged.
    """

    name: ClassVar[str] = "fair enough"

    def check(self, case: Case) -> Finding:
        fairness = case.evaluation.fairness
        if fairness is None:
            return Finding(True, "not applicable: no column is about people", Failing.INFORM)
        if fairness.proposed:
            names = ", ".join(sorted({c for t in fairness.tables for c in t.columns}))
            why = f"not judged: the audit proposed {names}; --protected names columns that are judged"
            return Finding(True, why, Failing.INFORM)
        below = _below(fairness)
        if below is not None:
            table, measure, pair = below
            failing = Failing.DO_NOT_SHIP if fairness.asked else Failing.INFORM
            why = f"{_told(table, measure, pair)}, less than {fairness.least:g} beyond the noise"
            return Finding(False, why, failing, _next_move(fairness))
        widest = widest_pair(fairness.tables, fairness.measures)
        if widest is None:
            why = "not applicable: fewer than two groups have rows enough"
            return Finding(True, why, Failing.CONDITION if fairness.asked else Failing.INFORM)
        why = f"the lowest ratio between two groups is {fmt.measured(widest.ratio)} ({widest.low} to {widest.high})"
        if fairness.asked and (widest.ratio.value or 0.0) < fairness.least:
            why += f", which may be below {fairness.least:g}"
            return Finding(False, why, Failing.CONDITION, "collect more rows of these groups, and measure again")
        return Finding(True, why, Failing.DO_NOT_SHIP if fairness.asked else Failing.INFORM)


def _next_move(fairness: Fairness) -> str:
    if not fairness.asked:
        return CHOOSE
    if fairness.options:
        return (
            "fairer models were tried and fall short: let people decide, or find columns that are as true of all groups"
        )
    return "look at the proxies, and for columns that are as true of all groups"


def _below(fairness: Fairness) -> tuple[GroupTable, str, GroupPair] | None:
    """Return the surest pair below the ratio, and where it is from."""
    found = [
        (table, d.measure, d.below[0])
        for table in fairness.tables
        for d in table.disparities
        if d.measure in fairness.measures and d.below
    ]
    return min(found, key=lambda item: item[2].ratio.high or 0.0) if found else None


def _told(table: GroupTable, measure: str, pair: GroupPair) -> str:
    where = " × ".join(table.columns)
    return (
        f"by {where}, the {RATES[measure].title.lower()} of {pair.low} is {fmt.measured(pair.ratio)} times that of "
        f"{pair.high}"
    )
