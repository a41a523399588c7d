"""What a small Parquet file may make the server do: files are written here field by field, as no library would."""

from __future__ import annotations

import decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from modelwright.errors import RequestError
from modelwright.serve.limits import Limits
from modelwright.serve.protocols import arrow, pages

from .conftest import TABLE, parquet_of

INT32, INT64 = 1, 2


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def struct(fields: dict[int, Any]) -> bytes:
    """Return a struct in Thrift's compact protocol: numbers, texts, structs and lists of structs."""
    out, before = b"", 0
    for number, value in sorted(fields.items()):
        kinds = {int: 6, bytes: 8, list: 9, dict: 12}
        out += bytes([(number - before) << 4 | kinds[type(value)]]) + _value(value)
        before = number
    return out + b"\0"


def _value(value: Any) -> bytes:
    if isinstance(value, int):
        return varint(value << 1)
    if isinstance(value, bytes):
        return varint(len(value)) + value
    if isinstance(value, list):
        return b"\xfc" + varint(len(value)) + b"".join(map(struct, value))
    return struct(value)


def page(size: int = 0) -> bytes:
    return struct({1: 0, 2: size, 3: 0, 5: {1: 1, 2: 0, 3: 3, 4: 3}})


def column(start: int, length: int, n_values: int = 1) -> dict[int, Any]:
    return {2: 0, 3: {1: INT64, 4: 0, 5: n_values, 6: length, 7: length, 9: start}}


def file_of(pages_: bytes, groups: list[list[dict[int, Any]]], n_columns: int = 1, n_rows: int = 1) -> bytes:
    """Return a file: ``pages_`` from byte 4 on, and row groups of columns."""
    schema = [{4: b"schema", 5: n_columns}, *({1: INT64, 3: 1, 4: b"c%d" % i} for i in range(n_columns))]
    groups_ = [{1: columns, 2: 0, 3: n_rows} for columns in groups]
    footer = struct({1: 2, 2: schema, 3: n_rows, 4: groups_})
    return b"PAR1" + pages_ + footer + len(footer).to_bytes(4, "little") + b"PAR1"


def refused(body: bytes, limits: Limits | None = None) -> RequestError:
    with pytest.raises(RequestError) as caught:
        pages.pages_of(body, limits or Limits())
    return caught.value


def test_a_file_written_here_is_walked() -> None:
    one, two = page(5), page(7)
    body = file_of(one + two, [[column(4, len(one)), column(4 + len(one), len(two))]], n_columns=2)
    assert pages.pages_of(body, Limits()) == 12


@pytest.mark.parametrize(
    "options", [{}, {"row_group_size": 1}, {"data_page_version": "2.0"}, {"use_dictionary": False}]
)
def test_files_of_arrow_are_walked(options: dict[str, Any]) -> None:
    assert pages.pages_of(parquet_of(pa.table(TABLE), **options), Limits()) > 0


def test_chunks_that_share_pages_are_refused() -> None:
    """Every column of every row group may point to the same pages: pages times columns are walked."""
    many = page() * 100
    shared = file_of(many, [[column(4, len(many))] * 2], n_columns=2)
    assert refused(shared).code == "MW-S115"
    assert refused(file_of(many, [[column(4, len(many))]] * 2)).code == "MW-S115"
    assert refused(file_of(many, [[column(4, len(many)), column(4, 0)]], n_columns=2)).code == "MW-S115"


def test_chunks_end_before_the_footer() -> None:
    assert refused(file_of(page(), [[column(4, len(page()) + 1)]])).code == "MW-S115"


def test_pages_of_all_chunks_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MOST_PAGES", 10)
    half = page() * 6
    groups = [[column(4, len(half))], [column(4 + len(half), len(half))]]
    error = refused(file_of(half * 2, groups))
    assert error.code == "MW-S115" and "10 pages" in error.what
    assert pages.pages_of(file_of(half, groups[:1]), Limits()) == 0


def test_row_groups_without_pages_count_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MOST_PAGES", 10)
    assert refused(file_of(b"", [[column(4, 0)]] * 11)).code == "MW-S115"


def test_columns_are_counted_before_pages() -> None:
    many = page() * 3
    error = refused(file_of(many, [[column(4, len(many))] * 3], n_columns=3), Limits(columns=2))
    assert error.code == "MW-S105"


def test_a_row_group_has_the_columns_of_the_schema() -> None:
    assert refused(file_of(page(), [[column(4, len(page()))]], n_columns=2)).code == "MW-S115"


def test_fields_of_headers_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte of the footer can be a struct, which takes 64."""
    monkeypatch.setattr(pages, "MOST_FIELDS", 1_000)
    footer = struct({2: [{}] * 2_000})
    body = b"PAR1" + footer + len(footer).to_bytes(4, "little") + b"PAR1"
    error = refused(body)
    assert error.code == "MW-S115" and "1,000 fields" in error.what
    flags = struct({1: 0, 2: 0, 3: 0})[:-1] + b"\x11" * 2_000 + b"\0"
    assert "1,000 fields" in refused(file_of(flags, [[column(4, len(flags))]])).what


def test_values_are_counted_whatever_bytes_they_come_in() -> None:
    """A column of one value is a few bytes in the file, and eight per row in Arrow."""
    same = pa.array(np.zeros(10_000, dtype=np.int64))
    body = parquet_of(pa.table({f"c{i}": same for i in range(50)}), compression="zstd")
    assert len(body) < 40_000
    assert refused(body, Limits(table_bytes=2_000_000)).code == "MW-S120"
    assert pages.pages_of(body, Limits(table_bytes=4_000_000)) < 10_000


def test_decimals_take_16_bytes() -> None:
    table = pa.table({"c": pa.array([decimal.Decimal("1.5")] * 1_000, pa.decimal128(5, 2))})
    body = parquet_of(table, store_decimal_as_integer=True, compression="zstd")
    assert refused(body, Limits(table_bytes=15_999)).code == "MW-S120"
    assert arrow.from_parquet(body, Limits(table_bytes=16_200)).num_rows == 1_000


def test_the_number_of_values_may_not_differ_from_the_rows_unseen() -> None:
    assert refused(file_of(page(), [[column(4, len(page()), n_values=10**12)]])).code == "MW-S120"


def test_nested_columns_are_refused_before_arrow_builds_them() -> None:
    table = pa.table({"a": [1], "b": [[1]]})
    error = refused(parquet_of(table))
    assert error.code == "MW-S109" and "column 2" in error.what
