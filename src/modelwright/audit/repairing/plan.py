"""What is repaired: which columns go, how each of the others is read, and which finding says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from modelwright.audit.acting import Applied
from modelwright.audit.findings import Action, Audit
from modelwright.data.canonical import SPELLINGS
from modelwright.data.contract import ColumnSpec
from modelwright.data.raw import raw_of
from modelwright.data.source import Source

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["RepairPlan", "plan_repairs"]


@dataclass(frozen=True, kw_only=True)
class RepairPlan:
    """Repairs of one table.

    Attributes
    ----------
    source : Source
    names : tuple of str
        All columns as they were read.
    specs : tuple of ColumnSpec
        Of the columns that stay, in the order of the table.
    dropped : dict of str to str
        Why each of the other columns goes, by name: ``"A014: 'duration' is known only afterwards"``.
    notes : dict of str to tuple of str
        What findings say of a column that stays and is read anew.
    target : str or None
        Rows without it are left out where ``drop_rows`` is set.
    drop_rows : bool
    written : frozenset of str
        Columns of numbers that are not all written as programs write them: with brackets for negative ones, a unit, ….
    """

    source: Source
    names: tuple[str, ...]
    specs: tuple[ColumnSpec, ...]
    dropped: dict[str, str]
    notes: dict[str, tuple[str, ...]]
    target: str | None
    drop_rows: bool
    written: frozenset[str]


def plan_repairs(source: Source, table: pa.Table, audit: Audit, applied: Applied, target: str | None) -> RepairPlan:
    """Return what the findings of an audit repair; what the brief overrules stays as it is.

    Parameters
    ----------
    source : Source
    table : pyarrow.Table
        As it was read.
    audit : Audit
    applied : Applied
        What `modelwright.audit.acting.apply` returned.
    target : str or None
    """
    dropped: dict[str, str] = {}
    notes: dict[str, list[str]] = {}
    for finding in audit.findings:
        said = f"{finding.code}: {finding.message}"
        for column in finding.columns:
            if finding.overruled or (column == target and finding.action is Action.DROP_COLUMN):
                continue
            if finding.action is Action.DROP_COLUMN:
                dropped.setdefault(column, said)
            elif finding.action in (Action.AS_MISSING, Action.AS_KIND, Action.AS_LEVEL):
                notes.setdefault(column, []).append(said)
    contract = applied.contract
    return RepairPlan(
        source=source,
        names=contract.names,
        specs=tuple(s for s in contract.columns if s.name not in dropped),
        dropped={n: dropped[n] for n in contract.names if n in dropped},
        notes={n: tuple(said) for n, said in notes.items() if n not in dropped},
        target=target,
        drop_rows=bool(audit.acting(Action.DROP_ROWS)),
        written=frozenset(s.name for s in contract.columns if s.kind.numeric and not _plain(table.column(s.name), s)),
    )


def _plain(column: pa.ChunkedArray, spec: ColumnSpec) -> bool:
    """Return whether all texts of a column are numbers as programs write them, or mean missing."""
    raw = raw_of(column)
    missing = [t for t in (*SPELLINGS, *spec.missing_tokens) if t not in spec.kept_tokens]
    return raw.numbers() is not None or raw.plain_numbers(missing) is not None
