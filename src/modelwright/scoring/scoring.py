"""Score a source of any size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelwright.data.reading import holds_value, no_value
from modelwright.data.streaming import CHUNK_ROWS, Restarted, fingerprint, location_of, open_stream
from modelwright.data.writing import check_writable, write_tables
from modelwright.documents import digest_of, to_builtins
from modelwright.errors import ContractError, DataError, UsageError
from modelwright.scoring.answers import Answers, ScoredFile
from modelwright.scoring.flow import Wanted
from modelwright.scoring.parts import Parts, folder_of
from modelwright.scoring.top import check_top, first_of
from modelwright.scoring.working import Progress, Work

if TYPE_CHECKING:
    from modelwright.package.bundle import Version

__all__ = ["score_file", "scored"]

WITH_LISTS = (".jsonl", ".ndjson")
"""Outputs in which a set of classes is a list, and reasons are; columns of the others are of plain types, which any
reader takes."""

WITHOUT_TYPES = (".csv", ".csv.gz", ".tsv", ".tsv.gz")
"""Outputs that have no types: what is kept of a source that has none either stays as it was written there."""


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
    by = None if top is None else check_top(version, top, tuple(keep))
    before = fingerprint(source)
    wanted = Wanted(keep=tuple(keep), interval=interval, reasons=reasons, abstain=abstain, unusual=unusual)
    with _parts(output, _key(version, before, query, wanted)) as parts:
        try:
            with open_stream(source, query=query, chunk_rows=chunk_rows or CHUNK_ROWS) as stream:
                work = Work(
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
            _refuse_changed(source, before)
            yield answers if by is None or top is None else first_of(answers, by, top)
        except (ContractError, DataError, UsageError):
            parts.clear()
            raise
        parts.clear()


@contextmanager
def _parts(output: Path | None, key: str | None) -> Iterator[Parts]:
    """Give the place of the finished parts, beside the output; without one nothing can be gone on with later."""
    import tempfile

    if output is not None:
        with closing(Parts(folder_of(output), key, output)) as parts:
            yield parts
        return
    with tempfile.TemporaryDirectory(prefix="modelwright-") as folder:
        place = Path(folder) / "answers"
        with closing(Parts(folder_of(place), None, place)) as parts:
            yield parts


def _key(version: Version, source: str | None, query: str | None, wanted: Wanted) -> str | None:
    """Return what tells equal scorings; None where the source may have changed without our knowledge."""
    if source is None:
        return None
    from modelwright import __version__

    told = {"source": source, "version": version.digest, "query": query, "wanted": to_builtins(wanted)}
    return digest_of({**told, "release": __version__})


def _refuse_changed(source: Any, before: str | None) -> None:
    if fingerprint(source) != before:
        raise DataError(
            f"'{location_of(source)}' was changed while it was scored",
            fix="score it again once it is whole",
            code="MW-D650",
        )


def _refuse_without_value(source: Any, query: str | None) -> None:
    """Refuse a source of which no cell holds a value; those that the model does not read count as well."""
    with open_stream(source, query=query) as stream:
        try:
            if any(holds_value(table) for table in stream.tables()):
                return
        except Restarted:
            return  # what cannot be read in the first manner holds something
    raise no_value(location_of(source))
