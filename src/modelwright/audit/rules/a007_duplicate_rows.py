"""A007: rows that occur more than once."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from modelwright.audit.building import count, percent, tell, verb
from modelwright.audit.findings import AuditContext, Finding, Severity
from modelwright.audit.identifiers import identifier_reason
from modelwright.audit.looking import hash_rows

__all__ = ["DuplicateRows"]

# Lee et al. 2022 (deduplicating training data) and Barz and Denzler 2020 (CIFAR, 3-10 % duplicates across the split)
# show scores moved by duplicates from a few percent on.
LARGE_SHARE = 0.05
# Tables with fewer features repeat by nature: three flags have eight combinations.
MIN_FEATURES = 3


class DuplicateRows:
    """Finds rows whose features occur more than once, with the same or another target."""

    code: ClassVar[str] = "A007"
    title: ClassVar[str] = "Duplicate rows"
    what: ClassVar[str] = "Some rows agree in every feature; with the same target they are copies, else they conflict."
    why_it_matters: ClassVar[str] = (
        "A copy on both sides of a split turns testing into remembering, so scores come out too good. Conflicting "
        "copies bound how good any model can be."
    )
    how_detected: ClassVar[str] = (
        "Equal canonical values in all features, identifiers left out. "
        f"From {percent(LARGE_SHARE)} of copies on it is a warning; the same share of "
        f"conflicting rows is said to bound the score. At least {MIN_FEATURES} features are needed."
    )
    what_is_done: ClassVar[str] = (
        "Told. Rows stay, because repeated rows are often honest repetitions; a large share is a reason to group or "
        "to remove them at the source."
    )

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return at most one finding, or why there is nothing to check."""
        used = [n for n in context.features if not identifier_reason(context, n)]
        if len(used) < MIN_FEATURES:
            return f"there are fewer than {MIN_FEATURES} features that could repeat"
        n = len(context.row_numbers)
        same_features = _numbered(hash_rows(context, used))
        if same_features.max(initial=-1) + 1 == n:
            return []
        target = _target_codes(context)
        same_rows = _numbered(same_features * (target.max() + 1) + target)
        first = np.unique(same_rows, return_index=True)[1]
        copies = np.setdiff1d(np.arange(n), first)
        n_conflicting = _conflicting(same_features, same_rows)
        if not len(copies) and not n_conflicting:
            return []
        return [self._told(context, copies, n_conflicting, n)]

    def _told(self, context: AuditContext, copies: np.ndarray, n_conflicting: int, n: int) -> Finding:
        share = len(copies) / n
        high = share >= LARGE_SHARE
        parts = []
        if len(copies):
            repeat = verb(len(copies), "repeats", "repeat")
            parts.append(f"{count(len(copies), 'row')} of {n:,} ({percent(share)}) {repeat} an earlier row exactly")
            if n < context.n_rows:  # copies of rows that are not in the sample are not seen
                parts.append(f"those are rows looked at: of all {context.n_rows:,} it is more")
        if n_conflicting:
            parts.append(f"{count(n_conflicting, 'row')} of {n:,} share all features with a row of another target")
        said = []
        if high:
            said.append(
                "Copies on both sides of a split make scores too good: compare with a split that keeps them together."
            )
        if n_conflicting >= LARGE_SHARE * n:
            said.append("What the features leave open in conflicting rows, no model can tell.")
        message = f"{'; '.join(parts)}. {' '.join(said) or 'That is too little to move scores much.'}"
        return tell(
            self,
            severity=Severity.WARNING if high else Severity.INFO,
            message=message,
            evidence={"n_copies": len(copies), "share": share, "n_conflicting": n_conflicting},
            done="nothing was changed: repeated rows can be honest repetitions",
            fix="remove copies at the source if each row should be one case",
            rows=context.row_numbers[copies],
            n_rows=len(copies),
        )


def _numbered(values: np.ndarray) -> np.ndarray:
    return np.unique(values, return_inverse=True)[1]


def _target_codes(context: AuditContext) -> np.ndarray:
    if context.y is None:
        return np.zeros(len(context.row_numbers), np.int64)
    return np.unique(context.y, return_inverse=True)[1]


def _conflicting(same_features: np.ndarray, same_rows: np.ndarray) -> int:
    """Return the rows whose features occur with more than one target."""
    pairs = np.unique(np.column_stack([same_features, same_rows]), axis=0)
    targets = np.bincount(pairs[:, 0])
    return int((targets[same_features] > 1).sum())
