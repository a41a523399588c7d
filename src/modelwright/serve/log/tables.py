"""Lines of the log as typed Arrow tables. Values become canonical here, by the contract in the segment's header."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from modelwright.data.canonical import read_column
from modelwright.data.columns import Strings
from modelwright.data.contract import ColumnSpec, Kind
from modelwright.data.parsing.texts import text_of
from modelwright.errors import ProjectError
from modelwright.serve.log.lines import FORMAT, FeedbackLine, Header, PredictionLine
from modelwright.serve.log.segments import PREDICTIONS

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "LINE_TYPES",
    "AnswerTypes",
    "arrow",
    "as_table",
    "concatenated",
    "decoded",
    "empty",
    "metadata",
    "protected_columns",
]

LINE_TYPES: dict[str, Any] = {"predictions": PredictionLine, "feedback": FeedbackLine}

MICROSECONDS = 1e6
LATEST = 253_402_300_799.0  # the end of the year 9999, the last that Python's dates hold


def arrow() -> Any:
    """Return the module pyarrow.

    Raises
    ------
    ProjectError
        It is not installed, as in a serving image: the segments stay, and are JSON lines (MW-P654).
    """
    try:
        import pyarrow
    except ImportError as error:
        raise ProjectError(
            "reading the prediction log needs the library 'pyarrow', which is not installed",
            fix="read it where all of Modelwright is installed; what is not compacted yet is JSON lines",
            code="MW-P654",
        ) from error
    return pyarrow


class AnswerTypes:
    """Which answers rows have and whether all values of one are numbers; filled by looking at every row first."""

    def __init__(self) -> None:
        self.numeric: dict[str, bool] = {}

    def see(self, answers: Mapping[str, Any]) -> None:
        """Take note of the answers of a row."""
        for name, value in answers.items():
            number = value is None or (isinstance(value, int | float) and not isinstance(value, bool))
            self.numeric[name] = number and self.numeric.get(name, True)


def decoded(lines: Iterable[bytes], stream: str) -> Iterator[tuple[Any, ...] | None]:
    """Yield each line as a tuple, None for a damaged one."""
    decode = msgspec.json.Decoder(LINE_TYPES[stream]).decode
    for line in lines:
        try:
            yield decode(line)
        except (msgspec.DecodeError, msgspec.ValidationError, RecursionError):  # both are ValueErrors, as bad UTF-8 is
            yield None
        except ValueError:
            yield None


def as_table(rows: Sequence[tuple[Any, ...]], header: Header, answers: AnswerTypes) -> pa.Table:
    """Return rows of a segment as a table: predictions or feedback, by the header."""
    if header.stream == PREDICTIONS:
        return _predictions(rows, header, answers)
    return _feedback(rows)


def empty(stream: str) -> pa.Table:
    """Return a table without rows, for a log without files."""
    return as_table([], Header(format=FORMAT, stream=stream, fields=()), AnswerTypes())


def _predictions(rows: Sequence[tuple[Any, ...]], header: Header, answers: AnswerTypes) -> pa.Table:
    pa = arrow()
    at, ids, numbers, routes, versions, roles, seconds, values, given = zip(*rows) if rows else ((),) * 9
    table = pa.table(
        {
            "time": _times(at),
            "request_id": pa.array(ids, pa.string()),
            "row": pa.array(numbers, pa.int32()),
            "route": pa.array(routes, pa.string()),
            "version": pa.array(versions, pa.string()),
            "role": pa.array(roles, pa.string()),
            "seconds": pa.array(seconds, pa.float64()),
        }
    )
    inputs, unreadable = _inputs(values, header)
    if inputs:  # Parquet has no struct without fields
        table = table.append_column("inputs", pa.StructArray.from_arrays(list(inputs.values()), names=list(inputs)))
    table = table.append_column("unreadable", pa.array(unreadable, pa.list_(pa.string())))
    if answers.numeric:
        arrays = [_answer([g.get(name) for g in given], number) for name, number in answers.numeric.items()]
        table = table.append_column("answers", pa.StructArray.from_arrays(arrays, names=list(answers.numeric)))
    return table


def _feedback(rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    pa = arrow()
    at, ids, numbers, labels = zip(*rows) if rows else ((),) * 4
    return pa.table(
        {
            "time": _times(at),
            "request_id": pa.array(ids, pa.string()),
            "row": pa.array(numbers, pa.int32()),
            "label": pa.array([text_of(label) for label in labels], pa.string()),
            "number": _answer(
                [v if isinstance(v, int | float) and not isinstance(v, bool) else None for v in labels], True
            ),
        }
    )


def _times(at: Sequence[float]) -> Any:
    pa = arrow()
    seconds = np.clip(np.asarray(at, dtype=np.float64), -LATEST, LATEST)
    return pa.array(np.round(np.nan_to_num(seconds) * MICROSECONDS).astype(np.int64)).cast(pa.timestamp("us", "UTC"))


def _answer(values: list[Any], number: bool) -> Any:
    pa = arrow()
    if number:
        return pa.array([None if v is None else float(v) for v in values], pa.float64())
    return pa.array([text_of(v) for v in values], pa.string())


# --- inputs --------------------------------------------------------------------------------------------------------


def _inputs(values: Sequence[Sequence[Any]], header: Header) -> tuple[dict[str, Any], list[list[str]]]:
    """Return canonical arrays by column and, per row, the columns whose value is not of their kind."""
    pa = arrow()
    unreadable: list[list[str]] = [[] for _ in values]
    arrays: dict[str, Any] = {}
    for number, spec in enumerate(header.columns):
        raw = [row[number] if number < len(row) else None for row in values]
        column, bad = _read(raw, spec)
        for row in bad:
            unreadable[row].append(spec.name)
        arrays[spec.name] = column
    for name in header.masked:
        arrays[name] = pa.nulls(len(values), pa.string())
    return arrays, unreadable


def _read(raw: list[Any], spec: ColumnSpec) -> tuple[Any, list[int]]:
    pa = arrow()
    reading = read_column(_stored(raw, spec), spec)
    if isinstance(reading.column, Strings):
        return pa.array(reading.column.to_object().tolist(), pa.string()), []
    bad: list[int] = []
    if reading.n_unreadable:
        gone = np.flatnonzero(np.isnan(reading.column)).tolist()
        bad = [
            row for row in gone if raw[row] is not None and read_column(_stored([raw[row]], spec), spec).n_unreadable
        ]
    return pa.array(reading.column, pa.float64(), from_pandas=True), bad


_NUMBERS = frozenset({int, float, type(None)})
_TEXTS = frozenset({str, type(None)})
_AS_NUMBERS = frozenset({Kind.NUMBER, Kind.GEO, Kind.DURATION})


def _stored(raw: list[Any], spec: ColumnSpec) -> Any:
    """Return values in the storage that `read_column` reads fastest, where it reads the same from it."""
    types = frozenset(map(type, raw))
    if types <= _TEXTS:
        pa = arrow()
        return pa.chunked_array([pa.array(raw, pa.string())])
    if types <= _NUMBERS and spec.kind in _AS_NUMBERS:
        with contextlib.suppress(OverflowError):
            return np.array(raw, dtype=np.float64)
    return [_finite(v) if type(v) is int else v for v in raw]


def _finite(value: int) -> int | None:
    """Return a whole number that a float64 can hold."""
    try:
        float(value)
    except OverflowError:
        return None
    return value


# --- several tables ------------------------------------------------------------------------------------------------


def concatenated(tables: Sequence[pa.Table], stream: str) -> pa.Table:
    """Return tables below each other, whatever columns and answers each has.

    A column that one of them lacks is null there; one that is a number in some and a text in others is a text in all.
    """
    if not tables:
        return empty(stream)
    pa = arrow()
    whole = pa.concat_tables([*_aligned(tables)])
    return whole.replace_schema_metadata(_merged_metadata(tables))


def _aligned(tables: Sequence[pa.Table]) -> Iterator[pa.Table]:
    pa = arrow()
    names = list(dict.fromkeys(name for table in tables for name in table.column_names))
    for name in names:
        kinds = {str(t.schema.field(name).type): t.schema.field(name).type for t in tables if name in t.column_names}
        if len(kinds) == 1 and all(name in t.column_names for t in tables):
            continue
        kind = _common(list(kinds.values()))
        tables = [_with_column(table, name, kind) for table in tables]
    for table in tables:
        yield (
            table.select(names)
            .replace_schema_metadata(None)
            .cast(pa.schema([tables[0].schema.field(n) for n in names]))
        )


def _common(kinds: list[Any]) -> Any:
    pa = arrow()
    if all(pa.types.is_struct(kind) for kind in kinds):
        fields: dict[str, list[Any]] = {}
        for kind in kinds:
            for field in kind:
                fields.setdefault(field.name, []).append(field.type)
        return pa.struct([(name, _common(found)) for name, found in fields.items()])
    return kinds[0] if all(kind == kinds[0] for kind in kinds) else pa.string()


def _with_column(table: pa.Table, name: str, kind: Any) -> pa.Table:
    pa = arrow()
    if name not in table.column_names:
        return table.append_column(pa.field(name, kind), pa.nulls(table.num_rows, kind))
    position = table.column_names.index(name)
    chunks = [_as(chunk, kind) for chunk in table.column(name).chunks]
    return table.set_column(position, pa.field(name, kind), pa.chunked_array(chunks, kind))


def _as(array: Any, kind: Any) -> Any:
    pa = arrow()
    if not pa.types.is_struct(kind):
        if array.type == kind:
            return array
        return pa.array([text_of(v) for v in array.to_pylist()], kind)  # a number as the level it would be
    have = {field.name for field in array.type}
    parts = [_as(array.field(f.name), f.type) if f.name in have else pa.nulls(len(array), f.type) for f in kind]
    return pa.StructArray.from_arrays(parts, fields=list(kind))


METADATA = b"modelwright.log"


def _told(table: pa.Table) -> dict[str, Any]:
    """Return what `metadata` wrote beside a table; nothing for tables that are none of the log."""
    told: dict[str, Any] = msgspec.json.decode((table.schema.metadata or {}).get(METADATA, b"{}"))
    return told


def protected_columns(table: pa.Table) -> frozenset[str]:
    """Return the columns of which values were masked or hashed: they are no news of the world."""
    told = _told(table)
    return frozenset((*told.get("masked", ()), *told.get("hashed", ())))


def _merged_metadata(tables: Sequence[pa.Table]) -> dict[bytes, bytes]:
    """Return which columns were masked or hashed anywhere: their nulls and levels are no news of the world."""
    masked: dict[str, None] = {}
    hashed: dict[str, None] = {}
    for table in tables:
        found = _told(table)
        masked.update(dict.fromkeys(found.get("masked", ())))
        hashed.update(dict.fromkeys(found.get("hashed", ())))
    return metadata(tuple(masked), tuple(hashed))


def metadata(masked: tuple[str, ...], hashed: tuple[str, ...], **more: int) -> dict[bytes, bytes]:
    """Return the metadata of a table of the log: ``masked``, ``hashed``, and counts of what was lost."""
    return {METADATA: msgspec.json.encode({"masked": masked, "hashed": hashed, **more})}
