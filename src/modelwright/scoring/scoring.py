"""Score a source of any size."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from modelwright.data.contract import Violation
from modelwright.data.enforcing import Fit, Tally, fit_of, refuse_unreadable, violations_of
from modelwright.data.reading import holds_value, no_rows, no_value
from modelwright.data.streaming import CHUNK_ROWS, Restarted, Stream, fingerprint, location_of, open_stream
from modelwright.data.writing import check_writable, write_tables
from modelwright.documents import digest_of, to_builtins
from modelwright.engines.local import n_cores
from modelwright.errors import ContractError, DataError, UsageError, did_you_mean
from modelwright.package.unusual.documents import none_to_tell
from modelwright.runtime.unusual import UNUSUAL, UNUSUAL_COLUMNS
from modelwright.scoring.flow import REASONS, Wanted, chunk_of, cut, in_order
from modelwright.scoring.parts import Parts, folder_of
from modelwright.scoring.schemas import conformed, typed, unified, without_lists
from modelwright.scoring.top import check_top, first_of

if TYPE_CHECKING:
    import pyarrow as pa

    from modelwright.package.bundle import Version

__all__ = ["Answers", "ScoredFile", "score_file", "scored"]

Progress = Callable[[int, "float | None"], None]
"""Called with the rows scored so far and the share of the source that was read, None where it cannot be told. What it
raises stops the scoring."""

CHUNK_BYTES = 64 << 20
"""What a chunk may take at 16 bytes per cell: raw and canonical."""

PART_ROWS, PART_BYTES, PART_SECONDS = 1 << 18, 64 << 20, 5.0
"""A part is put on the disk when it has so many rows or bytes, or so much time of work is in it."""

WITH_LISTS = (".jsonl", ".ndjson")
"""Outputs in which a set of classes is a list, and reasons are; columns of the others are of plain types, which any
reader takes."""

WITHOUT_TYPES = (".csv", ".csv.gz", ".tsv", ".tsv.gz")
"""Outputs that have no types: what is kept of a source that has none either stays as it was written there."""


@dataclass(frozen=True, kw_only=True)
class ScoredFile:
    """What a scoring came to.

    Attributes
    ----------
    output : Path
    n_rows : int
    n_resumed : int
        Rows of them that an earlier scoring of the same had finished before it was broken off.
    version : int
    notes : tuple of str
        What was repaired in reading.
    violations : tuple of Violation
        How the rows differ from the contract, counted over all of them.
    """

    output: Path
    n_rows: int
    n_resumed: int
    version: int
    notes: tuple[str, ...]
    violations: tuple[Violation, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Answers:
    """The answers to all rows of a source, while the block of `scored` lasts; ``tables`` yields them in order.

    Attributes
    ----------
    schema : pyarrow.Schema
        The kept columns, then ``prediction`` and, for classes, ``probability_<class>``; a ``set`` is a list of texts.
        What is kept of a source without types is text, as it was written there.
    n_rows, n_resumed, notes, violations
        As in `ScoredFile`.
    untyped : tuple of str
        Columns kept of a source without types.
    """

    schema: pa.Schema
    tables: Callable[[], Iterator[pa.Table]]
    untyped: tuple[str, ...] = ()
    n_rows: int
    n_resumed: int
    notes: tuple[str, ...]
    violations: tuple[Violation, ...]

    def without_lists(self) -> tuple[pa.Schema, Iterator[pa.Table]]:
        """Return schema and tables for what holds no lists: they are texts in JSON."""
        schema = without_lists(self.schema)
        return schema, (conformed(table, schema) for table in self.tables())

    def typed(self) -> Answers:
        """Return the answers with numbers in the place of texts, in kept columns of a source without types in which
        every text is a number."""
        found = typed(self.schema, self.tables, self.untyped)
        return replace(self, schema=found, tables=lambda: (conformed(table, found) for table in self.tables()))


def score_file(
    version: Version,
    source: Any,
    output: str | Path,
    *,
    query: str | None = None,
    keep: Sequence[str] = (),
    interval: float | None = None,
    reasons: int = 0,
    abstain: float | None = None,
    unusual: bool = False,
    top: int | None = None,
    chunk_rows: int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> ScoredFile:
    """Score every row of a source into a file; memory stays the same however many rows there are.

    Answers are those of the same rows one at a time, in the order of the source. The output appears at once, whole.
    A scoring that is broken off leaves its finished parts in a hidden folder beside the output, and the same call goes
    on from there: same version, same columns to keep, a file that nobody has touched. Databases start anew.

    Parameters
    ----------
    version : Version
    source : str, Path, or a table in memory
        As of `modelwright.data.reading.read_table`.
    output : str or Path
        As of `modelwright.data.writing.write_table`.
    query : str, optional
    keep : sequence of str
        Columns of the source to write beside the answers.
    interval : float, optional
        Coverage of intervals to write as well, see `Version.interval`: ``low`` and ``high``, or for classes ``set``:
        in JSON lines a list of class names, in other formats the text of one in JSON.
    reasons : int
        How many reasons per row to write as well, see `Version.predict`: ``reasons``, a list as ``set`` is. Each row
        then takes about a millisecond and more.
    abstain : float, optional
        Risk at which rows are left to a person: ``abstain`` is written as well, see `Version.predict`.
    unusual : bool
        Whether to write ``unusual`` and ``unusual_columns`` as well, see `Version.odd`; the latter as ``set`` is.
    top : int, optional
        Write only so many rows, those with the highest chance of the event or the highest value, highest first, with
        their ``rank`` from 1 and their ``row`` in the source from 0; see `modelwright.scoring.top`.
    chunk_rows : int, optional
        Most rows that are scored at once by one thread.
    threads : int, optional
        By default as many as there are cores that this process may use.
    progress : callable, optional
        Called with the rows scored so far and the share of the source read, 0 to 1 or None.

    Raises
    ------
    ContractError
        The rows break the contract, as `Version.predict` refuses them; nothing is left on the disk.
    DataError
        The source cannot be read, or was changed meanwhile; nothing is left on the disk. What is refused before a row
        is read removes nothing either: parts of an earlier scoring stay.
    ProjectError
        The output cannot be written or the disk is full; finished parts stay, and the same call goes on.
    UsageError
        A column to keep is not there or has the name of an answer, or there is no such interval or risk. Parts of
        an earlier scoring stay.
    """
    path = Path(output)
    check_writable(path)
    with scored(
        version,
        source,
        output=path,
        query=query,
        keep=keep,
        interval=interval,
        reasons=reasons,
        abstain=abstain,
        unusual=unusual,
        top=top,
        chunk_rows=chunk_rows,
        threads=threads,
        progress=progress,
    ) as answers:
        name = path.name.lower()
        given = answers if name.endswith(WITHOUT_TYPES) else answers.typed()
        schema, tables = (given.schema, given.tables()) if name.endswith(WITH_LISTS) else given.without_lists()
        write_tables(schema, tables, path)
        return ScoredFile(
            output=path,
            n_rows=answers.n_rows,
            n_resumed=answers.n_resumed,
            version=version.manifest.version,
            notes=answers.notes,
            violations=answers.violations,
        )


@contextmanager
def scored(
    version: Version,
    source: Any,
    *,
    output: Path | None = None,
    query: str | None = None,
    keep: Sequence[str] = (),
    interval: float | None = None,
    reasons: int = 0,
    abstain: float | None = None,
    unusual: bool = False,
    top: int | None = None,
    chunk_rows: int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Iterator[Answers]:
    """Give the answers to all rows of a source; see `score_file`. Without an output, parts are kept in a temporary
    folder; they are gone after the block."""
    import tempfile

    by = None if top is None else check_top(version, top, tuple(keep))
    before = fingerprint(source)
    wanted = Wanted(keep=tuple(keep), interval=interval, reasons=reasons, abstain=abstain, unusual=unusual)
    with ExitStack() as stack:
        if output is None:
            place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="modelwright-"))) / "answers"
            parts = Parts(folder_of(place), None, place)
        else:
            parts = Parts(folder_of(output), _key(version, before, query, wanted), output)
        stack.callback(parts.close)
        try:
            with open_stream(source, query=query, chunk_rows=chunk_rows or CHUNK_ROWS) as stream:
                work = _Work(
                    version,
                    stream,
                    parts,
                    location=location_of(source),
                    wanted=wanted,
                    threads=threads,
                    chunk_rows=chunk_rows,
                )
                answers = work.done(progress or (lambda rows, share: None))
            if work.without_value:
                _refuse_without_value(source, query)
            if fingerprint(source) != before:
                raise DataError(
                    f"'{location_of(source)}' was changed while it was scored",
                    fix="score it again once it is whole",
                    code="MW-D650",
                )
            yield answers if by is None or top is None else first_of(answers, by, top)
        except (ContractError, DataError, UsageError):
            parts.clear()
            raise
        parts.clear()


def _key(version: Version, source: str | None, query: str | None, wanted: Wanted) -> str | None:
    """Return what tells equal scorings; None where the source may have changed without our knowledge."""
    if source is None:
        return None
    from modelwright import __version__

    told = {"source": source, "version": version.digest, "query": query, "wanted": to_builtins(wanted)}
    return digest_of({**told, "release": __version__})


class _Work:
    """One source on its way through one version."""

    def __init__(
        self,
        version: Version,
        stream: Stream,
        parts: Parts,
        *,
        location: str,
        wanted: Wanted,
        threads: int | None,
        chunk_rows: int | None,
    ) -> None:
        _check_wanted(version, stream.names, wanted)
        self._version, self._stream, self._parts, self._wanted = version, stream, parts, wanted
        self._location = location
        self._fit: Fit = fit_of(stream.names, version.contract, version.contract.names)
        self._columns = {*self._fit.sources.values(), *wanted.keep}
        self._threads = threads or n_cores()
        width = 16 * max(len(self._columns), 1)
        self._chunk_rows = chunk_rows or int(np.clip(CHUNK_BYTES // width, 1 << 10, CHUNK_ROWS))
        self._held: list[pa.Table] = []
        self._held_tally: Tally | None = None
        self._total: Tally | None = None
        self._given = 0

    def done(self, progress: Progress) -> Answers:
        """Score all rows; return the answers."""
        self._total = self._parts.resume()
        if self._parts.manner:
            self._stream.manner = self._parts.manner
        resumed = self._total.n_rows if self._total else 0
        while True:
            try:
                self._run(progress)
                break
            except Restarted:
                self._parts.clear()
                self._held, self._held_tally, self._total, resumed = [], None, None, 0
        tally = self._judged()
        schema = unified([*self._parts.schemas, *(table.schema for table in self._held)])
        told = violations_of(self._fit, tally, self._version.contract)
        target = ("unknown column", self._version.manifest.target)
        return Answers(
            schema=schema,
            tables=partial(self._tables, schema),
            untyped=self._wanted.keep if self._stream.texts_only else (),
            n_rows=tally.n_rows,
            n_resumed=resumed,
            notes=self._stream.notes(),
            violations=tuple(v for v in told if (v.what, v.column) != target),
        )

    def _tables(self, schema: pa.Schema) -> Iterator[pa.Table]:
        for source in (self._parts.tables(), iter(self._held)):
            for table in source:
                yield conformed(table, schema)

    def _run(self, progress: Progress) -> None:
        begun = time.monotonic()
        start = self._total.n_rows if self._total else 0
        self._given = self._stream.skip_to(start)
        tables = self._counted(self._stream.tables(self._columns))
        chunks = cut(tables, self._chunk_rows, start - self._given)
        score = partial(chunk_of, self._version, self._fit, self._wanted)
        for table, tally in in_order(score, chunks, self._threads):
            self._held.append(table)
            self._held_tally = tally if self._held_tally is None else self._held_tally + tally
            self._total = tally if self._total is None else self._total + tally
            self._refuse_early()
            progress(self._total.n_rows, self._share())
            if self._is_part(time.monotonic() - begun):
                self._parts.keep(self._held, self._held_tally, self._stream.manner)
                self._held, self._held_tally, begun = [], None, time.monotonic()

    def _counted(self, tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
        for table in tables:
            self._given += table.num_rows
            yield table

    def _share(self) -> float | None:
        """Return which share of the source was scored; what was read ahead and is not scored yet does not count."""
        assert self._total is not None
        if self._stream.n_rows:
            return self._total.n_rows / self._stream.n_rows
        share = self._stream.share()
        return None if share is None else share * self._total.n_rows / max(self._given, 1)

    def _is_part(self, seconds: float) -> bool:
        rows = sum(table.num_rows for table in self._held)
        return rows >= PART_ROWS or seconds >= PART_SECONDS or sum(t.nbytes for t in self._held) >= PART_BYTES

    def _refuse_early(self) -> None:
        """Refuse as soon as it is certain that a column will be: what is left cannot change it."""
        assert self._total is not None
        if self._stream.n_rows is None:
            return
        left = self._stream.n_rows - self._total.n_rows
        worst = tuple((present + left, bad, odd) for present, bad, odd in self._total.counts)
        try:
            refuse_unreadable(Tally(n_rows=self._stream.n_rows, counts=worst), self._version.contract)
        except ContractError:
            refuse_unreadable(self._total, self._version.contract)  # in the words of what was seen

    def _judged(self) -> Tally:
        """Return what was counted in all rows, or refuse them."""
        if self._total is None or not self._total.n_rows:
            raise no_rows(self._location)
        refuse_unreadable(self._total, self._version.contract)
        return self._total

    @property
    def without_value(self) -> bool:
        """Whether every value that the model reads is missing."""
        return self._total is not None and not any(present for present, _, _ in self._total.counts)


def _refuse_without_value(source: Any, query: str | None) -> None:
    """Refuse a source of which no cell holds a value; those that the model does not read count as well."""
    with open_stream(source, query=query) as stream:
        try:
            if any(holds_value(table) for table in stream.tables()):
                return
        except Restarted:
            return  # what cannot be read in the first manner holds something
    raise no_value(location_of(source))


def _check_wanted(version: Version, names: Sequence[str], wanted: Wanted) -> None:
    for name in wanted.keep:
        if name not in names:
            raise UsageError(f"no column '{name}' to keep", fix=did_you_mean(name, names), code="MW-U101")
    answers = wanted.answers(version, np.empty((0, version.plan.n_outputs)))
    if wanted.unusual and version.unusual is None:
        raise none_to_tell(version.manifest.version)
    odd = (UNUSUAL, UNUSUAL_COLUMNS) if wanted.unusual else ()
    names_of_answers = {*answers, *odd, *([REASONS] if wanted.reasons else [])}
    taken = next((name for name in wanted.keep if name in names_of_answers), None)
    if taken is not None:
        raise UsageError(
            f"the column '{taken}' of the predictions would replace the one to keep",
            fix="rename it in the input, or do not keep it",
            code="MW-U011",
        )
