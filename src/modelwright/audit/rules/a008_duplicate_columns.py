"""A008: columns that say the same."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from modelwright.audit.building import percent, tell
from modelwright.audit.findings import Action, AuditContext, Finding, Severity
from modelwright.audit.looking import Coded, coded, values_of

__all__ = ["DuplicateColumns"]

MIN_ROWS = 20  # with fewer rows columns coincide by chance
# Where nearly every value differs, any two columns are recodings of each other; then the values must agree.
REPEATED_SHARE = 0.5
# Largest relative deviation for two numbers to count as the same up to unit (kilometres and miles, rounded storage).
RELATIVE_TOLERANCE = 1e-6


class DuplicateColumns:
    """Finds columns that are identical up to a recoding of their values."""

    code: ClassVar[str] = "A008"
    title: ClassVar[str] = "Duplicate column"
    what: ClassVar[str] = (
        "Two columns hold the same information: equal values, or one value of one for each of the other."
    )
    why_it_matters: ClassVar[str] = (
        "The copy costs time, splits the importance of the column in two, and must be delivered for every prediction."
    )
    how_detected: ClassVar[str] = (
        "The values correspond one to one in every row, missing values included. Where at least "
        f"{percent(REPEATED_SHARE)} of the values are distinct, that proves nothing, and the numbers must be equal "
        f"up to a linear change of unit (relative tolerance {RELATIVE_TOLERANCE:g})."
    )
    what_is_done: ClassVar[str] = (
        "The later column is dropped; of a number and its recoding in words the words go: numbers have an order."
    )

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return one finding per copy, or why there is nothing to check."""
        n = len(context.row_numbers)
        if n < MIN_ROWS:
            return f"there are fewer than {MIN_ROWS} rows"
        found = []
        seen: dict[bytes, str] = {}
        for name in context.features:
            column = coded(context, name)
            if column.n_levels < 2:
                continue
            key = _fingerprint(context, name, column)
            first = seen.setdefault(key, name)
            if first == name:
                continue
            if context.contract[name].kind.numeric and not context.contract[first].kind.numeric:
                seen[key], first, name = name, name, first
            found.append(self._drop(name, first, column))
        return found

    def _drop(self, name: str, first: str, column: Coded) -> Finding:
        return tell(
            self,
            severity=Severity.INFO,
            columns=[name],
            message=f"'{name}' says the same as '{first}' in all {len(column.codes):,} rows: its {column.n_levels:,} "
            "values correspond one to one.",
            evidence={"copy_of": first, "n_levels": column.n_levels},
            action=Action.DROP_COLUMN,
            done=f"dropped: '{first}' stays",
            fix="deliver one of the two",
            n_rows=len(column.codes),
        )


def _fingerprint(context: AuditContext, name: str, column: Coded) -> bytes:
    """Return bytes that two columns share when they say the same."""
    import hashlib

    values = values_of(context, name)
    if column.n_levels < REPEATED_SHARE * column.n_present:
        body = _by_first_appearance(column).astype(np.int32)
    elif values is not None:
        body = _standardised(values)
    else:
        body = np.array([hash(v) for v in column.values], np.int64)[column.codes]
        body[column.codes < 0] = 0
    return hashlib.blake2b(body.tobytes(), digest_size=16).digest()


def _by_first_appearance(column: Coded) -> np.ndarray:
    """Return level numbers in order of first appearance; missing takes part as a level."""
    shifted = column.codes + 1
    first = np.unique(shifted, return_index=True)[1]
    used = shifted[first]
    rank = np.empty(len(used), np.int64)
    rank[np.argsort(first)] = np.arange(len(used))
    table = np.zeros(column.n_levels + 1, np.int64)
    table[used] = rank
    return table[shifted]


def _standardised(values: np.ndarray) -> np.ndarray:
    """Return values with mean 0 and spread 1, positive first, rounded to the tolerance; missing and infinite apart."""
    finite = np.isfinite(values)
    known = values[finite]
    spread = known.std() if len(known) else 0.0
    scaled = (known - known.mean()) / spread if spread > 0 else np.zeros(len(known))
    if len(scaled) and scaled[np.argmax(np.abs(scaled) > RELATIVE_TOLERANCE)] < 0:
        scaled = -scaled
    body = np.nan_to_num(values, nan=-(2.0**31), posinf=2.0**31, neginf=-(2.0**32))
    body[finite] = np.round(scaled / RELATIVE_TOLERANCE)
    return body
