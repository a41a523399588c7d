"""What the pages of a Parquet file claim to hold, read before Arrow decompresses them.

The footer's totals are the writer's word; what Arrow allocates stands in the header of each page. Both are Thrift
structs in the compact protocol, walked here field by field. The encoding that shares beginnings of texts is refused:
a page of a few bytes can stand for gigabytes of texts. Format: ``parquet.thrift`` of Apache Parquet.

The footer is not asked of pyarrow: making a `ColumnChunkMetaData` of a damaged one throws in C++ where nobody catches
(seen with 26.0, "Definition level histogram size mismatch"), and the process ends.
"""

from __future__ import annotations

from typing import Any

from modelwright.serve.limits import Limits
from modelwright.serve.protocols import refusals

__all__ = ["pages_of"]

DELTA_BYTE_ARRAY = 7  # enum Encoding
_PAGE_SIZE, _COMPRESSED_SIZE, _DATA_PAGE, _DATA_PAGE_V2 = 2, 3, 5, 8  # fields of PageHeader
_ENCODING = {_DATA_PAGE: 2, _DATA_PAGE_V2: 4}
_ROWS, _ROW_GROUPS = 3, 4  # of FileMetaData
_COLUMNS = 1  # of RowGroup
_CHUNK_FACTS = 3  # of ColumnChunk
_CHUNK_SIZE, _DATA_AT, _DICTIONARY_AT = 7, 9, 11  # of ColumnMetaData
_LIST, _SET, _STRUCT = 9, 10, 12
_TAIL = 8  # bytes at the end: the length of the footer, and PAR1
DEEPEST = 12  # structs and lists within each other


class _Broken(ValueError):
    """No page header."""


def pages_of(body: bytes, limits: Limits) -> int:
    """Return the bytes of all pages once decompressed, as their headers claim.

    Raises
    ------
    RequestError
        Rows or bytes are beyond the limits, or a page is not where the footer says.
    """
    total = 0
    try:
        footer = _footer(body)
        limits.check_rows(_number(footer, _ROWS))
        for group in _list(footer, _ROW_GROUPS):
            for column in _list(group, _COLUMNS):
                total += _chunk(_inner(column, _CHUNK_FACTS), body, limits.table_bytes - total)
                if total > limits.table_bytes:
                    raise refusals.table_too_large(limits.table_bytes)
    except (_Broken, IndexError):
        raise refusals.broken_table("Parquet file", "a page is not where the footer says") from None
    return total


def _footer(body: bytes) -> dict[int, Any]:
    start = len(body) - _TAIL - int.from_bytes(body[-_TAIL:-4], "little")
    if len(body) < _TAIL or start < 0:
        raise _Broken
    return _Header(body, start).struct()


def _chunk(facts: dict[int, Any], body: bytes, left: int) -> int:
    at, length, total = _number(facts, _DATA_AT), _number(facts, _CHUNK_SIZE), 0
    if facts.get(_DICTIONARY_AT):
        at = min(at, _number(facts, _DICTIONARY_AT))
    end = at + length
    if end > len(body):
        raise _Broken
    while at < end and total <= left:
        header = _Header(body, at)
        fields = header.struct()
        size, packed = _number(fields, _PAGE_SIZE), _number(fields, _COMPRESSED_SIZE)
        if any(_inner(fields, page).get(field) == DELTA_BYTE_ARRAY for page, field in _ENCODING.items()):
            raise refusals.broken_table("Parquet file", "it has the encoding DELTA_BYTE_ARRAY, which is not read here")
        total += size
        at = header.at + packed
    return total


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
    """A Thrift struct in the compact protocol, from a position on."""

    def __init__(self, body: bytes, at: int) -> None:
        self.body, self.at = body, at

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
