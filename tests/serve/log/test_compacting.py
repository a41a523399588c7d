"""Segments to Parquet: typed, once, whatever happens in between."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from modelwright.data.contract import Contract
from modelwright.errors import ProjectError
from modelwright.serve.log import Compactor, LogPolicy, PredictionLog, compact, compacting, read_feedback, read_log
from modelwright.serve.log.segments import DAMAGED, PARQUET, SEGMENT, log_files
from tests.serve.log.conftest import NOON, RECORD, put

Make = Callable[..., PredictionLog]


def filled(make_log: Make, n_rows: int = 10, **policy: Any) -> PredictionLog:
    """Return a closed log with some rows and one label."""
    log = make_log(**policy)
    for number in range(n_rows):
        put(log, {**RECORD, "age": number}, request_id=str(number))
    log.feedback("0", 0, "yes", NOON)
    log.close()
    return log


def ages(folder: Path) -> list[float]:
    table = read_log(folder)
    return [row["age"] for row in table.column("inputs").to_pylist()] if table.num_rows else []


def test_columns_are_typed(make_log: Make) -> None:
    folder = filled(make_log).folder
    done = compact(folder)
    assert (done.segments, done.rows, done.torn, done.damaged) == (2, 11, 0, 0)
    assert log_files(folder, SEGMENT) == []
    (file,) = log_files(folder, PARQUET, "predictions")
    assert file.path.name.startswith("predictions-2")
    schema = pq.read_schema(file.path)
    assert schema.field("time").type == pa.timestamp("us", "UTC")
    inputs, answers = schema.field("inputs").type, schema.field("answers").type
    numbers = {"age", "joined", "loyal"}
    assert {f.name: str(f.type) for f in inputs} == {n: "double" if n in numbers else "string" for n in RECORD}
    assert {f.name: str(f.type) for f in answers} == {
        "prediction": "string", "probability_no": "double", "probability_yes": "double",
    }  # fmt: skip
    facts = msgspec.json.decode(schema.metadata[b"modelwright.log"])
    assert facts == {"masked": ["E-Mail", "remarks"], "hashed": [], "torn": 0, "damaged": 0}
    assert pq.ParquetFile(file.path).metadata.row_group(0).column(0).compression == "ZSTD"
    assert file.path.stat().st_mode & 0o077 == 0


def test_what_is_read_does_not_change(make_log: Make) -> None:
    folder = filled(make_log).folder
    before, labels = read_log(folder), read_feedback(folder)
    compact(folder)
    assert read_log(folder).equals(before)
    assert read_feedback(folder).equals(labels)
    assert compact(folder).segments == 0
    assert read_log(folder).equals(before)


def test_many_batches(make_log: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compacting, "ROWS_AT_ONCE", 3)
    monkeypatch.setattr(compacting, "GROUP_ROWS", 7)
    folder = filled(make_log, 50).folder
    compact(folder)
    assert ages(folder) == [float(n) for n in range(50)]
    (file,) = log_files(folder, PARQUET, "predictions")
    assert pq.ParquetFile(file.path).num_row_groups == 6  # of three times three rows


def test_a_segment_that_is_written_is_left_alone(make_log: Make) -> None:
    log = make_log()
    put(log)
    log.flush()
    assert compact(log.folder).segments == 0
    put(log)
    log.close()
    assert compact(log.folder).rows == 2


def test_a_torn_last_line_is_dropped_and_told(make_log: Make) -> None:
    folder = filled(make_log).folder
    (file,) = log_files(folder, SEGMENT, "predictions")
    os.truncate(file.path, file.path.stat().st_size - 9)
    assert ages(folder) == [float(n) for n in range(9)]
    done = compact(folder)
    assert (done.rows, done.torn) == (10, 1)
    assert "dropped 1 torn and 0 damaged lines" in str(done)
    assert ages(folder) == [float(n) for n in range(9)]
    assert b'"torn":1' in pq.read_schema(log_files(folder, PARQUET, "predictions")[0].path).metadata[b"modelwright.log"]


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"{}\n",
        b"\x00\x00\x00\n",
        b'[1,"a",0]\n',
        b"[" * 100_000 + b"\n",
        b'[1e999,"a",0,"","","",0,[],{}]\n',
        b'["\xff"]\n',
    ],
)
def test_damaged_lines_are_dropped_and_told(make_log: Make, line: bytes) -> None:
    folder = filled(make_log).folder
    (file,) = log_files(folder, SEGMENT, "predictions")
    lines = file.path.read_bytes().splitlines(keepends=True)
    file.path.write_bytes(b"".join([*lines[:5], line, *lines[5:]]))
    assert ages(folder) == [float(n) for n in range(10)]
    done = compact(folder)
    assert (done.rows, done.damaged) == (11, 1)
    assert ages(folder) == [float(n) for n in range(10)]


@pytest.mark.parametrize(
    "header", [b"", b"\n", b"{}\n", b"\x00\n", b'{"format":99,"stream":"predictions","fields":[]}\n']
)
def test_a_segment_that_cannot_be_read_is_set_aside(make_log: Make, header: bytes) -> None:
    folder = filled(make_log).folder
    (file,) = log_files(folder, SEGMENT, "predictions")
    body = file.path.read_bytes()
    file.path.write_bytes(header + body.partition(b"\n")[2])
    assert read_log(folder).num_rows == 0
    done = compact(folder)
    assert done.refused == (file.path.name,)
    (aside,) = log_files(folder, DAMAGED)
    assert aside.path.read_bytes().endswith(body[-100:])


def test_a_segment_without_rows_just_goes(make_log: Make) -> None:
    folder = filled(make_log).folder
    (file,) = log_files(folder, SEGMENT, "predictions")
    file.path.write_bytes(file.path.read_bytes().partition(b"\n")[0] + b"\n")
    assert compact(folder).rows == 1
    assert log_files(folder, PARQUET, "predictions") == []


CALLS = ("os.open", "os.fdopen", "os.fsync", "os.rename", "os.unlink")


@pytest.mark.parametrize("at", range(18))
def test_dying_anywhere_doubles_and_loses_nothing(make_log: Make, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """Compaction dies before its ``at``-th call of the system, without cleaning up; it is then run again."""
    folder = filled(make_log).folder
    wanted = [float(n) for n in range(10)]
    with monkeypatch.context() as patched:
        calls = DiesAt(at)
        for name in CALLS:
            patched.setattr(f"modelwright.serve.log.compacting.{name}", calls.before(getattr(os, name[3:])))
        patched.setattr(Path, "unlink", lambda *_, **__: None)  # the dead do not tidy up
        try:
            compact(folder)
        except Died:
            pass
        else:
            assert calls.count <= at
    assert ages(folder) == wanted
    compact(folder)
    assert ages(folder) == wanted
    assert read_feedback(folder).num_rows == 1
    assert log_files(folder, SEGMENT) == []
    assert len(list(folder.iterdir())) == 3, "two Parquet files and the lock, nothing unfinished"


class Died(BaseException):
    """The process is killed."""


class DiesAt:
    """Counts calls and dies before one of them."""

    def __init__(self, at: int) -> None:
        self.at, self.count = at, 0

    def before(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            self.count += 1
            if self.count > self.at:
                raise Died
            return call(*args, **kwargs)

        return counted


def test_kill_9_in_the_middle(make_log: Make) -> None:
    """The same for real: the process ends by SIGKILL while it writes the Parquet file."""
    folder = filled(make_log).folder
    code = (
        "import os, signal, sys, modelwright.serve.log.compacting as c\n"
        "c.os.fsync = lambda fd: os.kill(os.getpid(), signal.SIGKILL)\n"
        "c.main([sys.argv[1]])"
    )
    assert subprocess.run([sys.executable, "-c", code, str(folder)], check=False).returncode == -9
    assert list(folder.glob(".*.parquet.tmp"))
    assert ages(folder) == [float(n) for n in range(10)]
    assert compact(folder).segments == 2
    assert not list(folder.glob(".*.tmp"))
    assert ages(folder) == [float(n) for n in range(10)]


def test_what_the_dead_left_unfinished_goes(make_log: Make) -> None:
    folder = filled(make_log).folder
    old, young, parquet = folder / ".a.tmp", folder / ".b.tmp", folder / ".c.parquet.tmp"
    for path in (old, young, parquet):
        path.write_bytes(b"half")
    os.utime(old, (1e9, 1e9))
    compact(folder)
    assert (old.exists(), young.exists(), parquet.exists()) == (False, True, False), "a young one may have a writer"


def test_one_compacts_at_a_time(make_log: Make) -> None:
    folder = filled(make_log).folder
    with compacting.alone(folder) as alone:
        assert alone
        done = compact(folder)
    assert done.busy and str(done) == "another process compacts this log"
    assert compact(folder).segments == 2


def test_a_full_disk_leaves_everything_as_it_was(make_log: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = filled(make_log).folder

    def full(fd: int) -> None:
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patched:
        patched.setattr("modelwright.serve.log.compacting.os.fsync", full)
        with pytest.raises(ProjectError, match=r"No space left on device · fix: .* · MW-P651"):
            compact(folder)
    assert len(log_files(folder, SEGMENT)) == 2 and log_files(folder, PARQUET) == []
    assert not list(folder.glob(".*.tmp"))


def test_a_log_that_does_not_exist_is_empty(tmp_path: Path) -> None:
    assert compact(tmp_path / "nowhere").segments == 0
    assert not (tmp_path / "nowhere").exists()


def test_foreign_files_are_not_touched(make_log: Make) -> None:
    folder = filled(make_log).folder
    foreign = [
        "notes.jsonl",
        "predictions-2026.jsonl",
        "predictions-20269999-000000000000-w0-1-abcdef.jsonl",
        "x.parquet",
    ]
    for name in foreign:
        (folder / name).write_text("mine")
    compact(folder)
    assert all((folder / name).read_text() == "mine" for name in foreign)
    assert read_log(folder).num_rows == 10


def test_a_link_is_not_followed(make_log: Make, tmp_path: Path) -> None:
    folder = filled(make_log).folder
    (tmp_path / "victim").write_text("precious")
    (folder / "predictions-20260101-000000000000-w0-1-abcdef.jsonl").symlink_to(tmp_path / "victim")
    assert compact(folder).segments == 2
    assert read_log(folder).num_rows == 10
    assert (tmp_path / "victim").read_text() == "precious"


def test_without_arrow_the_segments_stay(make_log: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = filled(make_log).folder
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert compacting.main([str(folder)]) == 0
    assert len(log_files(folder, SEGMENT)) == 2
    with pytest.raises(ProjectError, match=r"needs the library 'pyarrow'.*MW-P654"):
        compact(folder)
    with pytest.raises(ProjectError, match="MW-P654"):
        read_log(folder)


def test_the_child_of_the_server(make_log: Make, contract: Contract) -> None:
    folder = filled(make_log).folder
    compactor = Compactor(folder, LogPolicy())
    assert compactor.start() is True
    if compactor.running:
        assert compactor.start() is False
    compactor.stop(60)
    assert not compactor.running
    assert len(log_files(folder, PARQUET)) == 2


def test_the_child_tells_what_was_lost(make_log: Make, capsys: pytest.CaptureFixture[str]) -> None:
    folder = filled(make_log).folder
    (file,) = log_files(folder, SEGMENT, "predictions")
    os.truncate(file.path, file.path.stat().st_size - 9)
    assert compacting.main([str(folder), "--keep-days", "3650", "--keep-bytes", "1000000"]) == 0
    assert capsys.readouterr().err == (
        "prediction log: compacted 2 segments with 10 rows, dropped 1 torn and 0 damaged lines\n"
    )
    assert compacting.main([str(folder), "--keep-days", "0"]) == 2
    assert "MW-U651" in capsys.readouterr().err
