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

What is only told comes last and vouches against nothing: a hint in the name, strength out of proportion alone, a near
copy, and values that exist mostly for one class.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from modelwright.audit.existence import (
    FILLED_ROWS,
    HAS_VALUE,
    MANY_VALUES,
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
from modelwright.audit.looking import coded, is_missing, memo, rank_correlation
from modelwright.audit.names import BEFORE, IDENTIFIER, after_the_fact, shared_stem, siblings, tokens
from modelwright.audit.near import (
    SAME_PLACES,
    class_recall,
    follows_closely,
    known_pairs,
    only_past,
    only_trend,
    same_places,
)
from modelwright.audit.power import PowerSample, column_cells, joint_skill, power, power_sample
from modelwright.data.columns import Strings
from modelwright.data.contract import Kind

__all__ = ["TOLD_SIGNS", "Leak", "Sign", "find_leaks", "sure_leaks"]

# A copy has a value for each class. "Almost perfect" agreement ends at 0.8 (Landis and Koch 1977), and an honest flag
# that is wrong in 3 of 100 rows reaches 0.94; 0.975 leaves about one wrong row in a hundred.
COPY_KAPPA = 0.975
KNOWN_ROWS, KNOWN_SHARE = 50, 0.3  # a copy may be missing in the others
# A monotone copy of a number has its ranks but for small noise and rounding.
COPY_RANKS = 0.995
# Dominance: at least this much explained, and the others together leave three times as much unexplained. Honest
# single columns of the kind that "does it all" (odor of mushrooms, temperature of a power plant) have others that
# come close; planted copies with up to 5 % of wrong labels do not.
DOMINANT_SKILL = 0.65
UNEXPLAINED_RATIO = 3.0
# Nearly perfect alone, while no other column comes near: accused however easy the problem is for all of them together.
PERFECT_SKILL = 0.95
PERFECT_RATIO = 8.0
# Nearly exact: what is left is less than the error of ordinary measurements. For numbers an error of 7 % of the spread
# (`COPY_RANKS`); for two classes an AUC that the gate "plausible" calls too good as well; for more, `PERFECT_SKILL`.
EXACT_AUC = 0.998
# Several continuous columns that separate the classes equally well are measurements of one thing; they stay.
TWIN_SKILL = 0.90
# Existence: the sign is a single yes or no, so less skill is asked for.
EXISTENCE_SKILL = 0.40
EXISTENCE_RATIO = 1.5
# A value exists exactly for one of several classes. In easy problems honest columns come near, not this near.
MARK_KAPPA = 0.99
# What was computed from a suspect (a share of it, its logarithm) cannot vouch for it.
DERIVED_CORRELATION = 0.9
# Named columns: far above all columns with an innocent name.
STRONG_NAME_SKILL = 0.10
WEAK_NAME_SKILL = 0.15
STRONG_NAME_LEAD = 1.5
WEAK_NAME_LEAD = 2.0
# ... or less clearly so, which is told and not acted on.
TOLD_SKILL = 0.08
TOLD_LEAD = 1.5
# Near copies: right in nineteen of twenty rows of each class, with room for luck. Honest flags of public data sets end
# at 0.81.
NEAR_RECALL = 0.92
IN_ORDER = 0.95  # rank correlation of a date with the position in the file
MAX_ROUNDS = 8  # rounds of the search; a table with more generations of leaks is told what was found by then


class Sign(StrEnum):
    """What gave a column away."""

    COPY = "copy"
    NAMED = "named"
    HINT = "hint"
    EXISTENCE = "existence"
    ONE_SIDED = "one-sided"
    FEW_ROWS = "one-sided in few rows"
    COMPANY = "company"
    DOMINANT = "dominant"
    STRONG = "strong"
    NEAR = "near copy"
    MOSTLY = "mostly for one class"


# Signs on which nothing is dropped.
TOLD_SIGNS = frozenset({Sign.HINT, Sign.FEW_ROWS, Sign.STRONG, Sign.NEAR, Sign.MOSTLY})


@dataclass(frozen=True, kw_only=True)
class Leak:
    """A column that seems to hold the answer.

    Attributes
    ----------
    column : str
    sign : Sign
    skill : float
        Share of the target the column alone explains out of fold; for one-sided columns, the share of the most
        frequent class among the rows of that side; for near copies, the share of right rows or R²; for columns mostly
        for one class, the share of its rows that have a value.
    others : float
        Share that the columns it was compared with explain; for one-sided columns, the share of that class in all
        rows; for columns mostly for one class, the share of all other rows that have a value.
    word : str
        What in the name speaks of it, where it does; for company, the leak it is about; for columns mostly for one
        class, that class.
    """

    column: str
    sign: Sign
    skill: float
    others: float
    word: str = ""
    against: str = ""


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
    used = [n for n in names if n in set(context.features)]
    found: dict[str, Leak] = {}
    for name in names:
        if _is_copy(context, name, sample):
            found[name] = Leak(column=name, sign=Sign.COPY, skill=_skill(context, name), others=0.0)
    _repeat((_named, _existing, _one_sided, _dominant), context, names, used, sample, found)
    found.update(_company(context, names, found))
    found.update(_hints(context, [n for n in names if n not in found], [n for n in used if n not in found]))
    _repeat((_strong,), context, names, used, sample, found)
    found.update(_near(context, [n for n in names if n not in found], sample))
    found.update(_mostly(context, [n for n in names if n not in found], sample))
    return _compared(context, used, found)


def _compared(context: AuditContext, used: list[str], found: dict[str, Leak]) -> dict[str, Leak]:
    """Return the leaks, those with a name compared with one column: what a later round accused speaks for none."""
    innocent = [n for n in used if n not in found and not name_sign(context, n)[0]]
    best = max(innocent, key=lambda n: _skill(context, n), default="")
    level = _skill(context, best) if best else 0.0
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


def _skill(context: AuditContext, name: str) -> float:
    measured = power(context, name)
    return 0.0 if measured is None else measured.skill


def _best(context: AuditContext, names: Collection[str]) -> float:
    return max((_skill(context, n) for n in names), default=0.0)


def _together(context: AuditContext, names: Collection[str]) -> float:
    """Return what the columns explain; a small joint model can be worse than the best of them on few rows."""
    return max(_best(context, names), joint_skill(context, names))


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


# ------------------------------------------------------------------------------------------------------- by name


def name_sign(context: AuditContext, name: str) -> tuple[str, bool]:
    """Return what in the name of a column speaks of the outcome (``""``: nothing), and whether it is a strong sign."""
    word, strong = after_the_fact(name)
    if strong:
        return f"'{word}'", True
    stem = shared_stem(name, str(context.target)) if not before_the_event(name) else ""
    if stem:
        return f"'{stem}', as in the target", True
    return (f"'{word}'", False) if word else ("", False)


def before_the_event(name: str) -> bool:
    """Return whether a word of the name puts its value before the event."""
    return bool(BEFORE.intersection(tokens(name)))


def _towers(skill: float, other: float, lead: float) -> bool:
    """Return whether a skill leads another, in what is explained or in what is left unexplained."""
    return skill >= lead * other or (skill > other and (1 - other) >= lead * (1 - skill))


def _named(context: AuditContext, names: list[str], rest: list[str], sample: PowerSample) -> dict[str, Leak]:
    signs = {n: name_sign(context, n) for n in names}
    unnamed = [n for n in rest if not signs[n][0] and existence_skill(context, n, sample) < EXISTENCE_SKILL]
    level = _best(context, unnamed)
    found = {}
    for name, (word, strong) in signs.items():
        skill = _skill(context, name)
        enough = STRONG_NAME_SKILL if strong else WEAK_NAME_SKILL
        lead = STRONG_NAME_LEAD if strong else WEAK_NAME_LEAD
        if word and skill >= enough and _towers(skill, level, lead):
            found[name] = Leak(column=name, sign=Sign.NAMED, skill=skill, others=level, word=word)
    return found


def _hints(context: AuditContext, names: list[str], rest: list[str]) -> dict[str, Leak]:
    """Return columns whose name or kinship with the target is a reason to ask, with less evidence."""
    kin = siblings(names, str(context.target))
    signs = {n: name_sign(context, n)[0] or ("named almost like the target" if n in kin else "") for n in names}
    level = _best(context, [n for n in rest if not signs[n]])
    found = {}
    for name, word in signs.items():
        skill = _skill(context, name)
        if word and skill >= TOLD_SKILL and _towers(skill, level, TOLD_LEAD):
            found[name] = Leak(column=name, sign=Sign.HINT, skill=skill, others=level, word=word)
    return found


# ------------------------------------------------------------------------------------- by existence and dominance


def _existing(context: AuditContext, names: list[str], rest: list[str], sample: PowerSample) -> dict[str, Leak]:
    marks = [n for n in names if marks_class(context, n, sample) >= MARK_KAPPA]
    if marks:
        level = _best(context, [n for n in rest if n not in marks])
        return {n: Leak(column=n, sign=Sign.EXISTENCE, skill=_skill(context, n), others=level) for n in marks}
    strong = {n: s for n in names if (s := existence_skill(context, n, sample)) >= EXISTENCE_SKILL}
    if not strong:
        return {}
    witnesses = [n for n in rest if n not in strong and not name_sign(context, n)[1]]
    others = _together(context, [n for n in witnesses if not _derived(context, n, strong, sample)])
    return {
        n: Leak(column=n, sign=Sign.EXISTENCE, skill=_skill(context, n), others=others)
        for n, s in strong.items()
        if (1 - others) >= EXISTENCE_RATIO * (1 - max(s, _skill(context, n)))
    }


def _derived(context: AuditContext, name: str, suspects: Collection[str], sample: PowerSample) -> bool:
    """Return whether a number rises or falls with one of the suspects."""
    column = context.columns[name]
    if isinstance(column, Strings):
        return False
    for suspect in suspects:
        other = context.columns[suspect]
        if not isinstance(other, Strings):
            r = rank_correlation(column[sample.rows], other[sample.rows])
            if abs(r) >= DERIVED_CORRELATION:
                return True
    return False


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


def _company(context: AuditContext, names: list[str], found: dict[str, Leak]) -> dict[str, Leak]:
    """Return columns that are about a leak: their names begin with its name, which has two words or more."""
    leaders = {tokens(n): n for n, leak in found.items() if leak.sign not in TOLD_SIGNS and len(tokens(n)) > 1}
    company = {}
    for name in names:
        if name in found:
            continue
        words = tokens(name)
        leader = next((leaders[words[:i]] for i in range(2, len(words)) if words[:i] in leaders), "")
        if leader:
            skill = _skill(context, name)
            company[name] = Leak(column=name, sign=Sign.COMPANY, skill=skill, others=found[leader].skill, word=leader)
    return company


def _dominant(context: AuditContext, names: list[str], rest: list[str], sample: PowerSample) -> dict[str, Leak]:
    near = [n for n in names if _nearly_exact(context, n, sample)]
    return _disproportionate(context, near, rest, sample, Sign.DOMINANT)


def _strong(context: AuditContext, names: list[str], rest: list[str], sample: PowerSample) -> dict[str, Leak]:
    return _disproportionate(context, names, rest, sample, Sign.STRONG)


def _nearly_exact(context: AuditContext, name: str, sample: PowerSample) -> bool:
    """Return whether a column leaves less of the target open than measured quantities do."""
    measured = power(context, name)
    if measured is None:
        return False
    if not sample.n_classes:
        return measured.skill >= COPY_RANKS
    return measured.auc >= EXACT_AUC if sample.n_classes == 2 else measured.skill >= PERFECT_SKILL


def _disproportionate(
    context: AuditContext, names: list[str], rest: list[str], sample: PowerSample, sign: Sign
) -> dict[str, Leak]:
    strong = sorted((n for n in names if _skill(context, n) >= DOMINANT_SKILL), key=lambda n: -_skill(context, n))
    strong = [n for n in strong if not _orders_or_names(context, n, sample)]
    for name in strong:
        skill = _skill(context, name)
        if _out_of_proportion(context, name, skill, [n for n in rest if n != name], sample):
            others = _together(context, [n for n in rest if n != name])
            return {name: Leak(column=name, sign=sign, skill=skill, others=others)}
    return _twins(context, strong, rest, sample, sign)


def _orders_or_names(context: AuditContext, name: str, sample: PowerSample) -> bool:
    """Return whether a column is strong as the time of a trend, the name of a series, or by what came before."""
    if isinstance(context.columns[name], Strings):
        return not sample.n_classes and bool(IDENTIFIER.intersection(tokens(name)))
    if context.contract[name].kind is Kind.DATETIME:
        codes = coded(context, name).codes
        return abs(rank_correlation(np.where(codes < 0, np.nan, codes), np.arange(len(codes), dtype=float))) >= IN_ORDER
    return only_trend(context, name, sample) or only_past(context, name)


def _out_of_proportion(context: AuditContext, name: str, skill: float, rest: list[str], sample: PowerSample) -> bool:
    best = _best(context, rest)
    if skill >= PERFECT_SKILL and (1 - best) >= PERFECT_RATIO * (1 - skill):
        return True
    if (1 - best) < UNEXPLAINED_RATIO * (1 - skill):
        return False
    if sample.n_classes and agreement(column_cells(context, name, sample), sample) > 0:
        return True  # a value for each class: no other single column need come near for it to be a copy with noise
    return (1 - _together(context, rest)) >= UNEXPLAINED_RATIO * (1 - skill)


def _twins(
    context: AuditContext, strong: list[str], rest: list[str], sample: PowerSample, sign: Sign
) -> dict[str, Leak]:
    """Return near copies that vouch for each other: few-valued columns, each nearly perfect, far above all others."""
    near = [n for n in strong if _skill(context, n) >= TWIN_SKILL and not _continuous(context, n, sample)]
    if len(near) < 2:
        return {}
    others = _together(context, [n for n in rest if n not in near])
    worst = min(_skill(context, n) for n in near)
    if (1 - others) < UNEXPLAINED_RATIO * (1 - worst):
        return {}
    return {n: Leak(column=n, sign=sign, skill=_skill(context, n), others=others) for n in near}


def _continuous(context: AuditContext, name: str, sample: PowerSample) -> bool:
    if isinstance(context.columns[name], Strings):
        return False
    n_values = coded(context, name).n_levels
    return n_values > len(np.unique(column_cells(context, name, sample))) or n_values > 2 * MANY_VALUES
