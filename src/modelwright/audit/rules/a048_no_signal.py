"""A048: nothing in the columns tells the target."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from modelwright.audit.building import count, percent, tell
from modelwright.audit.findings import AuditContext, Finding, Severity
from modelwright.audit.honest import NO_PROBE, constant_probe, honest_features, honest_probe
from modelwright.audit.looking import rank_correlation, values_of
from modelwright.audit.probing import Probe, difference
from modelwright.data.contract import Kind

__all__ = ["NoSignal"]

# A column that explains this many times 1 / n of the target is found in four of five tables of n rows (two-sided 5 %
# asks for (1.96 + 0.84)² = 7.8; twice as much, since the quick model spends rows on choosing between columns).
DETECTABLE = 16.0
USEFUL_SKILL = 0.05  # an effect of this size is worth a model; rows that could not show it prove nothing …
LARGE_SKILL = 0.15  # … but one that they could have shown is missing all the same
# Three looks, each with 1 % of luck on tables without a signal (the look at single numbers over all of them together).
SURE, LUCK = 2.326, 0.01
_NOT_READ = frozenset({Kind.TEXT, Kind.DATETIME})


class NoSignal:
    """Finds targets that a quick model cannot tell from chance, though the rows would have shown a useful effect."""

    code: ClassVar[str] = "A048"
    costly: ClassVar[bool] = True
    title: ClassVar[str] = "No signal"
    what: ClassVar[str] = "A quick model of all columns predicts no better than a constant."
    why_it_matters: ClassVar[str] = (
        "There is nothing to learn here. A model built on it repeats the average, and whatever looks better on some "
        "rows is luck that does not come back."
    )
    how_detected: ClassVar[str] = (
        "Out of fold, a quick model is no better than a constant (the interval of the paired difference reaches 0), "
        "its probabilities are no higher for the classes that came true than the shares of the classes are, and no "
        f"number follows the target in order, each with an error of 1 % for luck. Only where the rows could have shown "
        f"an effect of {percent(USEFUL_SKILL)} of the target: a column that explains {DETECTABLE:g} / n is found four "
        f"times of five. Where they could have shown one of {percent(LARGE_SKILL)} it is a note. Not with free text or "
        "dates, which the quick model does not read."
    )
    what_is_done: ClassVar[str] = "Told. Training goes on and will say the same in its comparison with the baselines."

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return at most one finding, or why there is nothing to check."""
        if context.y is None:
            return "there is no target"
        names = honest_features(context)
        if any(context.contract[n].kind in _NOT_READ for n in names):
            return "there are texts or dates, which the quick model does not read"
        made = honest_probe(context)
        if made is None:
            return NO_PROBE
        smallest = DETECTABLE / _informative(made)
        if smallest > LARGE_SKILL:
            return (
                f"{count(len(made.y), 'row')} could show only effects that explain {percent(min(1, smallest))} or more "
                f"of the target (at most {percent(LARGE_SKILL)} are asked for)"
            )
        gain = difference(made, constant_probe(made), seed=context.brief.seed)
        better = gain.low is None or gain.low > 0
        if better or _surety(made) > SURE or _ordered(context, made, names):
            return []
        return [self._tell(context, made, len(names), smallest, gain.value or 0.0)]

    def _tell(self, context: AuditContext, made: Probe, n_columns: int, smallest: float, gain: float) -> Finding:
        measure = "log loss" if context.classes else "R² of ranks"
        return tell(
            self,
            severity=Severity.WARNING if smallest <= USEFUL_SKILL else Severity.INFO,
            columns=[str(context.target)],
            message=f"{count(n_columns, 'column')} and {count(len(made.y), 'row')} tell nothing of '{context.target}': "
            f"a quick model is no better than a constant ({measure} better by {gain:.2g}, within luck). A column that "
            f"explains {percent(smallest)} of it would most likely have shown"
            + ("." if smallest <= USEFUL_SKILL else "; a weaker one may hide behind so few rows."),
            evidence={"gain": gain, "smallest_effect": smallest, "n": len(made.y), "n_columns": n_columns},
            fix="don't build this, or collect other columns: what does a person look at who can tell it?",
        )


def _informative(made: Probe) -> float:
    """Return the rows that carry information: of classes as many as two equal ones would need."""
    k = made.prediction.shape[1]
    if k == 1:
        return float(len(made.y))
    shares = np.bincount(made.y.astype(np.int64), minlength=k) / len(made.y)
    return len(made.y) * float(min(1.0, 2 * (1 - np.square(shares).sum())))


def _surety(made: Probe) -> float:
    """Return how many standard errors the predictions lean towards what came true; an overconfident model, too."""
    k = made.prediction.shape[1]
    if k == 1:
        off = (made.prediction[:, 0] - made.prediction.mean()) * (made.y - made.y.mean())
    else:
        own = np.arange(len(made.y)), made.y.astype(np.int64)
        off = made.prediction[own] / constant_probe(made).prediction[own] - 1
    spread = float(off.std(ddof=1))
    return float(off.mean() / spread * np.sqrt(len(off))) if spread > 0 else 0.0


def _ordered(context: AuditContext, made: Probe, names: tuple[str, ...]) -> bool:
    """Return whether some number rises or falls with the target beyond luck, in any of as many tries as columns."""
    from scipy.special import ndtri

    if made.prediction.shape[1] > 2:
        return False
    limit = -float(ndtri(LUCK / 2 / max(1, len(names)))) / np.sqrt(len(made.y))
    numbers = [v for n in names if (v := values_of(context, n)) is not None]
    return any(abs(rank_correlation(v[made.rows], made.y)) > limit for v in numbers)
