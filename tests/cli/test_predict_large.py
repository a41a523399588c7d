"""Scoring what takes a while: progress, interruption, going on, and nothing shown of what is refused."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import time
from pathlib import Path

import pandas as pd
import pytest

import modelwright as mw
from modelwright.cli import counting as module
from modelwright.cli import main
from modelwright.cli.counting import counting
from modelwright.scoring import working

from .helpers import COMMAND, environment, one_object, table


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    (tmp_path / "rows.csv").write_text(table(3000, target="number", seed=3))
    return tmp_path / "rows.csv"


@pytest.mark.slow
def test_a_killed_command_goes_on(project, rows, tmp_path, capsys):
    """The whole command in a process of its own, killed once some parts are finished."""
    header, *lines = rows.read_text().splitlines()
    rows.write_text("\n".join([header, *lines * 600]) + "\n")
    arguments = ["predict", str(project), str(rows), "-o", str(tmp_path / "out.parquet")]
    child = subprocess.Popen([*COMMAND, *arguments], env=environment(), stderr=subprocess.DEVNULL)
    journal = tmp_path / ".out.parquet.scoring" / "journal.jsonl"
    until = time.monotonic() + 100
    while time.monotonic() < until and child.poll() is None:
        if journal.exists() and journal.read_bytes().count(b"\n") >= 2:
            child.send_signal(signal.SIGKILL)
        time.sleep(0.005)
    assert child.wait() == -signal.SIGKILL and not (tmp_path / "out.parquet").exists()
    assert main(arguments) == 0
    told = capsys.readouterr().err
    assert "note: went on after " in told and "1,800,000 rows scored by version 1 into" in told
    assert not journal.parent.exists()


def test_nothing_is_shown_of_rows_that_are_refused(project, rows, capsys):
    text = rows.read_text().rstrip("\n")
    rows.write_text(text + ",one more\n")
    assert main(["predict", str(project), str(rows)]) == 1
    told = capsys.readouterr()
    assert told.out == "" and "(line 3001) with more cells" in told.err


def test_an_interrupted_command_says_how_it_goes_on(project, rows, tmp_path, capsys, monkeypatch):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(working.Work, "_refuse_early", interrupt)
    assert main(["predict", str(project), str(rows), "-o", str(tmp_path / "out.csv")]) == 130
    assert "it goes on from there" in capsys.readouterr().err
    assert main(["predict", str(project), str(rows)]) == 130
    assert "it goes on from there" not in capsys.readouterr().err


def test_intervals(project, rows, tmp_path, capsys):
    arguments = ["predict", str(project), str(rows), "-o", str(tmp_path / "out.csv"), "--interval"]
    code = main([*arguments, "0.8"])
    told = capsys.readouterr().err
    assert code == 0 or "MW-U60" in told
    if code == 0:
        assert (tmp_path / "out.csv").read_text().startswith('"prediction","low","high"')
    assert main([*arguments, "7"]) == 2
    assert "MW-U60" in capsys.readouterr().err


def test_sets_of_classes_in_each_way_of_showing_them(tmp_path, capsys):
    (tmp_path / "train.csv").write_text(table(150, seed=3))
    (tmp_path / "few.csv").write_text(table(20, seed=4))
    made = str(tmp_path / "made")
    training = ["run", str(tmp_path / "train.csv"), "--target", "target", "--trials", "1", "--project", made]
    assert main([*training, "--quiet"]) == 0
    capsys.readouterr()
    arguments = ["predict", made, str(tmp_path / "few.csv"), "--interval", "0.9"]
    assert main([*arguments, "--json"]) == 0
    sets = [row["set"] for row in one_object(capsys.readouterr().out)["predictions"]]
    assert len(sets) == 20 and all(isinstance(s, list) and s for s in sets)
    assert main(arguments) == 0
    shown = pd.read_csv(io.StringIO(capsys.readouterr().out))
    assert [json.loads(text) for text in shown["set"]] == sets
    assert main([*arguments, "-o", str(tmp_path / "out.jsonl")]) == 0
    lines = (tmp_path / "out.jsonl").read_text().splitlines()
    assert [json.loads(line)["set"] for line in lines] == sets


def test_lines_of_progress_after_two_seconds(capsys, monkeypatch):
    clock = iter([0.0, 1.0, 2.5, 5.0, 13.0])
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    with counting(silent=False) as progress:
        for rows_done, share in ((10, 0.1), (25, 0.25), (50, 0.5), (1300, None)):
            progress(rows_done, share)
    assert capsys.readouterr().err.splitlines() == [
        "   2.5 s  25 rows scored, 25% of the source",
        "  13.0 s  1,300 rows scored",
    ]


def test_a_bar_on_a_terminal(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    shown = Terminal()
    monkeypatch.setattr("sys.stderr", shown)
    monkeypatch.setattr(module, "SILENT_S", 0.0)
    with counting(silent=False) as progress:
        progress(1_000_000, 0.5)
        progress(2_000_000, None)
    assert "2,000,000 rows" in shown.getvalue()
    with counting(silent=True) as progress:
        progress(1, None)


def test_the_project_scores_files(project, rows, tmp_path):
    told = mw.Project(project).score_file(rows, tmp_path / "out.csv", keep=("city",))
    assert told.n_rows == 3000 and told.version == 1 and told.output.exists()
    answers = mw.Project(project).predict(rows)["prediction"]
    found = pd.read_csv(tmp_path / "out.csv")
    assert list(found) == ["city", "prediction"] and (found["prediction"] == answers).all()
