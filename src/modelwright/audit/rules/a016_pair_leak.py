"""A016: two versions of one fact whose difference tells the outcome."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import ClassVar

import numpy as np

from modelwright.audit.building import percent, tell
from modelwright.audit.findings import Action, AuditContext, Finding, Severity
from modelwright.audit.identifiers import identifier_reason
from modelwright.audit.leaks import find_leaks
from modelwright.audit.looking import coded, values_of
from modelwright.audit.names import after_the_fact, tokens
from modelwright.audit.pairs import MAX_LEVELS as FEW_LEVELS
from modelwright.audit.pairs import telling_pairs
from modelwright.audit.power import MIN_BIN_ROWS, MIN_ROWS, power, power_sample, quantile_bins, skill_of
from modelwright.data.columns import Strings
from modelwright.data.contract import Kind

__all__ = ["PairLeak"]

MIN_LEVELS = 3
MAX_LEVELS = 200
LEVELS_SHARED = 0.5  # Jaccard index of the level sets
MAX_SAME_ALPHABET = 3  # answers "low, middle, high" in many columns are an alphabet, not versions of one fact
# Two versions of a fact agree in most rows, and far more often than their shares would give.
AGREEMENT = 0.5
CHANCE_RATIO = 1.5
# The (dis)agreement must tell half as much again as the better column alone (the later version leaks by itself, too),
# and something worth telling.
PAIR_LEAD = 1.5
PAIR_SKILL = 0.03
# Numbers: planned and actual values are nearly the same number, and their difference explains most of the target.
VERSION_CORRELATION = 0.9
DIFFERENCE_SKILL = 0.5
DIFFERENCE_LEAD = 2.0
MAX_NUMBERS = 80
# Any two columns: honest ones that tell so much together tell a good part of it alone (in 100 public data sets the
# pair had at most twice what the better column has).
ANY_SKILL = 0.6
ANY_LEAD = 3.0
NEARLY_EXACT = 0.9
DIFFERENCE_BINS = 50


class PairLeak:
    """Finds pairs such as the room reserved and the room assigned, whose disagreement gives the outcome away."""

    code: ClassVar[str] = "A016"
    title: ClassVar[str] = "Pair leak"
    what: ClassVar[str] = (
        "Two columns are versions of one fact, before and after, and their difference tells the outcome."
    )
    why_it_matters: ClassVar[str] = (
        "The later version is written when the outcome is known or near. Each column alone looks harmless."
    )
    how_detected: ClassVar[str] = (
        f"Categories with at least {MIN_LEVELS} levels, {percent(LEVELS_SHARED)} of them shared, that agree in "
        f"{percent(AGREEMENT)} of the rows and {CHANCE_RATIO:g} times as often as by chance; whether they agree "
        f"explains {PAIR_LEAD:g} times as much of the target as either alone, and at least {percent(PAIR_SKILL)}. "
        "Numbers that "
        f"correlate by {VERSION_CORRELATION:g} and whose difference explains {percent(DIFFERENCE_SKILL)} and "
        f"{DIFFERENCE_LEAD:g} times as much as either alone. Any two columns of at most {FEW_LEVELS} "
        f"values together, or which of two numbers of one scale is larger: {percent(ANY_SKILL)}, and {ANY_LEAD:g} "
        f"({DIFFERENCE_LEAD:g}) times as much as either alone. The time between two dates is an honest feature."
    )
    what_is_done: ClassVar[str] = (
        "The later version is dropped where names tell which it is ('assigned', 'actual', against 'reserved', "
        "'scheduled'), or where the difference of two numbers explains most of the target; otherwise the pair is told."
    )

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return one finding per pair, or why there is nothing to check."""
        if context.y is None:
            return "there is no target"
        if power_sample(context) is None:
            return f"there are fewer than {MIN_ROWS} rows with a target, or it does not vary"
        leaks = find_leaks(context)
        usable = [n for n in context.features if n not in leaks and not identifier_reason(context, n)]
        found = [f for a, b in _category_pairs(context, usable) if (f := self._disagree(context, a, b)) is not None]
        found += [f for a, b in _number_pairs(context, usable) if (f := self._differ(context, a, b)) is not None]
        told = {frozenset((str(f.evidence["first"]), str(f.evidence["second"]))) for f in found}
        for a, b, how, skill in telling_pairs(context, usable, ANY_SKILL):
            lead = DIFFERENCE_LEAD if how == "larger" else ANY_LEAD
            if frozenset((a, b)) not in told and skill >= lead * _alone(context, a, b):
                found.append(self._together(context, a, b, how, skill))
        return found

    def _together(self, context: AuditContext, a: str, b: str, how: str, skill: float) -> Finding:
        message = (
            f"Which of '{a}' and '{b}' is larger" if how == "larger" else f"The values of '{a}' and '{b}' together"
        )
        verb = "explains" if how == "larger" else "explain"
        return self._told(context, a, b, skill, _alone(context, a, b), f"{message} {verb}", sure=skill >= NEARLY_EXACT)

    def _disagree(self, context: AuditContext, a: str, b: str) -> Finding | None:
        first, second = coded(context, a), coded(context, b)
        index = {v: i for i, v in enumerate(first.values)}
        translated = np.array([index.get(v, -2) for v in second.values] + [-3])[second.codes]
        same = first.codes == translated
        agreement = float(same.mean())
        chance = _chance(
            first.counts / len(same), {v: c / len(same) for v, c in zip(second.values, second.counts)}, index
        )
        if agreement < AGREEMENT or agreement < CHANCE_RATIO * chance or agreement == 1:
            return None
        skill = skill_of(context, same.astype(np.int64))
        alone = _alone(context, a, b)
        if skill < PAIR_SKILL or skill < PAIR_LEAD * alone:
            return None
        message = f"Whether '{a}' and '{b}' agree (they do in {percent(agreement)} of the rows) explains"
        return self._told(context, a, b, skill, alone, message, sure=False)

    def _differ(self, context: AuditContext, a: str, b: str) -> Finding | None:
        gap = values_of(context, b) - values_of(context, a)  # type: ignore[operator]
        levels, codes = np.unique(gap[np.isfinite(gap)], return_inverse=True)
        n_bins = min(DIFFERENCE_BINS, max(2, len(codes) // MIN_BIN_ROWS))
        cells = np.full(len(gap), -1, np.int64)
        cells[np.isfinite(gap)] = codes
        if len(levels) > n_bins:
            cells = np.where(cells < 0, -1, quantile_bins(cells, len(levels), n_bins))
        skill = skill_of(context, cells + 1)
        alone = _alone(context, a, b)
        if skill < DIFFERENCE_SKILL or skill < DIFFERENCE_LEAD * alone:
            return None
        return self._told(context, a, b, skill, alone, f"The difference of '{a}' and '{b}' explains", sure=True)

    def _told(
        self, context: AuditContext, a: str, b: str, skill: float, alone: float, message: str, *, sure: bool
    ) -> Finding:
        later, named = _later(a, b)
        drop = named or sure
        return tell(
            self,
            severity=Severity.ERROR if drop else Severity.WARNING,
            columns=[later] if drop else [a, b],
            message=f"{message} {percent(skill)} of '{context.target}', the better of the two alone "
            f"{percent(alone)}. They seem to be one fact before and after the outcome.",
            evidence={"skill": skill, "alone": alone, "first": a, "second": b},
            action=Action.DROP_COLUMN if drop else Action.TOLD,
            done=f"dropped '{later}': {'its name says that it is the later one' if named else 'the later of the two'}"
            if drop
            else "",
            fix=f"if '{later}' is known before the prediction is needed, allow {self.code}:{later}"
            if drop
            else "name the one that is written later with --known-after",
        )


def _alone(context: AuditContext, a: str, b: str) -> float:
    return max(p.skill for p in (power(context, a), power(context, b)) if p is not None)


def _chance(first: np.ndarray, second: dict[str, float], index: dict[str, int]) -> float:
    return float(sum(first[index[v]] * share for v, share in second.items() if v in index))


def _category_pairs(context: AuditContext, usable: list[str]) -> list[tuple[str, str]]:
    sets = {}
    for name in usable:
        column = coded(context, name)
        if isinstance(context.columns[name], Strings) and MIN_LEVELS <= column.n_levels <= MAX_LEVELS:
            sets[name] = frozenset(column.values)
    pairs = [
        (a, b) for a, b in combinations(sets, 2) if len(sets[a] & sets[b]) >= LEVELS_SHARED * len(sets[a] | sets[b])
    ]
    partners = Counter(n for pair in pairs for n in pair)
    return [(a, b) for a, b in pairs if max(partners[a], partners[b]) < MAX_SAME_ALPHABET]


def _number_pairs(context: AuditContext, usable: list[str]) -> list[tuple[str, str]]:
    sample = power_sample(context)
    kinds = (Kind.NUMBER, Kind.DURATION)
    names = [n for n in usable if context.contract[n].kind in kinds and coded(context, n).n_levels > MIN_LEVELS]
    if sample is None or not 2 <= len(names) <= MAX_NUMBERS:
        return []
    x = np.column_stack([context.columns[n][sample.rows] for n in names])  # type: ignore[index]
    x = np.where(np.isfinite(x), x, np.nanmean(np.where(np.isfinite(x), x, np.nan), axis=0))
    spread = x.std(axis=0)
    keep = np.flatnonzero(spread > 0)
    if len(keep) < 2:
        return []
    r = np.corrcoef(x[:, keep], rowvar=False)
    i, j = np.nonzero(np.triu(np.abs(r) >= VERSION_CORRELATION, 1))
    scale = np.maximum(spread[keep][i], spread[keep][j]) / np.minimum(spread[keep][i], spread[keep][j])
    close = (scale < 2) & (r[i, j] > 0)
    return [(names[keep[a]], names[keep[b]]) for a, b in zip(i[close], j[close])]


def _later(a: str, b: str) -> tuple[str, bool]:
    """Return the later version, and whether the names say so."""
    from modelwright.audit.names import BEFORE

    for one, other in ((a, b), (b, a)):
        before = BEFORE.intersection(tokens(other)) and not BEFORE.intersection(tokens(one))
        if before or (after_the_fact(one)[1] and not after_the_fact(other)[0]):
            return one, True
    return b, False
