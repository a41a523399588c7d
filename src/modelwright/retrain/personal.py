"""What is done to personal values of raw rows before a retraining looks at them, and whose rows are left out."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modelwright import documents
from modelwright.data.contract import Contract
from modelwright.data.treating.redacting import name_words
from modelwright.data.treating.tables import treated_table
from modelwright.data.treating.treatment import Treatment
from modelwright.errors import ProjectError
from modelwright.govern.privacy.documents import Privacy
from modelwright.govern.privacy.policy import Datum
from modelwright.govern.privacy.pooling import base_of
from modelwright.govern.privacy.subjects import Forgotten, forgotten_in, subject_of, without_forgotten

if TYPE_CHECKING:
    import pyarrow as pa

    from modelwright.project import Project

__all__ = ["Personal", "personal_of", "treatments_of"]


@dataclass(frozen=True, kw_only=True)
class Personal:
    """How rows of a project are read.

    Attributes
    ----------
    names : frozenset of str
        Columns that are kept: those that the project knows, and the one that says whose a row is.
    treatments : dict of Treatment
        By column.
    named : frozenset of str
        Columns of names of persons, which no run kept: texts lose the words that stand in them.
    forgotten : Forgotten or None
    """

    names: frozenset[str]
    treatments: dict[str, Treatment]
    named: frozenset[str]
    forgotten: Forgotten | None

    def words(self, tables: Iterable[pa.Table]) -> frozenset[str]:
        """Return the words of names that stand in raw tables."""
        from modelwright.data.canonical import raw_strings

        found: set[str] = set()
        for table in tables:
            for values in raw_strings(table, [n for n in table.column_names if n in self.named]).values():
                found |= name_words({value for value in values if value is not None})
        return frozenset(found)

    def read(self, table: pa.Table, words: Collection[str] = ()) -> pa.Table:
        """Return a raw table without what the project does not know, treated."""
        known = table.select([n for n in table.column_names if n in self.names])
        return treated_table(known, self.treatments, names=words)

    def left(self, table: pa.Table) -> pa.Table:
        """Return a treated table without the rows of people who asked to be forgotten.

        Raises
        ------
        UsageError
            It does not say whose its rows are (MW-U913).
        """
        return without_forgotten(table, self.forgotten)

    def tells_whose(self, table: pa.Table) -> bool:
        """Return whether it can be told which rows are those of forgotten people."""
        return self.forgotten is None or self.forgotten.column in table.column_names


def personal_of(project: Project, contract: Contract) -> Personal:
    """Return how raw rows of a project are read; ``contract`` is that of its last run."""
    subject = subject_of(project.path)
    whose = {} if subject is None or subject.treatment is None else {subject.name: subject.treatment}
    return Personal(
        names=frozenset((*contract.names, *whose)),
        treatments={**treatments_of(contract), **whose},
        named=_named(project),
        forgotten=forgotten_in(project.path),
    )


def treatments_of(contract: Contract) -> dict[str, Treatment]:
    """Return what is done to personal values, by column, without what depends on how many rows there were."""
    found = {spec.name: base_of(spec.treatment) for spec in contract.columns if spec.treatment is not None}
    return {name: treatment for name, treatment in found.items() if treatment is not None}


def _named(project: Project) -> frozenset[str]:
    """Return the columns in which runs found names of persons: one that went on from another has seen them no more."""
    found: set[str] = set()
    for run in project.runs():
        with contextlib.suppress(ProjectError):
            privacy = documents.load(project.run_folder(run) / "privacy.json", Privacy)
            found |= {c.column for c in privacy.columns if c.datum == Datum.NAME}
    return frozenset(found)
