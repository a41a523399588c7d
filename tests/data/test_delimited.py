"""Delimited texts: dialects, encodings, compression, repairs."""

from __future__ import annotations

import bz2
import gzip
import lzma

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.data.readers import delimited
from modelwright.data.readers.encoding import MIXED, MIXED_NOTE
from modelwright.data.reading import read_table
from modelwright.errors import DataError


def read(tmp_path, content, name="t.csv", **options):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_table(path, **options)


ROWS = [("Zoë", "1,5", "x y"), ("Ann", "22,75", "z"), ("Bob", "3,25", "")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^", "\x1f"])
def test_delimiters(tmp_path, delimiter):
    text = "\n".join(delimiter.join(f'"{c}"' for c in row) for row in [("name", "size", "note"), *ROWS])
    table, source = read(tmp_path, text)
    assert table.column_names == ["name", "size", "note"]
    assert table.to_pylist() == [dict(zip(("name", "size", "note"), row, strict=True)) for row in ROWS]
    assert source.n_rows == source.n_rows_read == 3
    assert source.format == "csv"


def test_semicolons_with_decimal_commas_and_no_quotes(tmp_path):
    table, source = read(tmp_path, "a;b\n1,5;2,3\n2,5;4,1\n3,75;9,9\n")
    assert source.options["delimiter"] == ";"
    assert table.column("a").to_pylist() == ["1,5", "2,5", "3,75"]


def test_semicolons_with_decimal_commas_without_header(tmp_path):
    table, source = read(tmp_path, "1,5;2,3\n2,5;4,1\n3,75;9,9\n")
    assert source.options == {"delimiter": ";", "encoding": "utf-8", "header": "no"}
    assert table.column_names == ["x0", "x1"]


def test_blanks_between_cells(tmp_path):
    table, source = read(tmp_path, "  18.0   8  307.0\n  15.0   8  350.0\n 9.25 12  18.0\n", "auto.data")
    assert source.options["delimiter"] == "blanks"
    assert table.column("x0").to_pylist() == ["18.0", "15.0", "9.25"]


def test_blank_after_the_delimiter_before_quotes(tmp_path):
    table, _ = read(tmp_path, 'a, b\n1, "x, y"\n2, "z"\n')
    assert table.to_pydict() == {"a": ["1", "2"], "b": ["x, y", "z"]}


def test_excels_first_line_names_the_delimiter(tmp_path):
    table, _ = read(tmp_path, "sep=;\r\na;b\r\n1;2\r\n")
    assert table.to_pydict() == {"a": ["1"], "b": ["2"]}


def test_one_column_of_texts_with_commas(tmp_path):
    table, _ = read(tmp_path, "text\nhello, world\nno comma\nagain, two, three\nplain\n")
    assert table.column("text").to_pylist() == ["hello, world", "no comma", "again, two, three", "plain"]


def test_tabs_in_texts_do_not_make_a_table_of_tabs(tmp_path):
    rows = "".join(f'ham,"Well, number {i}.\t11\t9"\nspam,call now {i}\t29\t6\n' for i in range(20))
    table, _ = read(tmp_path, "label,text\n" + rows)
    assert table.column_names == ["label", "text"]
    assert set(table.column("label").to_pylist()) == {"ham", "spam"}


def test_newlines_and_doubled_quotes_in_cells(tmp_path):
    table, _ = read(tmp_path, 'a,b\n"line 1\nline 2","say ""hi"""\nx,y\n')
    assert table.column("a").to_pylist() == ["line 1\nline 2", "x"]
    assert table.column("b").to_pylist() == ['say "hi"', "y"]


def test_single_quotes(tmp_path):
    table, source = read(tmp_path, "a,b\n'x, y','-1'\n'z','1'\n")
    assert source.options["quote"] == "'"
    assert table.to_pydict() == {"a": ["x, y", "z"], "b": ["-1", "1"]}


def test_apostrophes_are_no_quotes(tmp_path):
    table, _ = read(tmp_path, "a,b\n'tis,don't\nrock 'n' roll,o'clock\n")
    assert table.column("a").to_pylist() == ["'tis", "rock 'n' roll"]


GROUPED = "Auftrag;;Ware;;;Kunde\n"
NAMED = "Nr;Datum;Betrag;Menge;Farbe;Art\n"
SOLD = "".join(f"A-{i};0{i + 1}.02.2024;{i}1,50;{i + 1};rot;neu\n" for i in range(6))


def test_two_rows_of_names(tmp_path):
    table, source = read(tmp_path, GROUPED + NAMED + SOLD)
    assert table.column_names == ["Nr", "Datum", "Betrag", "Menge", "Farbe", "Art"] and table.num_rows == 6
    assert any("two rows name the columns" in note for note in source.notes)
    assert read(tmp_path, "Verkauf 2024;;;;;\n" + GROUPED + NAMED + SOLD)[0].equals(table)


def test_two_rows_of_names_that_repeat_have_both(tmp_path):
    text = "id,north,north,south,south\n,sold,paid,sold,paid\n" + "".join(f"c{i},{i},2,{i},4\n" for i in range(6))
    table, _ = read(tmp_path, text)
    assert table.column_names == ["id", "north sold", "north paid", "south sold", "south paid"]
    assert table.num_rows == 6


@pytest.mark.parametrize(
    "text",
    [
        ",colour,size\nr1,red,?\nr2,red,3\nr3,blue,4\nr4,red,5\n",  # row names, and a number that is not known
        "name,colour,size\nann,red,unknown\nbob,blue,3\ncat,red,4\ndan,red,5\n",  # every column has its name
        ",colour,shape\nr1,red,round\nr2,blue,flat\nr3,green,long\nr4,grey,thin\n",  # words alone
    ],
)
def test_a_first_row_of_data_is_no_second_row_of_names(tmp_path, text):
    table, source = read(tmp_path, text)
    assert table.num_rows == 4 and not any("two rows" in note for note in source.notes)


def test_newline_in_a_header_name(tmp_path):
    table, _ = read(tmp_path, '"first\nname",b\nx,1\ny,2\n')
    assert table.column_names == ["first name", "b"]
    assert table.num_rows == 2


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("5.1,3.5,setosa\n4.9,3.0,setosa\n6.0,2.2,virginica\n", ["x0", "x1", "x2"]),
        ("p,x,s\np,x,y\ne,b,s\np,x,s\ne,x,y\n", ["x0", "x1", "x2"]),
        ("class,shape,surface\np,x,y\ne,b,s\np,x,s\n", ["class", "shape", "surface"]),
        ("country,2019,2020\nPeru,1.5,2.5\nChile,3.5,1.0\n", ["country", "2019", "2020"]),
        ("0,1,2\n5.5,7.25,9\n6.5,1.5,8\n", ["0", "1", "2"]),
        ("name,age\nAnn,30\n", ["name", "age"]),
        ("7,30\n", ["x0", "x1"]),
        ("city\nParis\nRome\n", ["city"]),
    ],
)
def test_header_or_none(tmp_path, text, names):
    table, _ = read(tmp_path, text)
    assert table.column_names == names


def test_headerless_is_told(tmp_path):
    _, source = read(tmp_path, "1,2\n3,4\n")
    assert source.options["header"] == "no"
    assert any("no header" in n for n in source.notes)


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [("utf-8", b""), ("utf-8-sig", b""), ("utf-16", b""), ("utf-16-le", b""), ("utf-16-be", b""), ("cp1252", b"")],
)
def test_encodings(tmp_path, encoding, mark):
    text = "naïve,prix €\n" + "".join(f"café {i},{i}\n" for i in range(50))
    table, source = read(tmp_path, mark + text.encode(encoding))
    assert table.column_names == ["naïve", "prix €"]
    assert table.column("naïve")[3].as_py() == "café 3"
    assert source.options["encoding"].replace("-sig", "") in (encoding, encoding.replace("-sig", ""))


def test_cyrillic_in_an_old_encoding(tmp_path):
    rows = "".join(f"Москва и область {i},{i}\nСанкт-Петербург,{i}\n" for i in range(40))
    table, _ = read(tmp_path, ("город,число\n" + rows).encode("cp1251"))
    assert table.column_names == ["город", "число"]


def test_a_late_byte_of_another_encoding(tmp_path):
    text = b"a,b\n" + b"plain,1\n" * 200_000 + "café,2\n".encode("cp1252")
    table, source = read(tmp_path, text)
    assert table.column("a")[-1].as_py() == "café"
    assert source.options["encoding"] == "cp1252"


HALVES = [("Köln", "utf-8"), ("München", "cp1252"), ("Łódź", "utf-8"), ("Besançon", "cp1252"), ("Rome", "ascii")]


@pytest.mark.parametrize("times", [1, 40, 30_000])
@pytest.mark.parametrize("first", [0, 1])
def test_lines_in_two_encodings_are_read_as_what_they_are(tmp_path, times, first):
    half = [("".join(f"{n},1\n" for n, e in HALVES if (e == "utf-8") == u) * times, u) for u in (True, False)]
    half = half[first:] + half[:first]
    content = b"city,n\n" + b"".join(text.encode("utf-8" if u else "cp1252") for text, u in half)
    table, source = read(tmp_path, content)
    assert (
        "city,n\n" + "".join(f"{c},1\n" for c in table.column("city").to_pylist())
        == "city,n\n" + half[0][0] + half[1][0]
    )
    assert source.options["encoding"] == MIXED and source.notes == (MIXED_NOTE,)
    sampled, told = read(tmp_path, content, memory_bytes=300_000) if times > 40 else (table, source)
    assert set(sampled.column("city").to_pylist()) == {n for n, _ in HALVES} and MIXED_NOTE in told.notes


@pytest.mark.parametrize(
    ("encoding", "texts"),
    [
        ("cp1252", ["NÃO", "Ângela", "façade", "“où”", "5 £", "MÜLLER"]),
        ("cp1251", ["Москва и область", "Санкт-Петербург", "«Уют»", "Орёл"]),
        ("gb18030", ["中", "文字", "数据", "北京市", "人", "上海"]),
        ("shift_jis", ["日本", "東京都", "データ", "人", "山田", "京"]),
        ("euc_kr", ["서울", "부산", "데이터", "김", "한국어", "이"]),
    ],
)
def test_one_encoding_is_no_mixture(tmp_path, encoding, texts):
    content = "name,n\n" + "".join(f"{text},{i}\n" for i in range(40) for text in texts)
    _, source = read(tmp_path, content.encode(encoding))
    assert source.options["encoding"] != MIXED and not source.notes


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_newlines(tmp_path, newline):
    table, _ = read(tmp_path, newline.join(["a,b", "1,x", "2,y", ""]))
    assert table.to_pydict() == {"a": ["1", "2"], "b": ["x", "y"]}


@pytest.mark.parametrize(
    ("suffix", "pack", "kind"),
    [
        (".gz", gzip.compress, "gz"),
        (".bz2", bz2.compress, "bz2"),
        (".xz", lzma.compress, "xz"),
        (".zst", lambda data: pa.compress(data, codec="zstd", asbytes=True), "zst"),
    ],
)
def test_compression_is_told_by_content(tmp_path, suffix, pack, kind):
    data = pack(b"a,b\n1,x\n2,y\n")
    for name in ("t.csv" + suffix, "t.csv"):
        table, source = read(tmp_path, data, name)
        assert table.to_pydict() == {"a": ["1", "2"], "b": ["x", "y"]}
        assert source.options["compression"] == kind


def test_values_stay_as_they_are_written(tmp_path):
    table, _ = read(tmp_path, "a,b,c\n01,NA,\n007, x ,null\n")
    assert table.schema.types == [pa.string()] * 3
    assert table.to_pylist()[1] == {"a": "007", "b": " x ", "c": "null"}


def test_comments_titles_and_blank_lines(tmp_path):
    text = "# made by hand\n# on Monday\n\nMonthly report,,\nname,x,y\nAnn,1,2\n\n# a remark\nBob,3,4\n"
    table, source = read(tmp_path, text)
    assert table.to_pydict() == {"name": ["Ann", "Bob"], "x": ["1", "3"], "y": ["2", "4"]}
    assert any("comment" in n for n in source.notes)


def test_a_header_that_looks_like_a_comment(tmp_path):
    table, _ = read(tmp_path, "#id,size\n1,2.5\n2,3.5\n")
    assert table.column_names == ["id", "size"]


def test_trailing_delimiters(tmp_path):
    for text in ("a,b,\n1,x,\n2,y,\n", "a,b\n1,x,\n2,y,\n", "a,b,\n1,x\n2,y\n"):
        table, source = read(tmp_path, text)
        assert table.to_pydict() == {"a": ["1", "2"], "b": ["x", "y"]}, text
        assert any("delimiter" in n for n in source.notes)


def test_row_names_without_a_name(tmp_path):
    for text in (",a,b\n1,x,5\n2,y,6\n", '"a","b"\n"1","x",5\n"2","y",6\n'):
        table, _ = read(tmp_path, text)
        assert table.to_pydict() == {"unnamed_0": ["1", "2"], "a": ["x", "y"], "b": ["5", "6"]}


def test_doubled_and_padded_names(tmp_path):
    table, source = read(tmp_path, "price,price, size ,price.1\n1,2,3,4\n5,6,7,8\n")
    assert table.column_names == ["price", "price.2", "size", "price.1"]
    assert any("more than one column is named 'price'" in n for n in source.notes)
    assert any("blanks" in n and "'size'" in n for n in source.notes)


def test_short_rows_are_filled_and_long_rows_left_out(tmp_path):
    good = "".join(f"{i},x,y\n" for i in range(100))
    table, source = read(tmp_path, "a,b,c\n" + good + "100,x\n101,x,y,z\n")
    assert table.num_rows == 101
    assert table.to_pylist()[-1] == {"a": "100", "b": "x", "c": ""}
    assert any("fewer cells" in n and "line 102" in n for n in source.notes)
    assert any("more cells" in n and "line 103" in n for n in source.notes)


def test_too_ragged_is_refused(tmp_path):
    text = "a,b,c\n" + "1,2,3\n" * 10 + "1,2,3,4\n" * 5
    with pytest.raises(DataError, match=r"ragged: 5 rows .*line 12.*MW-D117"):
        read(tmp_path, text)


def test_a_quote_that_never_ends(tmp_path):
    text = 'a,b\n1,x\n2,"never closed\n' + "3,y\n" * 50
    with pytest.raises(DataError, match=r"in line 3 .* is never closed.*MW-D117"):
        read(tmp_path, text)
    table, _ = read(tmp_path, 'size,b\n5",x\n7 1/2",y\n6",z\n')  # inches
    assert table.column("size").to_pylist() == ['5"', '7 1/2"', '6"']


def test_larger_than_memory_is_sampled(tmp_path):
    n = 60_000
    text = "id,label\n" + "".join(f"{i},{'ab'[i % 2]}\n" for i in range(n))
    table, source = read(tmp_path, text, memory_bytes=200_000, seed=3)
    ids = [int(v) for v in table.column("id").to_pylist()]
    assert source.n_rows == n
    assert 1000 <= source.n_rows_read == table.num_rows < n / 4
    assert ids == sorted(ids)
    assert abs(sum(ids) / len(ids) - n / 2) < n * 0.05
    assert any("uniform random sample" in note for note in source.notes)
    again, _ = read(tmp_path, text, memory_bytes=200_000, seed=3)
    assert again.equals(table)
    packed, source = read(tmp_path, gzip.compress(text.encode()), "t.csv.gz", memory_bytes=200_000, seed=3)
    assert source.n_rows == n
    assert packed.num_rows < n


def test_sampled_in_another_encoding(tmp_path):
    text = "größe;wert\n" + "".join(f"süß {i};{i}\n" for i in range(60_000))
    table, source = read(tmp_path, text.encode("cp1252"), memory_bytes=200_000)
    assert table.column_names == ["größe", "wert"]
    assert source.n_rows == 60_000


def test_sampled_keeps_ends_of_lines_within_quotes_wherever_a_block_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(delimited, "SAMPLED_BLOCK_BYTES", 1 << 10)
    rows = [f'"{"x" * (i % 40)}\r\nb",{i}\r\n' for i in range(30_000)]
    table, source = read(tmp_path, "name,n\r\n" + "".join(rows), memory_bytes=200_000)
    assert source.n_rows == 30_000
    for name, n in zip(*(table.column(c).to_pylist() for c in ("name", "n")), strict=True):
        assert name == "x" * (int(n) % 40) + "\r\nb"


def test_sampled_with_cells_apart_by_blanks(tmp_path):
    text = "time   value\n" + "".join(f"{i:>7}  {i % 7}   \n" for i in range(60_000))
    table, source = read(tmp_path, text, memory_bytes=200_000)
    assert source.n_rows == 60_000 and table.num_rows < 60_000
    assert all(int(t) % 7 == int(v) for t, v in zip(*(c.to_pylist() for c in table.columns), strict=True))


cells = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r", exclude_categories=("Cc", "Cs")), max_size=12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=12))
def test_what_python_writes_is_read_back(tmp_path_factory, rows):
    import csv

    path = tmp_path_factory.mktemp("csv") / "t.csv"
    with open(path, "w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle, quoting=csv.QUOTE_ALL)
        writer.writerows([("name_a", "name_b", "name_c"), ("text one", "text two", "7"), *rows])
    table, _ = read_table(path)
    assert [tuple(r.values()) for r in table.to_pylist()][1:] == rows
