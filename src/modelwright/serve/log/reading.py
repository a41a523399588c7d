"""What monitoring reads: Parquet files and segments not compacted yet, nothing twice, while servers write."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from modelwright.errors import ProjectError
from modelwright.serve.log.lines import read_header
from modelwright.serve.log.segments import DAY, FEEDBACK, PARQUET, PREDICTIONS, SEGMENT, LogFile, log_files
from modelwright.serve.log.tables import AnswerTypes, arrow, as_table, concatenated, decoded, empty, metadata

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["iter_log", "labelled", "latest_labels", "newest_feedback", "read_feedback", "read_labelled", "read_log"]

KEYS = ["request_id", "row"]


def read_log(
    folder: Path, *, since: datetime | None = None, until: datetime | None = None, version: str | None = None
) -> pa.Table:
    """Return the logged predictions, oldest file first.

    Parameters
    ----------
    folder : Path
        Of the log. One that does not exist is an empty log.
    since, until : datetime, optional
        ``since`` ≤ time < ``until``. Without a time zone they are UTC.
    version : str, optional
        Rows of one version only.

    Returns
    -------
    pyarrow.Table
        ``time`` (timestamp in UTC), ``request_id``, ``row``, ``route``, ``version``, ``role``, ``seconds``; ``inputs``,
        a struct of canonical values (float64 for numeric kinds, seconds for moments, text else, null for missing and
        masked); ``unreadable``, names of the columns whose value was not of their kind; ``answers``, a struct. Where
        versions differ, columns that one lacks are null. The schema's metadata ``modelwright.log`` is JSON with the
        columns that are ``masked`` and ``hashed``.

    Raises
    ------
    ProjectError
        A file is damaged or cannot be read (MW-P653), or pyarrow is not installed (MW-P654).
    """
    return concatenated(list(iter_log(folder, since=since, until=until, version=version)), PREDICTIONS)


def iter_log(
    folder: Path, *, since: datetime | None = None, until: datetime | None = None, version: str | None = None
) -> Iterator[pa.Table]:
    """Yield what `read_log` returns file by file, for logs larger than memory; columns are those of each file."""
    yield from _tables(Path(folder), PREDICTIONS, _Wanted(since, until, version))


def read_feedback(folder: Path, *, since: datetime | None = None, until: datetime | None = None) -> pa.Table:
    """Return the late labels: ``time`` of receipt, ``request_id``, ``row``, ``label`` as text, ``number`` where it is
    one.

    See `read_log` for parameters and errors. All labels are returned; of several for a row the latest counts.
    """
    return concatenated(list(_tables(Path(folder), FEEDBACK, _Wanted(since, until, None))), FEEDBACK)


def newest_feedback(folder: Path, *, since: datetime | None = None, most: int) -> pa.Table:
    """Return the late labels that were received last, at most so many, as `read_feedback` does; memory is that of twice
    as many."""
    held: list[Any] = []
    for table in _tables(Path(folder), FEEDBACK, _Wanted(since, None, None)):
        held.append(table)
        if sum(t.num_rows for t in held) > 2 * most:
            held = [_last(held, most)]
    return _last(held, most)


def _last(tables: list[Any], most: int) -> Any:
    whole = concatenated(tables, FEEDBACK)
    if whole.num_rows <= most:
        return whole
    times = _numbered(whole, ["time"]).sort_by([("time", "ascending"), ("number_", "ascending")])
    return whole.take(np.sort(np.asarray(times.column("number_"))[-most:]))


def read_labelled(
    folder: Path, *, since: datetime | None = None, until: datetime | None = None, version: str | None = None
) -> pa.Table:
    """Return the predictions whose label is known, as `read_log` does, with ``label``, ``number`` and ``labelled`` (its
    time).

    ``since`` and ``until`` are about the prediction. A label belongs to every prediction for the row, the challenger's
    too. The log is read file by file: memory is that of its labels, and of the rows that have one.
    """
    latest = latest_labels(read_feedback(folder))
    found = [labelled(table, latest) for table in iter_log(folder, since=since, until=until, version=version)]
    return concatenated([t for t in found if t.num_rows] or [labelled(empty(PREDICTIONS), latest)], PREDICTIONS)


def latest_labels(feedback: pa.Table) -> pa.Table:
    """Return the label that counts for each row that has any: the latest."""
    numbered = _numbered(feedback, [*KEYS, "time"]).sort_by([("time", "ascending"), ("number_", "ascending")])
    last = numbered.group_by(KEYS, use_threads=False).aggregate([("number_", "last")])
    return feedback.take(last.column("number__last"))


def labelled(predictions: pa.Table, latest: pa.Table) -> pa.Table:
    """Return the predictions that labels belong to, with ``label``, ``number`` and ``labelled``, its time.

    ``latest`` is what `latest_labels` returns, of the whole log.
    """
    import pyarrow.compute as pc

    asked = pc.unique(predictions.column("request_id"))
    near = latest.filter(pc.is_in(latest.column("request_id"), value_set=asked))
    own = _numbered(near, KEYS).rename_columns([*KEYS, "label_"])
    pairs = _numbered(predictions, KEYS).join(own, KEYS, join_type="inner").sort_by("number_")
    labels = near.take(pairs.column("label_"))  # a join cannot carry structs along
    found = predictions.take(pairs.column("number_"))
    for name, source in (("label", "label"), ("number", "number"), ("labelled", "time")):
        found = found.append_column(name, labels.column(source))
    return found


def _numbered(table: pa.Table, names: list[str]) -> pa.Table:
    pa = arrow()
    return table.select(names).append_column("number_", pa.array(np.arange(table.num_rows)))


class _Wanted:
    """Which rows are wanted."""

    def __init__(self, since: datetime | None, until: datetime | None, version: str | None) -> None:
        self.since, self.until = _utc(since), _utc(until)
        self.version = version

    def may_hold(self, file: LogFile) -> bool:
        """Return whether a file can hold such rows; a request that came before midnight may be written after it."""
        early = self.until is not None and file.day - DAY >= self.until.timestamp()
        late = self.since is not None and file.day + DAY < self.since.timestamp()
        return not early and not late

    def of(self, table: pa.Table) -> pa.Table:
        """Return the rows of a table that are wanted."""
        import pyarrow.compute as pc

        time, keep = table.column("time"), []
        if self.since is not None:
            keep.append(pc.greater_equal(time, arrow().scalar(self.since, time.type)))
        if self.until is not None:
            keep.append(pc.less(time, arrow().scalar(self.until, time.type)))
        if self.version is not None:
            keep.append(pc.equal(table.column("version"), self.version))
        for mask in keep[1:]:
            keep[0] = pc.and_(keep[0], mask)
        return table.filter(keep[0]) if keep else table


def _utc(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _tables(folder: Path, stream: str, wanted: _Wanted) -> Iterator[Any]:
    """Yield the table of each file; one that is compacted meanwhile is read as Parquet, one that expires is gone."""
    arrow()
    for file in _listed(folder, stream):
        if not wanted.may_hold(file):
            continue
        table = _read(file)
        if table is not None and (table := wanted.of(table)).num_rows:
            yield table


def _listed(folder: Path, stream: str) -> list[LogFile]:
    """Return the files to read. Segments are listed first: one that changes in between is in one list at least."""
    segments = log_files(folder, SEGMENT, stream)
    parquet = log_files(folder, PARQUET, stream)
    done = {f.stem for f in parquet}
    files = [*parquet, *(f for f in segments if f.stem not in done)]
    return sorted(files, key=lambda f: f.stem)


def _read(file: LogFile) -> Any:
    for _ in range(2):
        try:
            return _read_parquet(file.path) if file.kind == PARQUET else _read_segment(file)
        except FileNotFoundError:
            file = LogFile(file.path.with_name(file.stem + PARQUET), file.stream, file.day, PARQUET)
        except OSError as error:
            raise ProjectError(
                f"'{file.path}' of the prediction log cannot be read: {error.strerror or 'it is damaged'}",
                fix="check who may read it; if it is damaged, move it away",
                code="MW-P653",
            ) from error
    return None  # expired


def _read_parquet(path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with open(path, "rb") as source:
        try:
            return pq.read_table(source)
        except pa.ArrowInvalid as error:
            raise OSError(str(error)) from error


def _read_segment(file: LogFile) -> Any:
    with open(file.path, "rb") as lines:
        header = read_header(lines.readline())
        if header is None:
            return None
        whole = (line for line in lines if line.endswith(b"\n"))  # the last may be just being written
        rows = [row for row in decoded(whole, header.stream) if row is not None]
    answers = AnswerTypes()
    for row in rows:
        if isinstance(row[-1], dict):
            answers.see(row[-1])
    return as_table(rows, header, answers).replace_schema_metadata(metadata(header.masked, header.hashed))
