"""A037: values that were cut off at a limit."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from modelwright.audit.building import count, percent, tell
from modelwright.audit.findings import AuditContext, Finding, Severity
from modelwright.audit.heaping import (
    MIN_PILE,
    MIN_PILE_SHARE,
    MIN_ROWS,
    PILE_LEVELS,
    PILE_NEIGHBOURS,
    PILE_RATIO,
    Pile,
    find_pile,
)
from modelwright.audit.identifiers import measured_numbers
from modelwright.audit.looking import coded
from modelwright.audit.sentinels import sentinel_numbers

__all__ = ["CappedValues"]


class CappedValues:
    """Finds piles of one value at the end of a range: caps, top codes and detection limits."""

    code: ClassVar[str] = "A037"
    title: ClassVar[str] = "Capped values"
    tells: ClassVar[bool] = True
    what: ClassVar[str] = "Many rows have the very same value at an end of the range: 'that much or more'."
    why_it_matters: ClassVar[str] = (
        "Beyond the limit the true values are not in the table. Where that is the target, the model learns that "
        "nothing lies beyond, and it is wrong in every such case."
    )
    how_detected: ClassVar[str] = (
        f"Numbers of at least {PILE_LEVELS} different values with at least {percent(MIN_PILE_SHARE)} and {MIN_PILE} "
        f"rows on the highest one (or the lowest, for fractions above zero), {PILE_RATIO:g} times as many as any of "
        f"the {PILE_NEIGHBOURS} values beside it. Ends of scales that are meant (1, 10, 24, 100, 255, …) do not count."
    )
    what_is_done: ClassVar[str] = "Told; a warning for the target."

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return one finding per column, or why there is nothing to check."""
        if len(context.row_numbers) < MIN_ROWS:
            return f"there are fewer than {MIN_ROWS} rows"
        numbers = measured_numbers(context)
        if numbers is None:
            return "there are no numbers"
        found = []
        for name in numbers:
            if context.contract[name].treatment is not None:
                continue  # a privacy policy has cut its ends
            column = coded(context, name)
            pile = find_pile(column.values, column.counts)
            # A code for missing at the end is not a limit; A009 tells of it.
            if pile is not None and pile.value not in {v for v, _ in sentinel_numbers(column)}:
                found.append(self._told(context, name, pile))
        return found

    def _told(self, context: AuditContext, name: str, pile: Pile) -> Finding:
        values = np.asarray(context.columns[name])
        rows = np.flatnonzero(values == pile.value)
        share = pile.n / int(np.isfinite(values).sum())
        is_target = name == context.target
        end, way = ("highest", "above") if pile.top else ("lowest", "below")
        return tell(
            self,
            severity=Severity.WARNING if is_target else Severity.INFO,
            columns=[name],
            message=f"{count(pile.n, 'row')} of '{name}' ({percent(share)}) have its {end} value, {pile.value:.10g}, "
            f"and at most {count(pile.beside, 'row')} any value beside it: it seems to be a limit, and stand for all "
            f"values {way}." + (f" A model of '{name}' cannot learn what lies beyond." if is_target else ""),
            evidence={"value": pile.value, "n": pile.n, "share": share, "beside": pile.beside},
            fix="get the values beyond the limit, or leave these rows out and say that the model is for the others"
            if is_target
            else "get the values beyond the limit if they matter",
            rows=context.row_numbers[rows],
            n_rows=pile.n,
        )
