"""Files: rotation, full disks, deleted files, bounded memory, and what is left after kill -9."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.serve.log import PredictionLog, compact, read_log
from modelwright.serve.log.segments import DAY, PARQUET, SEGMENT, log_files
from tests.serve.log.conftest import NOON, RECORD, put

Make = Callable[..., PredictionLog]


def numbers(folder: Path) -> list[int]:
    """Return the numbers that the rows were recorded with, as read."""
    return [int(i) for i in read_log(folder).column("request_id").to_pylist()]


def test_nothing_is_written_before_there_is_something(make_log: Make) -> None:
    log = make_log()
    assert log.flush() is False
    assert list(log.folder.iterdir()) == []


def test_a_segment_is_closed_when_it_is_full(make_log: Make) -> None:
    log = make_log(rotate_bytes=1 << 13)
    closed = 0
    for number in range(200):
        put(log, request_id=str(number))
        closed += log.flush()
    assert closed > 3
    assert len(log_files(log.folder, SEGMENT)) >= closed
    assert all(f.path.stat().st_size < (1 << 13) + 1000 for f in log_files(log.folder, SEGMENT))
    assert sorted(numbers(log.folder)) == list(range(200))


def test_a_segment_is_closed_when_it_is_old_and_at_midnight(make_log: Make) -> None:
    log = make_log(rotate_seconds=60.0)
    put(log, request_id="1")
    assert log.flush(NOON) is False
    assert log.flush(NOON + 59) is False
    assert log.flush(NOON + 60) is True
    put(log, request_id="2")
    midnight = (NOON // DAY + 1) * DAY
    assert log.flush(midnight - 1) is False
    assert log.flush(midnight) is True
    days = [f.day for f in log_files(log.folder, SEGMENT)]
    assert days == [midnight - DAY, midnight - DAY]


def test_much_is_written_without_waiting_for_the_timer(make_log: Make) -> None:
    log = make_log(kept=("remarks",))
    for number in range(600):
        put(log, {**RECORD, "remarks": "x" * 4000}, request_id=str(number))
    assert log.counters.written > 400


class BadDisk:
    """Replaces `os.write`: takes ``room`` bytes, then the disk is full (or broken)."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, room: int, code: int = errno.ENOSPC) -> None:
        self.room, self.code, self.write = room, code, os.write
        monkeypatch.setattr("modelwright.serve.log.segments.os.write", self)

    def __call__(self, fd: int, data: bytes) -> int:
        if self.room <= 0:
            raise OSError(self.code, os.strerror(self.code))
        taken = self.write(fd, data[: self.room])
        self.room -= taken
        return taken


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
@pytest.mark.parametrize("room", [0, 10, 3000, 3500])
def test_a_full_disk_loses_nothing_that_fits_the_buffer(
    make_log: Make, monkeypatch: pytest.MonkeyPatch, room: int, code: int
) -> None:
    log = make_log()
    disk = BadDisk(monkeypatch, room, code)
    for number in range(20):
        put(log, request_id=str(number))
        log.flush()
    assert log.counters.failed > 0
    assert log.counters.written < 20
    disk.room = 1 << 30
    log.flush()
    assert (log.counters.written, log.counters.dropped) == (20, 0)
    assert numbers(log.folder) == list(range(20))
    assert not list(log.folder.glob(".*.tmp"))


def test_memory_is_bounded_while_the_disk_is_full(make_log: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    log = make_log(buffer_bytes=1 << 16)
    disk = BadDisk(monkeypatch, 0)
    for number in range(5000):
        put(log, request_id=str(number))
        if number % 100 == 0:
            log.flush()
    held = 5000 - log.counters.dropped
    assert 0 < held < (1 << 16) / 100
    disk.room = 1 << 30
    log.flush()
    assert log.counters.written == held
    assert numbers(log.folder) == list(range(held))
    put(log, request_id="9999")
    log.flush()
    assert numbers(log.folder)[-1] == 9999


def test_closing_on_a_full_disk_counts_what_is_lost(make_log: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    log = make_log()
    BadDisk(monkeypatch, 0)
    put(log)
    put(log)
    log.close()
    assert (log.counters.written, log.counters.dropped) == (0, 2)


def test_rows_of_another_version_are_never_misread(make_log: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    log = make_log()
    disk = BadDisk(monkeypatch, 0)
    put(log, request_id="1")
    log.use(Contract(columns=(ColumnSpec(name="job", kind=Kind.CATEGORY),), rows_seen=1))
    put(log, request_id="2")
    disk.room = 1 << 30
    log.flush()
    (row,) = read_log(log.folder).to_pylist()
    assert (row["request_id"], row["inputs"]) == ("2", {"job": "nurse"})
    assert (log.counters.written, log.counters.dropped) == (1, 1)


def test_a_deleted_file_is_noticed(make_log: Make) -> None:
    log = make_log()
    put(log, request_id="1")
    log.flush()
    for path in log.folder.iterdir():
        path.unlink()
    log.folder.rmdir()
    put(log, request_id="2")
    log.flush()
    assert numbers(log.folder) == [2]


def test_a_file_deleted_within_a_line_leaves_no_half(make_log: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    log = make_log()
    put(log, request_id="0")
    log.flush()
    disk = BadDisk(monkeypatch, 30)
    put(log, request_id="1")
    put(log, request_id="2")
    log.flush()
    for path in log.folder.iterdir():
        path.unlink()
    disk.room = 1 << 30
    log.flush()
    assert numbers(log.folder) == [2]
    assert log.counters.dropped == 1


def test_a_folder_that_is_taken_away_fails_quietly(make_log: Make, tmp_path: Path) -> None:
    log = make_log()
    log.folder.rmdir()
    log.folder.write_text("a file")
    put(log, request_id="7")
    log.flush()
    assert log.counters.failed == 1
    log.folder.unlink()
    log.flush()
    assert numbers(log.folder) == [7]


def test_two_workers_write_side_by_side(make_log: Make) -> None:
    one, two = make_log(worker=0), make_log(worker=1)
    for number in range(10):
        put(one if number % 2 else two, request_id=str(number))
    one.flush()
    two.flush()
    assert sorted(numbers(one.folder)) == list(range(10))


WRITER = """
import sys, time
from pathlib import Path
from modelwright.serve.log import LogPolicy, PredictionLog
from tests.serve.log.conftest import KEY, put, small_contract

log = PredictionLog(Path(sys.argv[1]), small_contract(), LogPolicy(rotate_bytes=1 << 16), key=KEY)
number, flushed = 0, time.monotonic()
while True:
    put(log, request_id=str(number))
    number += 1
    if number % 50 == 0:
        time.sleep(0.002)
    if time.monotonic() - flushed >= 0.05:
        log.flush()
        flushed = time.monotonic()
        print(log.counters.written, flush=True)
"""


def test_kill_9_loses_no_more_than_the_last_flush(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    root = Path(__file__).parents[3]
    child = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True, cwd=root)
    assert child.stdout is not None
    told = 0
    deadline = time.monotonic() + 30
    for line in child.stdout:
        told = int(line)
        if told > 3000 or time.monotonic() > deadline:
            break
    assert compact(folder).segments == len(log_files(folder, PARQUET)) > 0, "closed segments, beside the writer"
    child.send_signal(signal.SIGKILL)
    told = max([told, *(int(line) for line in child.stdout.read().split("\n")[:-1])])
    child.wait()
    kept = numbers(folder)
    assert len(kept) >= told, "everything that was flushed is there"
    assert sorted(kept) == list(range(len(kept))), "nothing twice, no gap"
    compact(folder)
    assert log_files(folder, SEGMENT) == []
    assert sorted(numbers(folder)) == list(range(len(kept)))
