"""Arrow and Parquet bodies as tables of plain types, within the limits. Imported only where pyarrow is.

Four things make a small body large: compressed buffers (counted before Arrow reads them: `ipc`, `pages`), texts of a
dictionary that many rows point to and views of texts that overlap (both added up before they are written out), and
columns that share their buffers (`Table.nbytes` counts each). Types that hold lists, objects or bytes are refused, as
in JSON.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from modelwright.data.tidying import plain_column, view_bytes, without_views
from modelwright.errors import DataError, RequestError
from modelwright.serve.limits import Limits
from modelwright.serve.protocols import refusals
from modelwright.serve.protocols.ipc import FILE_MAGIC, BrokenStream, claims_of
from modelwright.serve.protocols.pages import pages_of

__all__ = ["from_ipc", "from_parquet"]

_ERRORS = (pa.ArrowException, OSError, ValueError, TypeError, KeyError, OverflowError, NotImplementedError, MemoryError)

FIRST_MOMENT, LAST_MOMENT = -62_135_596_800_000_000, 253_402_300_799_999_999  # years 1 to 9999 in µs, as `datetime` has
FIRST_DAY, LAST_DAY = -719_162, 2_932_896


def from_ipc(body: bytes, limits: Limits, *, file: bool) -> pa.Table:
    """Return the table of an Arrow stream or file.

    A file is read as the stream it holds: its footer could point to one batch a million times. Those of polars hold no
    stream.
    """
    kind = "Arrow file" if file else "Arrow stream"
    try:
        claims = claims_of(body, file=file)
    except BrokenStream as error:
        refused = refusals.no_stream_inside(str(error)) if file else refusals.broken_table(kind, str(error))
        raise refused from None
    _check_claims(claims.rows, claims.bytes, limits)
    start = len(FILE_MAGIC) if file else 0
    try:
        with pa.ipc.open_stream(pa.py_buffer(memoryview(body)[start:])) as reader:
            _check_schema(reader.schema, kind, limits)
            table = reader.read_all()
        table.validate(full=True)
    except _ERRORS:
        raise refusals.broken_table(kind, "Arrow cannot read it") from None
    return _plain(table, kind, limits)


def from_parquet(body: bytes, limits: Limits) -> pa.Table:
    """Return the table of a Parquet file."""
    kind = "Parquet file"
    try:
        pages_of(body, limits)  # before Arrow looks at the file
        with pq.ParquetFile(pa.BufferReader(body)) as file:
            schema = file.schema_arrow
            _check_schema(schema, kind, limits)
        texts = [f.name for f in schema if pa.types.is_string(f.type) or pa.types.is_large_string(f.type)]
        with pq.ParquetFile(pa.BufferReader(body), read_dictionary=texts) as file:
            table = file.read(use_threads=False)
        table.validate(full=True)
    except RequestError:
        raise
    except _ERRORS:
        raise refusals.broken_table(kind, "Arrow cannot read it") from None
    return _plain(table, kind, limits)


def _check_claims(rows: int, n_bytes: int, limits: Limits) -> None:
    limits.check_rows(rows)
    if n_bytes > limits.table_bytes:
        raise refusals.table_too_large(limits.table_bytes)


# --- types ---------------------------------------------------------------------------------------------------------


def _check_schema(schema: pa.Schema, kind: str, limits: Limits) -> None:
    limits.check_columns(len(schema))
    if len(set(schema.names)) < len(schema):
        raise refusals.broken_table(kind, "two columns have the same name")
    for number, field in enumerate(schema):
        if not _is_flat(field.type):
            raise refusals.no_scalar(f"each value of column {number + 1:,} of the {kind}")


def _is_flat(kind: pa.DataType) -> bool:
    types = pa.types
    if types.is_dictionary(kind):
        return not types.is_dictionary(kind.value_type) and _is_flat(kind.value_type)
    return any(
        is_it(kind)
        for is_it in (
            types.is_boolean, types.is_integer, types.is_floating, types.is_decimal, types.is_string,
            types.is_large_string, types.is_string_view, types.is_date, types.is_time, types.is_timestamp,
            types.is_duration, types.is_null,
        )
    )  # fmt: skip


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


# --- what it comes to ----------------------------------------------------------------------------------------------


def _plain(table: pa.Table, kind: str, limits: Limits) -> pa.Table:
    """Return the table with plain types, once it is known that writing texts out stays within the limits."""
    limits.check_rows(table.num_rows if table.num_columns else 0)
    try:
        n_bytes = table.nbytes + sum(map(view_bytes, table.columns))  # any number of views may be of the same bytes
        if n_bytes > limits.table_bytes:
            raise refusals.table_too_large(limits.table_bytes)
        given = [without_views(column) for column in table.columns]
    except (*_ERRORS, DataError):
        raise refusals.broken_table(kind, "a value does not fit its type") from None
    for column in given:
        longest, written = _texts(column)
        if longest > limits.text:
            raise refusals.text_too_long(limits.text)
        n_bytes += written
        if n_bytes > limits.table_bytes:
            raise refusals.table_too_large(limits.table_bytes)
    try:
        columns = [_within_calendar(plain_column(column)) for column in given]
    except _ERRORS:
        raise refusals.broken_table(kind, "a value does not fit its type") from None
    return pa.table(columns, names=table.column_names)


def _texts(column: pa.ChunkedArray) -> tuple[int, int]:
    """Return the characters of the longest text, and the bytes that texts of dictionaries take when written out."""
    longest = written = 0
    for chunk in column.chunks:
        values, indices = (chunk.dictionary, chunk.indices) if pa.types.is_dictionary(chunk.type) else (chunk, None)
        if not _is_text(values.type) or not len(values):
            continue
        longest = max(longest, pc.max(pc.utf8_length(values)).as_py() or 0)
        if indices is not None:
            lengths = pc.cast(pc.binary_length(values), pa.int64())
            written += pc.sum(lengths.take(indices)).as_py() or 0
    return longest, written


def _within_calendar(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return moments in µs of UTC; dates and moments outside the years that Python knows are refused."""
    kind = column.type
    if pa.types.is_timestamp(kind):
        # What is finer than µs is cut; what would overflow raises.
        options = pc.CastOptions(target_type=pa.timestamp("us", kind.tz), allow_time_truncate=True)
        column = pc.cast(column, options=options)
        column = pa.chunked_array([c.cast(pa.timestamp("us")) for c in column.chunks], pa.timestamp("us"))
        _check_range(pc.cast(column, pa.int64()), FIRST_MOMENT, LAST_MOMENT)
    elif pa.types.is_date(kind):
        column = pc.cast(column, pa.date32(), safe=False)
        _check_range(pc.cast(column, pa.int32()), FIRST_DAY, LAST_DAY)
    return column


def _check_range(numbers: pa.ChunkedArray, least: int, most: int) -> None:
    ends = pc.min_max(numbers).as_py()
    if ends["min"] is not None and not least <= ends["min"] <= ends["max"] <= most:
        raise OverflowError
