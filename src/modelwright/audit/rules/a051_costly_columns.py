"""A051: columns that cost more than they give."""

from __future__ import annotations

from typing import ClassVar

from modelwright.audit.building import count, names, percent, tell
from modelwright.audit.findings import AuditContext, Finding, Severity
from modelwright.audit.honest import NO_PROBE, constant_probe, honest_features, honest_probe, skill
from modelwright.audit.looking import coded
from modelwright.audit.power import power
from modelwright.audit.probing import difference, probe
from modelwright.data.contract import Kind
from modelwright.evaluate.measurements import Measurement

__all__ = ["CostlyColumns"]

MIN_ROWS = 1_000  # with fewer rows the interval of a difference is wider than what columns are worth
MIN_COLUMNS = 3
MISSING = 0.3  # a column that nobody fills in for three rows in ten is hard to come by
MANY_LEVELS = 50
# What may be lost, as a share of what all columns gain over a constant: at the lower end of the interval, and as the
# best guess, which is less than another seed changes.
LOSS = 0.05
BEST_GUESS = 0.01
MIN_GAIN = 0.02  # share of the target explained; without a gain to lose everything could be left out
ROUNDS = 3  # all of them, then the weaker half, then its weaker half


class CostlyColumns:
    """Finds columns that are hard to collect or to keep, and could be left out together without loss."""

    code: ClassVar[str] = "A051"
    costly: ClassVar[bool] = True
    title: ClassVar[str] = "Columns without gain"
    what: ClassVar[str] = "Columns that are often missing, or have very many levels, add nothing that the others lack."
    why_it_matters: ClassVar[str] = (
        "Every column has to be collected, delivered and watched as long as the model lives, and breaks sometimes. One "
        "that gives nothing costs all the same."
    )
    how_detected: ClassVar[str] = (
        f"Candidates are missing in {percent(MISSING)} of the rows or more, or have more than {MANY_LEVELS} levels; "
        "free text is not judged. A quick model without all of them is compared with one of all columns, out of fold "
        f"on the same rows: at most {percent(BEST_GUESS)} of what all columns gain over a constant may be lost, and "
        f"{percent(LOSS)} at the lower end of the paired interval. If more is lost, the half of them that tells less "
        f"alone is tried, and half of that. At least {MIN_ROWS:,} rows and {MIN_COLUMNS} such columns."
    )
    what_is_done: ClassVar[str] = "Told. The columns stay."

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return at most one finding, or why there is nothing to check."""
        if context.y is None:
            return "there is no target"
        used = honest_features(context)
        costly = [n for n in used if _reason(context, n)]
        if len(costly) < MIN_COLUMNS or len(costly) == len(used):
            return (
                f"there are fewer than {MIN_COLUMNS} columns that are often missing or have many levels, or no others"
            )
        whole = honest_probe(context)
        if whole is None or len(whole.y) < MIN_ROWS:
            return f"there are fewer than {MIN_ROWS:,} rows with a target, or {NO_PROBE}"
        gain = difference(whole, constant_probe(whole), seed=context.brief.seed)
        if gain.low is None or gain.value is None or gain.low <= 0 or skill(whole) < MIN_GAIN:
            return "a quick model is hardly better than a constant: there is nothing to lose"
        costly.sort(key=lambda n: (_alone(context, n), n))
        for _ in range(ROUNDS):
            if len(costly) < MIN_COLUMNS:
                return []
            without = probe(context, [n for n in used if n not in set(costly)])
            if without is None:
                return []
            lost = difference(without, whole, seed=context.brief.seed)
            if lost.value is None or lost.low is None:
                return []
            if lost.low > -LOSS * gain.value and lost.value > -BEST_GUESS * gain.value:
                return [self._tell(context, costly, len(used), lost, gain.value)]
            costly = costly[: len(costly) // 2]
        return []

    def _tell(self, context: AuditContext, left_out: list[str], n_used: int, lost: Measurement, gain: float) -> Finding:
        assert lost.value is not None and lost.low is not None
        ordered = [n for n in context.features if n in set(left_out)]
        reasons = "; ".join(f"'{n}' {_reason(context, n)}" for n in ordered[:3])
        measure = "log loss" if context.classes else "R² of ranks"
        return tell(
            self,
            severity=Severity.INFO,
            columns=ordered,
            message=f"{names(ordered)} could be left out together: without these {len(ordered)} of "
            f"{count(n_used, 'column')} a quick model changes by {lost.value:+.2g} in {measure} (at worst "
            f"{lost.low:+.2g}; all columns gain {gain:.2g} over a constant). They are costly to have: {reasons}.",
            evidence={"change": lost.value, "at_worst": lost.low, "gain_of_all": gain, "n_columns": len(ordered)},
            fix="leave them out with --drop if collecting them costs anything",
        )


def _reason(context: AuditContext, name: str) -> str:
    """Return what makes a column costly, ``""`` for others."""
    if context.contract[name].kind is Kind.TEXT:
        return ""  # the quick model cannot read it, so it cannot say that there is nothing in it
    column = coded(context, name)
    missing = column.n_missing / max(1, len(column.codes))
    if missing >= MISSING:
        return f"is missing in {percent(missing)} of the rows"
    if column.values.dtype == object and column.n_levels > MANY_LEVELS:
        return f"has {column.n_levels:,} levels"
    return ""


def _alone(context: AuditContext, name: str) -> float:
    measured = power(context, name)
    return 0.0 if measured is None else measured.skill
