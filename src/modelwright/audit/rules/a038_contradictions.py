"""A038: rows that contradict each other."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from modelwright.audit.building import count, percent, tell
from modelwright.audit.contradictions import CHANCE_TIMES, MIN_DISTINCT, Contradictions, find_contradictions
from modelwright.audit.findings import AuditContext, Finding, Severity

__all__ = ["ContradictingRows"]

MIN_ROWS = 50
MIN_SHARE, MIN_GROUPS = 0.005, 3
WARNING_SHARE = 0.02
MIN_LOST = 0.002  # a noise floor so low is no news
WARNING_LOST = 0.005  # half a percentage point of the accuracy, or of what there is to explain, is out of reach
APART = 0.05  # of the interquartile range; values of a number that are closer do not contradict each other


class ContradictingRows:
    """Finds rows with equal features and different targets."""

    code: ClassVar[str] = "A038"
    title: ClassVar[str] = "Contradicting rows"
    what: ClassVar[str] = "Rows that are alike in every feature have different answers."
    why_it_matters: ClassVar[str] = (
        "No model can be right on both. Either answers were given by mistake (two people judged one case), or what "
        "told the cases apart is not in the table."
    )
    how_detected: ClassVar[str] = (
        "Rows that agree in all features but identifiers and differ in the target (a number: by more than "
        f"{percent(APART)} of its interquartile range), in at least {percent(MIN_SHARE)} of the rows and {MIN_GROUPS} "
        f"groups. Not where agreement comes by chance: fewer than {percent(MIN_DISTINCT)} of the rows are different "
        f"ones, or no more than {CHANCE_TIMES:g} times as many pairs agree as do by chance (told from those that agree "
        f"in all features but one). Not where less than {percent(MIN_LOST)} of the accuracy or variance is lost."
    )
    what_is_done: ClassVar[str] = "Told, with the best accuracy that remains possible. The rows stay."

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return at most one finding, or why there is nothing to check."""
        if context.y is None:
            return "there is no target"
        known = context.y[np.isfinite(context.y)]
        if len(known) < MIN_ROWS:
            return f"there are fewer than {MIN_ROWS} rows with a target"
        low, high = np.quantile(known, (0.25, 0.75))
        found = find_contradictions(context, APART * float(high - low))
        if found is None or found.n_groups < MIN_GROUPS or len(found.rows) < MIN_SHARE * found.n:
            return []
        lost = 1 - found.best if context.classes else found.spread
        return [self._told(context, found, lost)] if lost >= MIN_LOST else []

    def _told(self, context: AuditContext, found: Contradictions, lost: float) -> Finding:
        share = len(found.rows) / found.n
        limit = (
            f"The best accuracy that remains possible on this table is {percent(found.best)}."
            if context.classes
            else f"{percent(found.spread)} of its variance lies within them and cannot be explained."
        )
        return tell(
            self,
            severity=Severity.WARNING if share >= WARNING_SHARE and lost >= WARNING_LOST else Severity.INFO,
            message=f"{count(len(found.rows), 'row')} ({percent(share)}) in {count(found.n_groups, 'group')} are alike "
            f"in every feature and differ in '{context.target}'. {limit}",
            evidence={
                "n": len(found.rows),
                "share": share,
                "n_groups": found.n_groups,
                "best_accuracy": found.best,
                "unexplained": found.spread,
            },
            fix="look at the example rows, group by group: correct the answers, or add what tells them apart",
            rows=context.row_numbers[found.rows],
            n_rows=len(found.rows),
        )
