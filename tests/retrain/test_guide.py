"""The guide to maintaining, command by command: the story that it tells is the one that happens."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from modelwright.cli import main
from modelwright.project import Project

from .test_replay import dated

GUIDE = Path(__file__).parents[2] / "docs" / "maintaining.md"
BROUGHT = {
    "calls.csv": "the first rows",
    "june.csv": "after a change",
    "since-may.csv": "a stream",
    "arrived/": "a folder that is filled",
}


def commands() -> list[list[str]]:
    """Return the commands of the guide, in its order."""
    shown = re.findall(r"^modelwright (.+)$", GUIDE.read_text(), re.MULTILINE)
    return [re.findall(r'"[^"]*"|\S+', line.split("  #")[0]) for line in shown]


def with_name(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.rename(columns={"y": "deposit", "at": "called_at"})


def test_the_guide_names_every_command_and_its_files():
    named = [c[0] for c in commands()]
    assert named == ["run", "monitor", "retrain", "promote", "rollback", "maintain", "maintain", "replay"]
    files = {a for c in commands() for a in c if a.endswith((".csv", "/"))}
    assert files == set(BROUGHT)


@pytest.mark.slow
def test_the_story_of_the_guide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with_name(dated(1000, 0, 0)).to_csv("calls.csv", index=False)
    june = with_name(dated(500, 1, 1000, slope=1.0))
    june.to_csv("june.csv", index=False)
    with_name(pd.concat([dated(300, 2, 1600), dated(500, 3, 1900, slope=1.0)])).to_csv("since-may.csv", index=False)
    Path("arrived").mkdir()
    with_name(dated(300, 4, 2500)).to_csv("arrived/july.csv", index=False)
    more = {
        "run": ["--time", "called_at", "--drop", "called_at", "--trials", "1", "--json"],
        "retrain": ["--trials", "1", "--json"],
        "replay": ["--windows", "4", "--json"],
        "maintain": ["--once", "--trials", "1", "--json"],
    }
    codes = []
    for command in commands():
        asked = [a.strip('"') for a in command]
        codes.append((command[0], main([*asked, *more.get(command[0], [])])))
        project = Project("bank")
        if command[0] == "promote":
            assert project.champion.version == 2
        elif command[0] == "rollback":
            assert project.champion.version == 1
    assert dict(codes)["monitor"] == 3, "the loss of June is up"
    assert all(code in (0, 3) for _, code in codes), codes
    assert not np.isnan(project.result["score"]["value"])
    project.ledger.verify()
