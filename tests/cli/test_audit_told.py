"""What an audit says on the terminal: what was read, what was repaired in reading it, what was found."""

from __future__ import annotations

import pytest

from modelwright.cli import main

from .helpers import table

LETTER = """Dear Anna,
thank you for your letter, which I have read with pleasure.
We will come on Sunday, if the weather allows it.
"""
PLAIN_LETTER = """Dear Anna,

thank you for your letter, I have read it, with pleasure; it was good.
We will come on Sunday.
"""
ANSWERS = """question,answer
What is the height of it?,It is as high as a house.
Where does one find it?,It is far from here.
"""


def told(tmp_path, capsys, text: str, name: str = "t.csv") -> str:
    (tmp_path / name).write_text(text)
    assert main(["audit", str(tmp_path / name)]) == 0
    return capsys.readouterr().out


def test_rows_columns_and_repairs_are_told(tmp_path, capsys):
    lines = table(60).splitlines()
    shown = told(tmp_path, capsys, "\n".join([*lines[:9], lines[9] + ",x", *lines[10:20], "41,50.2", *lines[20:]]))
    assert shown.startswith(f"60 rows × 4 columns in {tmp_path / 't.csv'}\n")
    assert "! in reading: 1 row (line 10) with more cells than the header: left out\n" in shown
    assert "! in reading: 1 row (line 21) with fewer cells than the header: filled" in shown
    assert "in reading" not in told(tmp_path, capsys, table(60))


@pytest.mark.parametrize("text", [LETTER, PLAIN_LETTER])
def test_a_letter_is_no_table(tmp_path, capsys, text):
    assert "reads like a letter, not like a table" in told(tmp_path, capsys, text, "letter.txt")


def test_a_table_of_texts_is_one(tmp_path, capsys):
    assert "in reading" not in told(tmp_path, capsys, ANSWERS)


def test_one_is_one(tmp_path, capsys):
    shown = told(tmp_path, capsys, "a,b\n" + "".join(f"{(i * 37) % 17},same\n" for i in range(40)))
    assert "\n1 finding; " in shown and " 1 columns" not in shown
