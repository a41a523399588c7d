"""Bad files: each gives a clear error with its own code, and nothing is written."""

from __future__ import annotations

import gzip
import os
import sqlite3
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from modelwright.data.reading import read_table
from modelwright.data.workbook import write_workbook
from modelwright.errors import DataError, UsageError


def _parquet(path):
    pq.write_table(pa.table({"a": list(range(1000))}), path)
    path.write_bytes(path.read_bytes()[:-200])


def _no_sheet(path):
    write_workbook(["a"], [], path)
    with zipfile.ZipFile(path) as archive:
        parts = {n: archive.read(n) for n in archive.namelist()}
    book = parts["xl/workbook.xml"]
    parts["xl/workbook.xml"] = book[: book.index(b"<sheet ")] + book[book.index(b"</sheets>") :]
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def _sqlite(path):
    connection = sqlite3.connect(path)
    connection.execute("create table t (a)")
    connection.execute("insert into t values (1)")
    connection.commit()
    connection.close()


GARBAGE = np.random.default_rng(0).integers(0, 256, 5000, dtype=np.uint8).tobytes()
PACKED = gzip.compress(b"a,b\n" + b"1,2\n" * 100_000)

CASES = {
    "empty file": ("t.csv", b"", "MW-D115", "empty"),
    "blank file": ("t.csv", b"\n \n\n", "MW-D115", "empty"),
    "comments only": ("t.csv", b"# nothing\n# here\n", "MW-D115", "no table"),
    "header only": ("t.csv", b"a,b,c\n", "MW-D116", "no rows"),
    "binary garbage": ("t.csv", b"\x01\x02" + GARBAGE, "MW-D114", "binary"),
    "a page as CSV": ("t.csv", b"\xef\xbb\xbf\n<!DOCTYPE html>\n<p>404, not found</p>\n", "MW-D114", "page of the web"),
    "truncated gz": ("t.csv.gz", PACKED[: len(PACKED) // 2], "MW-D113", "cut short"),
    "no gz": ("t.csv.gz", b"this is not gzip at all", "MW-D113", "(gz), but it holds one line of plain text"),
    "a page as gz": ("t.csv.gz", b"<!DOCTYPE html>\n<html>Not found\n", "MW-D113", "holds a page of the web"),
    "garbage as xz": ("t.csv.xz", GARBAGE, "MW-D113", "(xz), but it holds other binary data"),
    "broken gz": ("t.csv.gz", PACKED[:50] + b"\x00" * 50 + PACKED[100:], "MW-D113", "damaged"),
    "broken parquet": ("t.parquet", _parquet, "MW-D120", "Parquet"),
    "not parquet": ("t.parquet", b"hello, world\n" * 10, "MW-D120", "Parquet"),
    "broken arrow": ("t.arrow", b"ARROW1\x00\x00" + GARBAGE, "MW-D120", "Arrow"),
    "unknown extension": ("t.docx", b"hello", "MW-D119", "'.docx'"),
    "pickle": ("t.pkl", b"\x80\x04hello", "MW-D119", "'.pkl'"),
    "broken excel": ("t.xlsx", b"PK\x03\x04" + GARBAGE, "MW-D122", "workbook"),
    "no sheet": ("t.xlsx", _no_sheet, "MW-D123", "no sheet"),
    "empty sheet": ("t.xlsx", lambda p: write_workbook([], [], p), "MW-D115", "no data"),
    "header-only sheet": ("t.xlsx", lambda p: write_workbook(["a", "b"], [], p), "MW-D116", "no rows"),
    "malformed JSON line": ("t.jsonl", b'{"a": 1}\n{"a": 2}\n{"a": \n{"a": 4}\n', "MW-D121", "line 3"),
    "JSON line of a number": ("t.jsonl", b'{"a": 1}\n5\n', "MW-D121", "line 2"),
    "JSON array of numbers": ("t.json", b"[1, 2]", "MW-D121", "item 1"),
    "empty JSON": ("t.json", b"[]", "MW-D116", "no records"),
    "not SQLite": ("t.db", b"hello" * 100, "MW-D124", "SQLite"),
    "all columns empty": ("t.csv", b"a,b\n,NA\n-,\n", "MW-D133", "no column"),
    "endless quote": ("t.csv", b'a,b\n1,"x\n' + b"2,y\n" * 50, "MW-D117", "line 2"),
}


@pytest.mark.parametrize("name", list(CASES))
def test_bad_files(tmp_path, name):
    file, content, code, words = CASES[name]
    path = tmp_path / file
    if callable(content):
        content(path)
    else:
        path.write_bytes(content)
    before = {p: p.read_bytes() if p.stat().st_size < 1 << 20 else None for p in tmp_path.iterdir()}
    with pytest.raises(DataError) as caught:
        read_table(path)
    assert caught.value.code == code
    assert words in caught.value.what
    assert caught.value.fix
    assert before == {p: p.read_bytes() if p.stat().st_size < 1 << 20 else None for p in tmp_path.iterdir()}


def test_absent_file(tmp_path):
    with pytest.raises(DataError, match=r"does not exist.*MW-D110"):
        read_table(tmp_path / "absent.csv")
    with pytest.raises(DataError, match=r"does not exist.*MW-D110"):
        read_table(f"sqlite:///{tmp_path}/absent.db", query="t")


def test_empty_folder(tmp_path):
    (tmp_path / "notes.md").write_text("hello")
    with pytest.raises(DataError, match=r"holds no data file.*MW-D130"):
        read_table(tmp_path)


def test_no_permission(tmp_path, monkeypatch):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n")
    path.chmod(0)
    if os.access(path, os.R_OK):  # the superuser may read everything
        genuine = open

        def refuse(file, *args, **kwargs):
            if str(file) == str(path):
                raise PermissionError(13, "Permission denied", file)
            return genuine(file, *args, **kwargs)

        monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(DataError, match=r"may not be read.*MW-D111"):
        read_table(path)


def test_one_row_is_a_table(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,x\n")
    table, source = read_table(tmp_path / "t.csv")
    assert table.num_rows == source.n_rows == 1


def test_unknown_sheet(tmp_path):
    write_workbook(["a"], [["1"]], tmp_path / "t.xlsx")
    with pytest.raises(UsageError, match=r"no sheet 'prediction'.*did you mean 'predictions'.*MW-U111"):
        read_table(tmp_path / "t.xlsx", query="prediction")


def test_wrong_column_in_a_query(tmp_path):
    _sqlite(tmp_path / "t.db")
    with pytest.raises(DataError, match=r"no such column: b.*MW-D126"):
        read_table(tmp_path / "t.db", query="select b from t")
    with pytest.raises(DataError, match=r"no rows.*MW-D116"):
        read_table(tmp_path / "t.db", query="select a from t where a > 5")


def test_locked_database(tmp_path, monkeypatch):
    _sqlite(tmp_path / "t.db")
    monkeypatch.setattr("modelwright.data.readers.sqlite.LOCK_SECONDS", 0.1)
    holder = sqlite3.connect(tmp_path / "t.db", isolation_level=None)
    holder.execute("begin exclusive")
    try:
        with pytest.raises(DataError, match=r"locked.*MW-D125"):
            read_table(tmp_path / "t.db")
    finally:
        holder.close()


def test_damaged_database(tmp_path):
    _sqlite(tmp_path / "t.db")
    data = (tmp_path / "t.db").read_bytes()
    (tmp_path / "t.db").write_bytes(data[:100] + b"\xff" * (len(data) - 100))
    with pytest.raises(DataError, match="MW-D124"):
        read_table(tmp_path / "t.db")


def test_a_query_where_it_means_nothing(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,x\n")
    for source in (tmp_path / "t.csv", tmp_path, {"a": [1]}):
        with pytest.raises(UsageError, match="MW-U120"):
            read_table(source, query="select 1")
