"""Rows whose labels have come: out of the prediction log, as a table like those that a project is trained on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelwright.data.contract import ColumnSpec, Kind
from modelwright.errors import DataError
from modelwright.format import joined

if TYPE_CHECKING:
    import pyarrow as pa

    from modelwright.package.bundle import Version

__all__ = ["Span", "logged_rows"]

Span = tuple[str, str]
"""A stretch of time, from its first to its last moment."""


def logged_rows(
    version: Version,
    log: Path,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    without: Sequence[Span] = (),
    subject: ColumnSpec | None = None,
) -> tuple[pa.Table, str]:
    """Return the rows of the log whose labels are known, the oldest first, and the time of the last one.

    Parameters
    ----------
    version : Version
        Whose columns are wanted; every row counts once, whichever version answered it.
    log : Path
    since, until : datetime or None
        Rows from the one moment on and before the other only.
    without : sequence of (start, end)
        Stretches of time, ISO 8601, whose rows are not to be learned from: the feed was broken.
    subject : ColumnSpec or None
        Of the column that says whose a row is: it comes along where the log holds it, so that rows can be forgotten.

    Raises
    ------
    DataError
        The log masks or hashes columns that the version reads (MW-D804).
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    from modelwright.serve.log import read_labelled

    table = read_labelled(log, since=since, until=until)
    if table.num_rows:  # a canary's answers are answers; in the shadow every row is there twice
        table = table.filter(pc.not_equal(table.column("role"), "shadow"))
    for start, end in without:
        times = table.column("time")
        inside = pc.and_(pc.greater_equal(times, _moment(start, times)), pc.less_equal(times, _moment(end, times)))
        table = table.filter(pc.invert(inside))
    if not table.num_rows:
        return pa.table({}), ""
    table = table.sort_by("time")
    _refuse_hidden(version, table)
    given = table.column("inputs").combine_chunks()
    columns: dict[str, Any] = {spec.name: _raw(given.field(spec.name), spec.kind) for spec in version.contract.columns}
    if subject is not None and subject.name not in columns and _holds(table, subject.name):
        columns[subject.name] = given.field(subject.name)
    columns[version.manifest.target] = table.column("label") if version.plan.classes else table.column("number")
    return pa.table(columns), str(table.column("time")[-1].as_py().isoformat())


def _moment(told: str, times: pa.ChunkedArray) -> pa.Scalar:
    import pyarrow as pa

    return pa.scalar(datetime.fromisoformat(told), pa.timestamp("us", "UTC")).cast(times.type)


def _refuse_hidden(version: Version, table: pa.Table) -> None:
    missing = [n for n in version.contract.names if not _holds(table, n)]
    if missing:
        names = joined((f"'{n}'" for n in missing), 6)
        raise DataError(
            f"the prediction log does not hold what the model reads: {names}",
            fix="log these columns in plain, or name files with --data",
            code="MW-D804",
        )


def _holds(table: pa.Table, name: str) -> bool:
    """Return whether the log holds a column as the model reads it."""
    from modelwright.serve.log.tables import protected_columns

    return name not in protected_columns(table) and name in {f.name for f in table.schema.field("inputs").type}


def _raw(column: Any, kind: Kind) -> Any:
    """Return canonical values as a reader of files would give them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if kind is Kind.BOOLEAN:
        return pc.equal(column, 1.0)
    if kind in (Kind.DATETIME, Kind.DURATION):
        unit = pc.cast(pc.multiply(column, 1e6), pa.int64(), safe=False)
        return unit.cast(pa.timestamp("us") if kind is Kind.DATETIME else pa.duration("us"))
    return column
