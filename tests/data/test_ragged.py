"""Delimited texts with ragged rows: what is repaired, what is refused, and that the process lives to tell."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from modelwright.data.reading import read_table
from modelwright.errors import DataError


def text(n_rows: int, *long: int, short: tuple[int, ...] = ()) -> str:
    """Return a CSV of three columns with an extra cell, or one too few, in some of the lines."""
    lines = ["a,b,c"]
    for line in range(2, n_rows + 2):
        lines.append("1,2,3,4" if line in long else "1,2" if line in short else f"{line},2,x")
    return "\n".join(lines) + "\n"


def test_no_function_of_python_is_left_with_the_threads_of_arrow(tmp_path: Path):
    (tmp_path / "t.csv").write_text(text(50, 6, 21, 41))
    code = (
        "import sys\nfrom modelwright.data.reading import read_table\nfrom modelwright.errors import DataError\n"
        "try:\n    read_table(sys.argv[1])\nexcept DataError as e:\n    sys.exit(e.code)\n"
    )
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", code, tmp_path / "t.csv"], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (1, "MW-D117\n")


def test_comments_are_skipped_and_ragged_rows_still_found(tmp_path: Path):
    path = tmp_path / "t.csv"
    path.write_text(text(50).replace("\n9,2,x", "\n# nine, that is\n9,2,x"))
    table, source = read_table(path)
    assert table.num_rows == 50 and not source.notes
    path.write_text(path.read_text() + "1,2,3,4\n")
    table, source = read_table(path)
    assert table.num_rows == 50 and "1 row (line 53) with more cells than the header: left out" in source.notes


def test_rows_to_score_are_all_there_or_refused(tmp_path: Path):
    path = tmp_path / "t.csv"
    path.write_text(text(50, 10))
    assert read_table(path)[0].num_rows == 49
    with pytest.raises(DataError, match=r"1 row \(line 10\) with more cells than the 3 .*MW-D117"):
        read_table(path, every_row=True)
    path.write_text(text(50, short=(10,)))
    table, source = read_table(path, every_row=True)
    assert table.num_rows == 50 and "filled with missing values" in source.notes[0]


@pytest.mark.parametrize("every_row", [False, True])
@pytest.mark.parametrize("column", [0, 1, 2])
@pytest.mark.parametrize("n_rows", [50, 200_000])
def test_rows_within_a_quote_that_never_ends_are_no_short_row(tmp_path: Path, n_rows, column, every_row):
    """Whether or not Arrow's blocks, which depend on the size, cut the text; the rows that were swallowed are not lost
    in silence."""
    path = tmp_path / "t.csv"
    odd = ["5", "x", "y"]
    odd[column] = '"never closed'
    path.write_text("a,b,c\n" + "1,x y,2.5\n" * n_rows + ",".join(odd) + "\n" + "1,x y,2.5\n" * n_rows)
    with pytest.raises(DataError, match=rf"a quotation mark in line {n_rows + 2} of .* is never closed.*MW-D117"):
        read_table(path, every_row=every_row)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", ["", "1,2,3", "1,2,3\n", "1,2,3\n\n\n"])
def test_the_line_of_a_quote_that_never_ends(tmp_path: Path, end, last):
    path = tmp_path / "t.csv"
    content = "# by hand\n\n" + text(30) + '7,"8,9\n' + text(5) + last
    path.write_bytes(content.replace("\n", end).encode())
    with pytest.raises(DataError, match=r"a quotation mark in line 34 of .* is never closed"):
        read_table(path)


def test_a_lone_quote_in_the_last_line_takes_in_no_other(tmp_path: Path):
    path = tmp_path / "t.csv"
    path.write_text(text(30) + '7,"8\n')
    table, source = read_table(path, every_row=True)
    assert table.num_rows == 31 and "1 row (line 32) with fewer cells than the header" in source.notes[0]
