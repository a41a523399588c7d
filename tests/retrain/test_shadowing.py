"""A challenger that has not won goes on in the shadow; later labels may speak for it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

import modelwright as mw
from modelwright import documents
from modelwright.project import Project
from modelwright.retrain.challenge import LEVEL, level_of_look
from modelwright.retrain.documents import Burden, Policy
from modelwright.retrain.maintenance import STATE, Settings, Upkeep, maintain_once
from modelwright.retrain.retraining import retrain
from modelwright.retrain.shadowing import Shadow, conclude, into_shadow, look_again, stays

from .test_retraining import rows


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose second version knows what the relation has become, and does not serve."""
    folder = tmp_path_factory.mktemp("shadowed")
    rows(600, 0).to_csv(folder / "first.csv", index=False)
    mw.run(folder / "first.csv", target="y", trials=1, project=folder / "made")
    found = retrain(Project(folder / "made"), rows(400, 1, slope=1.0), trials=1)
    assert found.version == 2 and not found.promoted
    return folder / "made"


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Project:
    shutil.copytree(made, tmp_path / "made")
    return Project(tmp_path / "made")


def later(seed: int, slope: float) -> pa.Table:
    return pa.Table.from_pandas(rows(200, seed, slope=slope), preserve_index=False)


def test_later_labels_speak_for_it(project: Project) -> None:
    found = look_again(project, Shadow(version=2), later(2, 1.0))
    assert found is not None and found.wins and found.rows > 200, "the rows that judged it count as well"
    assert found.slices_seen > 0
    with project.lock():
        assert conclude(project, found, Policy.AUTOMATIC)
    assert project.champion.version == 2
    promoted = [e for e in project.ledger.entries() if e.kind == "promoted"][-1]
    assert promoted.body["why"].startswith("in the shadow, ") and promoted.body["by"] == "maintenance"
    project.ledger.verify()


def test_or_against_it(project: Project) -> None:
    found = look_again(project, Shadow(version=2), later(3, 6.0))
    assert found is not None and not found.wins
    assert not stays(replace(found, loss_gain=replace(found.loss_gain, value=-1.0)))


def test_what_has_learned_from_more_rows_is_asked_about_later_ones_alone(project: Project) -> None:
    found = look_again(project, Shadow(version=2, renewed=True), later(2, 1.0))
    assert found is not None and found.wins and found.burden is Burden.LIKELIER and found.rows == 200
    lost = replace(found, wins=False, loss_gain=replace(found.loss_gain, value=-1.0))
    assert not stays(lost) and into_shadow(lost) == Shadow(version=2, renewed=True)
    assert into_shadow(replace(lost, burden=Burden.PROOF)) is None and into_shadow(found) is None
    assert into_shadow(replace(lost, gates=("it is too large",))) is None


def test_a_person_promotes_what_is_proposed(project: Project) -> None:
    found = look_again(project, Shadow(version=2), later(4, 1.0))
    assert found is not None and not conclude(project, found, Policy.PROPOSE)
    assert project.champion.version == 1 and project.ledger.entries()[-1].kind == "proposed"


def test_few_rows_and_versions_that_are_gone_say_nothing(project: Project) -> None:
    assert look_again(project, Shadow(version=2, looks=1), later(5, 1.0).slice(0, 199)) is None
    assert look_again(project, Shadow(version=9), later(5, 1.0)) is None


def test_a_round_of_maintenance_asks(project: Project, tmp_path: Path) -> None:
    maintain_once(project, Settings())
    kept = documents.load(project.path / STATE, Upkeep)
    documents.save(replace(kept, shadow=Shadow(version=2)), project.path / STATE)
    rows(200, 6, slope=1.0).to_csv(tmp_path / "later.csv", index=False)
    found = maintain_once(project, Settings(data=str(tmp_path / "later.csv"), policy=Policy.AUTOMATIC, trials=1))
    assert found.shadowed is not None and found.shadowed.wins and found.retrained is None
    assert project.champion.version == 2
    assert documents.load(project.path / STATE, Upkeep).shadow is None


def test_looks_share_a_level() -> None:
    assert level_of_look(0) == LEVEL
    spent = sum(1 - level_of_look(k) for k in range(1, 1000))
    assert spent == pytest.approx(1 - LEVEL, rel=0.01)
    assert 1 - level_of_look(1, 3) == pytest.approx((1 - level_of_look(1)) / 3)
