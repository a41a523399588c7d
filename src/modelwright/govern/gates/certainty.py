"""Is the score known well enough to decide on?"""

from __future__ import annotations

from typing import ClassVar

from modelwright.frame.problem import SplitKind
from modelwright.govern.gates.base import Case, Failing, Finding, number

__all__ = ["MORE_ROWS", "HasScore", "KnownWell", "way_to_perfect"]

MORE_ROWS = "collect more rows, and run again with all of them"
CLUSTERED = "clustered"
"""Part of the method of an interval that takes rows together."""
STRETCH = "stretch of time"


class HasScore:
    """Without a score nothing can be said."""

    name: ClassVar[str] = "has a score"

    def check(self, case: Case) -> Finding:
        headline = case.evaluation.headline
        if headline.value is None:
            why = f"{headline.name} is not defined on the rows it was judged on ({headline.method})"
            return Finding(
                False, why, Failing.DO_NOT_SHIP, "give it rows of every outcome, or choose another metric with --metric"
            )
        return Finding(True, f"{headline.name} {number(headline)} on {headline.n:,} rows", Failing.DO_NOT_SHIP)


class KnownWell:
    """The interval is narrow beside the distance between a constant and a perfect prediction, on rows enough.

    At half of that distance, where nothing else is asked, it would hold both a weak and a strong model.
    """

    name: ClassVar[str] = "known well enough"

    def check(self, case: Case) -> Finding:
        headline = case.evaluation.headline
        fewest = case.threshold("rows_judged") or 0
        if headline.n < fewest:
            why = f"it was judged on {headline.n} rows only; at least {fewest:g} are needed"
            return Finding(False, why, Failing.COLLECT_MORE_DATA, MORE_ROWS)
        if headline.low is None or headline.high is None:
            return Finding(True, "not applicable: the score has no interval", Failing.COLLECT_MORE_DATA)
        scale = way_to_perfect(case)
        width = headline.high - headline.low
        if scale is None or scale <= 0:
            return Finding(
                True, "not applicable: a constant prediction is perfect or unknown", Failing.COLLECT_MORE_DATA
            )
        share, wide = width / scale, case.threshold("interval_width") or 0.0
        why = f"the interval spans {share:.0%} of the way from a constant to a perfect prediction"
        if share <= wide:
            return Finding(True, why, Failing.COLLECT_MORE_DATA, MORE_ROWS)
        why, do = f"the score is not known well: {why}, on {headline.n:,} rows", MORE_ROWS
        if together := _together(case):
            why += f", and those of one {together} may count little more than one row, as their errors are alike"
            do = f"collect rows of more {'stretches of time' if together == STRETCH else together}, and run again"
        return Finding(False, why, Failing.COLLECT_MORE_DATA, do)


def _together(case: Case) -> str:
    """Return whose rows the interval takes together, in words; empty where each row counts alone."""
    problem = case.problem
    if CLUSTERED not in case.evaluation.headline.method:
        return ""
    if problem.group is not None and problem.split in (SplitKind.GROUP, SplitKind.GROUP_TIME):
        return f"'{problem.group}'"
    return STRETCH if problem.split is SplitKind.TIME else ""


def way_to_perfect(case: Case) -> float | None:
    """Return the distance between the score of a constant and a perfect one (1, or 0 for losses and errors)."""
    constant = case.against_constant
    if constant is None or constant.score.value is None:
        return None
    perfect = 1.0 if case.evaluation.headline.greater_is_better else 0.0
    return abs(perfect - constant.score.value)
