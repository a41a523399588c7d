"""A036: numbers rounded by people."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from modelwright.audit.building import count, percent, tell
from modelwright.audit.findings import AuditContext, Finding, Severity
from modelwright.audit.heaping import ABOVE, MIN_EXCESS, MIN_FINER, MIN_ROUND, MIN_ROWS, Heaps, find_heaps
from modelwright.audit.identifiers import measured_numbers
from modelwright.audit.looking import coded

__all__ = ["RoundedByPeople"]


class RoundedByPeople:
    """Finds whole numbers that pile up at round numbers among finer ones."""

    code: ClassVar[str] = "A036"
    title: ClassVar[str] = "Rounded by people"
    tells: ClassVar[bool] = True
    what: ClassVar[str] = "Many values are round numbers (30, 40, 50) among values that are finer (31, 44, 47)."
    why_it_matters: ClassVar[str] = (
        "Round numbers are mostly estimates, told or guessed by people. They are less exact than they look; limits "
        "near them (50 or more) cut through a pile."
    )
    how_detected: ClassVar[str] = (
        "Whole numbers of which, beyond what the numbers around them have, at least "
        f"{percent(MIN_EXCESS)} are multiples of 5, 10, 50, 100, 500, 1000, 5000 or 10,000, while at least "
        f"{percent(MIN_FINER)} are not, and at least {MIN_ROUND} of the multiples have {ABOVE:g} times the rows of the "
        "numbers around. Zero and the most frequent value do not count: one pile is no habit."
    )
    what_is_done: ClassVar[str] = "Told."

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return one finding per column, or why there is nothing to check."""
        if len(context.row_numbers) < MIN_ROWS:
            return f"there are fewer than {MIN_ROWS} rows"
        numbers = measured_numbers(context)
        if numbers is None:
            return "there are no numbers"
        found = []
        for name in numbers:
            column = coded(context, name)
            heaps = find_heaps(column.values, column.counts) if column.n_levels else None
            if heaps is not None:
                found.append(self._told(context, name, heaps))
        return found

    def _told(self, context: AuditContext, name: str, heaps: Heaps) -> Finding:
        values = np.asarray(context.columns[name])
        with np.errstate(invalid="ignore"):
            rows = np.flatnonzero((np.mod(values, heaps.step) == 0) & (values != 0))
        told = "The target can be known no better than that." if name == context.target else "They may be estimates."
        return tell(
            self,
            severity=Severity.INFO,
            columns=[name],
            message=f"{percent(heaps.share)} of the values of '{name}' are multiples of {heaps.step:,} "
            f"({count(heaps.n, 'row')}), where {percent(heaps.due)} would be if nobody rounded. {told}",
            evidence={"step": heaps.step, "share": heaps.share, "excess": heaps.excess},
            fix="note the values as they were measured, where they were",
            rows=context.row_numbers[rows],
            n_rows=heaps.n,
        )
