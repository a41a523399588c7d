"""The total and the notes below the rows of a sheet."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from modelwright.data.reading import read_table
from modelwright.data.source import LEFT_OUT
from modelwright.data.totals import without_total

N = 40


def _file(path: Path, *end: str) -> Path:
    rows = [f"F-{i:02d},{'Bonn' if i % 2 else 'Ulm'},{i},{10 * i}" for i in range(N)]
    path.write_text("\n".join(["branch,town,size,sold", *rows, *end]) + "\n")
    return path


@pytest.mark.parametrize(
    ("end", "notes"),
    [
        (["Summe,,780,7800"], 0),
        (["TOTAL:,,,7800"], 0),
        ([",Total,780,7800", "* preliminary,,,", "Source: controlling,,,"], 2),
        (["F-99,,Gesamt,7800"], 0),
    ],
)
def test_a_total_and_what_stands_below_are_no_rows(tmp_path: Path, end: list[str], notes: int) -> None:
    table, source = read_table(_file(tmp_path / "t.csv", *end))
    assert table.num_rows == source.n_rows == source.n_rows_read == N
    assert source.options[LEFT_OUT] == str(1 + notes)
    (told,) = source.notes
    assert told.startswith(f"row {N + 1} says '") and (f"{notes} lines of notes" in told) == (notes > 0)


@pytest.mark.parametrize(
    "end",
    [
        ["F-99,Bonn,1,10"],
        ["Total,,,"],  # a word alone sums nothing up
        ["Total,,1,2", "F-99,Bonn,1,10"],  # not the last row
        ["Total,,1,2", "Total,,3,4"],  # a total of each of several parts: see A029
        ["2026-01-01,,,", "2026-02-01,,,"],  # rows that are to be filled
    ],
)
def test_other_last_rows_stay(tmp_path: Path, end: list[str]) -> None:
    table, source = read_table(_file(tmp_path / "t.csv", *end))
    assert table.num_rows == N + len(end) and source.notes == () and LEFT_OUT not in source.options


def test_rows_to_score_and_tables_in_memory_stay_as_they_are(tmp_path: Path) -> None:
    path = _file(tmp_path / "t.csv", "Total,,780,7800")
    assert read_table(path, every_row=True)[0].num_rows == N + 1
    assert read_table(pd.read_csv(path))[0].num_rows == N + 1


def test_few_rows_stay() -> None:
    table = pa.table({"kind": ["a", "b", "total"], "n": [1, 2, 3]})
    assert without_total(table) == (table, "")
