"""Exports in general: what is written shows as a whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelwright.errors import ModelwrightError, ProjectError, UsageError
from modelwright.package import exports
from modelwright.package.bundle import Version
from modelwright.package.exports import EXPORTS, export
from tests.package.building import classifier
from tests.package.exports.graphs import version_of


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> Version:
    return version_of(classifier(), tmp_path_factory.mktemp("project"))


def two_files(version: Version, folder: Path) -> tuple[str, ...]:
    (folder / "b").mkdir()
    (folder / "b" / "two.txt").write_text("two")
    (folder / "one.txt").write_text("one")
    return ("a note",)


def fails(version: Version, folder: Path) -> tuple[str, ...]:
    (folder / "half.txt").write_text("half")
    raise ProjectError("it stopped", fix="none", code="MW-P000")


def full_disk(version: Version, folder: Path) -> tuple[str, ...]:
    raise OSError(28, "No space left on device")


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> None:
    for function in (two_files, fails, full_disk):
        monkeypatch.setitem(exports.EXPORTS, function.__name__, f"{__name__}:{function.__name__}")


@pytest.mark.parametrize("name", sorted(EXPORTS))
def test_every_name_leads_to_a_function(name: str) -> None:
    import importlib

    module, _, attribute = EXPORTS[name].partition(":")
    assert callable(getattr(importlib.import_module(module), attribute))


def test_an_export_is_told(version: Version, tmp_path: Path, table: None) -> None:
    told = export(version, "two_files", tmp_path / "deep" / "out")
    assert told.files == ("b/two.txt", "one.txt") and told.size_bytes == 6 and told.notes == ("a note",)
    assert told.version == 1 and told.to == "two_files"
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["out"]
    assert (tmp_path / "deep" / "out").stat().st_mode & 0o700 == 0o700


def test_an_empty_folder_is_taken(version: Version, tmp_path: Path, table: None) -> None:
    (tmp_path / "out").mkdir()
    assert export(version, "two_files", tmp_path / "out").files


@pytest.mark.parametrize(("name", "code"), [("fails", "MW-P000"), ("full_disk", "MW-P410")])
def test_what_fails_leaves_nothing(version: Version, tmp_path: Path, table: None, name: str, code: str) -> None:
    with pytest.raises(ModelwrightError, match=code):
        export(version, name, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_name_suggests_the_known_one(version: Version, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no export 'onxn'.*did you mean 'onnx'\?.*MW-U701"):
        export(version, "onxn", tmp_path / "out")


def test_a_folder_in_use_is_left_alone(version: Version, tmp_path: Path, table: None) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    for place in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(UsageError, match="MW-U702"):
            export(version, "two_files", place)
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="MW-U702"):
        export(version, "two_files", tmp_path / "link")
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_nothing_is_written_among_the_versions(version: Version, table: None) -> None:
    for place in (version.folder / "onnx", version.folder.parent / "2"):
        with pytest.raises(UsageError, match="MW-U703"):
            export(version, "two_files", place)
    assert [p.name for p in version.folder.parent.iterdir()] == ["1"]
