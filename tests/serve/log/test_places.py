"""Where the log is that somebody names."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelwright.errors import UsageError
from modelwright.serve.log.places import log_folder


def test_the_folder_of_a_log_or_one_that_holds_it(tmp_path: Path) -> None:
    project, other = tmp_path / "shop", tmp_path / "srv"
    assert log_folder(project, None) == project / "predictions"  # not there yet
    other.mkdir()
    assert log_folder(project, other) == other
    (other / "predictions").mkdir()
    assert log_folder(project, other) == other / "predictions"
    assert log_folder(project, other / "predictions") == other / "predictions"


def test_a_folder_that_is_not_there_is_no_empty_log(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist") as caught:
        log_folder(tmp_path, tmp_path / "typo")
    assert caught.value.code == "MW-U708"
