"""Are groups of people treated alike, as far as was asked?"""

from __future__ import annotations

from typing import ClassVar

from modelwright import format as fmt
from modelwright.evaluate.measurements import Fairness
from modelwright.govern.fairness.standing import (
    CANNOT_TELL,
    MET,
    NOT_COMPARED,
    NOT_MET,
    Standing,
    standing_of,
    too_dependent,
    uncompared,
    why_not_compared,
)
from modelwright.govern.fairness.wording import RATES
from modelwright.govern.gates.base import Case, Failing, Finding

__all__ = ["FairEnough"]

CHOOSE = "say with --fairness how groups are to be compared: selection, opportunity, errors or calibration"
SPREAD = "measure it on more independent groups of rows or stretches of time, by later rows or another --split"
COLLECT = "collect more rows of these groups, and measure again"


class FairEnough:
    """The ratio between any two groups is not below the one that was asked for.

    Where the brief says how groups are compared it blocks when some ratio is below beyond the noise, and is a condition
    when these rows cannot tell: neither a wide interval nor groups that could not be compared at all are a pass.
    Without a choice it informs, as nobody has said what would be fair. Columns that the audit proposes are not judged.
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
        standing = standing_of(fairness)
        if standing.answer == NOT_COMPARED:
            return _not_compared(fairness)
        why = _told(standing, fairness.least)
        if left := uncompared(fairness):
            why += f"; groups of {fmt.joined(left)} could not be compared"
        if standing.answer == NOT_MET:
            return Finding(False, why, _failing(fairness, Failing.DO_NOT_SHIP), _next_move(fairness))
        if standing.answer == CANNOT_TELL and fairness.asked:
            return Finding(False, why, Failing.CONDITION, COLLECT)
        return Finding(True, why, _failing(fairness, Failing.DO_NOT_SHIP))


def _not_compared(fairness: Fairness) -> Finding:
    if not fairness.asked:
        return Finding(True, f"not applicable: {why_not_compared(fairness)}", Failing.INFORM)
    columns = fmt.joined(uncompared(fairness))
    why = f"whether groups of {columns} reach {fairness.least:g} cannot be told: {why_not_compared(fairness)}"
    return Finding(False, why, Failing.CONDITION, SPREAD if too_dependent(fairness) else COLLECT)


def _failing(fairness: Fairness, asked: Failing) -> Failing:
    return asked if fairness.asked else Failing.INFORM


def _next_move(fairness: Fairness) -> str:
    if not fairness.asked:
        return CHOOSE
    if fairness.options:
        told = (
            "fairer models were tried and fall short: let people decide, or find columns that are as true of all groups"
        )
        tried = any(option.reads for option in fairness.options)
        return told if tried else f"{told}; where thresholds by group are lawful, allow them: --fairness-thresholds"
    return "look at the proxies, and for columns that are as true of all groups"


def _told(standing: Standing, least: float) -> str:
    pair = standing.pair
    assert pair is not None
    rate = RATES[standing.measure].noun
    by = f"by {' × '.join(standing.columns)}, the {rate} of {pair.low} is {fmt.measured(pair.ratio)} times that of "
    by += pair.high
    if standing.answer == MET:
        return f"{by}, the widest apart of all pairs; each is {least:g} or more beyond the noise"
    if standing.answer == NOT_MET:
        return f"{by}, less than {least:g} beyond the noise"
    return f"whether all groups reach {least:g} cannot be told on {fmt.plural(pair.ratio.n, 'row')}: {by}"
