"""A project that an earlier release left is read, and goes on, with every later one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelwright.cli import main
from modelwright.package.reference.documents import read_reference

from .cli.helpers import one_object
from .make_frozen_project import FROZEN, RECORDED, answers


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(FROZEN, tmp_path / "frozen")
    monkeypatch.chdir(tmp_path / "frozen")  # where the brief finds its source
    return tmp_path / "frozen" / "project"


def _same(found: Any, recorded: Any) -> None:
    """Numbers may differ in their last bits, nothing else may."""
    if isinstance(recorded, float):
        np.testing.assert_allclose(found, recorded, rtol=0, atol=1e-9)
    elif isinstance(recorded, dict):
        assert found.keys() == recorded.keys()
        for name, value in recorded.items():
            _same(found[name], value)
    elif isinstance(recorded, list):
        assert len(found) == len(recorded)
        for one, other in zip(found, recorded, strict=True):
            _same(one, other)
    else:
        assert found == recorded


def test_its_version_answers_as_recorded(project: Path) -> None:
    _same(answers(project), json.loads(RECORDED.read_text()))


def test_it_is_explained_documented_and_worth_what_it_was(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for command in ("worth", "document", "why", "versions", "verify"):
        assert main([command, str(project)]) == 0, capfd.readouterr().err
    assert "−100 (−940 to 730) per 1,000 cases" in capfd.readouterr().out
    assert (project / "documents" / "model-card.md").is_file() and (project / "documents" / "report.html").is_file()


def test_it_is_watched_and_trained_again(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["monitor", str(project), "--data", "later.csv", "--json"]) == 0
    told = one_object(capfd.readouterr().out)["windows"][0]
    assert told["judgement"] == "harmless" and told["labelled"] == 200
    assert told["estimated"]["value"] == pytest.approx(0.4938, abs=0.01)
    assert main(["retrain", str(project), "--data", "later.csv", "--trials", "1"]) in (0, 3)
    assert main(["promote", str(project), "2"]) == 0 and main(["rollback", str(project)]) == 0


def test_what_a_loss_could_not_say_yet_is_not_missed(project: Path) -> None:
    """Earlier releases did not doubt the effects of bins."""
    from modelwright import open_version

    path = project / "versions" / "1" / "reference.json"
    contract = open_version(path.parent).contract
    document = json.loads(path.read_text())
    del document["loss"]["doubt"]
    path.write_text(json.dumps(document))
    loss = read_reference(path.parent, contract).loss
    assert loss is not None and loss.doubt == 0.0
