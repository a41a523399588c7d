"""Retention: by age, by size, never what is being written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from modelwright.errors import ProjectError
from modelwright.serve.log import LogPolicy, PredictionLog, expire, read_log
from modelwright.serve.log.segments import DAY
from tests.serve.log.conftest import NOON, put

Make = Callable[..., PredictionLog]
TODAY = NOON // DAY * DAY


def file_of(folder: Path, days_ago: int, ending: str, size: int = 100, stream: str = "predictions") -> Path:
    """Make a file of the log as it was opened at noon some days ago."""
    from datetime import UTC, datetime

    folder.mkdir(exist_ok=True)
    day = datetime.fromtimestamp(NOON - days_ago * DAY, UTC)
    path = folder / f"{stream}-{day:%Y%m%d-%H%M%S%f}-w0-{days_ago}-abcdef{ending}"
    path.write_bytes(b"x" * size)
    return path


@pytest.mark.parametrize("ending", [".parquet", ".jsonl", ".damaged"])
@pytest.mark.parametrize("stream", ["predictions", "feedback"])
def test_old_files_go(tmp_path: Path, ending: str, stream: str) -> None:
    files = {ago: file_of(tmp_path, ago, ending, stream=stream) for ago in (0, 1, 6, 7, 8, 9, 400)}
    done = expire(tmp_path, LogPolicy(keep_days=7), NOON)
    assert {ago for ago, path in files.items() if path.exists()} == {0, 1, 6, 7}
    assert (done.old, done.surplus, done.bytes_freed) == (3, 0, 300)


def test_no_row_is_kept_a_day_longer_than_promised(tmp_path: Path) -> None:
    path = file_of(tmp_path, 8, ".parquet")
    expire(tmp_path, LogPolicy(keep_days=7), TODAY - 1)
    assert path.exists(), "its last row may be less than 7 days old"
    expire(tmp_path, LogPolicy(keep_days=7), TODAY)
    assert not path.exists()


def test_the_oldest_go_when_the_log_is_too_large(tmp_path: Path) -> None:
    files = [file_of(tmp_path, ago, ".parquet", 3000) for ago in range(4)]
    done = expire(tmp_path, LogPolicy(keep_bytes=6500), NOON)
    assert [path.exists() for path in files] == [True, True, False, False]
    assert (done.old, done.surplus, done.bytes_freed) == (0, 2, 6000)


def test_what_is_being_written_stays(make_log: Make) -> None:
    log = make_log()
    put(log)
    log.flush()
    assert expire(log.folder, LogPolicy(keep_days=1), NOON + 9000 * DAY).old == 0
    assert read_log(log.folder).num_rows == 1
    log.close()
    assert expire(log.folder, LogPolicy(keep_days=1), NOON + 9000 * DAY).old == 1
    assert read_log(log.folder).num_rows == 0


def test_foreign_files_stay(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_bytes(b"x" * 10_000)
    (tmp_path / "predictions.parquet").write_bytes(b"x" * 10_000)
    expire(tmp_path, LogPolicy(keep_bytes=4096, keep_days=1), NOON + 9000 * DAY)
    assert len(list(tmp_path.iterdir())) == 2


def test_no_log_no_work(tmp_path: Path) -> None:
    assert expire(tmp_path / "nowhere", LogPolicy(), NOON).old == 0


def test_a_file_that_cannot_be_deleted_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file_of(tmp_path, 400, ".parquet")

    def refuse(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(ProjectError, match=r"cannot be deleted: Permission denied.*MW-P652"):
        expire(tmp_path, LogPolicy(), NOON)
