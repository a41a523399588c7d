"""Broken off, the same command goes on: `kill -9`, Ctrl-C, a full disk."""

from __future__ import annotations

import contextlib
import json
import resource
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

import modelwright as mw
from modelwright.cli import main

from .helpers import COMMAND, environment, one_object, shell, table

RUN = ("run", "data.csv", "--target", "target", "--trials", "10", "--project", "made")
WIDE = 2_500
"""Rows with which the table is too large to be trained in the command's own process."""


def wide(rows: int = WIDE) -> str:
    """Return a table of nine columns, of which three tell something."""
    rng = np.random.default_rng(5)
    noise = rng.normal(size=(rows, 5)).round(3)
    lines = table(rows, target="number").splitlines()
    more = [",".join(map(str, row)) for row in noise]
    return "\n".join([f"a,b,c,d,e,{lines[0]}", *(f"{m},{line}" for m, line in zip(more, lines[1:], strict=True))])


def journal(folder: Path, project: str = "made") -> list[str]:
    path = folder / project / "runs" / "0001" / "journal.jsonl"
    return path.read_text().splitlines() if path.is_file() else []


def break_off(folder: Path, number: signal.Signals) -> tuple[int, str, list[str]]:
    """Start the run, send the signal once a trial is in the journal; return exit code, output and journal."""
    with subprocess.Popen(
        [*COMMAND, *RUN], cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        until = time.monotonic() + 60
        while not journal(folder) and process.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        workers = psutil.Process(process.pid).children(recursive=True)
        assert workers, "the table is meant to be trained in worker processes"
        process.send_signal(number)
        _, told = process.communicate(timeout=30)
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert alive == [], "worker processes were left behind"
    return process.returncode, told, journal(folder)


def check_going_on(folder: Path, before: list[str]) -> None:
    """Run the same command again and check that it repeats nothing."""
    done = shell(*RUN, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "run 0001 was broken off: going on from there" in done.stderr
    after = journal(folder)
    assert after[: len(before)] == before
    names = [json.loads(line)["name"] for line in after]
    assert len(names) == len(set(names)), "a finished trial was repeated"
    project = mw.Project(folder / "made")
    assert project.result["resumed_trials"] >= 1 and project.versions() == (1,) and project.runs() == ("0001",)
    assert [e.kind for e in project.ledger.entries() if e.kind.startswith("run ")] == [
        "run started",
        "run resumed",
        "run done",
    ]
    project.ledger.verify()
    assert not (folder / "made" / "runs" / "0001" / "models").exists()


def test_killed_and_started_again(tmp_path):
    (tmp_path / "data.csv").write_text(wide())
    code, _, before = break_off(tmp_path, signal.SIGKILL)
    assert code == -signal.SIGKILL and before
    told = shell("predict", "made", "data.csv", cwd=tmp_path)
    assert told.returncode == 1 and "has no version yet" in told.stderr
    check_going_on(tmp_path, before)


def test_interrupted_while_libraries_are_loaded(capsys, monkeypatch):
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("modelwright.loading.own_process", interrupt)
    monkeypatch.setattr("sys.argv", ["modelwright", "run", "data.csv"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 130 and "it goes on from there" in capsys.readouterr().err


def test_interrupted(tmp_path):
    (tmp_path / "data.csv").write_text(wide())
    code, told, before = break_off(tmp_path, signal.SIGINT)
    assert code == 130 and before
    assert "interrupted" in told and "it goes on from there" in told and "Traceback" not in told
    assert mw.Project(tmp_path / "made").state("0001").status == "running"


@pytest.fixture
def broken_off(tmp_path, monkeypatch) -> list[str]:
    """Arguments of a run that was interrupted between its trials and the refit."""
    from modelwright.train import training

    (tmp_path / "data.csv").write_text(table(60, target="number"))
    arguments = ["run", str(tmp_path / "data.csv"), "-t", "target", "--trials", "1", "--project", str(tmp_path / "p")]

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(training, "refit_members", stop)
        assert main([*arguments, "--quiet"]) == 130
    return arguments


def test_going_on_gives_the_same_model(tmp_path, broken_off):
    assert main([*broken_off, "--quiet"]) in (0, 3)
    project = mw.Project(tmp_path / "p")
    assert project.result["resumed_trials"] == len(journal(tmp_path, "p")) - 1  # all but the refit
    assert main([*broken_off[:-1], str(tmp_path / "unbroken"), "--quiet"]) in (0, 3)
    unbroken = mw.Project(tmp_path / "unbroken").predict(tmp_path / "data.csv")
    np.testing.assert_array_equal(project.predict(tmp_path / "data.csv")["prediction"], unbroken["prediction"])


def test_another_question_starts_a_new_run(tmp_path, broken_off):
    """What was broken off is gone on with by the same command only, and its leftovers are removed."""
    assert any((tmp_path / "p" / "runs" / "0001" / "trials").iterdir())
    assert main([*broken_off, "--quiet", "--seed", "1"]) in (0, 3)
    project = mw.Project(tmp_path / "p")
    assert project.runs() == ("0001", "0002") and project.result["run"] == "0002"
    assert not (tmp_path / "p" / "runs" / "0001" / "trials").exists()


@contextlib.contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file grow beyond ``size`` bytes, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk(tmp_path, capsys):
    (tmp_path / "data.csv").write_text(table(60, target="number"))
    arguments = ["run", str(tmp_path / "data.csv"), "-t", "target", "--trials", "1", "--project", str(tmp_path / "p")]
    for size in (3_000, 60_000):  # the first documents do not fit; then only the report does not
        with largest_file(size):
            code = main([*arguments, "--json"])
        told = one_object(capsys.readouterr().out)
        assert code == 1 and told["code"] == "MW-P001" and "disk space" in told["fix"], told
    assert main([*arguments, "--json"]) in (0, 3)
    told = one_object(capsys.readouterr().out)
    assert told["run"] == "0001" and told["resumed_trials"] > 0
