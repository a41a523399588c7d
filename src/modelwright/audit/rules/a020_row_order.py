"""A020: the position of a row tells its target."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from modelwright.audit.building import names, percent, tell
from modelwright.audit.findings import AuditContext, Finding, Severity
from modelwright.audit.looking import rank_correlation
from modelwright.audit.order import sorted_by, target_runs
from modelwright.audit.power import MIN_ROWS, power_sample

__all__ = ["RowOrderLeak"]

# A shuffled file has as many runs as expected, give or take √n; a file sorted by class has one run per class.
FEW_RUNS = 0.05
SORTED_TARGET = 0.95


class RowOrderLeak:
    """Finds files sorted by the target."""

    code: ClassVar[str] = "A020"
    title: ClassVar[str] = "Leak by row order"
    what: ClassVar[str] = "The file is sorted by the target."
    why_it_matters: ClassVar[str] = (
        "A row number then tells the answer, and a split that takes rows as they come puts whole classes on one side."
    )
    how_detected: ClassVar[str] = (
        f"Classes lie in blocks: at most {percent(FEW_RUNS)} of the runs of a shuffled file; values rise or fall "
        "along the "
        f"file (rank correlation {SORTED_TARGET:g}). Identifiers that were given out in that order are found by A021."
    )
    what_is_done: ClassVar[str] = "Told; splits shuffle the rows anyway."

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return the findings, or why there is nothing to check."""
        if context.y is None:
            return "there is no target"
        if power_sample(context) is None:
            return f"there are fewer than {MIN_ROWS} rows with a target, or it does not vary"
        return self._order(context)

    def _order(self, context: AuditContext) -> list[Finding]:
        assert context.y is not None
        if context.classes:
            runs, expected = target_runs(context)
            if runs > FEW_RUNS * expected:
                return []
            message = f"The classes of '{context.target}' lie in {runs:,} blocks; a shuffled file has {expected:,.0f}"
            evidence: dict[str, float | int] = {"runs": runs, "expected_runs": expected}
        else:
            order = rank_correlation(context.y, np.arange(len(context.y), dtype=np.float64))
            if abs(order) < SORTED_TARGET:
                return []
            message = (
                f"'{context.target}' {'rises' if order > 0 else 'falls'} along the file (rank correlation {order:.2f})"
            )
            evidence = {"order": order}
        column = sorted_by(context)
        because = f", as the file is sorted by {names([column])}" if column else ""
        return [
            tell(
                self,
                severity=Severity.INFO,
                columns=[str(context.target)],
                message=f"{message}{because}. The position of a row tells its target.",
                evidence=evidence,
                done="splits shuffle the rows",
                fix="shuffle the file, or keep row numbers and keys out of the data",
                n_rows=len(context.row_numbers),
            )
        ]
