"""Is the model as good as the brief asks?"""

from __future__ import annotations

from typing import ClassVar

from modelwright import format as fmt
from modelwright.evaluate import metrics
from modelwright.govern.gates.base import Case, Failing, Finding, number

__all__ = ["GoodEnough"]

MEANT = "ask for more than a constant reaches, or name the metric that the score is of: --metric"
SURER = "collect more rows, so that the score is known better"


class GoodEnough:
    """The score, and its gain over a constant, reach what the brief asks for.

    Worse than asked blocks; as good as asked, but within the noise of being worse, is a condition. So is a score that a
    constant reaches, too: whoever asks for it means another metric, or has asked for nothing.
    """

    name: ClassVar[str] = "good enough"

    def check(self, case: Case) -> Finding:
        score = self._score(case)
        if score is not None and not score.passed:
            return score
        gain = self._gain(case)
        if gain is not None and not gain.passed:
            return gain
        kept = [f.why for f in (score, gain) if f is not None]
        return Finding(True, " and ".join(kept) or "not applicable: the brief asks for no score", Failing.DO_NOT_SHIP)

    def _score(self, case: Case) -> Finding | None:
        asked, head = case.threshold("score"), case.evaluation.headline
        if asked is None or head.value is None:
            return None
        sign = 1.0 if head.greater_is_better else -1.0
        ends = [sign * v for v in (head.low, head.high) if v is not None]
        relation = "at least" if head.greater_is_better else "at most"
        told = f"{metrics.get(head.name).title} {number(head)}, where {relation} {fmt.number(asked)} is asked for"
        found = _judged(case, sign * head.value, min(ends, default=None), sign * asked, told)
        constant = None if case.against_constant is None else case.against_constant.score
        if not found.passed or constant is None or constant.value is None or constant.name != head.name:
            return found
        if sign * constant.value < sign * asked:
            return found
        why = f"{told}; a constant prediction has {number(constant)} and reaches that, too"
        return Finding(False, why, Failing.CONDITION, MEANT)

    def _gain(self, case: Case) -> Finding | None:
        asked, against = case.threshold("gain"), case.against_constant
        if asked is None or against is None or against.gain.value is None:
            return None
        told = f"better than a constant by {number(against.gain)}, where at least {fmt.number(asked)} is asked for"
        return _judged(case, against.gain.value, against.gain.low, asked, told)


def _judged(case: Case, value: float, worst: float | None, asked: float, told: str) -> Finding:
    """Return the answer on a value that has to reach what is asked; ``worst`` is the low end of its interval."""
    if value < asked:
        return Finding(False, f"it is not as good as asked: {told}", Failing.DO_NOT_SHIP, case.better_model)
    if worst is not None and worst < asked:
        return Finding(False, f"that it is as good as asked may be chance: {told}", Failing.CONDITION, SURER)
    return Finding(True, told, Failing.DO_NOT_SHIP)
