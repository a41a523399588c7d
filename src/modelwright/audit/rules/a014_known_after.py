"""A014: columns that are known only after the fact."""

from __future__ import annotations

from typing import ClassVar

from modelwright.audit.building import percent, tell
from modelwright.audit.events import same_event
from modelwright.audit.existence import ONE_SIDED_PURITY, ONE_SIDED_RATIO, ONE_SIDED_SURE_ROWS
from modelwright.audit.findings import Action, AuditContext, Finding, Severity
from modelwright.audit.leaks import find_leaks
from modelwright.audit.power import MIN_ROWS, power_sample
from modelwright.audit.signs import TOLD_SIGNS, Leak, Sign
from modelwright.audit.telling_names import (
    STRONG_NAME_LEAD,
    STRONG_NAME_SKILL,
    TOLD_LEAD,
    TOLD_SKILL,
    WEAK_NAME_LEAD,
    WEAK_NAME_SKILL,
)
from modelwright.data.contract import Kind

__all__ = ["KnownAfter"]

_NONE = frozenset({Kind.CONSTANT, Kind.ID})  # what the model never sees is not asked about
_SIGNS = frozenset({Sign.NAMED, Sign.HINT, Sign.ONE_SIDED, Sign.FEW_ROWS, Sign.COMPANY})


class KnownAfter:
    """Finds columns whose name and data say that they are written down after the outcome."""

    code: ClassVar[str] = "A014"
    title: ClassVar[str] = "Known only after the fact"
    what: ClassVar[str] = "A column seems to be known only after the outcome, such as the duration of a sales call."
    why_it_matters: ClassVar[str] = (
        "When a prediction is needed the value does not exist yet. A model that was trained with it looks good in "
        "every test and is useless."
    )
    how_detected: ClassVar[str] = (
        "A name alone accuses nothing. A strong sign in the name (outcome, result, actual, cancelled, a word of the "
        f"target …) needs a column that explains {percent(STRONG_NAME_SKILL)} and {STRONG_NAME_LEAD:g} times as much "
        "as the best column with an innocent name (or leaves as many times less unexplained); a weak sign (duration, "
        f"status, end, paid …) {percent(WEAK_NAME_SKILL)} and {WEAK_NAME_LEAD:g} times as much. From "
        f"{percent(TOLD_SKILL)} and {TOLD_LEAD:g} times on it is told, also for columns named almost like the target. "
        f"Whatever the name: the value exists, or is missing, {percent(ONE_SIDED_PURITY)} for one outcome with the "
        f"others {ONE_SIDED_RATIO:g} times rarer than usual, in {ONE_SIDED_SURE_ROWS} rows (in fewer it is told; "
        "with a strong name a flag or a value other than the default will do). And the company of a leak: "
        "'reservation_status_date' beside 'reservation_status'. By names alone it is asked about what happened beside "
        "what was planned ('arr_time' beside 'sched_arr_time'), times of the event whose delay or duration is the "
        "target ('arr_time' of 'arr_delay'), and beside these, of a delay, how long something took ('air_time')."
    )
    what_is_done: ClassVar[str] = (
        "The column is dropped; on weaker evidence it is told and stays. Where the brief leaves it out already, the "
        "finding agrees."
    )

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return one finding per column, or why there is nothing to check."""
        if context.y is None:
            return "there is no target"
        if power_sample(context) is None:
            return f"there are fewer than {MIN_ROWS} rows with a target, or it does not vary"
        leaks = find_leaks(context)
        left_out = {*context.brief.drop, *context.brief.known_after}
        asked = same_event(context.contract.names, context.target or "")
        found = []
        for name in context.contract.names:
            if name in leaks and name in left_out:
                found.append(self._agree(context, leaks[name]))
            elif name in leaks and leaks[name].sign in _SIGNS:
                found.append(self._accuse(context, leaks[name]))
            elif (
                name in asked
                and name not in leaks
                and name not in left_out
                and context.contract[name].kind not in _NONE
            ):
                found.append(self._ask(name, asked[name]))
        return found

    def _ask(self, name: str, why: str) -> Finding:
        return tell(
            self,
            severity=Severity.WARNING,
            columns=[name],
            message=f"Is '{name}' known when the prediction is needed? By its name not: {why}.",
            evidence={"sign": "same event"},
            action=Action.TOLD,
            fix=f"if it is not, name it with --known-after {name}",
        )

    def _agree(self, context: AuditContext, leak: Leak) -> Finding:
        return tell(
            self,
            severity=Severity.INFO,
            columns=[leak.column],
            message=f"The brief leaves out '{leak.column}', and rightly so: {_evidence(context, leak)}.",
            evidence={"skill": leak.skill, "others": leak.others, "sign": str(leak.sign)},
            done="nothing more to do: the brief already leaves it out",
            fix="nothing",
        )

    def _accuse(self, context: AuditContext, leak: Leak) -> Finding:
        sure = leak.sign not in TOLD_SIGNS
        evidence = _evidence(context, leak)
        return tell(
            self,
            severity=Severity.ERROR if sure else Severity.WARNING,
            columns=[leak.column],
            message=f"'{leak.column}' seems to be known only after the outcome: {evidence}."
            if sure
            else f"Is '{leak.column}' known when the prediction is needed? {evidence[0].upper()}{evidence[1:]}.",
            evidence={"skill": leak.skill, "others": leak.others, "sign": str(leak.sign), "word": leak.word},
            action=Action.DROP_COLUMN if sure else Action.TOLD,
            fix=f"if it is truly known before the prediction is needed, allow {self.code}:{leak.column}"
            if sure
            else f"if it is not, name it with --known-after {leak.column}",
        )


def _evidence(context: AuditContext, leak: Leak) -> str:
    if leak.sign in (Sign.ONE_SIDED, Sign.FEW_ROWS):
        where = f"its name says so ({leak.word}), and where it" if leak.word else "where it"
        return (
            f"{where} has (or lacks) a value, {percent(leak.skill)} of the rows have one outcome, against "
            f"{percent(leak.others)} of all rows"
        )
    if leak.sign is Sign.COMPANY:
        return f"it belongs to '{leak.word}', which holds the answer (alone it explains {percent(leak.skill)})"
    named = f"its name says so ({leak.word}), and it" if leak.word else "it"
    if leak.word and not leak.against:
        compared = "and no other column is left to compare it with"
    elif leak.word:
        compared = f"the best column without such a sign ('{leak.against}') {percent(leak.others)}"
    else:
        compared = f"what it was compared with {percent(leak.others)}"
    return f"{named} explains {percent(leak.skill)} of '{context.target}' alone, {compared}"
