"""A053: how exactly a number is written tells the outcome."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from modelwright.audit.building import percent, tell
from modelwright.audit.findings import AuditContext, Finding, Severity
from modelwright.audit.identifiers import measured_numbers
from modelwright.audit.power import MIN_ROWS, PowerSample, power_sample
from modelwright.audit.rounding import MIN_LEVELS, told_by_decimals

__all__ = ["TellingPrecision"]

# Of 130 public tables one is far above it (0.26: two programs simulated the two classes); the next has 0.035, where
# makers of cars publish figures of consumption with more or fewer decimals.
TELLING_SKILL = 0.05


class TellingPrecision:
    """Finds numbers whose decimals tell the outcome, whatever their size."""

    code: ClassVar[str] = "A053"
    title: ClassVar[str] = "Precision that tells the outcome"
    tells: ClassVar[bool] = True
    what: ClassVar[str] = (
        "A number is written with more decimals where the outcome is one thing than where it is another: 205.26 for "
        "those who stayed, 205.2614 for those who left."
    )
    why_it_matters: ClassVar[str] = (
        "Rows of different outcomes came from different sources, forms or programs. New rows come from one. A model "
        "that sees exact values, or how often each occurs, learns the source: admirable on this file and worth nothing "
        "after it. What else differs between the sources leaks as well."
    )
    how_detected: ClassVar[str] = (
        f"Numbers with at least {MIN_LEVELS} different values are cut into narrow ranges, and by their order of "
        "magnitude; values that are frequent stand alone. Accused are those whose number of decimals explains out of "
        f"fold at least {percent(TELLING_SKILL)} more of the target than the range alone does."
    )
    what_is_done: ClassVar[str] = (
        "Told. Models here see sizes and orders of numbers, from which decimals can hardly be read."
    )

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return one finding per number, or why there is nothing to check."""
        if context.y is None:
            return "there is no target"
        sample = power_sample(context)
        if sample is None:
            return f"there are fewer than {MIN_ROWS} rows with a target, or it does not vary"
        numbers = measured_numbers(context)
        if numbers is None:
            return "there are no numbers"
        features = [n for n in numbers if n != context.target]
        return [f for n in features if (f := self._judge(context, n, sample)) is not None]

    def _judge(self, context: AuditContext, name: str, sample: PowerSample) -> Finding | None:
        skill, written = told_by_decimals(context, name, sample, least=TELLING_SKILL)
        if skill < TELLING_SKILL:
            return None
        places, told = _example(context, written[sample.rows], sample)
        many = np.flatnonzero(written >= places)
        return tell(
            self,
            severity=Severity.WARNING,
            columns=[name],
            message=f"How exactly '{name}' is written explains {percent(skill)} of '{context.target}' beyond its "
            f"value: {told}. The outcomes seem to come from different sources.",
            evidence={"skill": skill, "decimals": places},
            fix="find out where rows of each outcome came from; take all from one source, or round to what all have",
            rows=context.row_numbers[many],
            n_rows=len(many),
        )


def _example(context: AuditContext, written: np.ndarray, sample: PowerSample) -> tuple[int, str]:
    """Return from how many decimals on outcomes differ most, and that in words."""
    cuts = np.unique(written[written >= 0])[1:]
    if not context.classes:
        means = [(float(sample.y[written >= c].mean()), float(sample.y[written < c].mean())) for c in cuts]
        best = int(np.argmax([abs(more - fewer) for more, fewer in means]))
        more, fewer = means[best]
        return int(cuts[best]), (
            f"with {cuts[best]} decimals or more it lies above {percent(more)} of all values on average, "
            f"with fewer above {percent(fewer)}"
        )
    shares = np.array([[(written[sample.y == k] >= c).mean() for k in np.unique(sample.y)] for c in cuts])
    best = int(np.argmax(np.ptp(shares, axis=1)))
    low, high = int(shares[best].argmin()), int(shares[best].argmax())
    names = [context.classes[k] for k in np.unique(sample.y)]
    return int(cuts[best]), (
        f"{percent(shares[best, high])} of '{names[high]}' have {cuts[best]} decimals or more, "
        f"{percent(shares[best, low])} of '{names[low]}'"
    )
