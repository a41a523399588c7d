"""A011: categories with very many levels."""

from __future__ import annotations

from typing import ClassVar

from modelwright.audit.building import count, percent, tell
from modelwright.audit.findings import AuditContext, Finding, Severity
from modelwright.audit.identifiers import identifier_reason
from modelwright.audit.looking import coded
from modelwright.data.contract import Kind

__all__ = ["HighCardinality"]

# More levels than one-hot encoding handles well; scikit-learn's and skrub's encoders switch at 40 (`high_cardinality`).
MANY_LEVELS = 40
# A level's mean over fewer rows has a standard error above a third of the spread of the target.
FEW_ROWS_PER_LEVEL = 10
RARE_SHARE = 0.25


class HighCardinality:
    """Finds categories most of whose levels have too few rows to be learned one by one."""

    code: ClassVar[str] = "A011"
    title: ClassVar[str] = "High cardinality"
    what: ClassVar[str] = "A category has very many levels, many of them rare."
    why_it_matters: ClassVar[str] = (
        "What is learned for a rare level is mostly noise, new levels will come up in use, and target encoding done "
        "carelessly leaks the answer."
    )
    how_detected: ClassVar[str] = (
        f"More than {MANY_LEVELS} levels, and at least {percent(RARE_SHARE)} of the rows in levels with fewer than "
        f"{FEW_ROWS_PER_LEVEL} rows, or more than one level per {FEW_ROWS_PER_LEVEL} rows on average."
    )
    what_is_done: ClassVar[str] = (
        "Told. Rare levels share an encoding, and statistics of the target are taken out of fold."
    )

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return one finding per column, or why there is nothing to check."""
        categories = [n for n in context.features if context.contract[n].kind is Kind.CATEGORY]
        if not categories:
            return "there are no categories"
        found = []
        for name in categories:
            column = coded(context, name)
            if column.n_levels <= MANY_LEVELS or identifier_reason(context, name):
                continue
            few = column.counts < FEW_ROWS_PER_LEVEL
            rare_share = float(column.counts[few].sum() / column.n_present)
            per_level = column.n_present / column.n_levels
            if rare_share < RARE_SHARE and per_level >= FEW_ROWS_PER_LEVEL:
                continue
            found.append(
                tell(
                    self,
                    severity=Severity.INFO,
                    columns=[name],
                    message=f"'{name}' has {count(column.n_levels, 'level')} in {column.n_present:,} rows, "
                    f"{int(few.sum()):,} of them with fewer than {FEW_ROWS_PER_LEVEL} rows ({percent(rare_share)} of "
                    "the rows): what is learned for those is mostly noise.",
                    evidence={
                        "n_levels": column.n_levels,
                        "n_rare_levels": int(few.sum()),
                        "rare_share": rare_share,
                        "rows_per_level": per_level,
                    },
                    done="nothing was changed: rare levels share an encoding",
                    fix="group the levels at the source if there is a natural grouping",
                    n_rows=int(column.counts[few].sum()),
                )
            )
        return found
