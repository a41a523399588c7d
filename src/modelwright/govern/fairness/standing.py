"""Whether groups are treated alike as far as was asked: met, not met, or not to be told from so few rows.

An interval that reaches below the ratio asked for proves nothing in either direction: with few rows every model would
pass. So there are three answers, each for all pairs of groups at once.
"""

from __future__ import annotations

from dataclasses import dataclass

from modelwright.evaluate.measurements import Fairness, GroupPair, GroupRow, GroupTable
from modelwright.govern.fairness.measuring import FEWEST_ROWS, FEWEST_UNITS, doubt, widest_pair

__all__ = [
    "CANNOT_TELL",
    "MET",
    "NOT_COMPARED",
    "NOT_MET",
    "Standing",
    "few_units",
    "other_differences",
    "standing_of",
    "too_dependent",
    "uncompared",
    "why_not_compared",
]

MET, NOT_MET, CANNOT_TELL, NOT_COMPARED = "met", "not met", "cannot tell", "not compared"

SAME_IN_TRUTH = "event_rate"
"""What no model changes: how often the event happens to each group."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The answer, and the pair of groups that it hangs on.

    Attributes
    ----------
    answer : str
        `MET`: the intervals of all pairs are above the ratio; `NOT_MET`: that of some pair is below; `CANNOT_TELL`: the
        rows are too few for either; `NOT_COMPARED`: fewer than two groups have rows enough.
    pair : GroupPair or None
        Not met: the surest below. Cannot tell: the one that may be lowest. Met: the widest apart.
    measure : str
        What the pair is compared by; empty without a pair.
    columns : tuple of str
        Whose groups it is.
    """

    answer: str
    pair: GroupPair | None = None
    measure: str = ""
    columns: tuple[str, ...] = ()


def standing_of(fairness: Fairness) -> Standing:
    """Return how the groups stand by the measures that were asked for."""
    found = [(t, d) for t in fairness.tables for d in t.disparities if d.measure in fairness.measures]
    below = [(d.below[0], d.measure, t) for t, d in found if d.below]
    if below:
        return _standing(NOT_MET, *min(below, key=lambda item: item[0].ratio.high or 0.0))
    unsure = [(pair, d.measure, t) for t, d in found for pair in d.unsure[:1]]
    unsure += [(d.widest, d.measure, t) for t, d in found if d.widest is not None and _open(d.widest, fairness.least)]
    if unsure:
        return _standing(CANNOT_TELL, *min(unsure, key=lambda item: doubt(item[0])))
    widest = widest_pair(fairness.tables, fairness.measures)
    if widest is None:
        return Standing(answer=NOT_COMPARED)
    return next(_standing(MET, widest, d.measure, t) for t, d in found if d.widest is widest)


def uncompared(fairness: Fairness) -> tuple[str, ...]:
    """Return the single columns no two groups of which could be compared by what was asked for: nothing is known of
    them, whatever the answer on the others is."""
    return tuple(
        table.columns[0]
        for table in fairness.tables
        if len(table.columns) == 1
        and all(d.widest is None and d.difference is None for d in table.disparities if d.measure in fairness.measures)
    )


def few_units(row: GroupRow, at: int) -> bool:
    """Return whether a group has rows enough for a measure, and they come from too few independent groups of rows."""
    return not row.judged[at] and row.measures[at].n >= FEWEST_ROWS


def too_dependent(fairness: Fairness) -> bool:
    """Return whether some group has rows enough for what was asked, and not enough independent groups of them."""
    names = [m.name for m in fairness.tables[0].rows[0].measures]
    asked = [names.index(measure) for measure in fairness.measures]
    return any(few_units(row, at) for table in fairness.tables for row in table.rows for at in asked)


def why_not_compared(fairness: Fairness) -> str:
    """Return what keeps groups from being compared, as the end of a sentence."""
    if too_dependent(fairness):
        return f"their rows are of fewer than {FEWEST_UNITS} independent groups of rows, or stretches of time"
    return f"fewer than two of them have {FEWEST_ROWS} rows that count"


def _open(pair: GroupPair, least: float) -> bool:
    """Return whether the interval of a pair leaves it open; documents of earlier releases list no such pairs."""
    return pair.ratio.value is not None and (pair.ratio.low is None or pair.ratio.low < least)


def _standing(answer: str, pair: GroupPair, measure: str, table: GroupTable) -> Standing:
    return Standing(answer=answer, pair=pair, measure=measure, columns=table.columns)


def other_differences(fairness: Fairness) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the measures that were not asked for by which some groups are farther apart than the ratio, beyond the
    noise, each with the columns whose groups they are."""
    apart: dict[str, list[str]] = {}
    for table in fairness.tables:
        for d in table.disparities:
            if d.below and d.measure not in fairness.measures and d.measure != SAME_IN_TRUTH:
                apart.setdefault(d.measure, []).append(" × ".join(table.columns))
    return tuple((measure, tuple(dict.fromkeys(where))) for measure, where in apart.items())
