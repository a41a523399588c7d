"""Columns whose strength is out of proportion to that of all others; see `modelwright.audit.leaks`."""

from __future__ import annotations

import numpy as np

from modelwright.audit.existence import MANY_VALUES, agreement
from modelwright.audit.findings import AuditContext
from modelwright.audit.looking import coded, rank_correlation
from modelwright.audit.names import IDENTIFIER, tokens
from modelwright.audit.near import COPY_RANKS, only_past, only_trend
from modelwright.audit.power import PowerSample, best_skill, column_cells, power, skill_alone, skill_together
from modelwright.audit.signs import Leak, Sign
from modelwright.data.columns import Strings
from modelwright.data.contract import Kind

__all__ = [
    "DOMINANT_SKILL",
    "EXACT_AUC",
    "PERFECT_RATIO",
    "PERFECT_SKILL",
    "UNEXPLAINED_RATIO",
    "dominant",
    "merely_strong",
]

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
IN_ORDER = 0.95  # rank correlation of a date with the position in the file


def dominant(context: AuditContext, names: list[str], rest: list[str], sample: PowerSample) -> dict[str, Leak]:
    """Return columns that are out of proportion and nearly exact."""
    near = [n for n in names if _nearly_exact(context, n, sample)]
    return _disproportionate(context, near, rest, sample, Sign.DOMINANT)


def merely_strong(context: AuditContext, names: list[str], rest: list[str], sample: PowerSample) -> dict[str, Leak]:
    """Return columns that are out of proportion, be it honestly."""
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
    skills = {n: skill for n in names if (skill := skill_alone(context, n)) >= DOMINANT_SKILL}
    strong = [n for n in sorted(skills, key=lambda n: -skills[n]) if not _orders_or_names(context, n, sample)]
    for name in strong:
        skill = skills[name]
        if _out_of_proportion(context, name, skill, [n for n in rest if n != name], sample):
            others = skill_together(context, [n for n in rest if n != name])
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
    best = best_skill(context, rest)
    if skill >= PERFECT_SKILL and (1 - best) >= PERFECT_RATIO * (1 - skill):
        return True
    if (1 - best) < UNEXPLAINED_RATIO * (1 - skill):
        return False
    if sample.n_classes and agreement(column_cells(context, name, sample), sample) > 0:
        return True  # a value for each class: no other single column need come near for it to be a copy with noise
    return (1 - skill_together(context, rest)) >= UNEXPLAINED_RATIO * (1 - skill)


def _twins(
    context: AuditContext, strong: list[str], rest: list[str], sample: PowerSample, sign: Sign
) -> dict[str, Leak]:
    """Return near copies that vouch for each other: few-valued columns, each nearly perfect, far above all others."""
    near = [n for n in strong if skill_alone(context, n) >= TWIN_SKILL and not _continuous(context, n, sample)]
    if len(near) < 2:
        return {}
    others = skill_together(context, [n for n in rest if n not in near])
    worst = min(skill_alone(context, n) for n in near)
    if (1 - others) < UNEXPLAINED_RATIO * (1 - worst):
        return {}
    return {n: Leak(column=n, sign=sign, skill=skill_alone(context, n), others=others) for n in near}


def _continuous(context: AuditContext, name: str, sample: PowerSample) -> bool:
    if isinstance(context.columns[name], Strings):
        return False
    n_values = coded(context, name).n_levels
    return n_values > len(np.unique(column_cells(context, name, sample))) or n_values > 2 * MANY_VALUES
