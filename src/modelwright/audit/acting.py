"""What the findings change. Overruled findings change nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from modelwright.audit.findings import Action, Audit, Finding
from modelwright.data.contract import ColumnSpec, Contract, Kind

__all__ = [
    "LEAK_RULES",
    "MISSING_NUMBERS",
    "MISSING_TOKENS",
    "PARTS",
    "ROW_ORDER",
    "SAME_LEVELS",
    "Applied",
    "apply",
]

# Evidence by which a finding with `Action.AS_MISSING` says what to read as missing: one value per line.
MISSING_TOKENS = "missing_tokens"
MISSING_NUMBERS = "missing_numbers"
# Evidence by which a finding with `Action.AS_LEVEL` says what is one level: spelling, tab, level; one pair per line.
SAME_LEVELS = "same_levels"
# Evidence of a finding about time that names no column: the order of the file is the order of time.
ROW_ORDER = "row_order"
# Evidence of a finding about time: columns that together are a date, from the year on.
PARTS = "parts"


@dataclass(frozen=True, kw_only=True, eq=False)
class Applied:
    """What the findings of an audit change.

    Attributes
    ----------
    contract : Contract
        With the missing values and kinds that findings found. It still names every column.
    dropped : dict
        Code of the finding by column that the model never sees.
    drop_rows : ndarray of int
        Rows to leave out, ascending; empty unless ``y`` was given to `apply`.
    group, time : str or None
        Columns that the split should use.
    time_parts : tuple of str
        Columns that together say when a row came about, the largest part first; empty where none do.
    """

    contract: Contract
    dropped: dict[str, str]
    drop_rows: np.ndarray
    group: str | None
    time: str | None
    time_parts: tuple[str, ...] = ()


def apply(audit: Audit, contract: Contract, y: np.ndarray | None = None) -> Applied:
    """Return what the findings change.

    Parameters
    ----------
    audit : Audit
    contract : Contract
    y : ndarray of float, shape (n_rows,), optional
        Encoded target of all rows: those without one are dropped, as A001 says. (A finding keeps twenty example rows
        at most, and the audit may have looked at a sample.)
    """
    dropped: dict[str, str] = {}
    for finding in sorted(audit.acting(Action.DROP_COLUMN), key=lambda f: f.code):
        for column in finding.columns:
            dropped.setdefault(column, finding.code)
    drop_rows = np.array([], dtype=np.intp)
    if y is not None and audit.acting(Action.DROP_ROWS):
        drop_rows = np.flatnonzero(np.isnan(y))
    barred = {c for c, code in dropped.items() if code in LEAK_RULES}
    return Applied(
        contract=_rewritten(contract, audit),
        dropped=dropped,
        drop_rows=drop_rows,
        group=_first_column(audit.acting(Action.GROUP), set()),
        time=_first_column(tuple(f for f in audit.acting(Action.TIME) if len(f.columns) == 1), barred),
        time_parts=_parts(audit, barred),
    )


LEAK_RULES = frozenset({"A013", "A014", "A015", "A016", "A022", "A026"})
"""Rules about columns that hold the answer: such a column must not order the rows either, it would by the outcome."""


def _first_column(findings: tuple[Finding, ...], barred: set[str]) -> str | None:
    return next((c for f in findings for c in f.columns if c not in barred), None)


def _parts(audit: Audit, barred: set[str]) -> tuple[str, ...]:
    """Return the columns of a date in parts that a finding orders rows by, also where it is only told: a split by time
    may be asked for."""
    found = (f.columns for f in audit.findings if PARTS in f.evidence and f.columns)
    return next((columns for columns in found if not barred.intersection(columns)), ())


def _rewritten(contract: Contract, audit: Audit) -> Contract:
    specs: dict[str, ColumnSpec] = {s.name: s for s in contract.columns}
    for finding in audit.acting(Action.AS_MISSING):
        from modelwright.data.kinds import with_missing

        tokens = tuple(str(finding.evidence.get(MISSING_TOKENS, "")).splitlines())
        numbers = tuple(float(v) for v in str(finding.evidence.get(MISSING_NUMBERS, "")).splitlines())
        for column in finding.columns:
            specs[column] = with_missing(specs[column], tokens=tokens, numbers=numbers)
    for finding in audit.acting(Action.AS_LEVEL):
        from modelwright.data.kinds import with_same_levels

        pairs = [line.partition("\t") for line in str(finding.evidence[SAME_LEVELS]).split("\n")]
        for column in finding.columns:
            specs[column] = with_same_levels(specs[column], {spelled: level for spelled, _, level in pairs})
    for finding in audit.acting(Action.AS_KIND):
        for column in finding.columns:
            specs[column] = replace(specs[column], kind=Kind(str(finding.evidence["kind"])), why=finding.message)
    return replace(contract, columns=tuple(specs[n] for n in contract.names))
