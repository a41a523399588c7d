"""A005: columns that hold one value, or almost only one."""

from __future__ import annotations

from typing import ClassVar

from modelwright.audit.building import count, percent, tell
from modelwright.audit.findings import Action, AuditContext, Finding, Severity
from modelwright.audit.looking import coded

__all__ = ["ConstantColumn"]

# Fewer rows than this with another value cannot support even one leaf of a tree (default minimum leaf: 20 rows).
FEW_OTHER_ROWS = 20
# ... and they are rare enough not to matter on average.
NEAR_CONSTANT_SHARE = 0.999


class ConstantColumn:
    """Finds columns without, or almost without, variation."""

    code: ClassVar[str] = "A005"
    title: ClassVar[str] = "Constant column"
    what: ClassVar[str] = "A column holds a single value (or none at all), or the same value in nearly every row."
    why_it_matters: ClassVar[str] = "It cannot tell rows apart. Often it shows that an export or a join went wrong."
    how_detected: ClassVar[str] = (
        "One distinct value and nothing missing, or no value at all. Nearly constant: one value in at least "
        f"{percent(NEAR_CONSTANT_SHARE)} of the rows and fewer than {FEW_OTHER_ROWS} rows with another "
        "(a leaf of a tree needs as many)."
    )
    what_is_done: ClassVar[str] = "Constant columns are dropped; nearly constant ones are told and stay."

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return one finding per column, or why there is nothing to check."""
        if len(context.row_numbers) < 2:
            return "there are fewer than two rows"
        found = (self._judge(context, name) for name in context.features)
        return [f for f in found if f is not None]

    def _judge(self, context: AuditContext, name: str) -> Finding | None:
        column = coded(context, name)
        n = len(column.codes)
        varies_elsewhere = n < context.n_rows and context.contract[name].n_levels > 1
        if column.n_present == 0:
            return self._drop(name, f"'{name}' is missing in all {n:,} rows, so it tells nothing.", n)
        if column.n_levels == 1 and not column.n_missing and not varies_elsewhere:
            return self._drop(name, f"'{name}' holds the same value in all {n:,} rows, so it tells nothing.", n)
        top = max(int(column.counts.max()), column.n_missing)
        others = n - top
        if others >= FEW_OTHER_ROWS or top < NEAR_CONSTANT_SHARE * n:
            return None
        return tell(
            self,
            severity=Severity.INFO,
            columns=[name],
            message=f"'{name}' holds the same value in {percent(top / n)} of the rows; only {count(others, 'row')} "
            f"{'differs' if others == 1 else 'differ'}, too few to learn from.",
            evidence={"share": top / n, "n_other": others},
            fix=f"leave it out with --drop {name}, unless the rare value is the point",
            n_rows=top,
        )

    def _drop(self, name: str, message: str, n: int) -> Finding:
        return tell(
            self,
            severity=Severity.INFO,
            columns=[name],
            message=message,
            evidence={"share": 1.0, "n_other": 0},
            action=Action.DROP_COLUMN,
            fix="check whether the source was meant to fill it",
            n_rows=n,
        )
