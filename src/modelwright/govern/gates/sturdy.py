"""Does the model bear rows that are a little other than those it learned from?"""

from __future__ import annotations

from typing import ClassVar

from modelwright.govern.gates.base import Case, Failing, Finding

__all__ = ["Sturdy"]

EVERYDAY = frozenset({"typos", "spelling", "gaps", "noise", "unit slip", "dates"})
"""Disturbances that come with people and feeds; that a model suffers without its columns is no surprise."""


class Sturdy:
    """What happens to rows every day leaves the model more than half of what it has over a constant prediction.

    It informs: how likely such rows are is not known here.
    """

    name: ClassVar[str] = "sturdy"

    def check(self, case: Case) -> Finding:
        tried = [] if case.stress is None else [c for c in case.stress.cases if c.stress in EVERYDAY]
        if not tried:
            return Finding(
                True, "not applicable: no disturbance as they come with people and feeds was tried", Failing.INFORM
            )
        broken = [c for c in tried if c.judgement == "breaks"]
        if not broken:
            return Finding(
                True, f"it bears {len(tried)} disturbances as they come with people and feeds", Failing.INFORM
            )
        why = f"if {broken[0].words}, more than half of what it has over a constant prediction is gone"
        if len(broken) > 1:
            why += f", and so it is with {len(broken) - 1} more of {len(tried)} disturbances"
        told = "watch for it with 'modelwright monitor', and mend such rows before they are scored"
        return Finding(False, why, Failing.INFORM, told)
