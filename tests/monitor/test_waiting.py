"""What is new in the log, and too little to be judged."""

from __future__ import annotations

import pytest

from modelwright.cli import main
from modelwright.monitor.looking import look_at_log
from modelwright.monitor.waiting import what_waits
from modelwright.project import Project
from tests.monitor import making
from tests.monitor.test_looking import Served, project, served  # noqa: F401 - fixtures


def said(project: Project, capsys: pytest.CaptureFixture[str], *options: str) -> str:  # noqa: F811
    assert main(["monitor", str(project.path), *options]) == 0
    return capsys.readouterr().out.strip()


def test_what_waits_is_told(project: Project, served: Served, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    assert said(project, capsys) == "no new predictions in the log"
    columns = making.rows(120, 25)
    ids, labels = served.answer(columns), making.outcomes(columns, 25)
    few = "too little is new in the log to be judged: 120 predictions (200 are needed, or --all)"
    for _ in range(2):  # nothing is taken as seen by it
        assert said(project, capsys) == few
    served.learn(ids[:7], labels[:7])
    for _ in range(2):
        assert said(project, capsys) == f"{few} and 7 labels (30 are needed)"
    assert said(project, capsys, "--all").startswith("120 rows, ")
    assert said(project, capsys) == "too little is new in the log to be judged: 7 labels (30 are needed)"


def test_labels_of_rows_that_other_versions_answered_wait_for_nothing(project: Project, served: Served) -> None:  # noqa: F811
    served.serving = "2"
    columns = making.rows(100, 20)
    served.learn(served.answer(columns), making.outcomes(columns, 20))
    served.serving = "1"
    few = making.rows(50, 21)
    ids = served.answer(few)
    assert look_at_log(project) == ()
    told = "too little is new in the log to be judged: 50 predictions (200 are needed, or --all)"
    assert what_waits(project) == told
    served.learn(ids[:7], making.outcomes(few, 21)[:7])
    assert look_at_log(project) == ()
    assert what_waits(project) == f"{told} and 7 labels (30 are needed)"
