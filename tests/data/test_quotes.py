"""Rows that a quote has swallowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelwright.data.reading import read_table
from modelwright.errors import DataError


def _file(folder: Path, rows: list[str]) -> Path:
    (folder / "x.csv").write_text("\n".join(["number,words,label", *rows]) + "\n")
    return folder / "x.csv"


def test_many_are_refused(tmp_path: Path) -> None:
    rows = [f'{i},"text {i},{"ab"[i % 2]}' if i % 2 == 0 else f'{i},text {i}",{"ab"[i % 2]}' for i in range(300)]
    with pytest.raises(DataError, match=r"150 ends of a line within quotes in column 'words'") as caught:
        read_table(_file(tmp_path, rows))
    assert caught.value.code == "MW-D138" and "close the quotes" in caught.value.fix


def test_few_are_told(tmp_path: Path) -> None:
    rows = [f"{i},text {i},{'ab'[i % 2]}" for i in range(300)]
    rows[20], rows[25] = '20,"text 20,a', '25,text 25",b'
    _, source = read_table(_file(tmp_path, rows))
    assert [n for n in source.notes if n.startswith("5 ends of a line within quotes in column 'words'")]


@pytest.mark.parametrize("text", ["one\ntwo, three\nfour", "Dear all,\nso long", "a,b", "a\nb"])
def test_texts_of_lines_are_innocent(text: str, tmp_path: Path) -> None:
    _, source = read_table(_file(tmp_path, [f'{i},"{text} {i}",a' for i in range(40)]))
    assert not [n for n in source.notes if "quotes" in n]
