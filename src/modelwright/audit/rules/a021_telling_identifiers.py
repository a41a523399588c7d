"""A021: identifiers that tell the outcome."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from modelwright.audit.building import percent, tell
from modelwright.audit.codes import MAX_PARTS, readings
from modelwright.audit.findings import Action, AuditContext, Finding, Severity
from modelwright.audit.identifiers import identifier_reason
from modelwright.audit.leaks import sure_leaks
from modelwright.audit.looking import rank_correlation
from modelwright.audit.order import sorted_by
from modelwright.audit.power import MIN_ROWS, PowerSample, power, power_sample, score_cells

__all__ = ["TellingIdentifiers"]

# A name should explain nothing. Numbers of parcels or of shops follow the place, and with it some of a price: what an
# honest column explains better than the id, and most of it, may be such a place.
TELLING_SKILL = 0.25
ALMOST_ALL = 0.70
MANY_CLASSES = 2
IN_ORDER = 0.95  # rank correlation of the id with the position in the file


class TellingIdentifiers:
    """Finds ids whose order, beginning or length tells the outcome."""

    code: ClassVar[str] = "A021"
    title: ClassVar[str] = "Identifiers that tell the outcome"
    what: ClassVar[str] = (
        "A column only names the rows, yet its numbers are in the order of the target, or its codes are made of it: "
        "all sick patients have the higher numbers, all lost parcels a code with 'L'."
    )
    why_it_matters: ClassVar[str] = (
        "The ids were given out once the outcome was known, or the table was put together outcome by outcome. New rows "
        "have no such ids, and whatever else followed that order (batches, dates of export) leaks as well."
    )
    how_detected: ClassVar[str] = (
        "Columns that only identify rows are read in parts: as a number, by their words, beginnings and ends (at most "
        f"{MAX_PARTS} different ones), and their length. A reading that explains {percent(TELLING_SKILL)} of the "
        f"target out of fold (or of one class against the rest) is accused; for a number it must be more than any "
        f"other column, or {percent(ALMOST_ALL)}. Ids given out along a file that a feature (a date, a place) orders "
        "follow that feature honestly."
    )
    what_is_done: ClassVar[str] = "The column is dropped, as all identifiers are; that it tells the outcome is said."

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return one finding per telling identifier, or why there is nothing to check."""
        if context.y is None:
            return "there is no target"
        if power_sample(context) is None:
            return f"there are fewer than {MIN_ROWS} rows with a target, or it does not vary"
        named = [n for n in context.features if identifier_reason(context, n)]
        if not named:
            return "no column names the rows"
        level = self._others(context)
        return [f for n in named if (f := self._judge(context, n, level)) is not None]

    def _others(self, context: AuditContext) -> float:
        """Return what the best column explains that is neither an identifier nor accused."""
        rest = [n for n in context.features if not identifier_reason(context, n) and n not in sure_leaks(context)]
        return max((p.skill for n in rest if (p := power(context, n)) is not None), default=0.0)

    def _judge(self, context: AuditContext, name: str, level: float) -> Finding | None:
        sample = power_sample(context)
        if sample is None:
            return None
        measured = [(_skill(cells[sample.rows], sample), what) for what, cells in readings(context, name)]
        skill, what = max(measured, key=lambda m: m[0], default=(0.0, ""))
        if skill < TELLING_SKILL or (not context.classes and skill < min(level, ALMOST_ALL)):
            return None
        if sorted_by(context) and _along_the_file(context, name):
            return None
        return tell(
            self,
            severity=Severity.WARNING,
            columns=[name],
            message=f"'{name}' only names the rows, yet by {what} it explains {percent(skill)} of '{context.target}', "
            f"the best other column {percent(level)}: it was given out by the outcome, or by something close to it.",
            evidence={"skill": skill, "others": level, "reading": what},
            action=Action.DROP_COLUMN,
            fix="do not use it, nor the order of the rows; find out what else was written in that order",
        )


def _skill(cells: np.ndarray, sample: PowerSample) -> float:
    """Return what cells explain of the target, or of the class of which they explain most."""
    best = score_cells(cells, sample)[0]
    if sample.n_classes > MANY_CLASSES:
        for c in np.flatnonzero(np.bincount(sample.y) >= MIN_ROWS):
            one = replace(sample, y=(sample.y == c).astype(np.int64), n_classes=2)
            best = max(best, score_cells(cells, one)[0])
    return best


def _along_the_file(context: AuditContext, name: str) -> bool:
    """Return whether the numbers of an id rise or fall along the file."""
    place = np.arange(len(context.row_numbers), dtype=np.float64)
    numbers = [cells for what, cells in readings(context, name) if "number" in what]
    return any(abs(rank_correlation(np.where(n > 0, n, np.nan), place)) >= IN_ORDER for n in numbers)
