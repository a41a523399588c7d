"""A017: rows that belong together."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from modelwright.audit.building import count, percent, tell
from modelwright.audit.findings import Action, AuditContext, Finding, Severity
from modelwright.audit.looking import Coded, coded
from modelwright.audit.names import IDENTIFIER, entity, tokens
from modelwright.audit.power import power, power_sample, score_cells
from modelwright.data.contract import Kind

__all__ = ["GroupedRows"]

MIN_GROUPS = 10  # with fewer groups a split by groups leaves too few on each side
MIN_ROWS_PER_GROUP = 2.0
IN_GROUPS = 0.5  # share of the rows that have company
# Likeness within groups beyond chance (Cohen's kappa of two rows of a group). Intraclass correlations of 0.05 double
# the variance of an estimate at 20 rows per group (design effect, Kish 1965).
FEATURE_LIKENESS = 0.05
TARGET_SKILL = 0.05
# Some feature that (nearly) never changes within a group: the group is a thing with fixed properties.
FIXED_LIKENESS = 0.95
# Ids are given out one after another; a capacity of 1,197 cm³ or a price is not. Half of the range may be gaps.
ID_DENSITY = 0.5
MAX_FEATURES = 30
LIKENESS_ROWS = 20_000
# A number whose single values tell far more than its size is a name in digits.
NOMINAL_LEAD = 3.0
COARSE_BINS = 10
MOST_FREQUENT = 0.5  # an amount that is mostly zero is no name
MIN_NOMINAL_LEVELS = 30


class GroupedRows:
    """Finds columns that name entities with several rows each."""

    code: ClassVar[str] = "A017"
    title: ClassVar[str] = "Grouped rows"
    what: ClassVar[str] = "Several rows belong to one patient, machine, customer or place, and resemble each other."
    why_it_matters: ClassVar[str] = (
        "With rows of one patient on both sides of a split, the model is tested on patients it knows. On new patients "
        "it does worse than the test said."
    )
    how_detected: ClassVar[str] = (
        f"A column with at least {MIN_GROUPS} values and {MIN_ROWS_PER_GROUP:g} rows for each, whose name is that of "
        "an "
        "entity (patient, unit_nr, CustomerID) or whose values read like ids, and whose rows are alike: two rows of a "
        f"group agree in a feature beyond chance (kappa {FEATURE_LIKENESS:g} on average, or {FIXED_LIKENESS:g} in "
        "one), or the group "
        f"explains {percent(TARGET_SKILL)} of the target. Also numbers of at least {MIN_NOMINAL_LEVELS} values "
        f"whose single values explain {NOMINAL_LEAD:g} times what their size explains."
    )
    what_is_done: ClassVar[str] = (
        "For entities that are new in use (patients, machines, customers), rows of a group stay on one side of every "
        "split. For places and names in digits it is told: the model may well meet the same ones again."
    )

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return one finding per grouping column, or why there is nothing to check."""
        candidates = [n for n in context.contract.names if n != context.target and _repeats(coded(context, n))]
        candidates = [n for n in candidates if context.contract[n].kind in (Kind.ID, Kind.CATEGORY, Kind.NUMBER)]
        if not candidates:
            return "no column names things with several rows each"
        found = [f for n in candidates if (f := self._judge(context, n)) is not None]
        acting = [f for f in found if f.action is Action.GROUP]
        return sorted(found, key=lambda f: f not in acting)

    def _judge(self, context: AuditContext, name: str) -> Finding | None:
        what, new_in_use = entity(name)
        is_id = context.contract[name].kind is Kind.ID
        if not what and not is_id:
            return self._nominal(context, name)
        column = coded(context, name)
        if column.values.dtype != object and not _reads_like_ids(name, column.values):
            return None
        mean, top = _likeness(context, name)
        measured = power(context, name)
        skill = 0.0 if measured is None else measured.skill
        if mean < FEATURE_LIKENESS and top < FIXED_LIKENESS and skill < TARGET_SKILL:
            return None
        acts = new_in_use or is_id
        given = context.brief.group is not None or context.brief.split is not None
        told = f"the group alone explains {percent(skill)} of '{context.target}'" if measured else "there is no target"
        return tell(
            self,
            severity=Severity.WARNING if acts else Severity.INFO,
            columns=[name],
            message=f"'{name}' names {count(column.n_levels, 'different thing')} ({what or 'ids'}) with "
            f"{column.n_present / column.n_levels:.1f} rows each on average. Rows of a group agree {percent(mean)} "
            f"more often than chance, and {told}: kept on one side of a split or not, scores will differ.",
            evidence={
                "n_groups": column.n_levels,
                "rows_per_group": column.n_present / column.n_levels,
                "likeness": mean,
                "highest_likeness": top,
                "skill": skill,
            },
            action=Action.GROUP if acts and not given else Action.TOLD,
            done="nothing was changed: the brief says how to split" if given else "",
            fix=f"if the model will meet the same ones again, allow {self.code}:{name}"
            if acts
            else f"if the model will meet new ones, ask for --group {name}",
            n_rows=column.n_present,
        )

    def _nominal(self, context: AuditContext, name: str) -> Finding | None:
        sample, column = power_sample(context), coded(context, name)
        if sample is None or context.contract[name].kind is not Kind.NUMBER or column.n_levels < MIN_NOMINAL_LEVELS:
            return None
        if not np.all(column.values == np.floor(column.values)):
            return None
        if column.counts.max() > MOST_FREQUENT * column.n_present:
            return None
        codes = column.codes[sample.rows]
        single = score_cells(codes + 1, sample)[0]
        position = np.cumsum(column.counts) / column.n_present
        coarse = np.minimum((position * COARSE_BINS).astype(np.int64), COARSE_BINS - 1)
        size = score_cells(np.append(coarse, COARSE_BINS)[codes], sample)[0]
        if single < TARGET_SKILL or single < NOMINAL_LEAD * size:
            return None
        return tell(
            self,
            severity=Severity.INFO,
            columns=[name],
            message=f"The {column.n_levels:,} numbers of '{name}' seem to be names: each by itself they explain "
            f"{percent(single)} of '{context.target}', by size {percent(size)}. Rows with the same number hang "
            "together.",
            evidence={"n_groups": column.n_levels, "skill": single, "skill_by_size": size},
            fix=f"read it as a category with --kind {name}=category; if the model will meet new ones, --group {name}",
            n_rows=column.n_present,
        )


def _reads_like_ids(name: str, numbers: np.ndarray) -> bool:
    """Return whether numbers are ids: the name says "id", or they are whole and fill their range (engine 1, 2, 3, "
    "…)."""
    whole = bool(np.all(numbers == np.floor(numbers)))
    dense = len(numbers) >= ID_DENSITY * (numbers[-1] - numbers[0] + 1)
    return whole and bool(dense or IDENTIFIER.intersection(tokens(name)))


def _repeats(column: Coded) -> bool:
    if column.n_levels < MIN_GROUPS or column.n_present < MIN_ROWS_PER_GROUP * column.n_levels:
        return False
    return bool(column.counts[column.counts > 1].sum() >= IN_GROUPS * column.n_present)


def _likeness(context: AuditContext, name: str) -> tuple[float, float]:
    """Return the mean and the highest agreement beyond chance of two rows of a group, over the other features."""
    n = len(context.row_numbers)
    rows = np.unique(np.linspace(0, n - 1, min(n, LIKENESS_ROWS)).astype(np.int64))
    groups = coded(context, name).codes[rows]
    rows, groups = rows[groups >= 0], groups[groups >= 0]
    others = [f for f in context.features if f != name and 2 <= coded(context, f).n_levels <= len(rows) / 2]
    kappas = [_kappa(groups, coded(context, f).codes[rows] + 1) for f in others[:MAX_FEATURES]]
    return (float(np.mean(kappas)), float(np.max(kappas))) if kappas else (0.0, 0.0)


def _kappa(groups: np.ndarray, values: np.ndarray) -> float:
    within = np.unique(groups * (int(values.max()) + 1) + values, return_counts=True)[1]
    sizes, overall = np.bincount(groups), np.bincount(values)
    pairs = float((sizes * (sizes - 1)).sum())
    n = len(values)
    chance = float((overall * (overall - 1)).sum()) / (n * (n - 1))
    if pairs == 0 or chance >= 1:
        return 0.0
    return (float((within * (within - 1)).sum()) / pairs - chance) / (1 - chance)
