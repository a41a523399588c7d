"""Probabilities put right in a project: a version with the same models, promoted by the policy, taken back by hand."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import modelwright as mw
from modelwright.cli import main
from modelwright.errors import DataError, UsageError
from modelwright.project import Project
from modelwright.report.gathering import gather
from modelwright.retrain.documents import Policy
from modelwright.retrain.freshening import recalibrate
from modelwright.retrain.guarding import EVERY
from modelwright.retrain.maintenance import Settings, maintain_once
from modelwright.retrain.replay import replay

from ..cli.helpers import one_object
from .test_maintenance import logged


def rows(n: int, seed: int, *, shift: float = 0.0) -> pd.DataFrame:
    """Rows of an hour each, after those of a smaller seed, whose event became likelier or rarer for all alike."""
    rng = np.random.default_rng(seed)
    x, z = rng.normal(0, 1, n), rng.normal(0, 1, n)
    event = rng.random(n) < 1 / (1 + np.exp(-(1.5 * x - z + shift)))
    at = pd.Timestamp("2020-01-01") + pd.to_timedelta(10_000 * seed + np.arange(n), unit="h")
    return pd.DataFrame({"at": at, "x": x.round(3), "z": z.round(3), "y": np.where(event, "yes", "no")})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recalibrated")
    rows(900, 0).to_csv(folder / "first.csv", index=False)
    asked = {"target": "y", "time": "at", "drop": ["at"], "metric": "log_loss", "trials": 1, "members": 1}
    mw.run(folder / "first.csv", **asked, project=folder / "made")
    return folder / "made"


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Project:
    opened = Project(shutil.copytree(made, tmp_path / "made"))
    if opened.champion is None:
        opened.promote(1, why="the test needs a champion", settled=EVERY)
    return opened


def test_a_version_with_the_same_models_is_made_and_serves(
    project: Project, tmp_path: Path, capfd: pytest.CaptureFixture
) -> None:
    new, later = rows(900, 1, shift=-2.0), rows(2000, 2, shift=-2.0)
    new.to_csv(tmp_path / "new.csv", index=False)
    arguments = ["recalibrate", str(project.path), "--data", str(tmp_path / "new.csv"), "--policy", "automatic"]
    assert main([*arguments, "--json"]) == 0
    told = one_object(capfd.readouterr().out)
    assert [told["version"], told["models"], told["promoted"], told["champion"]] == [2, 1, True, 2], told

    first, second = project.version(1), project.version(2)
    said = [v.predict(later)[0]["probability_yes"] for v in (first, second)]
    share = (later["y"] == "yes").mean()
    assert abs(said[1].mean() - share) < 0.4 * abs(said[0].mean() - share)
    assert (np.argsort(said[0]) == np.argsort(said[1])).mean() > 0.99
    second.self_test()
    assert second.uncertainty is not None and "before it" in second.uncertainty.note
    assert second.manifest.documents["models"] == first.digest and second.manifest.score is not None
    assert project.made_by(2) == project.made_by(1) and project.models_of(2) == 1
    assert "measured on version 1. On labels since then" in gather(project, 2).recalibrated
    assert gather(project, 1).recalibrated == ""
    kept = [e for e in project.ledger.entries() if e.kind == "recalibrated"]
    assert len(kept) == 1 and kept[0].body["gain"]["low"] > 0
    project.ledger.verify()

    again = recalibrate(project, rows(900, 3, shift=-2.0))
    assert again.version is None and again.models == 1 and "not better by more than the noise" in again.why
    assert main(["rollback", str(project.path)]) == 0 and project.champion.version == 1


def test_nothing_is_made_without_need_or_rows(project: Project) -> None:
    found = recalibrate(project, rows(900, 4), policy=Policy.AUTOMATIC)
    assert found.version is None and found.champion == 1 and project.versions() == (1,)
    assert "300 are needed" in recalibrate(project, rows(200, 5, shift=-3.0)).why
    with pytest.raises(DataError, match="MW-D801"):
        recalibrate(project, rows(40, 6))
    broken = rows(400, 7)
    broken["x"] *= 1000
    with pytest.raises(DataError, match="MW-D802"):
        recalibrate(project, broken)


def test_maintenance_does_it_between_trainings(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelwright.retrain.maintenance.may_train", lambda waiting: False)
    path = project.path.parent / "arrived.csv"
    rows(450, 8, shift=-2.5).to_csv(path, index=False)

    def round_of(policy: Policy):
        return maintain_once(project, Settings(data=str(path), policy=policy))

    assert round_of(Policy.MANUAL).freshened is None, "it is left to a person"
    found = round_of(Policy.PROPOSE).freshened
    assert found is not None and [found.version, found.models, found.promoted, found.champion] == [2, 1, False, 1]
    assert [e.body["version"] for e in project.ledger.entries() if e.kind == "proposed"] == [2]
    assert round_of(Policy.PROPOSE).freshened is None, "one waits already"
    project.promote(2, why="the test has looked at it")
    assert project.champion.version == 2 and round_of(Policy.AUTOMATIC).champion == 2


def test_a_replay_does_it_without_a_training(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelwright.retrain.living.may_train", lambda waiting: False)
    found = replay(project, rows(1800, 9, shift=-2.5), time="at", windows=9)
    assert found.retrains == 0 and found.recalibrations >= 1 and found.rows_fitted == 0
    assert found.maintained < 0.9 * found.frozen and found.rollbacks == 0
    assert sum("recalibrated" in w.actions for w in found.by_window) == found.recalibrations
    assert "newest rows: better by more than the noise" in found.events[0]
    assert project.versions() == (1,)


def test_values_have_no_probabilities(tmp_path: Path) -> None:
    table = rows(300, 0).assign(y=np.arange(300.0))
    table.to_csv(tmp_path / "first.csv", index=False)
    project = mw.run(tmp_path / "first.csv", target="y", trials=1, members=1, project=tmp_path / "values")
    if project.champion is None:
        project.promote(1, why="the test needs a champion", settled=EVERY)
    with pytest.raises(UsageError, match="MW-U804"):
        recalibrate(project, rows(300, 1).assign(y=np.arange(300.0)))


@pytest.mark.parametrize("by_file", [True, False])
def test_labels_that_came_by_what_happened_are_not_learned_from(
    project: Project, tmp_path: Path, by_file: bool
) -> None:
    new = rows(900, 1)
    events = new[new["y"] == "yes"]
    settings = Settings(policy=Policy.AUTOMATIC, trials=1, window=100, schedule_s=1.0)
    if by_file:
        events.to_csv(tmp_path / "events.csv", index=False)
        settings = replace(settings, data=str(tmp_path / "events.csv"))
    else:
        logged(project, events, datetime.now(UTC) - timedelta(days=1))
    found = maintain_once(project, settings)
    assert found.judgement == "cannot tell" and found.retrained is None and found.freshened is None
    assert f"not learned from: all {len(events)} labels are 'yes'" in found.told[0]
    with pytest.raises(DataError, match="labels that come by what happened"):
        recalibrate(project, events)
