"""A001: rows without a target."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from modelwright.audit.building import count, percent, tell, verb
from modelwright.audit.findings import Action, AuditContext, Finding, Severity

__all__ = ["TargetMissing"]

# Above this share the rows that have a target may be a selection rather than a sample (Little and Rubin 2019, ch. 1).
LARGE_SHARE = 0.05


class TargetMissing:
    """Finds rows whose target is missing."""

    code: ClassVar[str] = "A001"
    title: ClassVar[str] = "Target missing"
    what: ClassVar[str] = "Some rows have no value in the target column."
    why_it_matters: ClassVar[str] = (
        "Nothing can be learned from them, and no prediction can be checked on them. If they are missing for a "
        "reason, the rows that remain are not like the rows the model will meet."
    )
    how_detected: ClassVar[str] = (
        f"Any missing target counts. Above {percent(LARGE_SHARE)} it is a warning: the remaining rows may be a "
        "selection (Little and Rubin 2019, Statistical Analysis with Missing Data)."
    )
    what_is_done: ClassVar[str] = "The rows are left out of training and evaluation; nothing is filled in."

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return one finding, an empty list, or why there is nothing to check."""
        if context.y is None:
            return "there is no target"
        gone = np.flatnonzero(np.isnan(context.y))
        if not len(gone):
            return []
        share = len(gone) / len(context.y)
        value = "value" if context.classes else "finite number (missing, infinite, or no number)"
        severity = Severity.ERROR if share == 1 else Severity.WARNING if share > LARGE_SHARE else Severity.INFO
        return [
            tell(
                self,
                severity=severity,
                columns=[str(context.target)],
                message=f"{count(len(gone), 'row')} of {len(context.y):,} ({percent(share)}) "
                f"{verb(len(gone), 'has', 'have')} no {value} in the "
                f"target '{context.target}'; nothing can be learned from or checked on them.",
                evidence={"n_missing": len(gone), "share": share},
                action=Action.DROP_ROWS,
                fix="find out why the target is missing; if it is not by chance, collect it",
                rows=context.row_numbers[gone],
                n_rows=len(gone),
            )
        ]
