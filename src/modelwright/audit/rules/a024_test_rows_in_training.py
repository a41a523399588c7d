"""A024: rows of the test table that are in the training table."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from modelwright.audit.building import count, percent, tell, verb
from modelwright.audit.findings import AuditContext, Finding, Severity
from modelwright.audit.identifiers import identifier_reason
from modelwright.audit.looking import coded, is_missing
from modelwright.audit.sides import codes_of_test, in_both, row_hashes
from modelwright.data.columns import Strings, n_rows

__all__ = ["RowsInBothTables"]

# One known row in a hundred moves an accuracy by less than its standard error at 2,500 test rows.
TELLING_SHARE = 0.01
# Rows that repeat by nature are as often in the test table as they repeat in the training table. More than that times
# this, and two standard errors, is no accident.
BEYOND_NATURE = 1.5
STANDARD_ERRORS = 2.0


class RowsInBothTables:
    """Finds test rows whose features all occur in one training row."""

    code: ClassVar[str] = "A024"
    title: ClassVar[str] = "Test rows in training"
    what: ClassVar[str] = "Rows of the test table agree in every feature with a row of the training table."
    why_it_matters: ClassVar[str] = (
        "The test then asks for what the model was shown. The score is too good, the more the larger the share, and "
        "says less about new rows."
    )
    how_detected: ClassVar[str] = (
        "Equal canonical values in all features of both tables, identifiers left out; the targets are compared where "
        f"the test table has them. It is a warning from {percent(TELLING_SHARE)} of the test rows on where these are "
        f"more than {BEYOND_NATURE:g} times the share of training rows that repeat each other (and "
        f"{STANDARD_ERRORS:g} standard errors more); rows that repeat by nature do so on both sides, and are a note."
    )
    what_is_done: ClassVar[str] = "Told: which table a row belongs to is for you to say."

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return at most one finding, or why there is nothing to check."""
        if context.test is None:
            return "there is no test table"
        used = [n for n in in_both(context) if not identifier_reason(context, n)]
        n_train, n_test = len(context.row_numbers), n_rows(context.test)
        if not used or not n_train or not n_test:
            return "the two tables share no feature, or one has no rows"
        train = row_hashes([coded(context, n).codes for n in used])
        test = row_hashes([codes_of_test(context, n) for n in used])
        known = np.isin(test, train)
        if not known.any():
            return []
        repeats = np.unique(train, return_inverse=True, return_counts=True)
        nature = float((repeats[2][repeats[1]] > 1).mean())
        return [self._told(context, train, test, known, nature)]

    def _told(
        self, context: AuditContext, train: np.ndarray, test: np.ndarray, known: np.ndarray, nature: float
    ) -> Finding:
        n, share = int(known.sum()), float(known.mean())
        chance = BEYOND_NATURE * nature + STANDARD_ERRORS * np.sqrt(nature * (1 - nature) / len(test))
        high = share >= TELLING_SHARE and share > chance
        same = _same_target(context, train, test, known)
        targets = "" if same is None else f"; {count(same, 'row')} of these have its target as well"
        looked = "" if len(context.row_numbers) == context.n_rows else " (of the rows looked at)"
        judged = (
            "The test asks for what the model was shown, and its score is too good."
            if high
            else "That is no more than rows repeat within the training table."
            if share <= chance
            else "That is too little to move scores much."
        )
        evidence = {"n_known": n, "share": share, "repeats_in_training": nature}
        return tell(
            self,
            severity=Severity.WARNING if high else Severity.INFO,
            message=f"{count(n, 'row')} of {len(test):,} in the test table ({percent(share)}) "
            f"{verb(n, 'agrees', 'agree')} in every feature with a row of the training table{looked}{targets}. "
            f"{judged}",
            evidence=evidence if same is None else evidence | {"n_same_target": same},
            fix="take the rows out of one of the tables"
            if high
            else "nothing, unless each row should be one case; then take the rows out of one of the tables",
            rows=context.row_numbers[np.isin(train, test[known])],
            n_rows=n,
        )


def _same_target(context: AuditContext, train: np.ndarray, test: np.ndarray, known: np.ndarray) -> int | None:
    """Return how many known test rows are in training with the same target, None where the test table has none."""
    target = context.target
    if target is None or context.test is None or target not in context.test:
        return None
    column = context.test[target]
    if isinstance(column, Strings) != isinstance(context.columns[target], Strings) or is_missing(column).all():
        return None
    whole = row_hashes([train, coded(context, target).codes])
    return int((known & np.isin(row_hashes([test, codes_of_test(context, target)]), whole)).sum())
