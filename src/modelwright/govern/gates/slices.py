"""Does the model do worse for some?"""

from __future__ import annotations

from typing import ClassVar

from modelwright import format as fmt
from modelwright.evaluate import metrics
from modelwright.govern.gates.base import Case, Failing, Finding, number

__all__ = ["EvenAcrossSlices"]


class EvenAcrossSlices:
    """Informs: on many rows some slice is always worse by more than the noise."""

    name: ClassVar[str] = "even across slices"

    def check(self, case: Case) -> Finding:
        worse = [s for s in case.evaluation.slices if s.worse]
        if not case.evaluation.slices:
            return Finding(
                True, "not applicable: no slice has rows enough, or independent groups of them", Failing.INFORM
            )
        if not worse:
            why = f"none of the {len(case.evaluation.slices)} slices shown is worse by more than the noise"
            return Finding(True, why, Failing.INFORM)
        first = worse[0]
        more = f", and in {len(worse) - 1} more" if len(worse) > 1 else ""
        if first.added is not None and first.added.value is not None:
            told = (
                f"{first.score.n:,} rows; {fmt.share(first.added.value)} of all error would go if they were like others"
            )
        else:
            told = f"{metrics.get(first.score.name).title} {number(first.score)} on {first.score.n:,} rows"
        why = f"it is worse where {first.column} is {first.value} ({told}){more}"
        do = "have predictions looked at there, or collect more such rows"
        return Finding(False, why, Failing.INFORM, do)
