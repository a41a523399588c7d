"""A023: columns that are statistics of the target."""

from __future__ import annotations

from typing import ClassVar

from modelwright.audit.building import percent, tell
from modelwright.audit.encodings import CHANCE, LEFT_OUT, LEFT_OUT_R2, MIN_LEVELS, Encoded, find_encoded
from modelwright.audit.findings import Action, AuditContext, Finding, Severity
from modelwright.audit.leaks import sure_leaks
from modelwright.audit.looking import coded
from modelwright.audit.power import MIN_ROWS, power_sample

__all__ = ["TargetStatistics"]


class TargetStatistics:
    """Finds target encodings: means, log odds and counts of the target by the levels of another column."""

    code: ClassVar[str] = "A023"
    title: ClassVar[str] = "Statistics of the target"
    what: ClassVar[str] = (
        "A column is the mean of the target (or its log odds, or a count) over the rows with the same city, product or "
        "customer, computed from these very rows."
    )
    why_it_matters: ClassVar[str] = (
        "The target of every row is in its own feature, also in the rows that test the model. The fewer rows a level "
        "has, the more the column gives away; the score is too good and does not hold for new rows."
    )
    how_detected: ClassVar[str] = (
        f"The column has one value for each of at least {MIN_LEVELS} levels of another column, and follows the "
        "target's means by level (plain, smoothed towards the overall mean, as log odds, as a sum, or a straight "
        "line of these) "
        f"far more closely than their standard errors allow (chance of {CHANCE:g}, chi-squared). An honest statistic, "
        "such as last year's mean, differs by the standard error. Also the mean of the level's other rows: within a "
        f"level the column falls with the row's own target (R² {LEFT_OUT_R2:g}). See Micci-Barreca 2001 and "
        "Prokhorenkova et al. 2018 on target leakage of encodings."
    )
    what_is_done: ClassVar[str] = (
        "The column is dropped; the column it was made from stays, and is encoded out of fold."
    )

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return one finding per column, or why there is nothing to check."""
        if context.y is None:
            return "there is no target"
        if power_sample(context) is None:
            return f"there are fewer than {MIN_ROWS} rows with a target, or it does not vary"
        leaks = sure_leaks(context)
        return [self._accuse(context, e) for n, e in find_encoded(context).items() if n not in leaks]

    def _accuse(self, context: AuditContext, found: Encoded) -> Finding:
        of = f"'{context.target}'" + (f" being '{found.label}'" if found.label else "")
        how = (
            f"within a level it falls with the row's own target, and {percent(found.closeness)} is left unexplained"
            if found.what == LEFT_OUT
            else f"it differs from it by {found.closeness**0.5:.2g} standard errors, and honest statistics by about 1"
        )
        own = coded(context, found.by).n_levels / max(1, coded(context, found.by).n_present)
        return tell(
            self,
            severity=Severity.ERROR,
            columns=[found.column],
            message=f"'{found.column}' is the {found.what} of {of} over rows with the same '{found.by}' "
            f"({found.n_levels:,} levels): {how}. The target of each row is in it, with a weight of {percent(own)}.",
            evidence={"by": found.by, "what": found.what, "closeness": found.closeness, "n_levels": found.n_levels},
            action=Action.DROP_COLUMN,
            fix=f"leave it out and give '{found.by}' itself; if it comes from other, earlier rows, allow "
            f"{self.code}:{found.column}",
        )
