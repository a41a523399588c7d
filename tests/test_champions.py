"""Changing the champion: whatever ends the process at any line, one champion and a whole ledger are left."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from modelwright import champions, documents, ledger
from modelwright.project import Project

FILES = {module.__file__ for module in (champions, documents, ledger)}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with three versions, of which the first serves; what is in them is another test's business."""
    made = Project.create(tmp_path / "made")
    for number in (1, 2, 3):
        (made.path / "versions" / str(number)).mkdir()
    monkeypatch.setattr(Project, "version", lambda self, number=None: self.version_folder(number))
    monkeypatch.setattr(Project, "signed_otherwise", lambda self, number: "")
    made.promote(1)
    return made


def die_at(line: int, act: Any) -> bool:
    """Run ``act`` in a child that is killed when it reaches its n-th line; return whether it was."""
    child = os.fork()
    if child == 0:
        reached = 0

        def trace(frame: FrameType, event: str, argument: Any) -> Any:
            nonlocal reached
            if frame.f_code.co_filename not in FILES:
                return None
            reached += event == "line"
            if reached == line:
                os.kill(os.getpid(), signal.SIGKILL)
            return trace

        sys.settrace(trace)
        act()
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def check_whole(path: Path, allowed: set[tuple[int, tuple[int, ...]]]) -> None:
    found = Project(path)
    champion = found.champion
    assert champion is not None and (champion.version, champion.previous) in allowed
    found.ledger.verify()
    settled = found.settle()
    assert settled is not None and settled == found.champion
    assert (settled.version, settled.previous) in allowed
    changes = [e for e in found.ledger.entries() if e.kind in (champions.PROMOTED, champions.ROLLED_BACK)]
    assert changes[-1].body["to"] == settled.version, "the ledger says who serves"
    assert not list(path.glob(".champion.json.*"))


@pytest.mark.parametrize("what", ["promotion", "rollback"])
def test_a_crash_at_every_line(project: Project, what: str) -> None:
    project.promote(2)
    before = (2, (1,))
    after = (3, (1, 2)) if what == "promotion" else (1, ())
    files = {name: (project.path / name).read_bytes() for name in ("ledger.jsonl", "champion.json")}

    def act() -> None:
        if what == "promotion":
            Project(project.path).promote(3, why="better", evidence={"gain": 0.1})
        else:
            Project(project.path).rollback(why="worse")

    line = 1
    while die_at(line, act):
        check_whole(project.path, {before, after})
        for name, content in files.items():
            (project.path / name).write_bytes(content)
        line += 1
    assert line > 40, "the lines were counted"
    check_whole(project.path, {after})


def test_what_was_broken_off_is_finished_by_the_next(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(documents, "save", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            project.promote(2)
    assert project.champion.version == 1
    assert project.promote(3).previous == (1, 2), "the promotion of 2 was in the ledger"
    assert project.rollback().version == 2 and project.rollback().version == 1


def test_a_pointer_that_somebody_set_is_left_alone(project: Project) -> None:
    project.promote(2)
    project.promote(3)
    documents.save(champions.Champion(version=1), project.path / "champion.json")
    assert project.settle().version == 1


def test_evidence_goes_to_the_ledger(project: Project) -> None:
    project.promote(2, by="maintenance", why="better", evidence={"gain": 0.02})
    body = project.ledger.entries()[-1].body
    assert body == {"by": "maintenance", "why": "better", "evidence": {"gain": 0.02}, "from": 1, "to": 2}
