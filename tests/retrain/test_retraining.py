"""Training again: through the lifecycle, held against the champion, and nothing changes where the feed is broken."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import modelwright as mw
from modelwright import documents
from modelwright.cli import main
from modelwright.errors import DataError, UsageError
from modelwright.frame.problem import Problem, SplitKind
from modelwright.ledger import Ledger
from modelwright.project import Project
from modelwright.retrain.documents import Burden, Policy, Span
from modelwright.retrain.retraining import conclude_broken_off, retrain

from ..accepting import accept
from ..cli.helpers import one_object


def rows(n: int, seed: int, slope: float = 3.0) -> pd.DataFrame:
    """A target whose relation to its columns is told by ``slope``."""
    rng = np.random.default_rng(seed)
    x, z = rng.normal(10, 2, n), rng.uniform(0, 5, n)
    city = rng.choice(["berlin", "oslo", "rome"], n)
    y = slope * x - 2 * z + 4 * (city == "rome") + rng.normal(0, 1, n)
    return pd.DataFrame({"x": x, "z": z, "city": city, "y": y})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("retrained")
    rows(600, 0).to_csv(folder / "first.csv", index=False)
    mw.run(folder / "first.csv", target="y", trials=1, project=folder / "made")
    assert Project(folder / "made").champion is not None
    return folder


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Project:
    shutil.copytree(made / "made", tmp_path / "made")
    return Project(tmp_path / "made")


def test_after_a_change_the_challenger_wins(project: Project, tmp_path: Path, capfd: pytest.CaptureFixture) -> None:
    rows(600, 1, slope=1.0).to_csv(tmp_path / "new.csv", index=False)
    arguments = ["retrain", str(project.path), "--data", str(tmp_path / "new.csv"), "--trials", "1"]
    assert main([*arguments, "--policy", "automatic", "--json"]) == 0
    told = one_object(capfd.readouterr().out)
    assert told["promoted"] and told["champion"] == 2 and told["challenge"]["wins"]
    assert told["challenge"]["gain"]["low"] > 0 and told["challenge"]["rows"] == 200
    assert told["span"] != Span.ALL, "the rows before the change mislead"
    assert project.champion.version == 2 and project.champion.previous == (1,)
    promoted = next(e for e in project.ledger.entries() if e.kind == "promoted" and e.body["to"] == 2)
    assert promoted.body["by"] == "maintenance" and promoted.body["evidence"]["gain"]["low"] > 0
    project.ledger.verify()
    problem = documents.load(project.run_folder("0002") / "problem.json", Problem)
    assert problem.split is SplitKind.TIME and problem.n_folds == 1
    assert main(["rollback", str(project.path), "--quiet"]) == 0 and project.champion.version == 1


def test_without_a_change_more_rows_are_enough(project: Project) -> None:
    found = retrain(project, rows(400, 2), policy=Policy.AUTOMATIC, trials=1)
    fought = found.challenge
    assert found.span is Span.ALL and project.versions() == (1, 2) and found.candidates
    assert fought.loss_gain.low < 0 < fought.loss_gain.high and fought.burden is not Burden.PROOF
    assert "better by more than the noise" not in fought.why
    assert found.promoted == fought.wins == (project.champion.version == 2)


def test_the_policy_decides_who_serves(project: Project) -> None:
    found = retrain(project, rows(600, 1, slope=1.0), policy=Policy.PROPOSE, trials=1)
    assert found.challenge.wins and not found.promoted and project.champion.version == 1
    assert project.ledger.entries()[-1].kind == "proposed"


@pytest.mark.parametrize("broken", ["unit", "null", "labels", "target", "few"])
def test_a_broken_feed_changes_nothing(project: Project, broken: str) -> None:
    new = rows(400, 3)
    if broken == "unit":
        new["x"] *= 1000
    elif broken == "null":
        new["x"] = np.nan
    elif broken == "labels":
        new["y"] = "unknown"
    elif broken == "target":
        new = new.drop(columns="y")
    else:
        new = new.head(20)
    before = {p: p.stat().st_mtime_ns for p in project.path.rglob("*") if p.is_file() and p.name != ".lock"}
    with pytest.raises((DataError, UsageError), match=r"MW-[DU]80\d"):
        retrain(project, new, trials=1)
    after = {p: p.stat().st_mtime_ns for p in project.path.rglob("*") if p.is_file() and p.name != ".lock"}
    assert after == before


def test_rows_that_were_there_before_are_not_new(project: Project, made: Path) -> None:
    with pytest.raises(DataError, match=r"0 rows of the data are new and labelled.*MW-D801"):
        retrain(project, made / "first.csv", trials=1)


def test_a_file_that_has_grown_since_the_first_run(tmp_path: Path) -> None:
    first = rows(300, 0)
    first.to_csv(tmp_path / "data.csv", index=False)
    project = mw.run(tmp_path / "data.csv", target="y", trials=1, project=tmp_path / "made")
    if project.champion is None:
        accept(project, 1)
        project.promote(1)
    pd.concat([first, rows(200, 1)]).to_csv(tmp_path / "data.csv", index=False)
    found = retrain(project, tmp_path / "data.csv", trials=1)
    assert found.new_rows == 200 and any("300 of 500 rows were there before" in t for t in found.told)
    (tmp_path / "data.csv").unlink()
    again = retrain(project, rows(150, 2), trials=1)
    assert again.new_rows == 150 and any("cannot be read any more" in t for t in again.told)
    assert again.rows >= 150 + 200, "the rows that came before are kept with their run"


class Killed(BaseException):
    """What nobody catches, as nobody catches ``kill -9``."""


def die_after(event: str, patch: pytest.MonkeyPatch) -> None:
    """Have the process end once an event is in the ledger."""
    append = Ledger.append

    def appended(self: Ledger, kind: str, run: str, body: object) -> None:
        append(self, kind, run, body)
        if kind == event:
            raise Killed

    patch.setattr(Ledger, "append", appended)


@pytest.mark.parametrize("event", ["retrained", "rows added"])
def test_a_process_that_ends_before_it_promotes(project: Project, event: str) -> None:
    new = rows(400, 1, slope=1.0)
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        die_after(event, patch)
        retrain(project, new, policy=Policy.AUTOMATIC, trials=1)
    assert project.champion.version == 1 and project.versions() == (1, 2)
    assert conclude_broken_off(project) == (
        "version 2 won before its process was ended: it serves now" if event == "rows added" else ""
    )
    if event == "retrained":
        done = retrain(project, new, policy=Policy.AUTOMATIC, trials=1)
        assert done.promoted and done.new_rows == 400, "what nobody noted as known is new"
    assert project.champion.version == project.versions()[-1]
    assert conclude_broken_off(project) == "", "it is done"
    project.rollback()
    assert conclude_broken_off(project) == "" and project.champion.version == 1, "somebody has decided since"
    project.ledger.verify()


def test_a_proposal_that_was_broken_off(project: Project) -> None:
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        die_after("rows added", patch)
        retrain(project, rows(400, 1, slope=1.0), policy=Policy.PROPOSE, trials=1)
    assert "waits for somebody's word" in conclude_broken_off(project)
    assert conclude_broken_off(project) == "" and project.champion.version == 1
    assert [e.kind for e in project.ledger.entries()].count("proposed") == 1
    assert project.promote(2).version == 2, "what the gate that compares versions reads is there as well"


def coded(n: int, seed: int, names: list[str]) -> pd.DataFrame:
    """Two classes that are codes of two characters: in a first table 'a1' and 'A1' would be two of them."""
    new = rows(n, seed)
    return new.assign(y=np.where(new["y"] > new["y"].median(), *names))


def test_labels_in_other_spellings_are_the_classes_of_the_champion(tmp_path: Path) -> None:
    coded(500, 0, ["a1", "b2"]).to_csv(tmp_path / "data.csv", index=False)
    project = mw.run(tmp_path / "data.csv", target="y", trials=1, project=tmp_path / "made")
    if project.champion is None:
        accept(project, 1)
        project.promote(1)
    new = coded(400, 1, ["A1", " b2"])
    new.loc[new.index[:7], "y"] = "perhaps"
    new.loc[new.index[7:10], "y"] = None
    found = retrain(project, new, trials=1)
    problem = documents.load(project.run_folder(found.run) / "problem.json", Problem)
    assert sorted(problem.classes) == ["a1", "b2"]
    assert found.told[-2].startswith("7 labels are none of the model's classes, such as 'perhaps' (7 rows)")
    assert found.told[-1] == "3 new rows have no label: not learned from"
