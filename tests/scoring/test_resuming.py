"""A scoring that is broken off: what it leaves, when it goes on, and that nobody sees a part."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from modelwright import locking
from modelwright.data import writing
from modelwright.data.enforcing import Tally
from modelwright.errors import DataError, ProjectError, UsageError
from modelwright.scoring import parts, score_file
from modelwright.scoring import working as module

from .conftest import csv_of, rows

N = 3000
CHILD = """
import sys, time
from modelwright.package.bundle import open_version
from modelwright.scoring import score_file, working
working.PART_ROWS = 400
slow = lambda rows, share: time.sleep(0.05)
score_file(open_version(sys.argv[1]), sys.argv[2], sys.argv[3], keep=("id",), chunk_rows=100, progress=slow)
"""


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(module, "PART_ROWS", 400)


class Broken(Exception):
    pass


def break_off(version, source, output, *, after: int, **options) -> None:
    """Score, and fail after so many rows in a way that nobody catches."""

    def stop(n: int, share: float | None) -> None:
        if n >= after:
            raise Broken

    with pytest.raises(Broken):
        score_file(version, source, output, chunk_rows=100, progress=stop, **options)


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_a_killed_process_goes_on(version, tmp_path, name):
    source = csv_of(N, tmp_path / "t.csv")
    if name == "t.parquet":
        source = tmp_path / name
        pq.write_table(rows(N), source, row_group_size=500)
    output = tmp_path / "out.csv"
    score_file(version, source, tmp_path / "whole.csv", keep=("id",))
    output.write_text("what was there before")
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(version.folder), str(source), str(output)])
    journal = parts.folder_of(output) / "journal.jsonl"
    until = time.monotonic() + 60
    while time.monotonic() < until and not (journal.exists() and journal.read_bytes().count(b"\n") >= 3):
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    assert output.read_text() == "what was there before"
    told = score_file(version, source, output, keep=("id",))
    assert 800 <= told.n_resumed < N and told.n_rows == N
    assert output.read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert told.violations == score_file(version, source, output, keep=("id",)).violations
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_a_journal_that_was_cut_and_a_part_that_was_changed(version, tmp_path):
    source, output = csv_of(N, tmp_path / "t.csv"), tmp_path / "out.csv"
    score_file(version, source, tmp_path / "whole.csv")
    break_off(version, source, output, after=2500)
    folder = parts.folder_of(output)
    journal = folder / "journal.jsonl"
    lines = journal.read_bytes().split(b"\n")
    journal.write_bytes(b"\n".join(lines[:5]) + b"\n" + lines[5][:40])  # four parts whole, a line cut short
    (folder / "000009.arrow").write_bytes(b"half a part")
    content = bytearray((folder / "000003.arrow").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "000003.arrow").write_bytes(content)
    told = score_file(version, source, output)
    assert told.n_resumed == 1200 and output.read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert not folder.exists()


@pytest.mark.parametrize("change", ["content", "columns to keep", "version", "journal"])
def test_another_scoring_starts_anew(version, tmp_path, change, monkeypatch):
    source, output = csv_of(N, tmp_path / "t.csv"), tmp_path / "out.csv"
    break_off(version, source, output, after=1000)
    keep: tuple[str, ...] = ()
    if change == "content":
        about = source.stat()
        source.write_bytes(source.read_bytes().replace(b"yes", b"no ", 1))
        os.utime(source, ns=(about.st_atime_ns, about.st_mtime_ns))  # as a copy that keeps the date
    elif change == "columns to keep":
        keep = ("id",)
    elif change == "version":
        object.__setattr__(version, "digest", "sha256:" + "1" * 64)
    else:
        journal = parts.folder_of(output) / "journal.jsonl"
        journal.write_text("[1, 2]\n" + journal.read_text())
    told = score_file(version, source, output, keep=keep)
    assert told.n_resumed == 0 and told.n_rows == N and not parts.folder_of(output).exists()


def test_a_table_in_memory_starts_anew(version, tmp_path):
    break_off(version, rows(N), tmp_path / "out.csv", after=1000)
    assert parts.folder_of(tmp_path / "out.csv").exists()
    assert score_file(version, rows(N), tmp_path / "out.csv").n_resumed == 0


def test_a_source_that_is_changed_meanwhile_is_refused(version, tmp_path):
    source, output = csv_of(N, tmp_path / "t.csv"), tmp_path / "out.csv"

    def change(n: int, share: float | None) -> None:
        if n == 2000:
            with open(source, "a") as handle:
                handle.write("\n")

    with pytest.raises(DataError, match=r"was changed while it was scored.*MW-D650"):
        score_file(version, source, output, chunk_rows=100, progress=change)
    assert {p.name for p in tmp_path.iterdir()} == {"t.csv"}


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_keeps_the_finished_parts(version, tmp_path, monkeypatch):
    source, output = csv_of(N, tmp_path / "t.csv"), tmp_path / "out.csv"
    real, calls = parts._write, []

    def third_fails(table, path):
        calls.append(path)
        if len(calls) == 3:
            path.write_bytes(b"some of it")
            full()
        real(table, path)

    monkeypatch.setattr(parts, "_write", third_fails)
    with pytest.raises(ProjectError, match=r"cannot be written: No space left on device.*MW-P005"):
        score_file(version, source, output, chunk_rows=100)
    kept = {p.name for p in parts.folder_of(output).iterdir()}
    assert kept == {"000000.arrow", "000001.arrow", "journal.jsonl", "lock"} and not output.exists()
    monkeypatch.setattr(parts, "_write", real)
    assert score_file(version, source, output, chunk_rows=100).n_resumed == 800


def test_a_disk_that_is_full_at_the_end(version, tmp_path, monkeypatch):
    source, output = csv_of(N, tmp_path / "t.csv"), tmp_path / "out.csv"
    output.write_text("before")
    monkeypatch.setitem(writing._WRITERS, ".csv", full)
    with pytest.raises(ProjectError, match="MW-P005"):
        score_file(version, source, output)
    assert output.read_text() == "before" and not list(tmp_path.glob("*.tmp"))
    monkeypatch.undo()
    told = score_file(version, source, output)
    assert told.n_resumed > 0 and told.n_rows == N


def test_a_disk_that_is_really_full(version, tmp_path):
    """/dev/full takes nothing: the system's own error, not one of ours."""
    with pytest.raises(OSError, match="No space left"):
        parts._write(rows(50_000), Path("/dev/full"))


def test_two_processes_at_once(version, tmp_path):
    source, output = csv_of(N, tmp_path / "t.csv"), tmp_path / "out.csv"

    def meanwhile(n: int, share: float | None) -> None:
        if n == 1000:
            with pytest.raises(ProjectError, match=r"another process is scoring into.*MW-P031"):
                score_file(version, source, output)

    assert score_file(version, source, output, chunk_rows=100, progress=meanwhile).n_rows == N


def test_a_refused_command_leaves_the_one_that_runs_alone(version, tmp_path):
    source, output = csv_of(N, tmp_path / "t.csv"), tmp_path / "out.csv"
    score_file(version, source, tmp_path / "whole.csv")

    def meanwhile(n: int, share: float | None) -> None:
        if n == 1000:
            with pytest.raises(UsageError, match="MW-U101"):
                score_file(version, source, output, keep=("idd",))
            with pytest.raises(DataError, match="MW-D110"):
                score_file(version, tmp_path / "nowhere.csv", output)

    assert score_file(version, source, output, chunk_rows=100, progress=meanwhile).n_rows == N
    assert output.read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert {p.name for p in tmp_path.iterdir()} == {"t.csv", "whole.csv", "out.csv"}


def test_a_short_scoring_that_ends_leaves_the_parts_of_another_alone(tmp_path):
    """Both began before there were parts; the one that never needed any has none to remove."""
    first, second = (parts.Parts(parts.folder_of(tmp_path / "out.csv"), "k", tmp_path / "out.csv") for _ in range(2))
    assert first.resume() is None and second.resume() is None
    first.keep([rows(5)], Tally(n_rows=5, counts=()), "")
    second.clear()
    assert sum(table.num_rows for table in first.tables()) == 5
    with pytest.raises(ProjectError, match="MW-P031"):
        second.keep([rows(5)], Tally(n_rows=5, counts=()), "")
    first.clear()
    assert not any(tmp_path.iterdir())


def test_a_lock_that_went_with_its_folder_counts_no_more(tmp_path, monkeypatch):
    """Another process removes its parts between our opening of the lock and our taking of it."""
    folder = parts.folder_of(tmp_path / "out.csv")
    real, calls = locking.fcntl.flock, []

    def late(lock, how):
        calls.append(lock)
        if len(calls) == 1:
            shutil.rmtree(folder)
        real(lock, how)

    monkeypatch.setattr(locking.fcntl, "flock", late)
    ours = parts.Parts(folder, "k", tmp_path / "out.csv")
    ours.keep([rows(5)], Tally(n_rows=5, counts=()), "")
    assert len(calls) == 2
    with pytest.raises(ProjectError, match="MW-P031"):
        parts.Parts(folder, "k", tmp_path / "out.csv").resume()
    ours.close()


@pytest.mark.parametrize("mistake", ["a column to keep", "an interval", "a source that is not mounted"])
def test_a_mistake_in_the_call_costs_no_finished_part(version, tmp_path, mistake):
    mount = tmp_path / "mount"
    mount.mkdir()
    source, output = csv_of(N, mount / "t.csv"), tmp_path / "out.csv"
    break_off(version, source, output, after=1000)
    if mistake == "a column to keep":
        with pytest.raises(UsageError, match="MW-U101"):
            score_file(version, source, output, keep=("idd",))
    elif mistake == "an interval":
        with pytest.raises(UsageError, match="MW-U60"):
            score_file(version, source, output, interval=0.2)
    else:
        mount.rename(tmp_path / "away")
        with pytest.raises(DataError, match="MW-D110"):
            score_file(version, source, output)
        (tmp_path / "away").rename(mount)
    assert score_file(version, source, output).n_resumed >= 800


def test_what_a_killed_writer_left_is_removed(version, tmp_path):
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    stale, alive = tmp_path / f".out.csv.{child.pid}.tmp", tmp_path / f".out.csv.{os.getpid()}.tmp"
    for path in (stale, alive):
        path.write_text("half")
    source = csv_of(20, tmp_path / "t.csv")
    seen: list[bool] = []
    score_file(version, source, tmp_path / "out.csv", progress=lambda n, share: seen.append(alive.exists()))
    assert seen == [True] and not stale.exists()


def test_a_link_in_the_place_of_the_parts_is_not_followed(version, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "mine").write_text("kept")
    output = tmp_path / "out.csv"
    parts.folder_of(output).symlink_to(tmp_path / "elsewhere")
    score_file(version, csv_of(N, tmp_path / "t.csv"), output)
    assert (tmp_path / "elsewhere" / "mine").read_text() == "kept"


def test_a_text_that_turns_odd_is_read_again_and_goes_on(version, tmp_path, monkeypatch):
    """A short row far below restarts the reading; what was scored in the first manner is not used."""
    source, output = csv_of(30_000, tmp_path / "t.csv"), tmp_path / "out.csv"
    monkeypatch.setattr("modelwright.data.streaming._Opener._small", lambda self, path, size: None)
    lines = source.read_text().splitlines()
    lines[28_000] = lines[28_000].rsplit(",", 1)[0]
    source.write_text("\n".join(lines))
    score_file(version, source, tmp_path / "whole.csv")
    monkeypatch.setattr(module, "PART_ROWS", 5000)

    def stop(n: int, share: float | None) -> None:
        journal = parts.folder_of(output) / "journal.jsonl"
        if journal.exists() and n > 15_000 and "repair" in json.loads(journal.read_text().split("\n")[0])["manner"]:
            raise Broken

    with pytest.raises(Broken):
        score_file(version, source, output, chunk_rows=1000, progress=stop)
    told = score_file(version, source, output)
    assert told.n_resumed >= 5000 and output.read_bytes() == (tmp_path / "whole.csv").read_bytes()


@pytest.mark.slow
def test_memory_is_bounded(version, tmp_path):
    """Two million rows; the peak of a process of its own against one on a few rows."""
    import numpy as np
    import pyarrow.csv as pacsv

    small, large = csv_of(1000, tmp_path / "small.csv"), tmp_path / "large.csv"
    some = rows(2000)
    with pacsv.CSVWriter(large, some.schema) as writer:
        for i in range(20):
            writer.write_table(some.take(np.random.default_rng(i).integers(0, 2000, 100_000)))
    code = (
        "import sys\nfrom modelwright.package.bundle import open_version\nfrom modelwright.scoring import score_file\n"
        "print(score_file(open_version(sys.argv[1]), sys.argv[2], sys.argv[3], keep=('note',)).n_rows)\n"
        "print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])\n"
    )
    peaks = []
    for source, n in ((small, 1000), (large, 2_000_000)):
        command = [sys.executable, "-c", code, str(version.folder), str(source), str(tmp_path / "out.parquet")]
        n_rows, peak = map(int, subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
        assert n_rows == n
        peaks.append(peak / 1024)
    assert peaks[1] < peaks[0] + 400
