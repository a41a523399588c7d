"""A019: a test table that is unlike the training table."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from modelwright.audit.building import count, names, percent, tell
from modelwright.audit.findings import AuditContext, Finding, Severity
from modelwright.audit.identifiers import identifier_reason
from modelwright.audit.shifts import (
    LARGE_DIFFERENCE,
    LARGE_DISTANCE,
    MISSING_DIFFERENCE,
    NEW_SHARE,
    SURE,
    Shift,
    numbers_of,
    shift,
    tell_apart,
    tell_apart_noise,
)
from modelwright.data.columns import Column, Columns, Strings, n_rows, take
from modelwright.data.contract import Kind

__all__ = ["TestShift"]

MIN_ROWS = 50
# A classifier that tells test rows from training rows: 0.5 is none, 0.6 is visible, 0.75 is another population.
VISIBLE_AUC = 0.60
LARGE_AUC = 0.75
JOINT_ROWS = 3_000
N_FOLDS = 2


class TestShift:
    """Finds columns that differ between the training and the test table, and tests all columns together."""

    __test__ = False  # the name is about test tables; pytest should not collect it
    code: ClassVar[str] = "A019"
    title: ClassVar[str] = "Train-test shift"
    what: ClassVar[str] = "The rows of the test table are unlike the training rows."
    why_it_matters: ClassVar[str] = (
        "Scores on training-like rows do not carry over. Often it shows that the tables were made in two ways."
    )
    how_detected: ClassVar[str] = (
        f"Per column: a Kolmogorov-Smirnov (numbers) or total variation (categories) distance of {LARGE_DISTANCE:g} "
        f"beyond its noise at level 0.001, means that differ by {LARGE_DIFFERENCE:g} standard deviations, a share of "
        f"missing values that differs by {percent(MISSING_DIFFERENCE)}, or {percent(NEW_SHARE)} of the rows with "
        f"levels that training never saw (each beyond {SURE:g} standard errors; for levels beyond twice what the "
        "number of levels seen once leads to expect, Good 1953). All columns together: a small gradient boosting "
        "machine tells test rows from training rows with an area under the ROC curve of "
        f"{VISIBLE_AUC:g} (a warning from {LARGE_AUC:g}; Lopez-Paz and Oquab 2017)."
    )
    what_is_done: ClassVar[str] = "Told."

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return one finding per shifted column and one for all together, or why there is nothing to check."""
        if context.test is None:
            return "there is no test table"
        n, m = len(context.row_numbers), n_rows(context.test)
        if min(n, m) < MIN_ROWS:
            return f"one of the tables has fewer than {MIN_ROWS} rows"
        shared = [n for n in context.features if n in context.test and not identifier_reason(context, n)]
        shared = [n for n in shared if context.contract[n].kind is not Kind.TEXT]
        found = [f for name in shared if (f := self._column(context, name, context.test)) is not None]
        return self._together(context, shared, context.test) + found

    def _column(self, context: AuditContext, name: str, test: Columns) -> Finding | None:
        found = shift(context.columns[name], test[name])
        if name == context.brief.group and found.unseen:
            return None  # new groups are what the split by groups is for
        if not found.matters:
            return None
        return tell(
            self,
            severity=Severity.WARNING,
            columns=[name],
            message=f"'{name}' {_in_words(found)}: what was learned from it may not hold there.",
            evidence={
                "distance": found.distance,
                "difference": found.difference,
                "missing_train": found.missing[0],
                "missing_test": found.missing[1],
                "new_levels": found.new,
            },
            fix="find out whether both tables were made in the same way",
        )

    def _together(self, context: AuditContext, shared: list[str], test: Columns) -> list[Finding]:
        if not shared:
            return []
        parts = [_sampled(context.columns, len(context.row_numbers)), _sampled(test, n_rows(test))]
        sizes = [n_rows(p) for p in parts]
        table = np.column_stack([numbers_of(_joined(parts[0][n], parts[1][n])) for n in shared])
        folds = np.random.default_rng([context.brief.seed, 2]).permutation(sum(sizes)) % N_FOLDS
        auc, gains = tell_apart(table, np.repeat([0, 1], sizes), folds, context.brief.seed)
        if auc < max(VISIBLE_AUC, 0.5 + SURE * tell_apart_noise(sizes[0], sizes[1])):
            return []
        top = [shared[i] for i in np.argsort(-gains)[:3] if gains[i] > 0]
        return [
            tell(
                self,
                severity=Severity.WARNING if auc >= LARGE_AUC else Severity.INFO,
                message=f"Test rows can be told from training rows (area under the ROC curve {auc:.2f}; 0.5 would be "
                f"none), mostly by {names(top)}: of {count(len(shared), 'column')}. Scores measured on training rows "
                "may not carry over.",
                evidence={"auc": auc, "n_columns": len(shared)},
                fix="measure on rows like those to be predicted, or leave out the columns that differ",
            )
        ]


def _in_words(found: Shift) -> str:
    if found.unseen:
        return f"has levels that training never saw in {percent(found.new)} of the test rows"
    if found.gone and not found.moved:
        here, there = (percent(share) for share in found.missing)
        return f"is missing in {here} of the training rows and {there} of the test rows"
    told = f"distance {found.distance:.2f} of at most 1"
    if found.difference:
        told += f", means {abs(found.difference):.1f} standard deviations apart"
    return f"has another distribution in the test table ({told})"


def _sampled(columns: Columns, n: int) -> Columns:
    return take(columns, np.unique(np.linspace(0, n - 1, min(n, JOINT_ROWS)).astype(np.int64)))


def _joined(here: Column, there: Column) -> Column:
    """Return the values of both tables in one column."""
    if isinstance(here, Strings) and isinstance(there, Strings):
        return Strings.from_values([*here.to_object(), *there.to_object()])
    return np.concatenate([np.asarray(here), np.asarray(there)])
