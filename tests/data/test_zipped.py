"""Zip archives, and JSON lines with nested values."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from modelwright.data.readers import zipped
from modelwright.data.reading import read_table
from modelwright.errors import DataError


def packed(path: Path, **members: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def test_one_data_file_is_read(tmp_path: Path):
    path = packed(tmp_path / "t.zip", **{"in/t.csv": "a;b\n1;x\n2;y\n", "__MACOSX/._t.csv": "?", "in/": ""})
    table, source = read_table(path)
    assert table.to_pydict() == {"a": ["1", "2"], "b": ["x", "y"]}
    assert source.location == str(path) and source.format == "csv" and source.options["compression"] == "zip"
    assert source.n_bytes == path.stat().st_size


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"a.csv": "a\n1\n", "b.csv": "a\n1\n"}, "2 files: 'a.csv', 'b.csv'.*MW-D134"),
        ({}, "no file.*MW-D134"),
        ({"a.zip": "PK"}, "another archive.*MW-D134"),
        ({"a.csv": "a,b\n"}, r"t.zip/a.csv' has a header and no rows.*MW-D116"),
    ],
)
def test_other_archives_are_refused(tmp_path: Path, members, told):
    with pytest.raises(DataError, match=told):
        read_table(packed(tmp_path / "t.zip", **members))


def test_harmful_encrypted_and_damaged_archives(tmp_path: Path, monkeypatch):
    path = packed(tmp_path / "t.zip", **{"a.csv": "a,b\n" + "1,2\n" * 100_000})
    whole = path.read_bytes()
    monkeypatch.setattr(zipped, "MAX_EXPANDED", 100_000)
    with pytest.raises(DataError, match="MW-D136"):
        read_table(path)
    monkeypatch.undo()
    locked = bytearray(whole)
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[whole.index(magic) + offset] |= 1
    path.write_bytes(locked)
    with pytest.raises(DataError, match=r"encrypted.*MW-D135"):
        read_table(path)
    path.write_bytes(whole[:-40])
    with pytest.raises(DataError, match="MW-D113"):
        read_table(path)


def test_nested_values_are_told(tmp_path: Path):
    (tmp_path / "t.jsonl").write_text('{"a": 1, "x": {"age": 3}}\n{"a": 2, "x": {"age": 4}}\n')
    table, source = read_table(tmp_path / "t.jsonl")
    assert table.column_names == ["a", "x"]
    assert source.notes == ("'x': nested objects or lists are kept as text",)
