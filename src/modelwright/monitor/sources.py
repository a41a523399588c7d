"""Where windows come from: the prediction log, a file, a query. Memory is that of a window, however long the source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from modelwright.data.columns import Columns, Strings, take
from modelwright.errors import DataError
from modelwright.ledger import horizon
from modelwright.monitor import wording
from modelwright.monitor.history import History
from modelwright.monitor.windows import Window, joined_windows, read_labels, window_of

if TYPE_CHECKING:
    import pyarrow as pa

    from modelwright.package.bundle import Version

__all__ = [
    "FEWEST_ROWS",
    "FILE_ROWS",
    "MOST_LATE",
    "WINDOW_ROWS",
    "come",
    "late_labels",
    "log_windows",
    "table_windows",
    "window_of_log",
]

WINDOW_ROWS = 5_000
"""A share is known to a percent and a half from so many rows, and a shift of a tenth of a deviation shows."""

FILE_ROWS = 50_000  # of a window of a file: a file of the size that is usual is one window
FEWEST_ROWS = 200
"""Fewer rows of a log wait for more, except where they are asked for."""

MOST_LATE = 200_000  # labels that come late, those received last: 200 MB at 100 columns
_EVER = datetime(1, 1, 2, tzinfo=UTC)


def table_windows(
    version: Version,
    source: Any,
    *,
    query: str | None = None,
    rows: int = FILE_ROWS,
    labels: Sequence[Any] | np.ndarray | None = None,
) -> Iterator[Window]:
    """Yield the windows of a file, a database or a table in memory, in the order of its rows.

    Parameters
    ----------
    version : Version
    source, query
        As of `modelwright.data.reading.read_table`.
    rows : int
        Rows of a window; the last has the rest, and what is less than half a window goes to the one before.
    labels : sequence or None
        By row of the source. None: the column of the target, where the source has it.

    Raises
    ------
    DataError
        The source cannot be read, or has not as many rows as there are labels (MW-D705).
    """
    from modelwright.data.streaming import open_stream

    target, start = version.manifest.target, 0
    with open_stream(source, query=query) as stream:
        for table in _sized(stream.tables(), rows):
            own: Any = None
            if labels is not None:
                own = labels[start : start + table.num_rows]
                if len(own) != table.num_rows:
                    raise _other_length(len(labels))
            elif target in table.column_names:
                own = table.column(target).to_pylist()
            start += table.num_rows
            yield window_of(version, table, labels=own)
    if labels is not None and len(labels) != start:
        raise _other_length(len(labels))


def _other_length(n: int) -> DataError:
    return DataError(
        f"there are {n:,} labels, and the rows are not as many",
        fix="give a label for each row, in the order of the rows, empty where it is not known",
        code="MW-D705",
    )


def _sized(tables: Iterator[pa.Table], rows: int) -> Iterator[pa.Table]:
    """Yield tables of so many rows; the last has half as many to one and a half times as many, or all there are."""
    import pyarrow as pa

    held: list[pa.Table] = []
    n = 0
    for table in tables:
        held.append(table)
        n += table.num_rows
        while n >= rows + (rows + 1) // 2:
            whole = pa.concat_tables(held, promote_options="permissive")
            yield whole.slice(0, rows)
            held, n = [whole.slice(rows)], n - rows
    if n:
        yield pa.concat_tables(held, promote_options="permissive")


# --- the prediction log --------------------------------------------------------------------------------------------


def log_windows(
    version: Version, log: Path, *, history: History, rows: int = WINDOW_ROWS, everything: bool = False
) -> Iterator[Window]:
    """Yield the windows of the predictions that came after those that ``history`` has seen, and note them as seen.

    Predictions of the future, as a clock that was set ahead writes them, wait for their time: noted as seen they would
    have all others left out until then. The last window tells how many they are.

    Parameters
    ----------
    version : Version
        Its predictions are taken, whatever its role was.
    log : Path
        Folder of the log.
    rows : int
    everything : bool
        The last window is given however few rows it has; otherwise what is too little waits for more.

    Raises
    ------
    ProjectError
        A file is damaged, see `modelwright.serve.log.reading.read_log`.
    """
    from modelwright.serve.log import iter_log

    since, until = (datetime.fromisoformat(history.seen) if history.seen else None), horizon()
    held: list[Window] = []
    whole: Window | None = None  # held back, for what is too little for a window of its own
    n_ahead = 0
    for read in iter_log(log, since=since, version=str(version.manifest.version)):
        table, ahead = come(read, until)
        n_ahead += ahead
        for part in _sized(iter([table.sort_by("time")]), rows):
            held.append(window_of_log(version, part))
            if sum(w.n_rows for w in held) >= rows:
                if whole is not None:
                    yield whole
                whole, held = _seen(history, joined_windows(held)), []
    few = sum(w.n_rows for w in held) < min(FEWEST_ROWS, rows)
    if held and whole is not None and few:
        whole, held = _seen(history, joined_windows([whole, *held])), []
    last = [whole] if whole is not None else []
    if held and (everything or not few):
        last.append(_seen(history, joined_windows(held)))
    for window in last:
        told = wording.ahead(n_ahead) if window is last[-1] else ()
        yield replace(window, told=(*window.told, *told))


def come(table: pa.Table, until: datetime) -> tuple[pa.Table, int]:
    """Return the rows of the log whose time has come, and how many there are beside, see `ledger.horizon`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    times = table.column("time")
    found = table.filter(pc.less_equal(times, pa.scalar(until, times.type)))
    return found, table.num_rows - found.num_rows


def _seen(history: History, window: Window) -> Window:
    """Note up to when the log was read. Files of workers overlap in time, and all of them are read each time."""
    if window.end is not None:
        after = datetime.fromisoformat(window.end) + timedelta(microseconds=1)
        history.seen = max(history.seen, after.isoformat())
    return window


def window_of_log(version: Version, table: pa.Table) -> Window:
    """Return rows of the log as a window: they are canonical already, and their answers are those that were given."""
    from modelwright.serve.log.tables import protected_columns

    given = table.column("inputs").combine_chunks() if "inputs" in table.column_names else None
    held = {f.name: i for i, f in enumerate(given.type)} if given is not None else {}
    odd = protected_columns(table)
    columns: Columns = {}
    hidden = []
    for spec in version.contract.columns:
        if given is None or spec.name not in held or spec.name in odd:
            hidden.append(spec.name)
            columns[spec.name] = _nothing(spec.kind.numeric, table.num_rows)
        else:
            columns[spec.name] = _column(given.field(held[spec.name]), numeric=spec.kind.numeric)
    times = table.column("time")
    y, strange = _labels(version, table)
    return Window(
        columns=columns,
        n_rows=table.num_rows,
        prediction=_answers(version, table),
        y=y,
        strange=strange,
        hidden=tuple(hidden),
        unreadable=_unreadable(table),
        start=_moment(times[0]) if table.num_rows else None,
        end=_moment(times[-1]) if table.num_rows else None,
        seconds=np.asarray(table.column("seconds"), dtype=np.float64),
    )


def _moment(value: Any) -> str:
    return str(value.as_py().astimezone(UTC).isoformat())


def _nothing(numeric: bool, n: int) -> Any:
    return np.full(n, np.nan) if numeric else Strings(np.full(n, -1, np.int32), np.empty(0, dtype=object))


def _column(array: pa.Array, *, numeric: bool) -> Any:
    import pyarrow as pa

    if numeric:
        if not pa.types.is_floating(array.type):
            return _nothing(True, len(array))
        return np.asarray(array.to_numpy(zero_copy_only=False), dtype=np.float64)
    encoded = (array if pa.types.is_string(array.type) else array.cast(pa.string())).dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    levels = np.empty(len(encoded.dictionary), dtype=object)
    levels[:] = encoded.dictionary.to_pylist()
    return Strings(codes, levels)


def _answers(version: Version, table: pa.Table) -> np.ndarray | None:
    """Return what was answered, None where that is not in the log for every row."""
    if "answers" not in table.column_names:
        return None
    answers = table.column("answers").combine_chunks()
    held = {f.name: i for i, f in enumerate(answers.type)}
    names = [f"probability_{name}" for name in version.plan.classes] or ["prediction"]
    if not set(names) <= set(held):
        return None
    found = np.column_stack([_column(answers.field(held[name]), numeric=True) for name in names])
    return found if np.isfinite(found).all() else None


def _labels(version: Version, table: pa.Table) -> tuple[np.ndarray | None, Counter[str]]:
    if "label" not in table.column_names:
        return None, Counter()
    return read_labels(table.column("label").to_pylist(), version.plan.classes)


def _unreadable(table: pa.Table) -> dict[str, float]:
    import pyarrow.compute as pc

    if "unreadable" not in table.column_names or not table.num_rows:
        return {}
    counts = pc.value_counts(pc.list_flatten(table.column("unreadable"))).to_pylist()
    return {c["values"]: c["counts"] / table.num_rows for c in counts}


def late_labels(version: Version, log: Path, *, history: History) -> tuple[Window | None, int, int]:
    """Return the predictions whose labels came after those that ``history`` has seen, and note these as seen.

    Those that wait come along with new ones; whoever measures them says so in ``history``.
    Files of the log are looked at one after the other; of more than `MOST_LATE` labels, those received last count. None
    where no label is new. The numbers are of rows that labels came for, and of those that the log does not have, in any
    version's answers.
    """
    import pyarrow.compute as pc

    from modelwright.serve.log import iter_log
    from modelwright.serve.log.reading import labelled, latest_labels, newest_feedback

    since = datetime.fromisoformat(history.labelled) if history.labelled else _EVER
    waiting = datetime.fromisoformat(history.waiting) if history.waiting else since
    feedback, _ = come(newest_feedback(log, since=waiting, most=MOST_LATE), horizon())
    if not feedback.num_rows or pc.max(feedback.column("time")).as_py().astimezone(UTC) < since:
        return None, 0, 0
    latest = latest_labels(feedback)
    found: list[Window] = []
    known: set[tuple[str, int]] = set()
    for table in iter_log(log):
        part = labelled(table, latest)
        known.update(zip(part.column("request_id").to_pylist(), part.column("row").to_pylist(), strict=True))
        part = part.filter(pc.equal(part.column("version"), str(version.manifest.version)))
        if part.num_rows:
            found.append(window_of_log(version, part))
        while sum(w.n_rows for w in found) > MOST_LATE and len(found) > 1:
            found.pop(0)
    newest = pc.max(feedback.column("time")).as_py().astimezone(UTC)
    history.labelled = (newest + timedelta(microseconds=1)).isoformat()
    history.waiting = waiting.isoformat() if found else ""  # labels of other versions' rows wait for nothing
    window = joined_windows(found) if found else None
    if window is not None and window.n_rows > MOST_LATE:
        window = _newest(window)
    return window, latest.num_rows, latest.num_rows - len(known)


def _newest(window: Window) -> Window:
    rows = np.arange(window.n_rows - MOST_LATE, window.n_rows)
    return replace(
        window,
        columns=take(window.columns, rows),
        n_rows=MOST_LATE,
        prediction=None if window.prediction is None else window.prediction[rows],
        y=None if window.y is None else window.y[rows],
        seconds=None,
    )
