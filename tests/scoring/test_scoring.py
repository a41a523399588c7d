"""A file of any size: the answers of the same rows one at a time, judged as one table, whatever the chunks."""

from __future__ import annotations

import gzip
import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from modelwright.data.reading import read_table
from modelwright.data.writing import write_table
from modelwright.errors import ContractError, DataError, ModelwrightError, UsageError
from modelwright.evaluate.conformal import fit_sets
from modelwright.package.uncertainty import Uncertainty
from modelwright.scoring import score_file, scored
from modelwright.scoring import working as module

from .conftest import csv_of, rows

N = 700


@pytest.fixture(autouse=True)
def many_parts(monkeypatch):
    """Parts of a few hundred rows, so that there are some; nothing is read at once."""
    monkeypatch.setattr(module, "PART_ROWS", 150)
    monkeypatch.setattr("modelwright.data.streaming._Opener._small", lambda self, path, size: None)


def left(folder: Path) -> set[str]:
    return {p.name for p in folder.iterdir()}


def write(table: pa.Table, path: Path) -> Path:
    if path.suffix == ".parquet":
        pq.write_table(table, path, row_group_size=130)
    elif path.suffix == ".arrow":
        feather.write_feather(table, str(path), chunksize=90)
    elif path.suffix == ".db":
        with sqlite3.connect(path) as connection:
            names = ", ".join(f'"{n}"' for n in table.column_names)
            connection.execute(f"create table t ({names})")
            marks = ", ".join("?" * table.num_columns)
            connection.executemany(f"insert into t values ({marks})", [tuple(r.values()) for r in table.to_pylist()])
    elif path.suffix == ".gz":
        write_table({n: table.column(n) for n in table.column_names}, path.with_suffix(""))
        path.write_bytes(gzip.compress(path.with_suffix("").read_bytes()))
        path.with_suffix("").unlink()
    elif path.suffix == "":
        path.mkdir()
        write(table.slice(0, 300), path / "a.csv")
        write(table.slice(300), path / "b.csv")
    else:
        write_table({n: table.column(n) for n in table.column_names}, path)
    return path


@pytest.mark.parametrize("chunk_rows", [1, 37, 10_000])
@pytest.mark.parametrize(
    "name", ["t.csv", "t.tsv", "t.csv.gz", "t.parquet", "t.arrow", "t.jsonl", "t.xlsx", "t.db", "folder", "memory"]
)
def test_every_source_has_the_answers_of_one_table(version, tmp_path, name, chunk_rows):
    given = rows(N if chunk_rows > 1 else 60)
    source = given if name == "memory" else write(given, tmp_path / name)
    told = score_file(version, source, tmp_path / "out.parquet", keep=("id", "rooms"), chunk_rows=chunk_rows)
    expected, violations = version.predict(given)
    out = pq.read_table(tmp_path / "out.parquet")
    assert out.column_names == ["id", "rooms", *expected]
    assert out.column("id").to_pylist() == given.column("id").to_pylist()
    for column, values in expected.items():
        np.testing.assert_array_equal(out.column(column).to_numpy(zero_copy_only=False), values)
    assert told.violations == violations and told.n_rows == given.num_rows and told.n_resumed == 0
    assert not {n for n in left(tmp_path) if n.startswith(".")}


def test_rows_alone_have_the_same_answers(version, tmp_path):
    given = rows(40)
    score_file(version, given, tmp_path / "out.parquet", chunk_rows=16)
    out = pq.read_table(tmp_path / "out.parquet").to_pylist()
    for i, row in enumerate(given.to_pylist()):
        alone = {k: v[0] for k, v in version.predict([row])[0].items()}
        assert alone == out[i]


@pytest.mark.parametrize("name", ["o.csv", "o.csv.gz", "o.tsv", "o.parquet", "o.arrow", "o.jsonl", "o.xlsx"])
def test_outputs_are_the_same_bytes_whatever_the_chunks_and_threads(version, tmp_path, name):
    source = csv_of(N, tmp_path / "t.csv")
    found = []
    for chunk_rows, threads in ((10, 1), (64, 3), (None, None)):
        score_file(version, source, tmp_path / name, keep=("note",), chunk_rows=chunk_rows, threads=threads)
        found.append(read_table(tmp_path / name)[0] if name.endswith(".xlsx") else (tmp_path / name).read_bytes())
    assert found[0] == found[1] == found[2]


def odd_rows(bad: int) -> pa.Table:
    """Return rows whose first ``bad`` areas are no numbers, and no others."""
    given = rows(N)
    area = ["large"] * bad + [str(v) for v in range(N - bad)]
    return given.set_column(given.column_names.index("area"), "area", pa.array(area))


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "t.jsonl"])
@pytest.mark.parametrize("chunk_rows", [7, 1000])
def test_a_column_is_judged_over_all_chunks(version, tmp_path, name, chunk_rows):
    """The first chunks are all bad, which says nothing of the whole."""
    source = write(odd_rows(N // 2), tmp_path / name)
    told = score_file(version, source, tmp_path / "out.csv", chunk_rows=chunk_rows)
    assert f"{N // 2} values of column 'area' cannot be read as number" in told.violations[-2].message
    assert told.violations == version.predict(odd_rows(N // 2))[1]
    (tmp_path / "out.csv").write_text("before")
    source = write(odd_rows(N // 2 + 1), tmp_path / f"more-{name}")
    before = left(tmp_path)
    with pytest.raises(ContractError, match=r"'area' is no number: .*MW-C003"):
        score_file(version, source, tmp_path / "out.csv", chunk_rows=chunk_rows)
    assert left(tmp_path) == before and (tmp_path / "out.csv").read_text() == "before"


def test_a_column_that_cannot_be_read_is_refused_as_soon_as_that_is_certain(version, tmp_path):
    source = write(odd_rows(N), tmp_path / "t.parquet")
    seen = []
    with pytest.raises(ContractError, match="MW-C003"):
        score_file(
            version, source, tmp_path / "o.csv", chunk_rows=10, threads=1, progress=lambda n, share: seen.append(n)
        )
    assert max(seen) < N * 0.55


REFUSED = {
    "a missing column": (lambda t: t.drop_columns(["rooms", "area"]), "MW-C001"),
    "no rows": (lambda t: t.slice(0, 0), "MW-D116"),
    "nothing in any cell": (lambda t: pa.table({n: ["NA", None, ""] * 50 for n in t.column_names}), "MW-D133"),
}


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_scored(version, tmp_path, case, name):
    change, code = REFUSED[case]
    source = write(change(rows(200)), tmp_path / name)
    with pytest.raises(ModelwrightError, match=code):
        score_file(version, source, tmp_path / "out.csv", chunk_rows=10)
    assert left(tmp_path) == {name}


def test_values_of_columns_that_the_model_does_not_read_count(version, tmp_path):
    empty = pa.table({n: [None] * 20 if n != "id" else ["x"] * 20 for n in rows(1).column_names})
    source = tmp_path / "t.db"
    write(empty, source)
    assert score_file(version, source, tmp_path / "out.csv").n_rows == 20


@pytest.mark.parametrize(("keep", "code"), [(("idd",), "MW-U101"), (("prediction",), "MW-U011")])
def test_columns_to_keep(version, tmp_path, keep, code):
    source = write(rows(20).append_column("prediction", [["x"] * 20]), tmp_path / "t.csv")
    with pytest.raises(UsageError, match=code):
        score_file(version, source, tmp_path / "out.csv", keep=keep)
    assert left(tmp_path) == {"t.csv"}


def test_intervals(version, tmp_path):
    source = write(rows(300), tmp_path / "t.csv")
    with pytest.raises(UsageError, match="MW-U603"):
        score_file(version, source, tmp_path / "out.csv", interval=0.9)
    assert left(tmp_path) == {"t.csv"}
    truth = np.arange(300) % 2
    likely = np.column_stack([1 - truth, truth]) * 0.4 + 0.3
    sets, note = fit_sets(truth, likely, seed=0)
    sure = replace(version, uncertainty=Uncertainty(fitted=sets, note=note))
    score_file(sure, source, tmp_path / "out.parquet", interval=0.9, chunk_rows=40)
    expected = sure.predict(rows(300), interval=0.9)[0]["set"]
    found = pq.read_table(tmp_path / "out.parquet").column("set").to_pylist()
    assert [json.loads(v) for v in found] == [list(v) for v in expected]
    score_file(sure, source, tmp_path / "out.jsonl", interval=0.9, chunk_rows=40)
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [line["set"] for line in lines] == [list(v) for v in expected]
    score_file(sure, source, tmp_path / "out.csv", interval=0.9)
    assert [json.loads(v) for v in read_table(tmp_path / "out.csv")[0].column("set").to_pylist()] == [
        list(v) for v in expected
    ]


def test_reasons(version, tmp_path):
    source = write(rows(120), tmp_path / "t.csv")
    expected = version.predict(rows(120), reasons=2)[0]["reasons"].tolist()
    for name in ("out.jsonl", "out.parquet"):
        score_file(version, source, tmp_path / name, reasons=2, chunk_rows=50)
    lines = [json.loads(line)["reasons"] for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    texts = pq.read_table(tmp_path / "out.parquet").column("reasons").to_pylist()
    assert lines == [json.loads(text) for text in texts] == expected
    with pytest.raises(UsageError, match="MW-U011"):
        score_file(version, rows(9).append_column("reasons", pa.array(range(9))), tmp_path / "o.csv",
                   reasons=1, keep=("reasons",))  # fmt: skip


def test_a_row_too_long_far_below_is_refused(version, tmp_path):
    source = csv_of(N, tmp_path / "t.csv")
    lines = source.read_text().splitlines()
    lines[600] += ",more"
    source.write_text("\n".join(lines))
    with pytest.raises(DataError, match=r"1 row \(line 601\) with more cells"):
        score_file(version, source, tmp_path / "out.csv", chunk_rows=20)
    lines[600] = lines[600].rsplit(",", 2)[0]
    source.write_text("\n".join(lines))
    told = score_file(version, source, tmp_path / "out.csv", chunk_rows=20)
    assert told.n_rows == N and "1 row (line 601) with fewer cells" in told.notes[0]
    assert left(tmp_path) == {"t.csv", "out.csv"}


def test_names_in_another_spelling(version, tmp_path):
    given = rows(50)
    source = write(given.rename_columns([f" {n.upper()}" for n in given.column_names]), tmp_path / "t.csv")
    told = score_file(version, source, tmp_path / "out.csv")
    assert [v.what for v in told.violations].count("other spelling") == 6


def test_types_that_change_within_a_kept_column(version, tmp_path):
    given = rows(120)
    with sqlite3.connect(tmp_path / "t.db") as connection:
        connection.execute("create table t (mixed, more, " + ", ".join(table_names := given.column_names) + ")")
        marks = ", ".join("?" * (len(table_names) + 2))
        for i, row in enumerate(given.to_pylist()):
            values = [None if i < 50 else i if i < 100 else f"no {i}", i if i < 60 else 0.5, *row.values()]
            connection.execute(f"insert into t values ({marks})", values)
    source = tmp_path / "t.db"
    monkey = pytest.MonkeyPatch()
    with monkey.context() as patch:
        patch.setattr("modelwright.data.readers.sqlite.BATCH", 20)
        score_file(version, source, tmp_path / "out.parquet", keep=("mixed", "more"))
    out, whole = pq.read_table(tmp_path / "out.parquet"), read_table(source)[0]
    assert out.select(["mixed", "more"]).equals(whole.select(["mixed", "more"]))


KEPT = {
    "whole": [str(i) for i in range(N)],
    "large": [str(10**17 + i) for i in range(N)],
    "price": [f"{i / 4:.2f}" for i in range(N)],
    "gaps": ["" if i % 3 else "NA" if i % 2 else str(i) for i in range(N)],
    "late": ["" if i < 400 else f"{i}.5" for i in range(N)],
    "code": [f"{i:05d}" for i in range(N)],
    "once": ["x1" if i == 650 else str(i) for i in range(N)],
    "long": [f"0.{i:020d}" for i in range(N)],
    "mixed": [str(10**17) if i == 3 else f"{i}.25" for i in range(N)],
    "none": [""] * N,
}


def test_numbers_kept_of_a_text_are_numbers_where_nothing_is_lost(version, tmp_path):
    source = write(
        pa.table({**KEPT, **dict(zip(rows(N).column_names, rows(N).columns, strict=True))}), tmp_path / "t.csv"
    )
    score_file(version, source, tmp_path / "o.parquet", keep=tuple(KEPT), chunk_rows=100)
    out = pq.read_table(tmp_path / "o.parquet")
    kinds = {name: str(out.schema.field(name).type) for name in KEPT}
    texts = dict.fromkeys(("code", "once", "long", "mixed", "none"), "string")
    assert kinds == {"whole": "int64", "large": "int64", "price": "double", "gaps": "int64", "late": "double", **texts}
    assert out.column("large").to_pylist() == [10**17 + i for i in range(N)]
    assert out.column("price").to_pylist() == [i / 4 for i in range(N)]
    assert out.column("gaps").to_pylist() == [None if i % 3 or i % 2 else i for i in range(N)]
    score_file(version, source, tmp_path / "o.csv", keep=tuple(KEPT), chunk_rows=100)
    as_written = read_table(tmp_path / "o.csv")[0]
    assert {name: [v or "" for v in as_written.column(name).to_pylist()] for name in KEPT} == KEPT


def test_texts_of_a_source_with_types_stay_texts(version, tmp_path):
    source = write(rows(N).append_column("whole", pa.array(KEPT["whole"])), tmp_path / "t.parquet")
    score_file(version, source, tmp_path / "o.parquet", keep=("whole",))
    assert pq.read_table(tmp_path / "o.parquet").column("whole").to_pylist() == KEPT["whole"]


def test_answers_without_an_output(version, tmp_path):
    with scored(version, csv_of(N, tmp_path / "t.csv"), chunk_rows=50) as answers:
        found = pa.concat_tables(answers.tables())
        assert answers.n_rows == found.num_rows == N
    assert left(tmp_path) == {"t.csv"}


def test_progress_tells_rows_and_share(version, tmp_path):
    seen: list[tuple[int, float]] = []
    source = write(rows(N), tmp_path / "t.parquet")
    score_file(version, source, tmp_path / "o.csv", chunk_rows=100, progress=lambda n, share: seen.append((n, share)))
    assert [n for n, _ in seen] == sorted(n for n, _ in seen) and seen[-1] == (N, 1.0)

    for name in ("t.csv", "t.csv.gz", "t.jsonl", "folder"):  # what was read ahead is not scored yet
        seen.clear()
        other = write(rows(N), tmp_path / name)
        score_file(version, other, tmp_path / "o.csv", chunk_rows=100, progress=lambda n, s: seen.append((n, s)))
        assert all(abs(share - n / N) < 0.2 and (share < 1 or n == N) for n, share in seen) and seen[-1][0] == N

    def stop(n: int, share: float | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score_file(version, source, tmp_path / "p.csv", chunk_rows=100, progress=stop)
    assert "p.csv" not in left(tmp_path)


def test_threads_where_the_system_tells_no_affinity(version, tmp_path, monkeypatch):
    """As on macOS; the cores are counted in one way everywhere."""
    monkeypatch.delattr("os.sched_getaffinity", raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    used = []
    real = module.in_order
    monkeypatch.setattr(module, "in_order", lambda *told: used.append(told[2]) or real(*told))
    assert score_file(version, csv_of(N, tmp_path / "t.csv"), tmp_path / "out.csv").n_rows == N and used == [1]


def test_mixed_records(version, tmp_path):
    records = [{k: v for k, v in row.items() if v is not None} for row in rows(100).to_pylist()]
    path = tmp_path / "t.jsonl"
    path.write_text("\n".join(map(json.dumps, records)))
    score_file(version, path, tmp_path / "out.csv", chunk_rows=9)
    expected = version.predict(rows(100))[0]["probability_b"]
    found = read_table(tmp_path / "out.csv")[0].column("probability_b").to_pylist()
    np.testing.assert_array_equal([float(v) for v in found], expected)
