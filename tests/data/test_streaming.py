"""A source as a stream: with the tiniest blocks the same rows, notes and refusals as read at once."""

from __future__ import annotations

import bz2
import codecs
import gzip
import lzma
import sqlite3
import zipfile
from contextlib import contextmanager
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.data.reading import read_table
from modelwright.data.streaming import Restarted, fingerprint, lines, open_stream
from modelwright.data.tidying import plain_table
from modelwright.errors import DataError

from .test_bad_input import CASES


def streamed(source, *, columns=None, query=None, block_bytes=64, chunk_rows=3, small_bytes=0):
    """Return the rows, names and notes of a stream that never reads at once."""
    with open_stream(
        source, query=query, chunk_rows=chunk_rows, block_bytes=block_bytes, small_bytes=small_bytes
    ) as stream:
        for _ in range(6):
            rows = []
            try:
                for table in stream.tables(columns):
                    rows += plain_table(table)[0].to_pylist()
            except Restarted:
                continue
            assert stream.n_rows in (None, len(rows))
            return rows, list(stream.names), list(stream.notes())
    raise AssertionError("it restarts for ever")


def at_once(source, **options):
    table, told = read_table(source, every_row=True, **options)
    return table.to_pylist(), table.column_names, list(told.notes)


def outcome(function, *arguments, **options):
    try:
        return function(*arguments, **options)
    except DataError as error:
        return error.code, error.what


GOOD = "".join(f"{i},x y,{i * 1.5}\n" for i in range(60))

TEXTS = {
    "plain": "a,b,c\n" + GOOD,
    "no end of line": "a,b,c\n" + GOOD.rstrip("\n"),
    "returns": ("a,b,c\n" + GOOD).replace("\n", "\r\n"),
    "lone returns": ("a,b,c\n" + GOOD).replace("\n", "\r"),
    "semicolons": "a;b\n" + "1,5;2,3\n2,5;4,1\n" * 30,
    "tabs": ("a,b,c\n" + GOOD).replace(",", "\t"),
    "blanks": "  18.0   8  307.0\n  15.0   8  350.0\n 9.25 12  18.0\n" * 20,
    "a blank before quotes": 'a, b\n1, "x, y"\n2, "z"\n' * 5,
    "sep=": "sep=;\r\na;b\r\n" + "1;2\r\n" * 40,
    "quoted ends of lines": 'a,b\n"line 1\nline 2","say ""hi"""\nx,y\n' * 20,
    "a cell longer than a block": 'a,b\n"' + "long\n" * 40 + '",1\nx,2\n' * 3,
    "single quotes": "a,b\n'x, y','-1'\n'z','1'\n" * 9,
    "inches": 'size,b\n5",x\n7 1/2",y\n6",z\n',
    "escapes": 'a,b\n"say \\"hi\\" now",1\n"z",2\n' * 8,
    "no header": GOOD,
    "one column": "city\nParis\nRome\n" * 9,
    "comments": "# by hand\n\nMonthly report,,\nname,x,y\nAnn,1,2\n\n# a remark\nBob,3,4\n" + "Eve,5,6\n" * 30,
    "a remark with commas": "a,b,c\n" + GOOD + "# well, that is all, folks, really\n" + GOOD,
    "short rows": "a,b,c\n" + GOOD + "100,x\n" + GOOD + "101\n",
    "long rows": "a,b,c\n" + GOOD + "100,x,y,z\n" + GOOD + "100,x,y,z\n",
    "a long row that ends empty": "a,b,c\n" + GOOD + "100,x,y,,\n",
    "blank lines": "a,b,c\n" + GOOD.replace("\n", "\n\n"),
    "trailing delimiters": "a,b,\n1,x,\n2,y,\n" * 9,
    "row names": ",a,b\n1,x,5\n2,y,6\n" * 9,
    "doubled names": "price,price, size ,price.1\n" + "1,2,3,4\n5,6,7,8\n" * 9,
    "an endless quote": "a,b,c\n" + GOOD + '5,"never closed\n' + GOOD,
    "an endless quote in the last column but comments": "a,b\n1,x\n# a, b, c\n" + '2,"never closed\n' + "3,y\n" * 50,
    "an endless quote in the first column": "a,b,c\n" + GOOD + '"never closed,5,6\n' + GOOD,
    "an endless quote in the last column": "a,b\n1,x\n" + '2,"never closed\n' + "3,y\n" * 50,
    "values as they are": "a,b,c\n01,NA,\n007, x ,null\n" * 9,
    "only blank lines below": "a,b,c\n\n\n",
}


@pytest.mark.parametrize("block_bytes", [40, 300, 1 << 20])
@pytest.mark.parametrize("name", TEXTS)
def test_texts(tmp_path, name, block_bytes):
    path = tmp_path / "t.csv"
    path.write_bytes(TEXTS[name].encode())
    expected = outcome(at_once, path)
    if isinstance(expected[0], list) or expected[0] != "MW-D116":  # who reads a stream refuses one without rows
        assert outcome(streamed, path, block_bytes=block_bytes) == expected
    else:
        assert streamed(path, block_bytes=block_bytes)[0] == []


def test_only_the_columns_that_are_needed(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + 'x,"1\n2"\ny,3\n' * 20)
    rows, names, _ = streamed(path, columns={"b"})
    assert names == ["a", "b"] and [r["b"] for r in rows] == [r["b"] for r in at_once(path)[0]]


def test_a_quote_that_never_ends_in_a_column_that_is_not_needed(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(TEXTS["an endless quote in the last column"])
    assert outcome(streamed, path, columns={"a"}, block_bytes=1 << 20) == outcome(at_once, path)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "utf-8"])
def test_encodings(tmp_path, encoding):
    path = tmp_path / "t.csv"
    path.write_bytes(("naïve,prix €\n" + "".join(f"café {i},{i}\n" for i in range(500))).encode(encoding))
    assert streamed(path) == at_once(path)


ODD_BYTES = {
    "late bytes of another encoding": b"a,b\n" + b"plain,1\n" * 200_000 + "café,2\n".encode("cp1252"),
    "bytes that are not of the encoding": b"a,b\n" + "café,2\n".encode("cp1252") * 90 + b"\x81\x8d,1\n" * 2,
    "lines in two encodings": b"a,b\n" + "é,1\n".encode() * 90_000 + "é,1\n".encode("cp1252") * 90_000,
    "a late line in another encoding": b"a,b\n" + "é,1\n".encode() * 300_000 + b"caf\xe9,2\n",
    "marked as UTF-8 and none": codecs.BOM_UTF8 + b"a,b\n" + b"x, 1\n" * 50 + b"caf\xe9, 2\n",
    "cut within a character": b"a,b\n" + "é,1\n".encode() * 40 + b"\xc3",
    "an odd number of bytes of UTF-16": "a,b\nü,1\n".encode("utf-16") * 1 + b"\x00",
}


@pytest.mark.parametrize("name", ODD_BYTES)
def test_odd_bytes(tmp_path, name):
    path = tmp_path / "t.csv"
    path.write_bytes(ODD_BYTES[name])
    assert outcome(streamed, path, block_bytes=1 << 16, chunk_rows=5000) == outcome(at_once, path)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_compression(tmp_path, pack):
    path = tmp_path / "t.csv.gz"
    packed = pack(TEXTS["plain"].encode())
    path.write_bytes(packed)
    assert streamed(path) == at_once(path)
    path.write_bytes(packed[: len(packed) // 2])
    assert outcome(streamed, path) == outcome(at_once, path)


def test_an_archive(tmp_path):
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr("inside.csv", TEXTS["plain"])
    assert streamed(tmp_path / "t.zip") == at_once(tmp_path / "t.zip")


@pytest.mark.parametrize("name", [n for n in CASES if CASES[n][2] not in ("MW-D116", "MW-D133")])
def test_bad_files(tmp_path, name):
    file, content, _, _ = CASES[name]
    path = tmp_path / file
    if callable(content):
        content(path)
    else:
        path.write_bytes(content)
    assert outcome(streamed, path) == outcome(at_once, path)


RECORDS = {
    "records": b'{"a": 1, "b": "x"}\n{"a": 2}\n\n{"b": null, "c": true}\n' * 9,
    "mixed types": b'{"a": true}\n{"a": 1}\n{"a": 2.5}\n{"a": "x"}\n' * 4,
    "numbers": b'{"a": 1, "b": 9007199254740993}\n{"a": 2.5, "b": 0.5}\n' * 4,
    "large numbers": b'{"a": 1}\n{"a": 18446744073709551615}\n{"a": 5}\n' * 4,
    "whole numbers and bools": b'{"a": 1}\n{"a": true}\n{"a": 1}\n{"a": true}\n' * 4,
    "nested": b'{"a": [1, 2], "b": {"x": 1}}\n{"a": null, "b": 5}\n' * 4,
    "doubled names": b'{" a": 1, "a": 2}\n' * 4,
    "an array": b'[{"a": 1}, {"a": 2}]',
    "a document": b'{\n"data": [{"a": 1}, {"a": 2}]\n}',
    "a mark": codecs.BOM_UTF8 + b'{"a": 1}\n{"a": 2}\n',
    "another encoding": '{"a": "é"}\n{"a": "x"}\n'.encode("utf-16"),
    "a line that is none": b'{"a": 1}\n' * 5 + b'{"a": \n{"a": 2}\n',
}


@pytest.mark.parametrize("name", RECORDS)
def test_json_lines(tmp_path, name):
    path = tmp_path / "t.jsonl"
    path.write_bytes(RECORDS[name])
    assert outcome(streamed, path) == outcome(at_once, path)


COLUMNS = {
    "n": [*range(40)],
    "t": ["a", None, "b", "a"] * 10,
    "f": [1.5, float("inf"), None, 2.0] * 10,
    "l": [[1], None, [2, 3], []] * 10,
    " x": ["y"] * 40,
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("n", [5, 64, 1000])
def test_json_lines_longer_than_a_block(tmp_path, monkeypatch, encoding, n):
    text = "".join(f'{{"a": "{"é" * length}", "b": {length}}}\n' for length in (0, 200, 3, 90, 1, 1))
    (tmp_path / "t.jsonl").write_bytes(text.rstrip("\n").encode(encoding))
    with open_stream(tmp_path / "t.jsonl", small_bytes=0) as stream:
        monkeypatch.setattr(lines, "HEAD_BYTES", n)
        assert [row for table in stream.tables() for row in table.to_pylist()] == at_once(tmp_path / "t.jsonl")[0]


def test_a_json_line_without_end(tmp_path, monkeypatch):
    """It is refused once it is too long, not when all of it is in memory."""
    monkeypatch.setattr(lines, "HEAD_BYTES", 64)
    monkeypatch.setattr(lines, "MOST_LINE_BYTES", 1 << 20, raising=False)
    path = tmp_path / "t.jsonl"
    path.write_bytes(b'{"a": 1}\n{"a": 2}\n{"a": "' + b"x" * (1 << 22))
    read = []
    real = lines.open_expanded

    @contextmanager
    def counted(path):
        with real(path) as stream:
            yield SimpleNamespace(read=lambda n: read.append(n) or stream.read(n))

    monkeypatch.setattr(lines, "open_expanded", counted)
    with pytest.raises(DataError, match=r"line 3 of '.*' is longer than 1 MiB.*MW-D118"):
        streamed(path)
    assert sum(read) < (1 << 20) + 1000


def test_json_lines_that_end_within_a_character(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_bytes('{"a": "é"}\n{"a": "ü"}\n'.encode("utf-16") + b"{")
    expected = outcome(at_once, path)
    assert expected[0] == "MW-D121" and outcome(streamed, path) == expected


@pytest.mark.parametrize("kind", ["parquet", "arrow", "arrows"])
def test_columnar_files(tmp_path, kind):
    path, table = tmp_path / f"t.{kind}", pa.table(COLUMNS)
    if kind == "parquet":
        pq.write_table(table, path, row_group_size=7)
    elif kind == "arrow":
        feather.write_feather(table, str(path), chunksize=6)
    else:
        with pa.ipc.new_stream(path, table.schema) as writer:
            writer.write_table(table, max_chunksize=5)
    assert repr(streamed(path)) == repr(at_once(path))
    assert streamed(path, columns={"x", "n"})[0] == [{"n": i, "x": "y"} for i in range(40)]
    with open_stream(path, chunk_rows=4) as stream:
        skipped = stream.skip_to(20)
        left = sum(t.num_rows for t in stream.tables())
        assert skipped == (14 if kind == "parquet" else 0) and left == 40 - skipped
        assert stream.share() > 0.99


def test_names_with_dots_and_doubled_names_in_parquet(tmp_path):
    table = pa.Table.from_arrays([pa.array([1, 2]), pa.array(["x", "y"]), pa.array([3, 4])], names=["a.b", "c", "c"])
    pq.write_table(table, tmp_path / "t.parquet")
    assert streamed(tmp_path / "t.parquet") == at_once(tmp_path / "t.parquet")


def test_databases(tmp_path):
    path = tmp_path / "t.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table t (a, b text)")
        connection.executemany("insert into t values (?, ?)", [(i, f"x{i}") for i in range(120)])
    assert streamed(path) == at_once(path)
    assert streamed(path, query="select a from t where a > 7") == at_once(path, query="select a from t where a > 7")
    for query in ("nothing", "select c from t", "delete from t"):
        with pytest.raises(Exception) as one, open_stream(path, query=query):
            pass
        with pytest.raises(Exception) as other:
            read_table(path, query=query)
        assert str(one.value) == str(other.value)


def test_folders(tmp_path):
    (tmp_path / "a.csv").write_text("a,b,c\n" + GOOD)
    (tmp_path / "b.csv").write_text("c,a,b\n" + GOOD + "1,2\n")
    pq.write_table(pa.table({"b": [True, False], "a": [1, 2], "c": [1, None]}), tmp_path / "c.parquet")
    (tmp_path / "readme.md").write_text("hello")
    expected, told = at_once(tmp_path), streamed(tmp_path)
    assert told[:2] == expected[:2] and sorted(told[2]) == sorted(expected[2])
    (tmp_path / "d.csv").write_text("a,b\n1,2\n")
    assert outcome(streamed, tmp_path) == outcome(at_once, tmp_path)


def test_a_fingerprint_tells_a_changed_file(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a\n1\n")
    one = fingerprint(path)
    assert one == fingerprint(str(path)) is not None
    path.write_text("a\n2\n")
    assert fingerprint(path) != one
    before = fingerprint(tmp_path)
    (tmp_path / "u.csv").write_text("a\n")
    assert fingerprint(tmp_path) != before
    assert fingerprint({"a": [1]}) is fingerprint("postgresql://host/db") is None


PIECES = ['"', ",", "\n", "a", "1", " ", "#", "\r\n", "é", "'"]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(['"', ",", "\n", "a", "1", " ", "#", "\r\n", "é", "'"]), max_size=60), st.integers(8, 90)
)
def test_any_text_has_the_outcome_of_reading_it_at_once(tmp_path_factory, pieces, block_bytes):
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    path.write_bytes(("name,size\nAnn,1\nBob,2\n" + "".join(pieces)).encode())
    expected = outcome(at_once, path)
    if isinstance(expected[0], list) or expected[0] not in ("MW-D116", "MW-D133"):
        assert ended(outcome(streamed, path, block_bytes=block_bytes)) == ended(expected)


@pytest.mark.parametrize("block_bytes", range(8, 24))
def test_ends_of_lines_within_a_cell_are_read_whole(tmp_path, block_bytes):
    path = tmp_path / "t.csv"
    path.write_bytes(b'name,size\nAnn,1\nBob,2\n"one\r\ntwo\r\n",3\r\nCid,4\r\n')
    assert outcome(streamed, path, block_bytes=block_bytes) == outcome(at_once, path)


def ended(found):
    """Return an outcome whose last row ends with its text: of a quote that only ends of lines follow, never closed,
    Arrow drops one where a block happens to end there."""
    if isinstance(found[0], list) and found[0]:
        found[0][-1] = {name: (value or "").rstrip("\r\n") for name, value in found[0][-1].items()}
    return found
