"""A028: categories that lie within one another."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from modelwright.audit.building import count, names, percent, tell
from modelwright.audit.findings import AuditContext, Finding, Severity
from modelwright.audit.identifiers import identifier_reason
from modelwright.audit.looking import Coded, coded
from modelwright.audit.names import IDENTIFIER, TIME, entity, tokens
from modelwright.data.columns import Strings
from modelwright.data.contract import Kind

__all__ = ["Hierarchy"]

MIN_LEVELS = 8  # of the finer category, each with two rows or more: fewer can lie within another by design of a form
FINER = 2.0  # the finer category has at least twice the levels of the coarser
MIN_SHARED = 2  # coarser levels that hold several finer ones; else the two say the same (A008)
# Rows that lie elsewhere than the others of their level are errors of entry while they are this few.
EXCEPTIONS = 0.005
# A coarser category with one level for nearly all rows contains everything.
LARGEST = 0.9
# By luck: no more than one in a million for a pair of columns, of which a table has some hundreds.
LUCK = math.log(1e-6)
# Of a name with fewer rows for each value, nothing could be learned anyway.
MIN_ROWS_PER_LEVEL = 2.0
# Numbers are codes where they fill half of their range, or are called so; a measured number is no category.
CODE_DENSITY = 0.5
_CODES = frozenset(("zip", "zipcode", "postcode", "postal", "plz", "code", "fips", "sic", "naics", "icd", "type"))
_NUMBERS = frozenset(("no", "nr", "num", "number"))
MAX_COLUMNS = 30
FIRST_ROWS = 5_000  # pairs that do not hold here are not looked at on all rows
MAX_FINDINGS = 10


class Hierarchy:
    """Finds categories whose every value lies within one value of another: cities in regions in countries."""

    code: ClassVar[str] = "A028"
    title: ClassVar[str] = "Hierarchy"
    what: ClassVar[str] = "Each value of one category belongs to one value of another: a city lies in one region."
    why_it_matters: ClassVar[str] = (
        "The coarser columns say nothing that the finest does not say, so the importance of one thing is spread over "
        "several. Where the finest has rare or new values, the coarser ones are what a model can still go by. Rows "
        "that break the rule are mostly errors of entry."
    )
    how_detected: ClassVar[str] = (
        f"Of two categories (or codes in whole numbers), the finer has at least {MIN_LEVELS} values with several rows "
        f"and {FINER:g} times as many as the coarser, each of them within one value of the coarser but for "
        f"{percent(EXCEPTIONS)} of the rows, at least {MIN_SHARED} coarser values hold several finer ones, and no "
        "coarser value holds nearly everything. That this is luck must be rarer than one in a million. Identifiers and "
        "dates are left out, and numbers that were cut into ranges."
    )
    what_is_done: ClassVar[str] = (
        "Told: which level serves depends on how many rows each value has, and on which new values will come."
    )

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return one finding per finest category, or why there is nothing to check."""
        used = [n for n in context.features if _is_category(context, n)]
        used = sorted(used, key=lambda n: -coded(context, n).n_levels)[:MAX_COLUMNS]
        if len(used) < 2:
            return "there are fewer than 2 categories"
        above = {n: [c for c in used if _within(context, n, c)] for n in used}
        covered = {c for parents in above.values() for c in parents}
        finest = [n for n in used if above[n] and n not in covered]
        return [self._tell(context, n, above[n]) for n in finest[:MAX_FINDINGS]]

    def _tell(self, context: AuditContext, name: str, coarser: list[str]) -> Finding:
        fine = coded(context, name)
        elsewhere: np.ndarray = np.zeros(len(fine.codes), bool)
        for parent in coarser:
            elsewhere |= _elsewhere(fine, coded(context, parent))
        rare = int(fine.counts[fine.counts < 10].sum())
        steps = " within ".join([f"'{name}' ({fine.n_levels:,} values)", *(_sized(context, c) for c in coarser)])
        broken = int(elsewhere.sum())
        rule = f" {count(broken, 'row')} break the rule and may be errors." if broken else ""
        message = (
            f"Each value of '{name}' belongs to one value of {names(coarser)}: {steps}. Where all values of '{name}' "
            f"are known, the coarser {'column says' if len(coarser) == 1 else 'columns say'} nothing new; "
            f"{percent(rare / max(1, fine.n_present))} of the rows have a value with fewer than 10 rows.{rule}"
        )
        return tell(
            self,
            severity=Severity.INFO,
            columns=[name, *coarser],
            message=message,
            evidence={
                "n_levels": fine.n_levels,
                "n_coarser": len(coarser),
                "coarser_levels": ", ".join(str(coded(context, c).n_levels) for c in coarser),
                "n_exceptions": broken,
                "rare_share": rare / max(1, fine.n_present),
            },
            fix=f"keep one level: {names(coarser[:1])} if values of '{name}' are rare or new ones will come, else "
            f"'{name}'; read the importance of the columns together",
            rows=context.row_numbers[np.flatnonzero(elsewhere)],
            n_rows=broken,
        )


def _sized(context: AuditContext, name: str) -> str:
    return f"'{name}' ({coded(context, name).n_levels:,})"


def _is_category(context: AuditContext, name: str) -> bool:
    column = coded(context, name)
    kind = context.contract[name].kind
    if column.n_levels < 2 or column.n_present < MIN_ROWS_PER_LEVEL * column.n_levels:
        return False
    words = tokens(name)
    if identifier_reason(context, name) or TIME.intersection(words):
        return False
    if entity(name)[0] or IDENTIFIER.union(_NUMBERS).intersection(words[-1:]):
        return False
    if isinstance(context.columns[name], Strings):
        return kind in (Kind.CATEGORY, Kind.ID)
    if kind not in (Kind.CATEGORY, Kind.NUMBER) or not np.all(column.values == np.floor(column.values)):
        return False
    dense = column.n_levels >= CODE_DENSITY * (column.values[-1] - column.values[0] + 1)
    return bool(dense or _CODES.intersection(tokens(name)))


def _within(context: AuditContext, name: str, other: str) -> bool:
    """Return whether each value of a column lies within one value of the other."""
    fine, coarse = coded(context, name), coded(context, other)
    if fine.n_levels < max(MIN_LEVELS, FINER * coarse.n_levels) or coarse.counts.max() > LARGEST * coarse.n_present:
        return False
    if not _holds(fine.codes[:FIRST_ROWS], coarse.codes[:FIRST_ROWS]) or not _holds(fine.codes, coarse.codes):
        return False
    home = _homes(fine, coarse)
    several = fine.counts >= 2
    if several.sum() < MIN_LEVELS or (np.bincount(home[several & (home >= 0)]) >= 2).sum() < MIN_SHARED:
        return False
    if not isinstance(context.columns[name], Strings) and (np.diff(home) != 0).sum() < FINER * coarse.n_levels:
        return False  # a number cut into ranges
    chance = float(np.square(coarse.counts / coarse.n_present).sum())
    return (fine.n_present - fine.n_levels) * math.log(chance) <= LUCK


def _holds(fine: np.ndarray, coarse: np.ndarray) -> bool:
    """Return whether rows of a value are in the same value of the other, but for exceptions."""
    both = (fine >= 0) & (coarse >= 0)
    if not both.any():
        return False
    pairs, counts = np.unique(fine[both] * (int(coarse.max()) + 1) + coarse[both], return_counts=True)
    owner = pairs // (int(coarse.max()) + 1)
    largest = np.zeros(int(owner[-1]) + 1, np.int64)
    np.maximum.at(largest, owner, counts)
    return int(both.sum() - largest.sum()) <= EXCEPTIONS * both.sum()


def _homes(fine: Coded, coarse: Coded) -> np.ndarray:
    """Return the value of the coarser column where most rows of each finer value are, -1 for none."""
    both = (fine.codes >= 0) & (coarse.codes >= 0)
    pairs, counts = np.unique(fine.codes[both] * coarse.n_levels + coarse.codes[both], return_counts=True)
    home = np.full(fine.n_levels, -1)
    order = np.argsort(counts, kind="stable")
    home[pairs[order] // coarse.n_levels] = pairs[order] % coarse.n_levels
    return home


def _elsewhere(fine: Coded, coarse: Coded) -> np.ndarray:
    known = (fine.codes >= 0) & (coarse.codes >= 0)
    return known & (_homes(fine, coarse)[fine.codes] != coarse.codes)
