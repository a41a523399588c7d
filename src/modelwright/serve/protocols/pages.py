"""What the pages of a Parquet file claim to hold, read before Arrow decompresses them.

The footer's totals are the writer's word; what Arrow allocates stands in the header of each page. Headers are Thrift
structs in the compact protocol, walked here field by field. The encoding that shares beginnings of texts is refused:
a page of a few bytes can stand for gigabytes of texts. Format: ``parquet.thrift`` of Apache Parquet.
"""

from __future__ import annotations

from typing import Any

from modelwright.serve.limits import Limits
from modelwright.serve.protocols import refusals

__all__ = ["pages_of"]

DELTA_BYTE_ARRAY = 7  # enum Encoding
_PAGE_SIZE, _COMPRESSED_SIZE, _DATA_PAGE, _DATA_PAGE_V2 = 2, 3, 5, 8  # fields of PageHeader
_ENCODING = {_DATA_PAGE: 2, _DATA_PAGE_V2: 4}
_STRUCT = 12
DEEPEST = 4  # structs within a page header


class _Broken(ValueError):
    """No page header."""


def pages_of(metadata: Any, body: bytes, limits: Limits) -> int:
    """Return the bytes of all pages once decompressed, as their headers claim.

    Parameters
    ----------
    metadata : pyarrow.parquet.FileMetaData

    Raises
    ------
    RequestError
        Rows or bytes are beyond the limits, or a page is not where the footer says.
    """
    limits.check_rows(metadata.num_rows)
    total = 0
    try:
        for group in range(metadata.num_row_groups):
            for number in range(metadata.num_columns):
                total += _chunk(metadata.row_group(group).column(number), body, limits.table_bytes - total)
                if total > limits.table_bytes:
                    raise refusals.table_too_large(limits.table_bytes)
    except (_Broken, IndexError):
        raise refusals.broken_table("Parquet file", "a page is not where the footer says") from None
    return total


def _chunk(column: Any, body: bytes, left: int) -> int:
    starts = [column.data_page_offset]
    if column.has_dictionary_page and column.dictionary_page_offset:
        starts.append(column.dictionary_page_offset)
    at, length, total = min(starts), column.total_compressed_size, 0
    end = at + length
    if at < 0 or length < 0 or end > len(body):
        raise _Broken
    while at < end and total <= left:
        header = _Header(body, at)
        fields = header.struct()
        size, packed = fields.get(_PAGE_SIZE, -1), fields.get(_COMPRESSED_SIZE, -1)
        if size < 0 or packed < 0:
            raise _Broken
        if any(fields.get(page, {}).get(field) == DELTA_BYTE_ARRAY for page, field in _ENCODING.items()):
            raise refusals.broken_table("Parquet file", "it has the encoding DELTA_BYTE_ARRAY, which is not read here")
        total += size
        at = header.at + packed
    return total


class _Header:
    """A Thrift struct in the compact protocol, from a position on."""

    def __init__(self, body: bytes, at: int) -> None:
        self.body, self.at = body, at

    def struct(self, depth: int = 0) -> dict[int, Any]:
        """Return numbers and structs by number of the field; lists and texts are passed over."""
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
        raise _Broken  # page headers have neither lists nor maps

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
