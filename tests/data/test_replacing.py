"""What is written replaces nothing that is read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from modelwright.cli import main
from modelwright.data.replacing import files_of, refuse_replacing
from modelwright.data.writing import cannot_write
from modelwright.documents import write_atomic
from modelwright.errors import ProjectError, UsageError

ROWS = "a,b\n" + "".join(f"{i},{i % 3}\n" for i in range(30))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text(ROWS)
    (tmp_path / "other.csv").write_text(ROWS)
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "one.csv").write_text(ROWS)
    (tmp_path / "link.csv").symlink_to("rows.csv")
    os.link(tmp_path / "rows.csv", tmp_path / "twin.csv")
    (tmp_path / "brief.toml").write_text('seed = 1\ntarget = "a"\n')
    return tmp_path


WRONG = {
    "the source": (["rows.csv", "--fix", "rows.csv"], "'rows.csv' of --fix would replace the data that is read"),
    "the source, by another spelling": (["rows.csv", "--fix", "./parts/../rows.csv"], "the data that is read"),
    "the source, through a link": (["rows.csv", "--fix", "link.csv"], "the data that is read"),
    "the source, that is a link": (["link.csv", "--fix", "rows.csv"], "the data that is read"),
    "the source, through a hard link": (["rows.csv", "--report", "twin.csv"], "of --report would replace the data"),
    "the source, with code": (["rows.csv", "--script", "rows.csv"], "of --script would replace the data that is read"),
    "a file of a folder": (["parts", "--fix", "parts/one.csv"], "the data that is read"),
    "the test file": (["rows.csv", "-t", "a", "--test", "other.csv", "--fix", "other.csv"], "the data that is read"),
    "the brief": (["rows.csv", "--brief", "brief.toml", "--report", "brief.toml"], "the data that is read"),
    "each other": (
        ["rows.csv", "--fix", "x.csv", "--script", "./x.csv"],
        "'x.csv' of --script would replace what --fix",
    ),
    "other data, with code": (["rows.csv", "--script", "other.csv"], "is named like data"),
    "other data, with a page": (["rows.csv", "--report", "other.csv"], "is named like data"),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_audit_replaces_nothing_it_reads(folder, capsys, name):
    arguments, words = WRONG[name]
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert main(["audit", *arguments]) == 2
    told = capsys.readouterr().err
    assert words in told and "MW-U010" in told and "name another file with --" in told
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before
    assert (folder / "link.csv").is_symlink()


def test_a_script_does_not_write_over_what_it_reads(folder, capsys):
    assert main(["audit", "rows.csv", "--fix", "repaired.parquet", "-q"]) == 0
    assert main(["audit", "repaired.parquet", "--script", "repair.py"]) == 2
    told = capsys.readouterr().err
    assert "name another file with --fix" in told and "MW-U010" in told and not Path("repair.py").exists()


def test_what_is_written_may_be_written_again(folder):
    arguments = ["audit", "rows.csv", "--fix", "x.csv", "--script", "x.py", "--report", "x.html", "-q"]
    assert main(arguments) == 0 and main(arguments) == 0
    assert Path("rows.csv").read_text() == ROWS


def test_files_of_sources(folder):
    assert files_of(None) == files_of("<memory>") == files_of("postgresql://u@h/d") == []
    assert files_of("parts") == [Path("parts/one.csv")]
    assert files_of(f"file://{folder}/rows.csv") == files_of(f"sqlite:///{folder}/rows.csv") == [folder / "rows.csv"]
    with pytest.raises(UsageError, match="MW-U010"):
        refuse_replacing({"--output": "parts/one.csv"}, files_of("parts"), tables=("--output",))


def test_places_that_take_no_file_are_told_as_such(folder, capsys, monkeypatch):
    assert main(["audit", "rows.csv", "--report", "nowhere/x.html"]) == 1
    told = capsys.readouterr().err
    assert "the folder 'nowhere' does not exist" in told and "reading" not in told and "--project" not in told
    with monkeypatch.context() as patched, pytest.raises(ProjectError) as caught:
        patched.setattr(os, "replace", _refused)
        write_atomic(folder / "x.html", b"")
    assert "Permission denied" in str(caught.value) and "--project" not in str(caught.value)  # an audit knows none
    with monkeypatch.context() as patched, pytest.raises(ProjectError, match="its folder takes no files"):
        patched.setattr(os, "replace", _not_found)
        write_atomic(folder / "x.html", b"")
    told = str(cannot_write(folder / "x.csv", FileNotFoundError(2, "No such file or directory")))
    assert f"'{folder}' takes no files" in told and "choose another folder" in told
    assert "does not exist" in str(cannot_write(folder / "no" / "x.csv", FileNotFoundError(2, "No such file")))


def _not_found(*_: object) -> None:
    raise FileNotFoundError(2, "No such file or directory")


def _refused(*_: object) -> None:
    raise PermissionError(13, "Permission denied")
