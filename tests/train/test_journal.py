from __future__ import annotations

import numpy as np
import pytest

from modelwright.train.journal import Journal, Line


def test_trials_come_back(tmp_path):
    journal = Journal(tmp_path, "plan")
    journal.add(Line(name="a/b@0", plan="plan", status="done", spent=12.0), {"valid": np.ones((3, 2))})
    journal.add(Line(name="a/b@1", plan="plan", status="failed", reason="why", spent=13.5))
    again = Journal(tmp_path, "plan")
    assert again.lines == journal.lines and again.spent == 13.5
    assert (again.arrays("a/b@0")["valid"] == 1).all() and again.arrays("a/b@1") is None


def test_trials_of_another_plan_do_not_count(tmp_path):
    Journal(tmp_path, "plan").add(Line(name="a@0", plan="plan", status="done"))
    assert Journal(tmp_path, "other").lines == {}


def test_a_line_cut_short_is_dropped(tmp_path):
    journal = Journal(tmp_path, "plan")
    journal.add(Line(name="a@0", plan="plan", status="done"))
    with open(journal.path, "ab") as handle:
        handle.write(b'{"name": "a@1", "pl')
    again = Journal(tmp_path, "plan")
    assert set(again.lines) == {"a@0"}
    again.add(Line(name="a@1", plan="plan", status="done"))
    assert set(Journal(tmp_path, "plan").lines) == {"a@0", "a@1"}


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 half"])
def test_damaged_arrays_are_not_used(tmp_path, damage):
    journal = Journal(tmp_path, "plan")
    journal.add(Line(name="a@0", plan="plan", status="done"), {"valid": np.ones(3)})
    (tmp_path / "trials" / "a@0.npz").write_bytes(damage)
    assert journal.arrays("a@0") is None


def test_once_keeps_the_first_answer(tmp_path):
    assert Journal(tmp_path, "plan").once("size", lambda: 3, int) == 3
    assert Journal(tmp_path, "plan").once("size", lambda: 5, int) == 3
    assert Journal(tmp_path, "other").once("size", lambda: 5, int) == 5
