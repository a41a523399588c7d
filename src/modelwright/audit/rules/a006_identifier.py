"""A006: columns that only number or name the rows."""

from __future__ import annotations

from typing import ClassVar

from modelwright.audit.building import percent, tell
from modelwright.audit.findings import Action, AuditContext, Finding, Severity
from modelwright.audit.identifiers import MIN_ROWS, NEAR_UNIQUE, identifier_reason
from modelwright.audit.looking import coded

__all__ = ["Identifier"]


class Identifier:
    """Finds row counters, keys, and texts that differ in nearly every row."""

    code: ClassVar[str] = "A006"
    title: ClassVar[str] = "Identifier"
    what: ClassVar[str] = "A column numbers or names the rows: a counter, a key, a code that hardly ever repeats."
    why_it_matters: ClassVar[str] = (
        "A model can learn such a column by heart and knows nothing about new rows. Where the file was sorted or the "
        "key was given out by outcome, it even holds the answer."
    )
    how_detected: ClassVar[str] = (
        "Distinct whole numbers that fill their range (however the column is called); distinct whole numbers under a "
        f"name such as 'id' or 'rownames'; codes or names of which at least {percent(NEAR_UNIQUE)} differ. Columns "
        "named after time are never taken for counters. Copies of a row, equal in all columns, count as one row."
    )
    what_is_done: ClassVar[str] = "The column is dropped. It can still group or order the rows of a split."

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return one finding per identifier, or why there is nothing to check."""
        if len(context.row_numbers) < MIN_ROWS:
            return f"there are fewer than {MIN_ROWS} rows"
        found = []
        for name in context.features:
            reason = identifier_reason(context, name)
            if reason:
                column = coded(context, name)
                found.append(
                    tell(
                        self,
                        severity=Severity.WARNING,
                        columns=[name],
                        message=f"'{name}' identifies rows: {reason}. A model would learn it by heart.",
                        evidence={"n_distinct": column.n_levels, "n_present": column.n_present},
                        action=Action.DROP_COLUMN,
                        fix="nothing; allow it if its values mean something for new rows",
                        n_rows=column.n_present,
                    )
                )
        return found
