"""A017: rows that belong together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelwright.audit.building import count, percent, tell
from modelwright.audit.clocks import Panel, date_in_parts, dates, find_panel, parts_in_order
from modelwright.audit.findings import Action, AuditContext, Finding, Severity
from modelwright.audit.looking import Coded, coded
from modelwright.audit.names import IDENTIFIER, TIME, entity, tokens
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
NEARLY_CONSTANT = 0.95
CODED_ROWS = 4_000  # every column of whole numbers is looked at
# Numbers that start anew in each place (patient 1, 2, 3 of every clinic): with the place they name a thing.
MAX_PLACES = 6
MAX_PLACE_LEVELS = 200
# A number whose single values tell far more than its size is a name in digits.
NOMINAL_LEAD = 3.0
COARSE_BINS = 10
MOST_FREQUENT = 0.5  # an amount that is mostly zero is no name
MIN_NOMINAL_LEVELS = 30
# Words that read like codes ("K0123"): without a blank, and with digits, for nearly all of the values. Nobody called
# it an entity, so more is asked: two features never change within a group, or half of all likeness there can be.
CODE_SHARE = 0.9
SURE_LIKENESS = 0.5
MIN_FIXED = 2
SAMPLE_LEVELS = 500


@dataclass(frozen=True)
class _Likeness:
    """Agreement beyond chance of two rows of a group: the mean and the highest over the features, and how many of
    them never change within a group."""

    mean: float
    top: float
    n_fixed: int


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
        "an entity (patient, unit_nr, CustomerID) or whose values read like ids, and whose rows are alike: two rows of "
        f"a group agree in a feature beyond chance (kappa {FEATURE_LIKENESS:g} on average, or {FIXED_LIKENESS:g} in "
        f"one), or the group explains {percent(TARGET_SKILL)} of the target. Numbers that start anew in each place are "
        "looked at together with the place. Whatever its name, a column that is a key of the table together with a "
        f"running count (engine and cycle) names a thing, and so do codes of whose features {MIN_FIXED} never change "
        f"or that agree {percent(SURE_LIKENESS)} more often than chance. Also numbers of at least "
        f"{MIN_NOMINAL_LEVELS} values whose single values explain {NOMINAL_LEAD:g} times what their size explains."
    )
    what_is_done: ClassVar[str] = (
        "For entities that are new in use (patients, machines, customers), and for places in a table without any date, "
        "rows of a group stay on one side of every split; where the rows are also in an order of time, the choice of "
        "the split says which of the two it follows. For places in a table with dates, for codes and names in digits "
        "it is told: the model may well meet the same ones again."
    )

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return one finding per grouping column, or why there is nothing to check."""
        candidates = [n for n in context.contract.names if n != context.target and _repeats(coded(context, n))]
        candidates = [n for n in candidates if context.contract[n].kind in (Kind.ID, Kind.CATEGORY, Kind.NUMBER)]
        if not candidates:
            return "no column names things with several rows each"
        panel = find_panel(context)
        counted = _counted(context, panel, candidates)
        found = [f for n in candidates if (f := self._judge(context, n, panel, n == counted)) is not None]
        acting = [f for f in found if f.action is Action.GROUP]
        return sorted(found, key=lambda f: (f not in acting, counted not in f.columns))

    def _judge(self, context: AuditContext, name: str, panel: Panel | None, counted: bool) -> Finding | None:
        what, new_in_use = entity(name)
        column = coded(context, name)
        is_id = context.contract[name].kind is Kind.ID
        if not (what or is_id or counted):
            return self._coded(context, name) if _reads_like_codes(column) else self._nominal(context, name)
        if column.values.dtype != object and not counted and not _reads_like_ids(name, column.values):
            return None
        alike, measured = _with_places(context, name), power(context, name)
        skill = 0.0 if measured is None else measured.skill
        if not counted and not _is_alike(alike, skill):
            return None
        in_time = bool(dates(context) or parts_in_order(context) or date_in_parts(context))
        acts = new_in_use or is_id or counted or (skill >= TARGET_SKILL and not in_time)
        if panel is not None and panel.bare and name in panel.things:
            acts = False  # nothing tells a new series apart from the known ones
        given = context.brief.group is not None or context.brief.split is not None
        done = "rows of a group are kept together, unless the choice of the split says why time goes first"
        if given:
            done = "nothing was changed: the brief says how to split"
        key = f" With '{panel.time}' it is a key of the table." if counted and panel else ""
        return tell(
            self,
            severity=Severity.WARNING if acts else Severity.INFO,
            columns=[name],
            message=f"'{name}' names {count(column.n_levels, 'different thing')} ({what or 'ids'}) with "
            f"{column.n_present / column.n_levels:.1f} rows each on average.{key} Rows of a group agree "
            f"{percent(max(0.0, alike.mean))} more often than chance, and {_told(context, skill)}: kept on one side of "
            "a split or not, scores will differ.",
            evidence=_evidence(column, alike, skill),
            action=Action.GROUP if acts and not given else Action.TOLD,
            done=done if given or (acts and in_time) else "",
            fix=f"if the model will meet the same ones again, allow {self.code}:{name}"
            if acts
            else f"if the model will meet new ones, ask for --group {name}",
            n_rows=column.n_present,
        )

    def _coded(self, context: AuditContext, name: str) -> Finding | None:
        column, alike = coded(context, name), _likeness(context, (name,), CODED_ROWS)
        if TIME.intersection(tokens(name)) or (alike.n_fixed < MIN_FIXED and alike.mean < SURE_LIKENESS):
            return None
        if column.values.dtype != object and alike.mean < NOMINAL_LEAD * _likeness_by_size(context, name):
            return None
        measured = power(context, name)
        skill = 0.0 if measured is None else measured.skill
        return tell(
            self,
            severity=Severity.INFO,
            columns=[name],
            message=f"The {column.n_levels:,} values of '{name}' read like codes of things, with "
            f"{column.n_present / column.n_levels:.1f} rows each on average. Rows with the same code agree "
            f"{percent(max(0.0, alike.mean))} more often than chance ({count(alike.n_fixed, 'feature')} never "
            f"{'changes' if alike.n_fixed == 1 else 'change'}), and {_told(context, skill)}.",
            evidence=_evidence(column, alike, skill),
            fix=f"if the model will meet new ones, ask for --group {name}: a random split flatters it then",
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
            return self._coded(context, name) if _reads_like_ids(name, column.values) else None
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


def _counted(context: AuditContext, panel: Panel | None, candidates: list[str]) -> str:
    """Return the column that names the things of a panel with a running count; grouping by one of two keeps both."""
    if panel is None or panel.calendar or panel.bare:
        return ""
    return max((n for n in panel.things if n in candidates), key=lambda n: coded(context, n).n_levels, default="")


def _told(context: AuditContext, skill: float) -> str:
    if power_sample(context) is None:
        return "there is no target to compare"
    return f"the group alone explains {percent(skill)} of '{context.target}'"


def _is_alike(alike: _Likeness, skill: float) -> bool:
    return alike.mean >= FEATURE_LIKENESS or alike.top >= FIXED_LIKENESS or skill >= TARGET_SKILL


def _evidence(column: Coded, alike: _Likeness, skill: float) -> dict[str, float]:
    return {
        "n_groups": column.n_levels,
        "rows_per_group": column.n_present / column.n_levels,
        "likeness": alike.mean,
        "highest_likeness": alike.top,
        "n_fixed": alike.n_fixed,
        "skill": skill,
    }


def _reads_like_ids(name: str, numbers: np.ndarray) -> bool:
    """Return whether numbers are ids: the name says "id", or they are whole and fill their range (engine 1, 2, …)."""
    whole = bool(np.all(numbers == np.floor(numbers)))
    dense = len(numbers) >= ID_DENSITY * (numbers[-1] - numbers[0] + 1)
    return whole and bool(dense or IDENTIFIER.intersection(tokens(name)))


def _reads_like_codes(column: Coded) -> bool:
    if column.values.dtype != object or column.n_levels < MIN_NOMINAL_LEVELS:
        return False
    texts = [str(v) for v in column.values[:SAMPLE_LEVELS]]
    like = [len(t.split()) == 1 and any(c.isdigit() for c in t) for t in texts]
    return sum(like) >= CODE_SHARE * len(like)


def _repeats(column: Coded) -> bool:
    if column.n_levels < MIN_GROUPS or column.n_present < MIN_ROWS_PER_GROUP * column.n_levels:
        return False
    return bool(column.counts[column.counts > 1].sum() >= IN_GROUPS * column.n_present)


def _with_places(context: AuditContext, name: str) -> _Likeness:
    """Return the likeness of rows with the same value or, where that is more, with the same value at the same place."""
    best = _likeness(context, (name,))
    if best.n_fixed:
        return best
    places = [
        n
        for n in context.features
        if n != name
        and context.contract[n].kind is Kind.CATEGORY
        and 2 <= coded(context, n).n_levels <= MAX_PLACE_LEVELS
    ]
    places = sorted(places, key=lambda n: -coded(context, n).n_levels)[:MAX_PLACES]
    for place in places:
        both, alone = _likeness(context, (name, place)), _likeness(context, (place,))
        # What the place fixes by itself (its region) says nothing of things in it.
        if both.n_fixed > max(alone.n_fixed, best.n_fixed) and both.mean - alone.mean >= FEATURE_LIKENESS:
            best = both
    return best


def _likeness(context: AuditContext, things: tuple[str, ...], most: int = LIKENESS_ROWS) -> _Likeness:
    """Return how alike two rows of a group are, over the other features."""
    rows = _some_rows(context, most)
    groups = np.zeros(len(rows), np.int64)
    known = np.ones(len(rows), bool)
    for thing in things:
        codes = coded(context, thing).codes[rows]
        known &= codes >= 0
        groups = np.unique(groups * (coded(context, thing).n_levels + 1) + codes + 1, return_inverse=True)[1]
    return _agreement(context, rows[known], groups[known], things)


def _likeness_by_size(context: AuditContext, name: str) -> float:
    """Return the mean likeness of rows whose numbers are of about the same size."""
    column, rows = coded(context, name), _some_rows(context, CODED_ROWS)
    position = np.cumsum(column.counts) / column.n_present
    coarse = np.minimum((position * COARSE_BINS).astype(np.int64), COARSE_BINS - 1)
    rows = rows[column.codes[rows] >= 0]
    return max(0.0, _agreement(context, rows, coarse[column.codes[rows]], (name,)).mean)


def _some_rows(context: AuditContext, most: int) -> np.ndarray:
    n = len(context.row_numbers)
    return np.unique(np.linspace(0, n - 1, min(n, most)).astype(np.int64))


def _agreement(context: AuditContext, rows: np.ndarray, groups: np.ndarray, things: tuple[str, ...]) -> _Likeness:
    others = [f for f in context.features if f not in things and _varies(coded(context, f), len(rows))]
    kappas = np.array([_kappa(groups, coded(context, f).codes[rows] + 1) for f in others[:MAX_FEATURES]])
    if not len(kappas):
        return _Likeness(0.0, 0.0, 0)
    return _Likeness(float(kappas.mean()), float(kappas.max()), int((kappas >= FIXED_LIKENESS).sum()))


def _varies(column: Coded, n: int) -> bool:
    """Return whether agreement in a column says something: it is neither nearly unique nor nearly constant."""
    largest = max(int(column.counts.max(initial=0)), column.n_missing)
    return 2 <= column.n_levels <= n / 2 and largest <= NEARLY_CONSTANT * len(column.codes)


def _kappa(groups: np.ndarray, values: np.ndarray) -> float:
    within = np.unique(groups * (int(values.max()) + 1) + values, return_counts=True)[1]
    sizes, overall = np.bincount(groups), np.bincount(values)
    pairs = float((sizes * (sizes - 1)).sum())
    n = len(values)
    chance = float((overall * (overall - 1)).sum()) / (n * (n - 1))
    if pairs == 0 or chance >= 1:
        return 0.0
    return (float((within * (within - 1)).sum()) / pairs - chance) / (1 - chance)
