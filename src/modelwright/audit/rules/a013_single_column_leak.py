"""A013: a single column that holds the answer."""

from __future__ import annotations

from typing import ClassVar

from modelwright.audit.building import percent, tell
from modelwright.audit.derived import DERIVED_CORRELATION
from modelwright.audit.dominance import DOMINANT_SKILL, EXACT_AUC, PERFECT_RATIO, PERFECT_SKILL, UNEXPLAINED_RATIO
from modelwright.audit.existence import EXISTENCE_SKILL
from modelwright.audit.findings import Action, AuditContext, Finding, Severity
from modelwright.audit.gaps import ODDS, VALUE_GAP
from modelwright.audit.leaks import COPY_KAPPA, EXISTENCE_RATIO, NEAR_RECALL, find_leaks
from modelwright.audit.near import CLOSE_R2, COPY_RANKS, PLACE, SAME_PLACES
from modelwright.audit.power import MIN_ROWS, power_sample
from modelwright.audit.signs import TOLD_SIGNS, Leak, Sign

__all__ = ["SingleColumnLeak"]

_SIGNS = frozenset({Sign.COPY, Sign.EXISTENCE, Sign.DOMINANT, Sign.STRONG, Sign.DERIVED, Sign.NEAR, Sign.MOSTLY})


class SingleColumnLeak:
    """Finds copies, recodings and transforms of the target, and columns that are strong out of all proportion."""

    code: ClassVar[str] = "A013"
    title: ClassVar[str] = "Single-column leak"
    what: ClassVar[str] = "One column alone tells the target nearly perfectly."
    why_it_matters: ClassVar[str] = (
        "Such a column is mostly the target in another form, or something written down after it was known. The model "
        "would look perfect in every test and fail in use, where the column is empty or not yet true."
    )
    how_detected: ClassVar[str] = (
        "Every column is judged alone, out of fold. A copy: each class has a value of its own (kappa "
        f"{COPY_KAPPA:g} where it is known), or the target follows the number monotonically, or {percent(SAME_PLACES)} "
        "of the rows have "
        f"the same place in the order of both (within {percent(PLACE)}). Strength out of proportion: at "
        f"least {percent(DOMINANT_SKILL)} explained while all other columns together leave {UNEXPLAINED_RATIO:g} times "
        "as much unexplained, so that an honestly easy problem is not accused; or "
        f"{percent(PERFECT_SKILL)} explained while the best other column leaves {PERFECT_RATIO:g} times as much. One "
        "measured quantity can honestly drive a target (floor area and rent), so this proves a leak only where the "
        f"relation is nearly exact (R² of ranks {COPY_RANKS:g}, AUC {EXACT_AUC:g} for two classes, "
        f"{percent(PERFECT_SKILL)} explained for more), or where the column rises or falls with a proven leak also "
        f"where the target is the same (rank correlation {DERIVED_CORRELATION:g}); else it is told. "
        "Existence: that there is a value at all "
        f"explains {percent(EXISTENCE_SKILL)}, and the others leave {EXISTENCE_RATIO:g} times as much. Told without "
        f"any comparison: each class has a value of its own in {percent(NEAR_RECALL)} of its rows, an R² of "
        f"{CLOSE_R2:g}, "
        f"or shares of rows with a value that differ by {100 * VALUE_GAP:.0f} percentage points between a class and "
        f"the others, or whose odds differ {ODDS:g}-fold and more; of a number as target the rows above a limit are "
        "the class. What only shares a trend with the target along the file is not accused. Explained "
        "means McFadden's R² for classes (1974) and R² of ranks for numbers. See Kaufman et al. 2012, Leakage in Data "
        "Mining."
    )
    what_is_done: ClassVar[str] = (
        "The column is dropped; one that is merely strong out of proportion, or near, is told and stays."
    )

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return one finding per column, or why there is nothing to check."""
        if context.y is None:
            return "there is no target"
        if power_sample(context) is None:
            return f"there are fewer than {MIN_ROWS} rows with a target, or it does not vary"
        leaks = find_leaks(context)
        return [self._accuse(context, leaks[n]) for n in context.features if n in leaks and leaks[n].sign in _SIGNS]

    def _accuse(self, context: AuditContext, leak: Leak) -> Finding:
        explained = f"'{leak.column}' alone explains {percent(leak.skill)} of '{context.target}'"
        if leak.sign is Sign.COPY:
            message = f"{explained}: it is the target in another form."
        elif leak.sign is Sign.EXISTENCE:
            message = (
                f"Whether '{leak.column}' has a value (other than its default) nearly tells '{context.target}'; the "
                f"column alone explains {percent(leak.skill)}. It seems to be filled in once the outcome is known."
            )
        elif leak.sign is Sign.DERIVED:
            message = (
                f"{explained}, out of proportion to the {percent(leak.others)} of all the other columns together, and "
                f"goes with '{leak.word}', which holds the answer: it seems to be computed from it."
            )
        elif leak.sign in TOLD_SIGNS:
            return self._ask(context, leak)
        else:
            message = (
                f"{explained}, nearly exactly and out of proportion: all the other columns together reach "
                f"{percent(leak.others)}. It seems to be made from the outcome."
            )
        return tell(
            self,
            severity=Severity.ERROR,
            columns=[leak.column],
            message=message,
            evidence={"skill": leak.skill, "others": leak.others, "sign": str(leak.sign)},
            action=Action.DROP_COLUMN,
            fix=f"if it is truly known before the prediction is needed, allow {self.code}:{leak.column}",
        )

    def _ask(self, context: AuditContext, leak: Leak) -> Finding:
        return tell(
            self,
            severity=Severity.WARNING,
            columns=[leak.column],
            message=f"{_told(context, leak)} Is it known when the prediction is needed? An honest quantity can be so "
            "strong, and so can one that is written down afterwards.",
            evidence={"skill": leak.skill, "others": leak.others, "sign": str(leak.sign)},
            fix=f"if it is known only afterwards, name it with --known-after {leak.column}",
        )


def _told(context: AuditContext, leak: Leak) -> str:
    if leak.sign is Sign.MOSTLY:
        return (
            f"'{leak.column}' has a value in {percent(leak.skill)} of the rows where '{context.target}' is "
            f"{leak.word}, and in {percent(leak.others)} of all others."
        )
    if leak.sign is Sign.NEAR and context.classes:
        return f"'{leak.column}' is right in at least {percent(leak.skill)} of the rows of each class."
    if leak.sign is Sign.NEAR:
        return f"'{leak.column}' follows '{context.target}' with an R² of {leak.skill:.3f}."
    return (
        f"'{leak.column}' alone explains {percent(leak.skill)} of '{context.target}', all the other columns together "
        f"{percent(leak.others)}."
    )
