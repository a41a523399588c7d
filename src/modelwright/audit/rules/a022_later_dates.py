"""A022: dates later than the moment of prediction."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from modelwright.audit.building import names, percent, tell
from modelwright.audit.clocks import MIN_MOMENTS, MIN_PRESENT, file_order
from modelwright.audit.findings import Action, AuditContext, Finding, Severity
from modelwright.audit.leaks import sure_leaks
from modelwright.audit.looking import coded, values_of
from modelwright.audit.names import NOT_EVENT, tokens
from modelwright.audit.power import MIN_ROWS, power_sample, score_cells
from modelwright.audit.telling_names import name_sign
from modelwright.data.contract import Kind
from modelwright.data.ranks import average_ranks

__all__ = ["LaterDates"]

# Later in nearly all rows: a date that is sometimes earlier belongs to no chain of events.
LATER_SHARE = 0.95
# Not later in at most one row of a hundred, and truly later in most: the same day is no later day.
TRULY_LATER = 0.5
NOT_EARLIER = 0.98
# Late, present or absent for one class: shares that differ by this much. A late date in nine of ten rows of a class
# and one of ten of the others differs by 0.8.
TELLING_GAP = 0.60
SURE_GAP = 0.90
SKILL = 0.10  # of how late it is, on its own
MIN_CLASS_ROWS = 20
BINS = 10
DAY = 86_400
MOSTLY = 0.95  # of the labels are known when a model is trained
# Words of dates that lie ahead, and of dates that begin an event although other things are "opened" as well.
AHEAD = frozenset(
    ("due", "planned", "plan", "scheduled", "schedule", "sched", "expected", "estimated", "estimate", "promised")
)
OPENED = frozenset({"opened"})


class LaterDates:
    """Finds dates that lie after the moment at which the prediction is needed."""

    code: ClassVar[str] = "A022"
    title: ClassVar[str] = "Later dates"
    what: ClassVar[str] = (
        "A date lies after the event that the row is about: when a ticket was closed, a ride ended, a debt was paid."
    )
    why_it_matters: ClassVar[str] = (
        "At the moment of prediction such a date is in the future. Its value, how long it takes, and whether there is "
        "one at all speak of the outcome."
    )
    how_detected: ClassVar[str] = (
        "The moment is the date given with --time, else the date that orders the file, else the earliest date that "
        f"every row has. Another date is told when it is later in {percent(LATER_SHARE)} of the rows (or never "
        f"earlier, and later in {percent(TRULY_LATER)}), unless its name plans ahead (due, scheduled, expiry) "
        "or the moment is only the earliest date and nothing else speaks against it. It is "
        "dropped when its name also says that something ended (closed, resolved, delivered) or when lateness tells the "
        f"target ({percent(SKILL)} explained), or, however many rows are later, when being late or there at all "
        f"differs by {100 * SURE_GAP:.0f} percentage points between a class and the others (from "
        f"{100 * TELLING_GAP:.0f} on it is told)."
    )
    what_is_done: ClassVar[str] = "The column is dropped on these signs, and otherwise told."

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return one finding per later date, or why there is nothing to check."""
        if context.y is None:
            return "there is no target"
        if power_sample(context) is None:
            return f"there are fewer than {MIN_ROWS} rows with a target, or it does not vary"
        moment, known = _moment(context)
        others = [n for n in context.features if n != moment and _may_be_late(context, n)]
        if not moment or not others:
            return "there are not two dates"
        leaks = sure_leaks(context)
        return [f for n in others if n not in leaks and (f := self._judge(context, moment, n, known)) is not None]

    def _judge(self, context: AuditContext, moment: str, name: str, settled: bool) -> Finding | None:
        start, end = values_of(context, moment), values_of(context, name)
        if start is None or end is None:
            return None
        gap = end - start
        known = np.isfinite(gap)
        if known.sum() < MIN_ROWS:
            return None
        later, earlier = float((gap[known] > 0).mean()), float((gap[known] < 0).mean())
        always = later >= LATER_SHARE or (later >= TRULY_LATER and earlier <= 1 - NOT_EARLIER)
        apart, label = _class_gap(context, known & (gap > 0))
        skill = _lateness_skill(context, gap)
        word, strong = name_sign(context, name)
        if apart < TELLING_GAP and not (always and (settled or strong or skill >= SKILL)):
            return None
        sure = (always and (strong or skill >= SKILL)) or apart >= SURE_GAP
        days = float(np.median(gap[known])) / DAY
        wait = math.ceil(float(np.quantile(gap[known], MOSTLY)) / DAY)
        signs = [f"it is later than '{moment}' in {percent(later)} of the rows (median {days:.3g} days)"]
        if apart >= TELLING_GAP:
            signs.append(f"late dates are {100 * apart:.0f} percentage points apart between '{label}' and the others")
        if skill >= SKILL:
            signs.append(f"how late it is explains {percent(skill)} of '{context.target}'")
        if word:
            signs.append(f"its name says so ({word})")
        text = "; ".join(signs)
        return tell(
            self,
            severity=Severity.ERROR if sure else Severity.WARNING,
            columns=[name],
            message=f"'{name}' is known only after the moment of prediction: {text}."
            if sure
            else f"Is {names([name])} known when the prediction is needed? {text[0].upper()}{text[1:]}.",
            evidence={"moment": moment, "later": later, "gap": apart, "skill": skill, "median_days": days},
            action=Action.DROP_COLUMN if sure else Action.TOLD,
            fix=f"if it is planned beforehand, allow {self.code}:{name}{_waiting(context, wait)}"
            if sure
            else f"if it is not, name it with --known-after {name}",
            n_rows=int((gap[known] > 0).sum()),
        )


def _waiting(context: AuditContext, days: int) -> str:
    """Return what to say of labels that wait for the date."""
    if days < 1 or context.brief.label_delay is not None:
        return ""
    told = f"--label-delay {days}d, within which {percent(MOSTLY)} are known"
    return f"; if '{context.target}' is settled no sooner, and the split goes by time, say {told}"


def _moment(context: AuditContext) -> tuple[str, bool]:
    """Return the date at which the prediction is needed, ``""`` where none can be told, and whether it is sure."""
    given = context.brief.time
    if given is not None and given in context.contract.names and context.contract[given].kind is Kind.DATETIME:
        return given, True
    known = [
        n
        for n in context.contract.names
        if context.contract[n].kind is Kind.DATETIME
        and coded(context, n).n_levels >= MIN_MOMENTS
        and coded(context, n).n_present >= MIN_PRESENT * len(context.row_numbers)
        and not (AHEAD | (NOT_EVENT - OPENED)).intersection(tokens(n))
        and n not in sure_leaks(context)
    ]
    if not known:
        return "", False
    ordered = [n for n in known if abs(file_order(context, n)) >= LATER_SHARE]
    if ordered:
        return max(ordered, key=lambda n: abs(file_order(context, n))), True
    return min(known, key=lambda n: float(np.nanmedian(context.columns[n]))), False  # type: ignore[arg-type]


def _may_be_late(context: AuditContext, name: str) -> bool:
    if (AHEAD | NOT_EVENT).intersection(tokens(name)):
        return False
    return context.contract[name].kind is Kind.DATETIME and coded(context, name).n_levels > 1


def _class_gap(context: AuditContext, late: np.ndarray) -> tuple[float, str]:
    """Return by how much the share of rows with a late date differs between a class and the others."""
    best = (0.0, "")
    if context.y is None or not context.classes:
        return best
    known = np.isfinite(context.y)
    y, late = context.y[known].astype(np.int64), late[known]
    sizes = np.bincount(y, minlength=len(context.classes))
    with_one = np.bincount(y[late], minlength=len(context.classes))
    for c in np.flatnonzero((sizes >= MIN_CLASS_ROWS) & (len(y) - sizes >= MIN_CLASS_ROWS)):
        gap = abs(with_one[c] / sizes[c] - (with_one.sum() - with_one[c]) / (len(y) - sizes[c]))
        best = max(best, (float(gap), str(context.classes[c])))
    return best


def _lateness_skill(context: AuditContext, gap: np.ndarray) -> float:
    """Return what the time between the dates explains of the target, in tenths; missing is one of its own."""
    sample = power_sample(context)
    if sample is None:
        return 0.0
    known = np.isfinite(gap)
    cells = np.zeros(len(gap), np.int64)
    cells[known] = 1 + np.minimum((average_ranks(gap[known]) - 1) / known.sum() * BINS, BINS - 1).astype(np.int64)
    return score_cells(cells[sample.rows], sample)[0]
