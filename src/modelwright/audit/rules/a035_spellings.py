"""A035: several spellings of one level."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from modelwright.audit.acting import SAME_LEVELS
from modelwright.audit.building import count, percent, tell
from modelwright.audit.findings import Action, AuditContext, Finding, Severity
from modelwright.audit.looking import Coded, coded
from modelwright.audit.sentinels import MISSING_WORDS
from modelwright.audit.spellings import MIN_LETTERS, ONE_SLIP, TWO_SLIPS, WRONG_SLIP, same_spellings, slips
from modelwright.data.contract import Kind

__all__ = ["InconsistentSpellings"]

# A slip is made now and then; a level with a tenth of the rows of its neighbour is more likely a level of its own.
RARE_TO_FREQUENT = 0.1
MIN_FREQUENT = 20
# Names of people and places have neighbours (Smith, Smyth) as a rule: in columns where well-filled levels are that
# close to each other, closeness tells nothing.
MAX_NEIGHBOURS = 0.01
MAX_LEVELS = 2_000
SHOWN = 3


class InconsistentSpellings:
    """Finds levels of a category that are one level written in several ways."""

    code: ClassVar[str] = "A035"
    title: ClassVar[str] = "Inconsistent spellings"
    what: ClassVar[str] = "One level of a category is written in several ways: 'New York', 'new york', 'New-York'."
    why_it_matters: ClassVar[str] = (
        "Every spelling is a level of its own to a model, with fewer rows to learn from; a new spelling is unknown."
    )
    how_detected: ClassVar[str] = (
        "Levels that are equal but for case, blanks, accents and the punctuation between letters. Signs at the ends "
        "count (A- and A+), and so do marks between digits (1-2 and 12). Slips of the pen: a level with at most "
        f"{percent(RARE_TO_FREQUENT)} of the rows of a level that has {MIN_FREQUENT} rows or more, from which one "
        f"letter of a word of {ONE_SLIP} or more is missing, too many or swapped with its neighbour (from {WRONG_SLIP} "
        f"letters on also a wrong one, from {TWO_SLIPS} on two of them), not the first one. Not "
        "where the well-filled levels are as close to each other, as surnames are."
    )
    what_is_done: ClassVar[str] = (
        "Spellings that differ by case, blanks, accents and punctuation are read as the most frequent of them, in "
        f"training and in scoring. Slips are told, and so are levels of fewer than {MIN_LETTERS} letters, unless at "
        "least half of the longer ones come in several cases, or all where there are no longer ones ('M', 'm', 'F', "
        "'f'), or all levels are yes and no of one language: then 'Y' is a spelling of 'Yes', too."
    )

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return up to two findings per column, or why there is nothing to check."""
        texts = [n for n in context.features if context.contract[n].kind is Kind.CATEGORY and n in context.columns]
        texts = [n for n in texts if coded(context, n).values.dtype == object]
        if not texts:
            return "there are no categories in words"
        return [f for n in texts for f in self._judge(context, n)]

    def _judge(self, context: AuditContext, name: str) -> list[Finding]:
        column = coded(context, name)
        if not 2 <= column.n_levels <= MAX_LEVELS:
            return []
        counts = {str(v): int(c) for v, c in zip(column.values, column.counts, strict=True)}
        # Levels that the sample of the rows does not hold are listed in the contract.
        levels = {**dict.fromkeys(context.contract[name].levels, 0), **counts}
        levels = {v: c for v, c in levels.items() if v.lower() not in MISSING_WORDS and "\t" not in v and "\n" not in v}
        sure, unsure = same_spellings(levels.items())
        found = [self._act(context, name, column, sure, counts)] if sure else []
        left = {v: c for v, c in counts.items() if v in levels and v not in sure and v not in unsure}
        told = {**unsure, **_slips(left)}
        return [*found, self._tell(context, name, column, told, counts)] if told else found

    def _act(
        self, context: AuditContext, name: str, column: Coded, same: dict[str, str], counts: dict[str, int]
    ) -> Finding:
        rows, n_levels = _rows(column, same), len(set(same.values()))
        return tell(
            self,
            severity=Severity.INFO,
            columns=[name],
            message=f"{count(n_levels, 'level')} of '{name}' {'is' if n_levels == 1 else 'are'} written in several "
            f"ways: {_shown(same, counts)}. "
            f"{count(len(same), 'spelling')} in {count(len(rows), 'row')} ({percent(len(rows) / len(column.codes))}) "
            "would be levels of their own.",
            evidence={
                SAME_LEVELS: "\n".join(f"{s}\t{v}" for s, v in sorted(same.items())),
                "n_spellings": len(same),
                "n": len(rows),
            },
            action=Action.AS_LEVEL,
            fix="write each level in one way at the source; allow it if the spellings are different things",
            rows=context.row_numbers[rows],
            n_rows=len(rows),
        )

    def _tell(
        self, context: AuditContext, name: str, column: Coded, same: dict[str, str], counts: dict[str, int]
    ) -> Finding:
        rows = _rows(column, same)
        return tell(
            self,
            severity=Severity.INFO,
            columns=[name],
            message=f"{count(len(same), 'level')} of '{name}' in {count(len(rows), 'row')} "
            f"({percent(len(rows) / len(column.codes))}) may be misspelled: {_shown(same, counts)}.",
            evidence={"n_spellings": len(same), "n": len(rows)},
            fix="if they are the same, correct them at the source",
            rows=context.row_numbers[rows],
            n_rows=len(rows),
        )


def _shown(same: dict[str, str], counts: dict[str, int]) -> str:
    first = sorted(same.items(), key=lambda p: (-counts.get(p[0], 0), p[0]))[:SHOWN]
    shown = "; ".join(f"'{s}' ({counts.get(s, 0):,}) for '{v}' ({counts.get(v, 0):,})" for s, v in first)
    return shown + (f" and {len(same) - SHOWN} more" if len(same) > SHOWN else "")


def _rows(column: Coded, same: dict[str, str]) -> np.ndarray:
    other = np.array([*(str(v) in same for v in column.values), False])
    return np.flatnonzero(other[column.codes])


def _slips(counts: dict[str, int]) -> dict[str, str]:
    """Return the levels that seem to be slips, with the level that was meant."""
    frequent = [v for v, c in counts.items() if c >= MIN_FREQUENT]
    if not frequent:
        return {}
    near = {v: (w, d) for v, (w, d) in slips(counts, frequent).items() if counts[v] <= counts[w]}
    is_rare = {v: counts[v] <= RARE_TO_FREQUENT * counts[w] for v, (w, _) in near.items()}
    # "southeast" and "southwest" are two letters apart: then two letters are no slip in this column, one may be.
    widest = 2
    while widest and sum(not is_rare[v] and d <= widest for v, (_, d) in near.items()) > MAX_NEIGHBOURS * len(counts):
        widest -= 1
    return {v: w for v, (w, d) in near.items() if is_rare[v] and d <= widest}
