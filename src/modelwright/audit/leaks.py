"""Which columns hold the answer: one search over all columns, read by the rules A013 and A014.

What makes a strong column a leak is not its strength alone: honest problems can be easy (a flower's petal tells its
species). It is strength *out of proportion*: the column explains nearly everything while all other columns together
leave several times as much unexplained. Two leaks would vouch for each other in that comparison, so the search is
iterative: whatever was accused no longer counts as "the others", and the rest is judged again until nothing changes.

Out of proportion is still no proof: one measured quantity can drive a target honestly (the floor area and the rent)
while the other columns are weak. Such a column is dropped only when the relation is nearly exact; else it is told.

Order of the search, from the surest sign to the least sure:

1. copies: each class has its own value (or the number follows the target monotonically), whatever the others reach;
2. named: the name says "known only afterwards" (or names the target) and the column towers above all unnamed ones;
3. existence: that a value exists at all (or differs from its default) tells the outcome;
4. one-sided: the value exists, or is missing, for one outcome only, however few rows that are;
5. dominance: strength out of proportion, as above, and nearly exact;
6. company: the name begins with the name of a leak ("reservation_status", "reservation_status_date").

What is only told comes last and vouches against nothing: a hint in the name, strength out of proportion alone (unless
computed from a leak, as a share of it), a near copy, and values that exist mostly for one class.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from modelwright.audit.derived import is_derived, made_from
from modelwright.audit.dominance import dominant, merely_strong
from modelwright.audit.existence import (
    EXISTENCE_SKILL,
    FILLED_ROWS,
    HAS_VALUE,
    ONE_SIDED_ROWS,
    ONE_SIDED_SURE_ROWS,
    agreement,
    existence_skill,
    marks_class,
    purity,
    sides,
)
from modelwright.audit.findings import AuditContext
from modelwright.audit.gaps import mostly_for_one
from modelwright.audit.identifiers import identifier_reason
from modelwright.audit.looking import is_missing, memo, rank_correlation
from modelwright.audit.near import (
    COPY_RANKS,
    SAME_PLACES,
    class_recall,
    follows_closely,
    known_pairs,
    only_past,
    only_trend,
    same_places,
)
from modelwright.audit.power import (
    PowerSample,
    best_skill,
    column_cells,
    power,
    power_sample,
    skill_alone,
    skill_together,
)
from modelwright.audit.signs import TOLD_SIGNS, Leak, Sign
from modelwright.audit.telling_names import company, hinted, name_sign, named
from modelwright.data.columns import Strings

__all__ = ["COPY_KAPPA", "EXISTENCE_RATIO", "NEAR_RECALL", "find_leaks", "sure_leaks"]

# A copy has a value for each class. "Almost perfect" agreement ends at 0.8 (Landis and Koch 1977), and an honest flag
# that is wrong in 3 of 100 rows reaches 0.94; 0.975 leaves about one wrong row in a hundred.
COPY_KAPPA = 0.975
KNOWN_ROWS, KNOWN_SHARE = 50, 0.3  # a copy may be missing in the others
# Existence: the sign is a single yes or no, so less skill than of a column is asked for, and a smaller lead.
EXISTENCE_RATIO = 1.5
# A value exists exactly for one of several classes. In easy problems honest columns come near, not this near.
MARK_KAPPA = 0.99
# Near copies: right in nineteen of twenty rows of each class, with room for luck. Honest flags of public data sets end
# at 0.81.
NEAR_RECALL = 0.92
MAX_ROUNDS = 8  # rounds of the search; a table with more generations of leaks is told what was found by then


_Judge = Callable[[AuditContext, list[str], list[str], PowerSample], dict[str, Leak]]


def find_leaks(context: AuditContext) -> dict[str, Leak]:
    """Return the columns that hold the answer, by name; empty without a target.

    Columns that the brief leaves out are judged too: the brief and the audit should agree. They never count as "the
    others".
    """
    return memo(context, "leaks", lambda: _search(context))


def sure_leaks(context: AuditContext) -> dict[str, Leak]:
    """Return the columns of `find_leaks` on which more is done than telling."""
    return {n: leak for n, leak in find_leaks(context).items() if leak.sign not in TOLD_SIGNS}


def _search(context: AuditContext) -> dict[str, Leak]:
    sample = power_sample(context)
    if sample is None:
        return {}
    names = [n for n in context.contract.names if n != context.target and not identifier_reason(context, n)]
    features = frozenset(context.features)
    used = [n for n in names if n in features]
    found: dict[str, Leak] = {}
    for name in names:
        if _is_copy(context, name, sample):
            found[name] = Leak(column=name, sign=Sign.COPY, skill=skill_alone(context, name), others=0.0)
    _repeat((named, _existing, _one_sided, dominant), context, names, used, sample, found)
    found.update(company(context, names, found))
    found.update(hinted(context, [n for n in names if n not in found], [n for n in used if n not in found]))
    _repeat((merely_strong,), context, names, used, sample, found)
    found.update(_heirs(context, found, sample))
    found.update(_near(context, [n for n in names if n not in found], sample))
    found.update(_mostly(context, [n for n in names if n not in found], sample))
    return _compared(context, used, found)


def _heirs(context: AuditContext, found: dict[str, Leak], sample: PowerSample) -> dict[str, Leak]:
    """Return what is merely strong and was computed from what surely holds the answer: it holds it, too."""
    sure = [n for n, leak in found.items() if leak.sign not in TOLD_SIGNS]
    strong = {n: made_from(context, n, sure, sample) for n, leak in found.items() if leak.sign is Sign.STRONG}
    return {n: replace(found[n], sign=Sign.DERIVED, word=source) for n, source in strong.items() if source}


def _compared(context: AuditContext, used: list[str], found: dict[str, Leak]) -> dict[str, Leak]:
    """Return the leaks, those with a name compared with one column: what a later round accused speaks for none."""
    innocent = [n for n in used if n not in found and not name_sign(context, n)[0]]
    best = max(innocent, key=lambda n: skill_alone(context, n), default="")
    level = skill_alone(context, best) if best else 0.0
    return {
        n: replace(leak, others=level, against=best) if leak.sign in (Sign.NAMED, Sign.HINT) else leak
        for n, leak in found.items()
    }


def _repeat(
    judges: Sequence[_Judge],
    context: AuditContext,
    names: list[str],
    used: list[str],
    sample: PowerSample,
    found: dict[str, Leak],
) -> None:
    """Ask the judges in turn until none accuses another column; what was found no longer counts as "the others"."""
    for _ in range(MAX_ROUNDS):
        rest = [n for n in used if n not in found]
        open_names = [n for n in names if n not in found]
        new = next((n for judge in judges if (n := judge(context, open_names, rest, sample))), None)
        if not new:
            return
        found.update(new)


def _is_copy(context: AuditContext, name: str, sample: PowerSample) -> bool:
    measured = power(context, name)
    if measured is None:
        return False
    if not sample.n_classes:
        return _follows(context, name, sample, measured.skill)
    cells = column_cells(context, name, sample)
    known = np.flatnonzero(~is_missing(context.columns[name])[sample.rows])
    if len(known) < max(KNOWN_ROWS, KNOWN_SHARE * len(cells)):
        known = np.arange(len(cells))
    # A copy that was not kept for every row is one all the same.
    there = replace(sample, rows=sample.rows[known], y=sample.y[known], folds=sample.folds[known])
    return max(agreement(cells, sample), agreement(cells[known], there)) >= COPY_KAPPA


def _follows(context: AuditContext, name: str, sample: PowerSample, skill: float) -> bool:
    """Return whether a number rises or falls with the target; for texts the skill is the proof."""
    if isinstance(context.columns[name], Strings):
        return skill >= COPY_RANKS
    x, y = known_pairs(context, name, sample)
    if not len(x) or (abs(rank_correlation(x, y)) < COPY_RANKS**0.5 and same_places(x, y) < SAME_PLACES):
        return False
    return not only_trend(context, name, sample) and not only_past(context, name)


def _near(context: AuditContext, names: list[str], sample: PowerSample) -> dict[str, Leak]:
    """Return columns that are nearly the target, however well the others do together."""
    found = {}
    for name in names:
        if sample.n_classes:
            close = class_recall(column_cells(context, name, sample), sample)
            close = close if close >= NEAR_RECALL else 0.0
        else:
            close = follows_closely(context, name, sample)
            close = 0.0 if close and (only_trend(context, name, sample) or only_past(context, name)) else close
        if close:
            found[name] = Leak(column=name, sign=Sign.NEAR, skill=close, others=0.0)
    return found


def _mostly(context: AuditContext, names: list[str], sample: PowerSample) -> dict[str, Leak]:
    """Return columns that have a value mostly for one class, or for one end of a number."""
    return {
        n: Leak(column=n, sign=Sign.MOSTLY, skill=gap.inside, others=gap.outside, word=gap.part)
        for n, gap in mostly_for_one(context, names, sample).items()
    }


def _existing(context: AuditContext, names: list[str], rest: list[str], sample: PowerSample) -> dict[str, Leak]:
    marks = [n for n in names if marks_class(context, n, sample) >= MARK_KAPPA]
    if marks:
        level = best_skill(context, [n for n in rest if n not in marks])
        return {n: Leak(column=n, sign=Sign.EXISTENCE, skill=skill_alone(context, n), others=level) for n in marks}
    strong = {n: s for n in names if (s := existence_skill(context, n, sample)) >= EXISTENCE_SKILL}
    if not strong:
        return {}
    witnesses = [n for n in rest if n not in strong and not name_sign(context, n)[1]]
    others = skill_together(context, [n for n in witnesses if not is_derived(context, n, strong, sample)])
    return {
        n: Leak(column=n, sign=Sign.EXISTENCE, skill=skill_alone(context, n), others=others)
        for n, s in strong.items()
        if (1 - others) >= EXISTENCE_RATIO * (1 - max(s, skill_alone(context, n)))
    }


def _one_sided(context: AuditContext, names: list[str], rest: list[str], sample: PowerSample) -> dict[str, Leak]:
    if not sample.n_classes:
        return {}
    found = {}
    for name in names:
        word, strong = name_sign(context, name)
        for i, side in enumerate(sides(context, name, sample, values=strong)):
            pure = purity(side, sample, FILLED_ROWS if i == HAS_VALUE else ONE_SIDED_ROWS)
            if pure is not None:
                sure = word or min(side.sum(), (~side).sum()) >= ONE_SIDED_SURE_ROWS
                sign = Sign.ONE_SIDED if sure else Sign.FEW_ROWS
                found[name] = Leak(column=name, sign=sign, skill=pure[0], others=pure[1], word=word)
                break
    return found
