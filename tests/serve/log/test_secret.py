"""The key of hashes: made once, kept private, refused where it is none."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from modelwright.errors import ProjectError
from modelwright.serve.log import log_key


def test_a_key_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "project" / "log.key"
    key = log_key(path)
    assert len(key) == 32 and log_key(path) == key
    assert path.stat().st_mode & 0o077 == 0
    assert [p.name for p in path.parent.iterdir()] == ["log.key"]
    assert log_key(tmp_path / "other.key") != key


def test_many_at_once_get_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(log_key, [tmp_path / "log.key"] * 32))) == 1


@pytest.mark.parametrize(
    ("text", "why"), [("xyz", "not hexadecimal"), ("", "holds 0 bytes"), ("abcd", "holds 2 bytes"), ("ö", "not hex")]
)
def test_what_is_no_key_is_refused(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "log.key"
    path.write_text(text)
    with pytest.raises(ProjectError, match=rf"{why}.*MW-P655"):
        log_key(path)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ProjectError, match="MW-P655"):
        log_key(tmp_path / "file" / "log.key")
