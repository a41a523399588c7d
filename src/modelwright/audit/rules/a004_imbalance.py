"""A004: classes of very unequal size."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from modelwright.audit.building import percent, tell
from modelwright.audit.findings import AuditContext, Finding, Severity

__all__ = ["Imbalance"]

# Google's machine learning guide calls a minority of 20-40 % mild, 1-20 % moderate and below 1 % extreme imbalance.
# Accuracy stops being readable at about one in ten, where "always the majority" reaches 90 %.
UNEVEN_SHARE = 0.10
EXTREME_SHARE = 0.01
# With more than two classes, the largest against the smallest.
UNEVEN_RATIO = 10.0
EXTREME_RATIO = 100.0


class Imbalance:
    """Finds targets with one class far more frequent than another."""

    code: ClassVar[str] = "A004"
    title: ClassVar[str] = "Imbalanced classes"
    what: ClassVar[str] = "One class of the target is far more frequent than another."
    why_it_matters: ClassVar[str] = (
        "A model that always names the frequent class looks accurate and is useless; accuracy must not be the metric, "
        "and the threshold needs to be chosen."
    )
    how_detected: ClassVar[str] = (
        f"Two classes: the smaller holds less than {percent(UNEVEN_SHARE)} (a warning below {percent(EXTREME_SHARE)}). "
        f"More classes: the largest has {UNEVEN_RATIO:g} times the rows of the smallest (a warning at "
        f"{EXTREME_RATIO:g}). Limits after Google's guide to imbalanced data sets."
    )
    what_is_done: ClassVar[str] = (
        "Told. No rows are thrown away or made up: probabilities stay honest, splits are stratified, and the metric "
        "and the threshold are chosen for it."
    )

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return at most one finding, or why there is nothing to check."""
        if context.y is None:
            return "there is no target"
        if not context.classes:
            return "the target is a number"
        y = context.y[~np.isnan(context.y)].astype(np.int64)
        counts = np.bincount(y, minlength=len(context.classes))
        seen = np.flatnonzero(counts)
        if len(seen) < 2:
            return "fewer than two classes occur"
        small, large = seen[counts[seen].argmin()], seen[counts[seen].argmax()]
        share, ratio = counts[small] / len(y), counts[large] / counts[small]
        if len(seen) == 2:
            uneven, extreme = share < UNEVEN_SHARE, share < EXTREME_SHARE
        else:
            uneven, extreme = ratio >= UNEVEN_RATIO, ratio >= EXTREME_RATIO
        if not uneven:
            return []
        return [
            tell(
                self,
                severity=Severity.WARNING if extreme else Severity.INFO,
                columns=[str(context.target)],
                message=f"'{context.classes[small]}' is {percent(share)} of the rows, '{context.classes[large]}' "
                f"{percent(counts[large] / len(y))}: always naming the latter would be right "
                f"{percent(counts[large] / len(y))} of the time, so accuracy says little here.",
                evidence={"minority_share": share, "ratio": ratio, "minority_rows": counts[small]},
                done="nothing was left out or made up: splits are stratified, metric and threshold chosen for it",
                fix="state what each kind of error costs with --payoff",
                n_rows=counts[small],
            )
        ]
