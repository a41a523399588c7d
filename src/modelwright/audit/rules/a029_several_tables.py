"""A029: several tables in one, and rows that sum up others."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from modelwright.audit.building import count, names, percent, tell
from modelwright.audit.findings import AuditContext, Finding, Severity
from modelwright.audit.looking import auc, coded, values_of
from modelwright.audit.order import sorted_by
from modelwright.audit.seams import APART, EMPTY, FILLED, MIN_COLUMNS, MIN_PART, STEP, Seam, find_seam
from modelwright.data.columns import Strings
from modelwright.data.totals import TOTAL_WORDS

__all__ = ["SeveralTables"]

MIN_ROWS = 100
# Where the target changes as much, rows are in its order, and what goes with it changes as well.
TARGET_STEP = 0.5
# What says which table a row came from: it changes at the boundary.
TOLD_BY = 0.99
# Rows that sum up others are few, and hold large numbers.
MAX_SUMMARIES = 0.2
SUMMARY_SIZE = 3.0  # times the median of the other rows, in the median over the numbers
_SUMMARY = TOTAL_WORDS | {
    "all",
    "overall",
    "subtotal",
    "sub-total",
    "sub total",
    "average",
    "mean",
    "all groups",
    "combined",
}


class SeveralTables:
    """Finds tables put one after the other, and rows that sum up others among rows of single things."""

    code: ClassVar[str] = "A029"
    title: ClassVar[str] = "Several tables in one"
    tells: ClassVar[bool] = True
    what: ClassVar[str] = (
        "The file holds rows of different kinds: two sources one after the other, or totals among single rows."
    )
    why_it_matters: ClassVar[str] = (
        "A model learns which source a row came from instead of what the row says, and where the target differs "
        "between the sources, that looks like skill. A total is not a case of its own: it repeats the rows it sums up."
    )
    how_detected: ClassVar[str] = (
        f"Sources: at one place in the file (each part holds {percent(MIN_PART)} of the rows) at least {MIN_COLUMNS} "
        f"columns that were filled in {percent(FILLED)} of the rows become empty in {percent(1 - EMPTY)}, or the other "
        f"way round, or numbers change their scale (a value of one part exceeds one of the other with probability "
        f"{APART:g}) in a file that is not in their order. Or numbers take a step (probability {STEP:g}) that shows in "
        "the rows right beside the place and is twice any other step of theirs, in a file that is sorted by no column; "
        f"not where the target changes as well, by {percent(TARGET_STEP)} of what it could. "
        "Totals: a category has a value such as 'Total' or 'All' in "
        f"at most {percent(MAX_SUMMARIES)} of the rows, whose numbers are {SUMMARY_SIZE:g} times those of the others."
    )
    what_is_done: ClassVar[str] = "Told: which rows belong in the table is for the source to say."

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return the findings, or why there is nothing to check."""
        if len(context.row_numbers) < MIN_ROWS:
            return f"there are fewer than {MIN_ROWS} rows"
        return self._sources(context) + [f for n in context.features if (f := self._totals(context, n)) is not None]

    def _sources(self, context: AuditContext) -> list[Finding]:
        # In a file in the order of a column or of the target, others change where that does, and rightly so.
        seam = find_seam(context, steps=not sorted_by(context))
        if seam is not None and seam.steps and _target_changes(context, seam.row) >= TARGET_STEP:
            seam = find_seam(context, steps=False)
        if seam is None:
            return []
        n, row = len(context.row_numbers), seam.row
        said = [c for c in context.contract.names if c not in seam.columns and _tells(context, c, row)]
        because = f" {names(said[:1])} says which." if said else ""
        return [
            tell(
                self,
                severity=Severity.WARNING,
                columns=seam.columns,
                message=f"The file seems to be two tables one after the other: at row "
                f"{context.row_numbers[row] + 1:,} {count(len(seam.columns), 'column')} ({names(seam.columns)}) change "
                f"at once, {_how(seam)}, with {percent(row / n)} of the rows before and {percent(1 - row / n)} "
                f"after.{because}",
                evidence={
                    "row": int(context.row_numbers[row]),
                    "share_before": row / n,
                    "n_columns": len(seam.columns),
                    "n_steps": len(seam.steps),
                    "told_by": said[0] if said else "",
                },
                fix="bring both sources to the same columns and units, or train on one; keep a column with the source "
                "and compare the results by it",
                rows=context.row_numbers[[row - 1, row]],
            )
        ]

    def _totals(self, context: AuditContext, name: str) -> Finding | None:
        column = context.columns[name]
        if not isinstance(column, Strings):
            return None
        levels = coded(context, name)
        words = [i for i, v in enumerate(levels.values) if str(v).strip(" .:").casefold() in _SUMMARY]
        total = np.isin(levels.codes, words)
        if not words or levels.n_levels - len(words) < 2 or not 0 < total.mean() <= MAX_SUMMARIES:
            return None
        size = _size(context, total)
        if size < SUMMARY_SIZE:
            return None
        return tell(
            self,
            severity=Severity.WARNING,
            columns=[name],
            message=f"{count(int(total.sum()), 'row')} of '{name}' say {names([str(levels.values[i]) for i in words])} "
            f"and hold numbers {size:.1f} times as large as the others: they sum up other rows and are no cases of "
            "their own.",
            evidence={"n_totals": int(total.sum()), "size": size},
            fix="take the totals out of the file: the rows that they sum up are in it",
            rows=context.row_numbers[total],
            n_rows=int(total.sum()),
        )


def _target_changes(context: AuditContext, row: int) -> float:
    """Return how much the target differs before and after a row: 0 where not at all, 1 where they have nothing common.

    Of classes it is the distance of their shares (total variation), of values the area under the ROC curve.
    """
    if context.y is None:
        return 0.0
    first, second = (part[~np.isnan(part)] for part in (context.y[:row], context.y[row:]))
    if not len(first) or not len(second):
        return 0.0
    if not context.classes:
        area = auc(np.concatenate([first, second]), np.arange(len(first) + len(second)) < len(first))
        return abs(2 * area - 1)
    shares = [
        np.bincount(part.astype(np.int64), minlength=len(context.classes)) / len(part) for part in (first, second)
    ]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)


def _how(seam: Seam) -> str:
    if len(seam.steps) == len(seam.columns):
        return "by a step that no other place in the file has"
    return "from filled to empty or to another scale" + (", or by a step" if seam.steps else "")


def _tells(context: AuditContext, name: str, place: int) -> bool:
    codes = coded(context, name).codes
    levels = np.unique(codes[:place]), np.unique(codes[place:])
    if max(map(len, levels)) > 5 or name == context.target:
        return False
    shared = np.intersect1d(*levels)
    return bool(np.isin(codes, shared).mean() <= 1 - TOLD_BY)


def _size(context: AuditContext, total: np.ndarray) -> float:
    """Return how many times larger the numbers of the totals are, in the median over the columns."""
    found = []
    for name in context.contract.names:
        values = values_of(context, name)
        if values is None or not np.isfinite(values[total]).any() or not np.isfinite(values[~total]).any():
            continue
        usual = float(np.median(np.abs(values[~total & np.isfinite(values)])))
        if usual > 0 and coded(context, name).n_levels > 10:
            found.append(float(np.median(np.abs(values[total & np.isfinite(values)]))) / usual)
    return float(np.median(found)) if found else 0.0
