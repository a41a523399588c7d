"""Parquet, Arrow, JSON lines, Excel, SQLite, folders and tables in memory."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import sqlite3

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from modelwright.data.reading import read_table
from modelwright.data.streaming import open_stream
from modelwright.data.workbook import write_workbook
from modelwright.errors import DataError, UsageError

FRAME = pd.DataFrame({"a": [1, 2], "b": ["x", None]})
TABLE = pa.table({"n": [1, 2, None], "x": [0.5, None, 2.5], "s": ["a", None, "c"], "b": [True, False, None]})


def test_parquet(tmp_path):
    pq.write_table(TABLE, tmp_path / "t.parquet")
    table, source = read_table(tmp_path / "t.parquet")
    assert table.equals(TABLE)
    assert (source.format, source.n_rows, source.n_columns) == ("parquet", 3, 4)
    assert source.digest.startswith("sha256:")
    assert source.n_bytes == (tmp_path / "t.parquet").stat().st_size


def test_times_of_a_zone_are_read_in_utc_and_told(tmp_path):
    midnight = pd.to_datetime(["2024-01-01", "2024-02-01"])
    zoned, utc = midnight.tz_localize("Europe/Berlin"), midnight.tz_localize("UTC")
    pd.DataFrame({"month": zoned, "seen": utc, "plain": midnight}).to_parquet(tmp_path / "t.parquet")
    table, source = read_table(tmp_path / "t.parquet")
    assert pd.Timestamp(table.column("month")[0].as_py()).tz_convert("UTC").hour == 23
    (note,) = source.notes
    assert note.startswith("'month': times of zone Europe/Berlin are read in UTC")


def test_line_breaks_in_names_are_told_as_such(tmp_path):
    pq.write_table(pa.table({"income\n(EUR)": [1], " age": [2]}), tmp_path / "t.parquet")
    table, source = read_table(tmp_path / "t.parquet")
    assert table.column_names == ["income (EUR)", "age"]
    assert source.notes == (
        "blanks around the name removed: 'age'",
        "line breaks in the name are blanks: 'income (EUR)'",
    )


def test_a_wrong_name_is_told(tmp_path):
    pq.write_table(TABLE, tmp_path / "t.csv")
    table, source = read_table(tmp_path / "t.csv")
    assert table.equals(TABLE)
    assert source.format == "parquet"
    assert "its content is parquet" in source.notes[0]


@pytest.mark.parametrize("kind", ["file", "stream", "feather"])
def test_arrow(tmp_path, kind):
    path = tmp_path / "t.arrow"
    if kind == "feather":
        feather.write_feather(TABLE, str(path))
    else:
        opened = pa.ipc.new_file if kind == "file" else pa.ipc.new_stream
        with opened(str(path), TABLE.schema) as writer:
            writer.write_table(TABLE)
    table, source = read_table(path)
    assert table.equals(TABLE)
    assert source.format == "arrow"


@pytest.mark.parametrize("kind", ["parquet", "arrow", "jsonl"])
def test_larger_than_memory(tmp_path, kind):
    n = 50_000
    big = pa.table({"i": np.arange(n), "s": [f"text number {i}" for i in range(n)]})
    path = tmp_path / f"t.{kind}"
    if kind == "parquet":
        pq.write_table(big, path, row_group_size=5000)
    elif kind == "arrow":
        with pa.ipc.new_file(str(path), big.schema) as writer:
            writer.write_table(big, max_chunksize=5000)
    else:
        path.write_text("".join(json.dumps({"i": i, "s": f"text number {i}"}) + "\n" for i in range(n)))
    table, source = read_table(path, memory_bytes=200_000, seed=1)
    assert source.n_rows == n
    assert 1000 <= table.num_rows == source.n_rows_read < n / 2
    rows = table.column("i").to_numpy()
    assert (np.diff(rows) > 0).all()
    assert abs(rows.mean() - n / 2) < 0.06 * n


def test_types_are_made_plain(tmp_path):
    rich = pa.table(
        {
            "dictionary": pa.array(["a", "b"]).dictionary_encode(),
            "decimal": pa.array([decimal.Decimal("1.50"), None]),
            "time": pa.array([dt.time(1, 30), None]),
            "date": pa.array([dt.date(2020, 1, 2), None]),
            "list": pa.array([[1, 2], None]),
            "struct": pa.array([{"k": 1, "l": "x"}, None]),
            "map": pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int64())),
            "binary": pa.array([b"abc", b"\xff\xfe"]),
            "null": pa.nulls(2),
            "large": pa.array(["x", "y"], pa.large_string()),
            "view": pa.array(["x", "y"], pa.string_view()),
            "views": pa.DictionaryArray.from_arrays([0, 1], pa.array(["x", "y"], pa.string_view())),
        }
    )
    with pa.ipc.new_file(str(tmp_path / "t.arrow"), rich.schema) as writer:
        writer.write_table(rich)
    table, source = read_table(tmp_path / "t.arrow")
    row = table.to_pylist()[0]
    assert row["dictionary"] == "a"
    assert row["decimal"] == 1.5
    assert table.select(["view", "views"]).to_pylist() == [{"view": "x", "views": "x"}, {"view": "y", "views": "y"}]
    assert row["time"] == dt.timedelta(hours=1, minutes=30)
    assert row["date"] == dt.date(2020, 1, 2)
    assert json.loads(row["list"]) == [1, 2]
    assert json.loads(row["struct"]) == {"k": 1, "l": "x"}
    assert json.loads(row["map"]) == {"k": 1}
    assert row["binary"] == "abc"
    assert table.column("null").null_count == 2
    assert any("'list', 'struct', 'map', 'binary'" in n for n in source.notes)


@pytest.mark.parametrize("kind", [pa.decimal64(18, 9), pa.decimal128(38, 9), pa.decimal256(60, 9)])
def test_decimals_are_the_numbers_that_their_texts_are(kind):
    texts = ["0.1", "1.005", "123456789.123456789", "-7.000000001", "98765.4321"]
    values = [decimal.Decimal(t).quantize(decimal.Decimal("1e-9")) for t in texts]
    table, _ = read_table(pa.table({"d": pa.array([*values, None], kind)}))
    assert table.column("d").to_pylist() == [*map(float, texts), None]


def test_json_lines_with_other_keys_and_types(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text('{"a": 1, "b": "x"}\n\n{"a": 2.5, "c": [1, {"k": null}]}\n{"a": null, "b": 3}\n')
    table, source = read_table(path)
    assert table.column("a").to_pylist() == [1.0, 2.5, None]
    assert table.column("b").to_pylist() == ["x", None, "3"]
    assert json.loads(table.column("c").to_pylist()[1]) == [1, {"k": None}]
    assert source.n_rows == 3
    lacking = "keys that a row lacks are read as missing, of 3 rows: 'b' in 1, 'c' in 2"
    assert source.notes[-1] == lacking
    with open_stream(path, small_bytes=0) as stream:
        assert lacking in stream.notes()


def test_json_lines_that_lack_no_key_say_nothing(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text('{"a": 1, "b": null}\n{"b": 2, "a": 3}\n')
    assert read_table(path)[1].notes == ()
    with open_stream(path, small_bytes=0) as stream:
        assert stream.notes() == ()
    path.write_text("\n".join(f'{{"k{i}": 1}}' for i in range(20)))
    assert read_table(path)[1].notes[-1].endswith("'k7' in 19 and 12 more keys")


@pytest.mark.parametrize(
    "text",
    [
        '[{"a": 1, "b": "x"}, {"a": 2, "b": null}]',
        ' [\n {"a": 1, "b": "x"},\n {"a": 2}\n]\n',
        '{"data": [{"a": 1, "b": "x"}, {"a": 2}],\n "more": 1}',
        '{"data": [{"a": 1, "b": "x"}, {"a": 2}], "more": 1}\n',
        *(FRAME.to_json(orient=orient) for orient in ("columns", "index", "split")),
        json.dumps(FRAME.to_dict(orient="list")).replace("NaN", "null"),
    ],
)
@pytest.mark.parametrize("small_bytes", [0, 1 << 20])
def test_json_documents(tmp_path, text, small_bytes):
    (tmp_path / "t.json").write_text(text)
    assert read_table(tmp_path / "t.json")[0].to_pydict() == {"a": [1, 2], "b": ["x", None]}
    with open_stream(tmp_path / "t.json", small_bytes=small_bytes) as stream:
        assert [row for table in stream.tables() for row in table.to_pylist()] == [
            {"a": 1, "b": "x"},
            {"a": 2, "b": None},
        ]


@pytest.mark.parametrize("small_bytes", [0, 1 << 20])
def test_one_row_of_json_lines_is_a_row(tmp_path, small_bytes):
    row = {"a": 1, "items": [{"n": 1}, {"n": 2}]}
    (tmp_path / "t.jsonl").write_text(json.dumps(row) + "\n")
    with open_stream(tmp_path / "t.jsonl", small_bytes=small_bytes) as stream:
        (told,) = [row for table in stream.tables() for row in table.to_pylist()]
    assert told["a"] == 1
    assert json.loads(told["items"]) == row["items"]


def test_an_object_that_is_no_table_is_one_row(tmp_path):
    (tmp_path / "t.json").write_text('{"a": 1, "b": {"c": 2}, "d": {"e": 3}}')
    assert read_table(tmp_path / "t.json")[0].num_rows == 1


def test_excel(tmp_path):
    rows = [["sales of May", None, None], ["name", "amount", "when"], ["Ann", 1.5, "2020-01-02"], ["Bob", None, None]]
    write_workbook(rows[0], rows[1:], tmp_path / "t.xlsx")
    table, source = read_table(tmp_path / "t.xlsx")
    assert table.column_names == ["name", "amount", "when"]
    assert table.column("amount").to_pylist() == [1.5, None]
    assert source.options == {"sheet": "predictions"}
    assert "before the header" in source.notes[0]


def test_sqlite(tmp_path):
    path = tmp_path / "shop.db"
    connection = sqlite3.connect(path)
    connection.executescript("create table sales (id integer, amount real, name text); create table other (x)")
    connection.executemany("insert into sales values (?, ?, ?)", [(1, 1.5, "a"), (2, None, "b"), (3, 2.0, None)])
    connection.commit()
    connection.close()
    table, source = read_table(path, query="sales")
    assert table.to_pylist()[1] == {"id": 2, "amount": None, "name": "b"}
    assert source.format == "sqlite"
    table, _ = read_table(path, query="select id, amount * 2 as twice from sales where amount > 1")
    assert table.to_pydict() == {"id": [1, 3], "twice": [3.0, 4.0]}
    table, _ = read_table(f"sqlite:///{path}", query="sales")
    assert table.num_rows == 3
    with pytest.raises(UsageError, match=r"2 tables: sales, other.*MW-U112"):
        read_table(path)
    with pytest.raises(UsageError, match=r"no table 'sale'.*did you mean 'sales'.*MW-U113"):
        read_table(path, query="sale")
    with pytest.raises(UsageError, match="MW-U114"):
        read_table(path, query="delete from sales")


def test_the_only_table_needs_no_query(tmp_path):
    connection = sqlite3.connect(tmp_path / "one.sqlite")
    connection.executescript("create table t (a, b); insert into t values (1, 'x'), ('two', 'y')")
    connection.close()
    table, _ = read_table(tmp_path / "one.sqlite")
    assert table.to_pydict() == {"a": ["1", "two"], "b": ["x", "y"]}


def test_sqlite_larger_than_memory(tmp_path):
    connection = sqlite3.connect(tmp_path / "big.db")
    connection.execute("create table t (i integer)")
    connection.executemany("insert into t values (?)", [(i,) for i in range(60_000)])
    connection.commit()
    connection.close()
    table, source = read_table(tmp_path / "big.db", memory_bytes=400_000)
    assert source.n_rows == 60_000
    assert 1000 <= table.num_rows < 10_000
    assert abs(np.mean(table.column("i").to_numpy()) - 30_000) < 3000


def test_a_folder(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,p\n")
    (tmp_path / "b.csv").write_text("y,x\nq,2\n")
    (tmp_path / "README.md").write_text("hello")
    (tmp_path / ".hidden.csv").write_text("z\n1\n")
    table, source = read_table(tmp_path)
    assert table.to_pydict() == {"x": ["1", "2"], "y": ["p", "q"]}
    assert (source.format, source.n_rows, source.options["files"]) == ("folder", 2, "2")
    assert any("README.md" in n for n in source.notes)


def test_a_sheet_with_a_title_and_two_rows_of_names(tmp_path):
    groups, names = ["order", None, "goods", None], ["no", "day", "paid", "note"]
    rows = [[f"A{i}", "2024-01-02", 1.5 + i, "ok"] for i in range(5)]
    write_workbook(["Sales 2024"], [[], groups, names, *rows], tmp_path / "t.xlsx")
    table, source = read_table(tmp_path / "t.xlsx")
    assert table.column_names == names and table.num_rows == 5
    assert table.column("paid").to_pylist() == [1.5, 2.5, 3.5, 4.5, 5.5]
    assert any("two rows name the columns" in note for note in source.notes)


def test_a_folder_of_mixed_types(tmp_path):
    pq.write_table(pa.table({"x": [1, 2]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"x": ["u"]}), tmp_path / "b.parquet")
    table, source = read_table(tmp_path)
    assert table.column("x").to_pylist() == ["1", "2", "u"]
    assert any("differs" in n for n in source.notes)


def test_a_folder_of_different_columns(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,p\n")
    (tmp_path / "b.csv").write_text("x,z\n1,p\n")
    with pytest.raises(DataError, match=r"'b.csv' lacks 'y' and has also 'z'.*MW-D131"):
        read_table(tmp_path)


def test_pandas():
    frame = pd.DataFrame(
        {
            "mixed": [1, "a", None, 2.5],
            "cat": pd.Categorical(["u", "v", None, "u"]),
            "int": pd.array([1, None, 3, 4], dtype="Int64"),
            "flag": pd.array([True, None, False, True], dtype="boolean"),
            "when": pd.to_datetime(["2020-01-01", None, "2020-01-03", "2020-01-04"]),
            "float": [1.0, np.nan, 3.0, 4.0],
            "object": [{"k": 1}, [1], None, "x"],
            "period": pd.period_range("2020-01", periods=4, freq="M"),
        },
        index=pd.Index([3, 1, 2, 0], name="key"),
    )
    table, source = read_table(frame)
    assert table.column("mixed").to_pylist() == ["1", "a", None, "2.5"]
    assert table.column("cat").to_pylist() == ["u", "v", None, "u"]
    assert table.column("int").to_pylist() == [1, None, 3, 4]
    assert table.column("flag").to_pylist() == [True, None, False, True]
    assert table.column("float").null_count == 1
    assert table.column("when").to_pylist()[0] == dt.datetime(2020, 1, 1)
    assert table.column("object").to_pylist() == ['{"k": 1}', "[1]", None, "x"]
    assert table.column("period").to_pylist()[1] == dt.datetime(2020, 2, 1)
    assert any("index" in n and "key" in n for n in source.notes)
    assert source.location == "<memory>"


def test_pandas_names():
    frame = pd.DataFrame(np.arange(8).reshape(2, 4), columns=["a", "a", 5, " b "])
    table, source = read_table(frame)
    assert table.column_names == ["a", "a.1", "5", "b"]
    assert any("more than one" in n for n in source.notes)
    frame.columns = pd.MultiIndex.from_tuples([("p", "x"), ("p", "y"), ("q", ""), ("r", "z")])
    assert read_table(frame)[0].column_names == ["p.x", "p.y", "q", "r.z"]


def test_polars_arrow_and_mappings():
    expected = {"a": [1, 2], "b": ["x", None]}
    frame = pl.DataFrame(expected)
    for thing in (frame, frame.lazy(), pa.table(expected), pa.RecordBatch.from_pydict(expected), expected):
        table, source = read_table(thing)
        assert table.to_pydict() == expected
        assert source.format == "memory"
    categories = pl.DataFrame({"c": pl.Series(["u", "v"], dtype=pl.Categorical)})
    assert read_table(categories)[0].to_pydict() == {"c": ["u", "v"]}


def test_digest_is_of_the_content(tmp_path):
    whole = pa.table({"a": list(range(10))})
    parts = pa.concat_tables([whole.slice(0, 4), whole.slice(4)])
    assert read_table(whole)[1].digest == read_table(parts)[1].digest
    assert read_table(whole)[1].digest != read_table(whole.slice(1))[1].digest


def test_things_that_are_no_table():
    with pytest.raises(UsageError, match="MW-U110"):
        read_table(object())
    with pytest.raises(DataError, match=r"no rows.*MW-D116"):
        read_table(pd.DataFrame({"a": []}))
    with pytest.raises(DataError, match=r"no columns.*MW-D116"):
        read_table(pd.DataFrame())
    with pytest.raises(DataError, match="MW-D132"):
        read_table({"a": [1], "b": [1, 2]})
