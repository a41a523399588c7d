"""A025: the same entities in the training table and in the test table."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from modelwright.audit.building import count, percent, tell
from modelwright.audit.findings import AuditContext, Finding, Severity
from modelwright.audit.identifiers import is_counter
from modelwright.audit.looking import coded
from modelwright.audit.names import IDENTIFIER, ROW_COUNTER, entity, tokens
from modelwright.audit.sides import codes_of_test, in_both
from modelwright.data.columns import Strings, n_rows
from modelwright.data.contract import Kind

__all__ = ["EntitiesOnBothSides"]

MIN_ENTITIES = 10
MIN_ROWS = 20  # test rows of known entities
TELLING_SHARE = 0.02  # with 2 % of known rows a score moves by less than its own error at 1,000 rows
# As in A017: two rows of an entity agree in a feature beyond chance, on average, or (nearly) always in one. Beyond
# luck as well: three standard errors of an agreement by chance.
LIKENESS = 0.05
FIXED_LIKENESS = 0.95
STANDARD_ERRORS = 3.0
ID_DENSITY = 0.5  # as in A017: ids are given out one after another
MAX_FEATURES = 30
BINS = 10


class EntitiesOnBothSides:
    """Finds patients, machines or customers that the test table shares with the training table."""

    code: ClassVar[str] = "A025"
    title: ClassVar[str] = "Entities on both sides"
    what: ClassVar[str] = "Test rows belong to the same patient, machine or customer as training rows, and are alike."
    why_it_matters: ClassVar[str] = (
        "The model has seen the patients it is tested on. On new patients it does worse than the test says. Where it "
        "will meet the same ones again in use, the test is right as it is."
    )
    how_detected: ClassVar[str] = (
        f"A column with at least {MIN_ENTITIES} values that is named for an entity or an id, reads like one, or that "
        f"the brief groups by; row counters are left out. {percent(TELLING_SHARE)} of the test rows have a value that "
        f"training rows have, and such a row agrees with a training row of the entity beyond chance (kappa "
        f"{LIKENESS:g} on average over the features or {FIXED_LIKENESS:g} in one, and {STANDARD_ERRORS:g} standard "
        "errors). For places, which the model may well meet again, and with a split by time it is a note."
    )
    what_is_done: ClassVar[str] = "Told: which rows a test should have is for you to say."

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return one finding per entity column, or why there is nothing to check."""
        if context.test is None:
            return "there is no test table"
        shared = [n for n in _in_both_or_left_out(context) if self._names_things(context, n)]
        if not shared or not n_rows(context.test):
            return "no column of both tables names things"
        return [f for n in shared if (f := self._judge(context, n)) is not None]

    def _names_things(self, context: AuditContext, name: str) -> bool:
        words = tokens(name)
        if coded(context, name).n_levels < MIN_ENTITIES:
            return False
        if name == context.brief.group:
            return True
        if "_".join(words) in ROW_COUNTER or is_counter(context, name):
            return False
        values = coded(context, name).values
        if values.dtype != object and not IDENTIFIER.intersection(words):
            whole = bool(np.all(values == np.floor(values)))
            if not whole or len(values) < ID_DENSITY * (values[-1] - values[0] + 1):
                return False  # a capacity of 1,197 cm³ is not the number of an engine
        named = bool(entity(name)[0] or (words and words[-1] in IDENTIFIER))
        return named or context.contract[name].kind is Kind.ID

    def _judge(self, context: AuditContext, name: str) -> Finding | None:
        column, test = coded(context, name), codes_of_test(context, name)
        known = np.flatnonzero(test >= 0)
        share = len(known) / len(test)
        if len(known) < MIN_ROWS or share < TELLING_SHARE:
            return None
        mean, top = _likeness(context, name, known, test[known])
        if mean < LIKENESS and top < FIXED_LIKENESS:
            return None
        n_shared = len(np.unique(test[known]))
        mine = np.isin(column.codes, test[known])
        what, new_in_use = entity(name)
        asked = name == context.brief.group or context.brief.split in ("group", "group_time")
        by_time = context.brief.split == "time" and not asked
        return tell(
            self,
            severity=Severity.INFO if by_time or (what and not new_in_use) else Severity.WARNING,
            columns=[name],
            message=f"{count(len(known), 'row')} of {len(test):,} in the test table ({percent(share)}) belong to "
            f"{count(n_shared, 'thing')} of '{name}' ({what or 'ids'}) that the training table has, too "
            f"({count(int(mine.sum()), 'row')}). They agree with it {percent(mean)} more often than chance, so the "
            f"test says how well the model does on known ones"
            + ("; you asked for groups to be kept apart." if asked else ", not on new ones."),
            evidence={
                "n_known": len(known),
                "share": share,
                "n_shared": n_shared,
                "likeness": mean,
                "highest_likeness": top,
            },
            fix="nothing, if the model will meet the same ones again; else keep each of them in one of the tables",
            rows=context.row_numbers[mine],
            n_rows=len(known),
        )


def _in_both_or_left_out(context: AuditContext) -> list[str]:
    """Return the columns of both tables, also those that the brief drops: they still say what belongs together."""
    test = context.test or {}
    return [
        n
        for n in context.contract.names
        if n != context.target and n in test and isinstance(test[n], Strings) == isinstance(context.columns[n], Strings)
    ]


def _likeness(context: AuditContext, name: str, rows: np.ndarray, codes: np.ndarray) -> tuple[float, float]:
    """Return the mean and highest agreement beyond chance of test rows with a training row of their entity."""
    column = coded(context, name)
    partner = np.full(column.n_levels, -1)
    partner[column.codes[column.codes >= 0]] = np.flatnonzero(column.codes >= 0)
    pairs = partner[codes]
    kappas, luck = [], []
    for feature in [f for f in in_both(context) if f != name][:MAX_FEATURES]:
        values = coded(context, feature)
        mine, theirs = values.codes, codes_of_test(context, feature)[rows]
        if not isinstance(context.columns[feature], Strings) and values.n_levels > BINS:
            mine, theirs = _binned(context, feature, rows)
        chance = _chance(mine)
        if chance > 1 - 1 / MIN_ROWS:
            continue
        kappas.append((float((mine[pairs] == theirs).mean()) - chance) / (1 - chance))
        luck.append(np.sqrt(chance / (1 - chance) / len(rows)))
    if not kappas:
        return 0.0, 0.0
    sure = float(np.mean(kappas)) >= STANDARD_ERRORS * float(np.mean(luck)) / np.sqrt(len(luck))
    return (float(np.mean(kappas)), float(np.max(kappas))) if sure else (0.0, 0.0)


def _binned(context: AuditContext, feature: str, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a number's bins in training, and in rows of the test table."""
    assert context.test is not None
    values = coded(context, feature)
    numbers = context.test[feature]
    assert not isinstance(numbers, Strings)
    position = (np.cumsum(values.counts) - 0.5 * values.counts) / values.n_present
    bins = np.minimum((position * BINS).astype(np.int64), BINS - 1)
    place = np.clip(np.searchsorted(values.values, numbers[rows]), 0, values.n_levels - 1)
    theirs = np.where(np.isnan(numbers[rows]), -1, bins[place])
    return np.where(values.codes < 0, -1, bins[values.codes]), theirs


def _chance(codes: np.ndarray) -> float:
    counts = np.unique(codes, return_counts=True)[1].astype(float)
    return float(np.square(counts / counts.sum()).sum())
