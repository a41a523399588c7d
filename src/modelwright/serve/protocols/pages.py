"""What a Parquet file claims to hold, read before Arrow decompresses it.

The footer's totals are the writer's word; what Arrow allocates stands in the header of each page, and in the number of
values: a few bytes can stand for a column of one value. All are Thrift structs in the compact protocol, walked here
field by field; how many fields and pages are walked is bounded, and no page is walked twice. The encoding that shares
beginnings of texts is refused: a page of a few bytes can stand for gigabytes of texts. Format: ``parquet.thrift`` of
Apache Parquet.

The footer is not asked of pyarrow: making a `ColumnChunkMetaData` of a damaged one throws in C++ where nobody catches
(seen with 26.0, "Definition level histogram size mismatch"), and the process ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from modelwright.errors import RequestError
from modelwright.serve.limits import Limits
from modelwright.serve.protocols import refusals

__all__ = ["pages_of"]

DELTA_BYTE_ARRAY = 7  # enum Encoding
_PAGE_SIZE, _COMPRESSED_SIZE, _DATA_PAGE, _DATA_PAGE_V2 = 2, 3, 5, 8  # fields of PageHeader
_ENCODING = {_DATA_PAGE: 2, _DATA_PAGE_V2: 4}
_SCHEMA, _ROWS, _ROW_GROUPS = 2, 3, 4  # of FileMetaData
_TYPE, _CHILDREN, _CONVERTED, _LOGICAL = 1, 5, 6, 10  # of SchemaElement
_DECIMAL = 5  # of ConvertedType, and of LogicalType
_COLUMNS, _GROUP_ROWS = 1, 3  # of RowGroup
_CHUNK_FACTS = 3  # of ColumnChunk
_VALUES, _CHUNK_SIZE, _DATA_AT, _DICTIONARY_AT = 5, 7, 9, 11  # of ColumnMetaData
_LIST, _SET, _STRUCT = 9, 10, 12
_TAIL = 8  # bytes at the end: the length of the footer, and PAR1
_DECIMAL_BYTES = 16  # of a decimal in Arrow, whatever it is in the file
_BYTES = (1, 4, 8, 12, 4, 8, 4, _DECIMAL_BYTES)
"""What a value takes in Arrow by physical type; of a text it is the number of its entry in the dictionary."""
DEEPEST = 12  # structs and lists within each other
MOST_FIELDS = 1_000_000  # of all headers: half a second; 5,000 columns in one row group have some 200,000
MOST_PAGES = 50_000  # a chunk of a column has two as a rule, and counts as one at least: half a second


class _Broken(ValueError):
    """No page header."""


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Where the pages of one column in one row group lie."""

    start: int
    end: int


def pages_of(body: bytes, limits: Limits) -> int:
    """Return the bytes of all pages once decompressed, as their headers claim.

    Raises
    ------
    RequestError
        Rows, columns, values, pages or bytes are beyond the limits, columns are nested, or a page is not where the
        footer says.
    """
    try:
        file = _Header(body, _footer_at(body))
        end = file.at
        chunks = _chunks(file.struct(), end, limits)
        return _pages(file, chunks, limits.table_bytes)
    except (_Broken, IndexError):
        raise refusals.broken_table("Parquet file", "a page is not where the footer says") from None


def _footer_at(body: bytes) -> int:
    start = len(body) - _TAIL - int.from_bytes(body[-_TAIL:-4], "little")
    if len(body) < _TAIL or start < 0:
        raise _Broken
    return start


def _chunks(footer: dict[int, Any], end: int, limits: Limits) -> list[_Chunk]:
    """Return the chunks in the order in which they lie, once it is known that their values stay within the limits."""
    limits.check_rows(_number(footer, _ROWS))
    widths = _widths(footer, limits)
    chunks: list[_Chunk] = []
    n_bytes = 0
    for group in _list(footer, _ROW_GROUPS):
        columns = _list(group, _COLUMNS)
        if len(columns) != len(widths):
            raise _Broken
        if len(chunks) + len(columns) > MOST_PAGES:
            raise _too_many_pages()
        for column, width in zip(columns, widths, strict=True):
            facts = _inner(column, _CHUNK_FACTS)
            n_bytes += width * max(_number(facts, _VALUES), _number(group, _GROUP_ROWS))
            chunks.append(_chunk(facts))
        if n_bytes > limits.table_bytes:
            raise refusals.table_too_large(limits.table_bytes)
    chunks.sort(key=lambda chunk: chunk.start)
    if any(one.end > next_one.start for one, next_one in pairwise(chunks)) or (chunks and chunks[-1].end > end):
        raise _Broken
    return chunks


def _widths(footer: dict[int, Any], limits: Limits) -> list[int]:
    """Return what a value of each column takes in Arrow; columns of columns are refused."""
    columns = _list(footer, _SCHEMA)[1:]  # the first is the table itself
    limits.check_columns(len(columns))
    widths = []
    for number, column in enumerate(columns):
        kind = column.get(_TYPE)
        if column.get(_CHILDREN) or kind is None:
            raise refusals.no_scalar(f"each value of column {number + 1:,} of the Parquet file")
        if not isinstance(kind, int) or not 0 <= kind < len(_BYTES):
            raise _Broken
        decimal = column.get(_CONVERTED) == _DECIMAL or _DECIMAL in _inner(column, _LOGICAL)
        widths.append(_DECIMAL_BYTES if decimal else _BYTES[kind])
    return widths


def _chunk(facts: dict[int, Any]) -> _Chunk:
    start = _number(facts, _DATA_AT)
    if facts.get(_DICTIONARY_AT):
        start = min(start, _number(facts, _DICTIONARY_AT))
    return _Chunk(start, start + _number(facts, _CHUNK_SIZE))


def _pages(file: _Header, chunks: list[_Chunk], most: int) -> int:
    """Return the bytes that the pages of all chunks claim."""
    total = n_pages = 0
    for chunk in chunks:
        file.at = chunk.start
        while file.at < chunk.end:
            n_pages += 1
            if n_pages > MOST_PAGES:
                raise _too_many_pages()
            fields = file.struct()
            if any(_inner(fields, page).get(field) == DELTA_BYTE_ARRAY for page, field in _ENCODING.items()):
                raise refusals.broken_table(
                    "Parquet file", "it has the encoding DELTA_BYTE_ARRAY, which is not read here"
                )
            total += _number(fields, _PAGE_SIZE)
            if total > most:
                raise refusals.table_too_large(most)
            file.at += _number(fields, _COMPRESSED_SIZE)
    return total


def _too_many_pages() -> RequestError:
    return refusals.broken_table("Parquet file", f"it has more than {MOST_PAGES:,} pages")


def _number(fields: dict[int, Any], number: int) -> int:
    """Return a field that must be there and 0 or more."""
    found = fields.get(number)
    if not isinstance(found, int) or found < 0:
        raise _Broken
    return found


def _inner(fields: dict[int, Any], number: int) -> dict[int, Any]:
    """Return a struct in a struct; a field of another kind, which a damaged header may have there, is none."""
    found = fields.get(number)
    return found if isinstance(found, dict) else {}


def _list(fields: dict[int, Any], number: int) -> list[dict[int, Any]]:
    """Return a list of structs that must be there."""
    found = fields.get(number)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise _Broken
    return found


class _Header:
    """Reads Thrift structs in the compact protocol, each from ``at`` on; all of them have `MOST_FIELDS` at most."""

    def __init__(self, body: bytes, at: int) -> None:
        self.body, self.at = body, at
        self.left = MOST_FIELDS

    def struct(self, depth: int = 0) -> dict[int, Any]:
        """Return numbers, structs and lists by number of the field; texts are passed over."""
        if depth > DEEPEST:
            raise _Broken
        fields: dict[int, Any] = {}
        number = 0
        while byte := self._byte():
            kind, step = byte & 15, byte >> 4
            number = number + step if step else self._zigzag()
            value = self._value(kind, depth)
            if value is not None:
                fields[number] = value
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        self.left -= 1
        if self.left < 0:
            raise refusals.broken_table("Parquet file", f"its headers have more than {MOST_FIELDS:,} fields")
        if kind in (1, 2):  # true and false are in the type
            return None
        if kind == 3:
            return self._byte()
        if kind in (4, 5, 6):
            return self._zigzag()
        if kind == 7:
            self.at += 8
            return None
        if kind == 8:
            length = self._varint()
            self.at += length
            return None
        if kind == _STRUCT:
            return self.struct(depth + 1)
        if kind in (_LIST, _SET):
            return self._items(depth + 1)
        raise _Broken  # there are no maps

    def _items(self, depth: int) -> list[Any]:
        if depth > DEEPEST:
            raise _Broken
        head = self._byte()
        count, kind = head >> 4, head & 15
        if count == 15:
            count = self._varint()
        if count > len(self.body) - self.at:  # each takes a byte at least
            raise _Broken
        if kind in (1, 2):
            self.at += count
            return []
        return [self._value(kind, depth) for _ in range(count)]

    def _byte(self) -> int:
        byte = self.body[self.at]
        self.at += 1
        return byte

    def _varint(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise _Broken

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
