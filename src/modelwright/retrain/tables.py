"""The rows that a retraining has: those learned from before, and those that came; in the order of time."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from modelwright import documents
from modelwright.brief import parse_delay
from modelwright.data.columns import Columns, Strings
from modelwright.data.contract import Contract, Kind
from modelwright.data.moments import joint_ranks
from modelwright.data.parsing.classes import classes_of
from modelwright.data.parsing.texts import text_of
from modelwright.data.source import Source
from modelwright.errors import DataError, ModelwrightError, ProjectError
from modelwright.format import joined, plural
from modelwright.ledger import Entry, horizon, moment_of
from modelwright.monitor import wording
from modelwright.monitor.windows import read_labels
from modelwright.project import Project
from modelwright.retrain.personal import Personal, personal_of

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "ADDED",
    "FEWEST_NEW",
    "Gathered",
    "as_classes",
    "canonical",
    "gather",
    "in_time",
    "learned_until",
    "pending_rows",
    "place_in_time",
    "stacked",
    "too_few",
]

ADDED = "rows added"
"""Event of the ledger: rows that later retrainings learn from as well."""

GROWN = 0.5
"""A table of whose rows more than this share were there before is the old one, grown: only what is new of it counts."""

FEWEST_NEW = 100
"""Fewer new rows cannot tell a better model from a lucky one."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Gathered:
    """Raw rows, the oldest first: ``old`` of them were there when the project was last trained.

    ``told`` says what a reader has to know of how they came together.
    """

    table: pa.Table
    old: int
    told: tuple[str, ...] = ()

    @property
    def new(self) -> int:
        return self.table.num_rows - self.old


def gather(
    project: Project,
    source: str,
    new: pa.Table,
    contract: Contract,
    clock: tuple[str, ...],
    *,
    seen_by: str | None = None,
) -> Gathered:
    """Return all rows that may be learned from.

    Parameters
    ----------
    project : Project
    source : str
        Of the project's brief.
    new : pyarrow.Table
        What came; columns that the project does not know are left out.
    contract : Contract
        Of the project's last run, with the target and the time column.
    clock : tuple of str
        Column that orders the rows, or the parts of a date that do together; empty: they are in order.
    seen_by : str or None
        Name of a run: rows that came later, with retrainings whose models lost, are not among those from before. None:
        all that ever came are.

    Raises
    ------
    DataError
        Too few of the rows are new (MW-D801).
    """
    told: list[str] = []
    personal = personal_of(project, contract)
    if more := [n for n in new.column_names if n not in personal.names]:
        told.append(f"{plural(len(more), 'column')} that the project does not know are left out")
    first = _read(source, told)
    words = personal.words((new, *(() if first is None else (first,))))
    new = personal.left(personal.read(new, words))
    if first is not None:
        first = _as_it_was(first, project, source, told)
    known = [
        personal.read(t, words) for t in (first, *(_read(s, told) for s in _added(project, seen_by))) if t is not None
    ]
    before = _without_forgotten(known, personal, told)
    if before:
        fresh = _not_seen(new, before, contract, told)
        new = new.take(fresh) if len(fresh) < new.num_rows else new
    if new.num_rows < FEWEST_NEW:
        raise too_few(new.num_rows)
    new = in_time(new, contract, clock)
    old = in_time(stacked(before, contract), contract, clock) if before else new.slice(0, 0)
    if gone := [n for n in old.column_names if n not in new.column_names]:
        names = joined(f"'{n}'" for n in gone)
        told.append(f"the new rows have no {names}: left out of the old ones, too")
        old = old.drop_columns(gone)
    return Gathered(table=stacked([old, new], contract), old=old.num_rows, told=tuple(told))


def as_classes(rows: Gathered, target: str, classes: Sequence[str]) -> Gathered:
    """Return the rows with each label spelled as the class that it means, and with what is to be told of the new ones.

    A run on them has the classes of the champion then, however the feed, or a first file with several spellings of a
    class, writes them.
    """
    column = rows.table.column(target)
    y, strange = read_labels(column.slice(rows.old).to_pylist(), classes)
    unknown = int(np.isnan(y).sum()) - strange.total()
    told = [*rows.told, *wording.strange_labels(strange, classes)]
    if unknown:
        told.append(f"{plural(unknown, 'new row')} {'has' if unknown == 1 else 'have'} no label: not learned from")
    return replace(rows, table=_spelled(rows.table, target, classes), told=tuple(told))


def _spelled(table: pa.Table, target: str, classes: Sequence[str]) -> pa.Table:
    import pyarrow as pa

    column = table.column(target)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not classes or not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return table
    texts = {raw: text_of(raw) for raw in column.unique().to_pylist()}
    meant = classes_of({text for text in texts.values() if text is not None}, classes)
    names = {raw: meant[text] for raw, text in texts.items() if text in meant and meant[text] != raw}
    if not names:
        return table
    values = pa.array([names.get(raw, raw) for raw in column.to_pylist()], type=pa.string())
    return table.set_column(table.column_names.index(target), target, values)


def too_few(n: int) -> DataError:
    """Return the error for too few new rows."""
    return DataError(
        f"{plural(n, 'row')} of the data {'is' if n == 1 else 'are'} new and labelled; "
        f"a better model is told from a lucky one by {FEWEST_NEW} or more",
        fix="wait until more rows with their labels have come",
        code="MW-D801",
    )


def _without_forgotten(tables: Sequence[pa.Table], personal: Personal, told: list[str]) -> list[pa.Table]:
    """Return tables without the rows of forgotten people; one that does not say whose its rows are is left out."""
    known = [t for t in tables if personal.tells_whose(t)]
    if gone := sum(t.num_rows for t in tables) - sum(t.num_rows for t in known):
        told.append(f"{gone:,} earlier rows do not say whose they are, and people asked to be forgotten: left out")
    return [personal.left(t) for t in known]


def _added(project: Project, seen_by: str | None = None) -> list[str]:
    """Return the files of the rows that came with earlier retrainings, or with those up to a run."""
    added = (e for e in project.ledger.entries() if e.kind == ADDED)
    return [str(project.path / e.body["data"]) for e in added if seen_by is None or e.run <= seen_by]


def _as_it_was(table: pa.Table, project: Project, source: str, told: list[str]) -> pa.Table:
    """Return the rows of a file that were there at the first run: it may have grown at its end since."""
    for run in project.runs():
        with contextlib.suppress(ProjectError):
            was = documents.load(project.run_folder(run) / "source.json", Source)
            if Path(was.location).name == Path(source).name:
                if was.n_rows == was.n_rows_read < table.num_rows:
                    told.append(f"'{source}' has grown: its first {was.n_rows:,} rows are those that were there")
                    return table.slice(0, was.n_rows)
                return table
    return table


def learned_until(project: Project) -> datetime | None:
    """Return the moment after the last row of the log that was handed to a retraining, None before the first."""
    entries, come = project.ledger.entries(), horizon()
    handed = [(e, datetime.fromisoformat(e.body["until"])) for e in entries if e.kind == ADDED and e.body.get("until")]
    # A moment that has not come is of a clock that was set ahead: all rows were handed over by when it was right again.
    known = [until if until <= come else _made(entries, entry) for entry, until in handed]
    return max(known) + timedelta(microseconds=1) if known else None


def _made(entries: Sequence[Entry], entry: Entry) -> datetime:
    at = moment_of(entries, entry)
    return datetime.now(UTC) if at is None else datetime.fromisoformat(at)


def _read(source: str, told: list[str]) -> pa.Table | None:
    from modelwright.data.reading import read_table

    if source == "<memory>":
        told.append("the rows of the first run were in memory: only those that came since are learned from")
        return None
    try:
        table, _ = read_table(source)
    except ModelwrightError as error:
        told.append(f"earlier rows cannot be read any more, and are not learned from: {error.what}")
        return None
    return table


def _not_seen(new: pa.Table, before: Sequence[pa.Table], contract: Contract, told: list[str]) -> np.ndarray:
    """Return the rows to take: all, or those that were not there where most of them were."""
    own = _digests(new, contract)
    seen = np.isin(own, np.concatenate([_digests(t, contract) for t in before]))
    if seen.mean() <= GROWN:
        return np.arange(new.num_rows)
    told.append(f"{seen.sum():,} of {len(seen):,} rows were there before, and count as old")
    return np.flatnonzero(~seen)


def _digests(table: pa.Table, contract: Contract) -> np.ndarray:
    """Return a number per row that is the same for the same values (uint64)."""
    import pandas as pd

    total = np.zeros(table.num_rows, dtype=np.uint64)
    for place, column in enumerate(canonical(table, contract).values()):
        values = column.to_object().astype(str) if isinstance(column, Strings) else np.asarray(column) + 0.0
        own = pd.util.hash_array(values)
        total = total * np.uint64(1_000_003) + own * np.uint64(2 * place + 1)
    return total


def canonical(table: pa.Table, contract: Contract) -> Columns:
    """Return all columns of the contract; one that the table does not have is missing in every row.

    Nothing is refused: a feed that is broken is told by `feed.check_feed`, and in a replay window by window.
    """
    from modelwright.data.canonical import read_columns
    from modelwright.data.enforcing import fit_of

    return read_columns(table, fit_of(tuple(table.column_names), contract, ()), contract)[0]


def in_time(table: pa.Table, contract: Contract, clock: tuple[str, ...]) -> pa.Table:
    """Return a table in the order of the columns that say its time, rows without a time first."""
    order = np.argsort(place_in_time(table, contract, clock), kind="stable")
    return table if (np.diff(order) == 1).all() else table.take(order)


def stacked(tables: Sequence[pa.Table], contract: Contract) -> pa.Table:
    """Return tables one below the other.

    Numbers that are text in some tables only are numbers in all: beside "1.234,50" no reader knows what "1234.5" is.
    Another column whose types do not go together is text; the contract reads it.
    """
    import pyarrow as pa

    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        names = _differing(tables)
        numbers = [n for n in sorted(names) if n in contract.names and contract[n].kind is Kind.NUMBER]
        read = [_as_numbers(t, contract.only(numbers)) for t in tables]
        return pa.concat_tables([_as_text(t, names - set(numbers)) for t in read], promote_options="permissive")


def _as_numbers(table: pa.Table, contract: Contract) -> pa.Table:
    import pyarrow as pa

    for name, values in canonical(table, contract).items():
        if name in table.column_names:
            written = np.asarray(values) / contract[name].scale
            table = table.set_column(table.column_names.index(name), name, pa.array(written, from_pandas=True))
    return table


def _differing(tables: Sequence[pa.Table]) -> set[str]:
    types: dict[str, set[Any]] = {}
    for table in tables:
        for field in table.schema:
            types.setdefault(field.name, set()).add(field.type)
    return {name for name, found in types.items() if len(found) > 1}


def _as_text(table: pa.Table, names: set[str]) -> pa.Table:
    import pyarrow as pa

    for name in names & set(table.column_names):
        place = table.column_names.index(name)
        column = table.column(name)
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        table = table.set_column(place, name, column.cast(pa.string()))
    return table


def place_in_time(table: pa.Table, contract: Contract, clock: tuple[str, ...]) -> np.ndarray:
    """Return the place of each row of a table in time: the values of its time column, or the number of the moment that
    parts of a date say together; the order of the rows where there are none.

    Returns
    -------
    ndarray of float64, shape (n_rows,)
        Negative infinity where a row does not say its time.
    """
    unordered = np.arange(table.num_rows, dtype=np.float64)
    if not clock or not set(clock) <= set(table.column_names):
        return unordered
    columns = canonical(table.select(clock), contract.only(clock))
    if len(clock) > 1:
        ranks = joint_ranks([columns[name] for name in clock])
        return np.where(ranks < 0, -np.inf, ranks)
    column = columns[clock[0]]
    return unordered if isinstance(column, Strings) else np.where(np.isnan(column), -np.inf, np.asarray(column))


def pending_rows(table: pa.Table, contract: Contract, time: str | None, delay: str | None) -> int:
    """Return how many rows come before their labels do, by how many lie within the delay of the latest; 0: unknown."""
    if delay is None or time is None or time not in table.column_names or contract[time].kind is not Kind.DATETIME:
        return 0
    order = place_in_time(table, contract, (time,))
    return int((order > order.max(initial=-np.inf) - parse_delay(delay)).sum())
