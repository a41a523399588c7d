"""Erasure: somebody is forgotten. Rows that the project holds go, versions that learned from them are named, and no
later training learns from them again.

A version is immutable: what it learned stays in it until another one takes its place. So the answer says which versions
know the person, and what to do.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from modelwright import documents
from modelwright.data.contract import ColumnSpec
from modelwright.data.treating.keys import key_for, pseudonym
from modelwright.data.treating.tables import treated_table
from modelwright.data.treating.values import treater
from modelwright.errors import ProjectError, UsageError
from modelwright.govern.privacy.subjects import (
    FOLDER,
    FORGOTTEN,
    Forgotten,
    digest_of_pseudonym,
    forgotten_in,
    known_subjects,
    subject_of,
    without_forgotten,
)
from modelwright.project import Project
from modelwright.project.folder import NEW_ROWS
from modelwright.serve.log.erasing import Erased, erase
from modelwright.serve.log.places import log_folder

__all__ = ["EVENT", "Forgetting", "forget"]

EVENT = "subject forgotten"
"""Of the ledger. It holds the digest of a pseudonym, which says nothing without the key."""


@dataclass(frozen=True, kw_only=True)
class Forgetting:
    """What forgetting somebody came to.

    Attributes
    ----------
    column : str
    digest : str
        Of the pseudonym, in the ledger and in the list of those who are forgotten.
    versions : tuple of int
        Learned from the person.
    unknown : tuple of int
        Versions of which nobody can tell: their runs kept no list of people.
    champion : int or None
    rows : int
        Taken out of rows that runs kept.
    log : Erased
        Taken out of the prediction log.
    before : bool
        The person was forgotten before; rows that came since are gone now.
    free : tuple of int
        Versions that surely did not learn from the person.
    """

    column: str
    digest: str
    versions: tuple[int, ...]
    unknown: tuple[int, ...]
    champion: int | None
    rows: int
    log: Erased
    before: bool
    free: tuple[int, ...] = ()

    @property
    def retrain(self) -> bool:
        """Whether the version that serves learned from the person, or may have."""
        return self.champion in (*self.versions, *self.unknown)


def forget(project: Project, column: str, value: Any, *, log: Path | None = None) -> Forgetting:
    """Forget the person whose rows have a value in the column of subjects.

    Parameters
    ----------
    project : Project
    column : str
    value : any
        As it stands in the data; it is written nowhere.
    log : Path or None
        Folder that holds the prediction log, where it is not the project's.

    Raises
    ------
    UsageError
        The project does not know whose its rows are (MW-U914), the column is another one (MW-U915), the value is
        empty (MW-U916), the folder of the log is not there (MW-U708), or the key is not.
    ProjectError
        Another process works on the project, or a file cannot be written.
    """
    spec, place = _subject(project, column), log_folder(project.path, log)
    name = treater(_treatment(spec))(value)
    if not isinstance(name, str) or not name.startswith("#"):
        raise UsageError("nobody was named: the value is empty", fix="write COLUMN=VALUE", code="MW-U916")
    digest = digest_of_pseudonym(name)
    with project.lock():
        known = forgotten_in(project.path) or Forgotten(column=spec.name)
        written = f"{digest:016x}"
        before = written in known.digests
        if not before:
            known = replace(known, digests=(*known.digests, written))
            (project.path / FOLDER).mkdir(exist_ok=True)
            documents.save(known, project.path / FOLDER / FORGOTTEN)
        _break_off(project)
        rows = sum(_take_out(folder / NEW_ROWS, spec, known) for folder in _runs(project))
        erased = erase(place, spec.name, name)
        versions, unknown = _versions(project, digest)
        champion = project.champion
        found = Forgetting(
            column=spec.name,
            digest=written,
            versions=versions,
            unknown=unknown,
            champion=None if champion is None else champion.version,
            rows=rows,
            log=erased,
            before=before,
            free=tuple(v for v in project.versions() if v not in (*versions, *unknown)),
        )
        project.ledger.append(EVENT, "", documents.to_builtins(found))
    return found


def _subject(project: Project, column: str) -> ColumnSpec:
    spec = subject_of(project.path)
    if spec is None:
        raise UsageError(
            f"'{project.path}' does not know whose its rows are",
            fix="train with --subject COLUMN; of versions made before, nobody can tell whom they know",
            code="MW-U914",
        )
    if column.strip().casefold() != spec.name.casefold():
        raise UsageError(
            f"'{column}' is not the column that says whose rows these are",
            fix=f"write {spec.name}=VALUE",
            code="MW-U915",
        )
    return spec


def _treatment(spec: ColumnSpec) -> Any:
    """Return how pseudonyms are made, after making sure that the key is the right one."""
    assert spec.treatment is not None
    key = key_for(spec.treatment.key_file, spec.treatment.fingerprint)
    pseudonym(key, spec.treatment.salt, "")
    return spec.treatment


def _runs(project: Project) -> list[Path]:
    return [project.run_folder(run) for run in project.runs()]


def _break_off(project: Project) -> None:
    """End a run that was broken off: going on would learn from the person after all."""
    for run in project.runs():
        with contextlib.suppress(ProjectError):
            state = project.state(run)
            if state.status == "running":
                ended = replace(state, status="failed", result={"error": "somebody was forgotten", "code": ""})
                documents.save(ended, project.run_folder(run) / "state.json")


def _take_out(path: Path, spec: ColumnSpec, forgotten: Forgotten) -> int:
    """Rewrite rows that a run kept without those of the forgotten; return how many went."""
    if not path.is_file():
        return 0
    import pyarrow.parquet as pq

    from modelwright.data.writing import write_tables

    table = pq.read_table(path)
    if forgotten.column not in table.column_names:
        return 0
    # A run that was not told whose its rows are kept the values as they were.
    table = treated_table(table, {spec.name: _treatment(spec)})
    left = without_forgotten(table, forgotten)
    if left.num_rows < table.num_rows:
        write_tables(left.schema, [left], path)
    return table.num_rows - left.num_rows


def _versions(project: Project, digest: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the versions that learned from a person, and those of which that is not known."""
    knows, unknown = [], []
    for version in project.versions():
        run = project.run_of(version)
        people = None if run is None else known_subjects(project.run_folder(run))
        if people is None:
            unknown.append(version)
        elif np.isin(np.uint64(digest), people):
            knows.append(version)
    return tuple(knows), tuple(unknown)
