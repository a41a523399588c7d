from __future__ import annotations

from dataclasses import replace

import pytest

from modelwright.errors import ProjectError
from modelwright.evaluate.measurements import Measurement
from modelwright.ledger import RESUMED, Decision, Ledger, decided, moment_of

SCORE = Measurement(name="roc_auc", value=0.8, low=0.7, high=0.9, n=100, method="DeLong")


def ledger_with(tmp_path, n):
    ledger = Ledger(tmp_path / "ledger.jsonl")
    for i in range(n):
        decision = Decision(stage=f"stage{i}", question="split", choice="group", why="why", measurement=SCORE)
        ledger.record("0001", f"stage{i}", (decision,))
    return ledger


def test_decisions_come_back(tmp_path):
    ledger = ledger_with(tmp_path, 3)
    assert ledger.verify() == 3
    decisions = ledger.decisions("0001")
    assert [d.stage for d in decisions] == ["stage0", "stage1", "stage2"]
    assert decisions[0].measurement == SCORE and decisions[0].at
    assert ledger.decisions("0002") == ()


def test_a_stage_is_recorded_once(tmp_path):
    ledger = ledger_with(tmp_path, 1)
    ledger.record("0001", "stage0", (Decision(stage="stage0", question="split", choice="time"),))
    assert [d.choice for d in ledger.decisions()] == ["group"]


def test_a_stage_that_a_resumed_run_did_anew_stands_as_it_came_out_then(tmp_path):
    ledger = ledger_with(tmp_path, 2)
    again = Decision(stage="stage0", question="split", choice="group", why="why", measurement=SCORE)
    ledger.append(RESUMED, "0001", {})
    ledger.record("0001", "stage0", (again,))
    assert ledger.verify() == 3, "it came out alike"
    ledger.record("0001", "stage1", (replace(again, stage="stage1", choice="time"),))
    ledger.record("0001", "stage1", (replace(again, stage="stage1", choice="random"),))
    assert [(d.stage, d.choice) for d in ledger.decisions("0001")] == [("stage0", "group"), ("stage1", "time")]
    assert [e.number for e in decided(ledger.entries())] == [1, 4] and ledger.verify() == 4


def test_a_changed_line_shows(tmp_path):
    ledger = ledger_with(tmp_path, 3)
    lines = ledger.path.read_bytes().splitlines(keepends=True)
    ledger.path.write_bytes(lines[0] + lines[1].replace(b"group", b"timed") + lines[2])
    with pytest.raises(ProjectError, match="entry 3"):
        ledger.verify()


def test_a_removed_line_shows(tmp_path):
    ledger = ledger_with(tmp_path, 3)
    lines = ledger.path.read_bytes().splitlines(keepends=True)
    ledger.path.write_bytes(lines[0] + lines[2])
    with pytest.raises(ProjectError):
        ledger.verify()


def test_a_line_cut_short_by_a_crash_is_dropped(tmp_path):
    ledger = ledger_with(tmp_path, 2)
    with open(ledger.path, "ab") as handle:
        handle.write(b'{"number": 3, "prev')
    assert ledger.verify() == 2
    ledger.append("promoted", "", {"to": 1})
    assert ledger.verify() == 3 and ledger.entries()[-1].kind == "promoted"


def test_what_a_clock_that_was_ahead_wrote_was_before_what_came_after(tmp_path, monkeypatch):
    ledger = Ledger(tmp_path / "ledger.jsonl")
    for at in ("2026-01-01T00:00:00Z", "2999-01-01T00:00:00Z", "2026-01-02T00:00:00Z"):
        with monkeypatch.context() as patch:
            patch.setattr("modelwright.ledger.now", lambda at=at: at)
            ledger.append("promoted", "", {})
    first, ahead, after = ledger.entries()
    assert [moment_of(ledger.entries(), e) for e in (first, ahead, after)] == [first.at, after.at, after.at]
    assert moment_of((first, ahead), ahead) is None
