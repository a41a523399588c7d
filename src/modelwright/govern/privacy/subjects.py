"""Whose rows were learned from, by keyed digests: which versions know somebody, and who asked to be forgotten.

A run keeps, for each person, the first 64 bits of the pseudonym: sorted, without order, counts or values. Without the
key nobody can try out who is in it; with it one binary search tells. Two of a million people share a digest with a
chance below 1e-7.

::

    privacy/subject.json      how the column that says whose a row is is read
    privacy/forgotten.json    digests of those who asked to be forgotten: their rows are never learned from again
    runs/0001/subjects.npy    digests of the people whose rows the run learned from
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from modelwright import documents
from modelwright.data.columns import Column, Strings
from modelwright.data.contract import ColumnSpec, Contract
from modelwright.data.parsing.texts import is_missing_text, text_of
from modelwright.data.raw import raw_of
from modelwright.data.treating.keys import HASHED, place_of_key
from modelwright.documents import write_atomic
from modelwright.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "FOLDER",
    "FORGOTTEN",
    "SUBJECT",
    "SUBJECTS",
    "Forgotten",
    "digest_of_pseudonym",
    "digests_of",
    "forgotten_in",
    "keep_subject",
    "keep_subjects",
    "known_subjects",
    "subject_of",
    "with_subject",
    "without_forgotten",
]

FOLDER = "privacy"
SUBJECT, FORGOTTEN = "subject.json", "forgotten.json"
SUBJECTS = "subjects.npy"
DIGITS = 16


@dataclass(frozen=True, kw_only=True)
class Forgotten:
    """Who asked to be forgotten: hexadecimal digests of pseudonyms of ``column``, in the order of asking."""

    column: str
    digests: tuple[str, ...] = ()


def digest_of_pseudonym(pseudonym: str) -> int:
    """Return the first 64 bits of a pseudonym."""
    return int(pseudonym[1 : 1 + DIGITS], 16)


def digests_of(column: Column) -> np.ndarray:
    """Return the digest of each row's pseudonym, 0 where there is none (uint64)."""
    if not isinstance(column, Strings):
        return np.zeros(len(column), dtype=np.uint64)
    own = [digest_of_pseudonym(v) if HASHED.fullmatch(str(v)) else 0 for v in column.levels]
    return np.array([*own, 0], dtype=np.uint64)[column.codes]


def keep_subjects(folder: Path, column: Column) -> int:
    """Write who is in the rows into a run's folder; return how many people they are."""
    people = np.setdiff1d(digests_of(column), np.zeros(1, np.uint64))
    buffer = io.BytesIO()
    np.save(buffer, people)
    write_atomic(folder / SUBJECTS, buffer.getvalue())
    return len(people)


def known_subjects(folder: Path) -> np.ndarray | None:
    """Return the digests that a run kept, ascending; None where it kept none."""
    path = folder / SUBJECTS
    return np.load(path, allow_pickle=False) if path.is_file() else None


def keep_subject(project: Path, spec: ColumnSpec) -> None:
    """Write how the column of subjects is read: the prediction log keeps pseudonyms of it. The key is found from every
    folder."""
    if spec.treatment is not None and spec.treatment.key_file is not None:
        whole = place_of_key(spec.treatment.key_file)
        spec = replace(spec, treatment=replace(spec.treatment, key_file=whole))
    (project / FOLDER).mkdir(exist_ok=True)
    documents.save(spec, project / FOLDER / SUBJECT)


def subject_of(project: Path) -> ColumnSpec | None:
    """Return how the column of subjects is read, None where no run named one."""
    path = project / FOLDER / SUBJECT
    return documents.load(path, ColumnSpec) if path.is_file() else None


def with_subject(contract: Contract, spec: ColumnSpec | None) -> Contract:
    """Return a contract with the column of subjects behind those that the model reads."""
    if spec is None or spec.name in contract.names:
        return contract
    return Contract(columns=(*contract.columns, spec), rows_seen=contract.rows_seen)


def forgotten_in(project: Path | None) -> Forgotten | None:
    """Return who asked to be forgotten, None where nobody did."""
    path = None if project is None else project / FOLDER / FORGOTTEN
    return documents.load(path, Forgotten) if path is not None and path.is_file() else None


def without_forgotten(table: pa.Table, forgotten: Forgotten | None) -> pa.Table:
    """Return a treated table without the rows of people who asked to be forgotten.

    Raises
    ------
    UsageError
        The table does not say whose its rows are, or says it by other values than pseudonyms (MW-U913).
    """
    if forgotten is None or not forgotten.digests:
        return table
    if forgotten.column not in table.column_names:
        raise UsageError(
            f"people asked to be forgotten, and the rows do not say by '{forgotten.column}' whose they are",
            fix=f"give rows with the column '{forgotten.column}', and name it with --subject",
            code="MW-U913",
        )
    import pyarrow as pa

    values, codes = raw_of(table.column(forgotten.column)).distinct()
    own = np.array([*(_digest(value, forgotten.column) for value in values), 0], dtype=np.uint64)[codes]
    gone = np.isin(own, np.array([int(d, 16) for d in forgotten.digests], np.uint64))
    return table.filter(pa.array(~gone)) if gone.any() else table


def _digest(value: Any, column: str) -> int:
    """Return the digest of a pseudonym, 0 where the value says that it is missing."""
    text = text_of(value)
    if text is None or is_missing_text(text):
        return 0
    if HASHED.fullmatch(text):
        return digest_of_pseudonym(text)
    raise UsageError(
        f"people asked to be forgotten, and '{column}' says whose the rows are by other values than pseudonyms",
        fix=f"name it with --subject {column}: forgotten people are known by pseudonyms alone",
        code="MW-U913",
    )
