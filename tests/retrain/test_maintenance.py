"""Rounds of maintenance: on files that grow and on the prediction log; promoted, taken back, by one process alone."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

import modelwright as mw
from modelwright import documents
from modelwright.cli import main
from modelwright.errors import DataError, ProjectError
from modelwright.ledger import now
from modelwright.monitor.looking import look_at_log
from modelwright.project import Project
from modelwright.retrain import maintenance
from modelwright.retrain.documents import Policy, Trigger
from modelwright.retrain.guarding import promoted_at
from modelwright.retrain.holding import FAILED, SET_BACK, hold
from modelwright.retrain.maintenance import STATE, Settings, Upkeep, maintain_once
from modelwright.retrain.tables import ADDED, learned_until
from modelwright.serve.log import LogPolicy, PredictionLog

from ..cli.helpers import one_object
from .test_retraining import rows


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("maintained")
    rows(600, 0).to_csv(folder / "first.csv", index=False)
    mw.run(folder / "first.csv", target="y", trials=1, project=folder / "made")
    return folder


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Project:
    shutil.copytree(made / "made", tmp_path / "made")
    return Project(tmp_path / "made")


def test_a_file_that_grows(project: Project, made: Path, tmp_path: Path, capfd: pytest.CaptureFixture) -> None:
    file = tmp_path / "arrived.csv"
    parts = [pd.read_csv(made / "first.csv")]

    def grow(more: pd.DataFrame) -> None:
        parts.append(more)
        pd.concat(parts).to_csv(file, index=False)

    settings = Settings(data=str(file), policy=Policy.AUTOMATIC, trials=1)
    grow(rows(30, 1))
    first = maintain_once(project, settings)
    assert first.retrained is None and first.trigger is None and "30 rows" in first.told[0]

    grow(rows(400, 2, slope=1.0))
    arguments = ["maintain", str(project.path), "--data", str(file), "--policy", "automatic", "--trials", "1"]
    assert main([*arguments, "--once", "--json"]) == 0
    told = one_object(capfd.readouterr().out)
    assert told["trigger"] == "loss" and told["retrained"]["promoted"] and told["champion"] == 2, told

    grow(rows(300, 3))  # the change was none that lasted
    back = maintain_once(project, settings)
    assert back.second is not None and back.second.wins and back.champion == 1
    last = [e for e in project.ledger.entries() if e.kind == "rolled back"][-1]
    assert last.body["by"] == "maintenance" and last.body["evidence"]["gain"]["low"] > 0
    project.ledger.verify()

    broken = rows(300, 4)
    broken["x"] *= 1000
    grow(broken)
    versions = project.versions()
    refused = maintain_once(project, settings)
    assert refused.judgement == "broken" and refused.retrained is None and project.versions() == versions


def logged(project: Project, arrived: pd.DataFrame, at: datetime, name: str = "r") -> None:
    """Have rows answered and their labels come a minute later, one row a second."""
    version = project.version()
    log = PredictionLog(project.path / "predictions", version.contract, LogPolicy(), worker=0, key=b"k" * 32)
    for place, row in enumerate(arrived.to_dict("records")):
        answer, _ = version.predict_row(row)
        received = (at + timedelta(seconds=place)).timestamp()
        log.record(
            request_id=f"{name}{place}",
            route="/predict",
            version="1",
            role="champion",
            received=received,
            seconds=0.001,
            records=[row],
            columns=None,
            answers={key: [value] for key, value in answer.items()},
        )
        log.feedback(request_id=f"{name}{place}", row=0, label=row["y"], received=received + 60)
    log.flush()
    log.close()


def test_the_prediction_log(project: Project) -> None:
    logged(project, rows(300, 5, slope=1.0), datetime.now(UTC) - timedelta(days=1))
    settings = Settings(policy=Policy.AUTOMATIC, trials=1, window=100)
    found = maintain_once(project, settings)
    assert found.rows == 300 and found.labelled == 300 and found.trigger is Trigger.LOSS
    assert found.retrained is not None and found.retrained.promoted and project.champion.version == 2
    again = maintain_once(project, settings)
    assert again.labelled == 0 and again.retrained is None and project.champion.version == 2


def test_rows_of_the_log_in_which_the_feed_was_broken_are_never_learned_from(project: Project) -> None:
    start = datetime.now(UTC) - timedelta(days=1)
    broken = rows(200, 6, slope=1.0)
    broken["x"] *= 1000
    settings = Settings(policy=Policy.AUTOMATIC, trials=1, window=100)
    logged(project, rows(100, 5), start)
    logged(project, broken, start + timedelta(hours=1), "b")
    found = maintain_once(project, settings)
    assert found.judgement == "broken" and found.labelled == 100 and found.retrained is None
    logged(project, rows(300, 7, slope=1.0), start + timedelta(hours=2), "m")  # mended, and the world has changed
    found = maintain_once(project, settings)
    assert found.labelled == 400 and found.retrained is not None and found.retrained.promoted
    assert found.retrained.new_rows == 400


@pytest.mark.parametrize("by", ["a round that was ended", "monitor"])
def test_windows_that_no_round_was_done_with_are_answered_by_the_next(
    project: Project, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    settings = Settings(policy=Policy.AUTOMATIC, trials=1, window=100)
    maintain_once(project, settings)
    logged(project, rows(300, 5, slope=1.0), datetime.now(UTC) - timedelta(days=1))
    if by == "monitor":
        look_at_log(project, rows=100)
    else:
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(maintenance, "retrain", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
            maintain_once(project, settings)
    found = maintain_once(project, settings)
    assert found.rows == 300 and found.trigger is Trigger.LOSS and found.retrained is not None
    again = maintain_once(project, settings)
    assert again.rows == 0 and again.judgement == "quiet", "each is answered once"


def test_two_maintainers(project: Project, capfd: pytest.CaptureFixture) -> None:
    with hold(project):
        with pytest.raises(ProjectError, match="MW-P085"), hold(Project(project.path)):
            pass
        assert main(["maintain", str(project.path), "--once"]) == 1
        assert "another process maintains" in capfd.readouterr().err
    with hold(project):
        pass


def test_a_clock_that_was_set_back(project: Project) -> None:
    maintain_once(project, Settings())
    kept = documents.load(project.path / STATE, Upkeep)
    future = Upkeep(version=kept.version, waiting=kept.waiting, trained="2999-01-01T00:00:00Z")
    documents.save(future, project.path / STATE)
    maintain_once(project, Settings())
    assert documents.load(project.path / STATE, Upkeep).trained < "2999"


def test_what_a_clock_that_was_ahead_has_promoted_can_be_taken_back(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(policy=Policy.AUTOMATIC, trials=1, window=100)
    logged(project, rows(300, 5, slope=1.0), datetime.now(UTC) - timedelta(days=1))
    with monkeypatch.context() as patch:
        patch.setattr("modelwright.ledger.now", lambda: "2999-01-01T00:00:00Z")
        assert maintain_once(project, settings).champion == 2
    assert promoted_at(project) is None  # nobody knows yet
    maintain_once(project, settings)
    assert [e.kind for e in project.ledger.entries()][-1] == SET_BACK
    assert (promoted_at(project) or "") <= now()
    logged(project, rows(250, 3), datetime.now(UTC) + timedelta(seconds=1), "back")  # the change was none that lasted
    back = maintain_once(project, settings)
    assert back.second is not None and back.second.wins and back.champion == 1
    assert [e.kind for e in project.ledger.entries()].count(SET_BACK) == 1


def test_rows_that_came_while_a_clock_was_ahead_are_known(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = datetime.now(UTC) - timedelta(seconds=1)
    with monkeypatch.context() as patch:
        patch.setattr("modelwright.ledger.now", lambda: "2999-01-01T00:00:00Z")
        project.ledger.append(ADDED, "0001", {"until": "2999-01-01T00:00:00+00:00"})
    assert begin < (learned_until(project) or begin) < datetime.now(UTC) + timedelta(seconds=1)
    project.ledger.append(SET_BACK, "", {})
    assert learned_until(project) == datetime.fromisoformat(project.ledger.entries()[-1].at) + timedelta(microseconds=1)


def test_rows_of_the_future_are_not_learned_from(project: Project) -> None:
    logged(project, rows(300, 5, slope=1.0), datetime.now(UTC) + timedelta(days=700))
    logged(project, rows(120, 6), datetime.now(UTC) - timedelta(days=1), "now")
    found = maintain_once(project, Settings(window=100))
    assert (found.rows, found.labelled) == (120, 120)


def test_a_round_says_what_is_wrong(project: Project) -> None:
    maintain_once(project, Settings())
    broken = rows(200, 6)
    broken["x"] *= 1000
    logged(project, broken, datetime.now(UTC) - timedelta(days=1))
    look_at_log(project, rows=100)  # by another command, an hour before
    found = maintain_once(project, Settings(window=100))
    assert found.judgement == "broken" and any("'x'" in told for told in found.told)


@pytest.mark.parametrize("how", ["a column is not there", "other labels"])
def test_what_cannot_be_used_is_a_broken_feed_and_no_failure(project: Project, tmp_path: Path, how: str) -> None:
    arrived = rows(200, 6)
    arrived = arrived.rename(columns={"x": "ex"}) if how == "a column is not there" else arrived.assign(y="a word")
    arrived.to_csv(tmp_path / "arrived.csv", index=False)
    found = maintain_once(project, Settings(data=str(tmp_path / "arrived.csv")))
    assert found.judgement == "broken" and found.retrained is None and len(found.told) == 1


def test_rows_that_a_training_refuses_are_told_and_end_no_round(
    project: Project, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise DataError("the new data look broken and are not learned from: so", fix="mend the feed", code="MW-D802")

    logged(project, rows(300, 5, slope=1.0), datetime.now(UTC) - timedelta(days=1))
    monkeypatch.setattr(maintenance, "retrain", refuse)
    monkeypatch.setattr("os.nice", lambda by: 0)
    assert main(["maintain", str(project.path), "--once", "--window", "100", "--json"]) == 3
    told = one_object(capfd.readouterr().out)
    assert told["judgement"] == "broken" and "not learned from: so" in told["told"][-1]
    assert documents.load(project.path / STATE, Upkeep).looked, "what was looked at is answered"


def test_a_round_that_fails_is_noted_once_and_the_next_ones_go_on(
    project: Project, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
) -> None:
    turns: list[float] = []

    def turn(seconds: float) -> None:
        turns.append(seconds)
        if len(turns) == 3:
            (project.path / STATE).unlink()
        elif len(turns) == 4:
            raise KeyboardInterrupt

    (project.path / STATE).write_text("{")
    monkeypatch.setattr("time.sleep", turn)
    monkeypatch.setattr("os.nice", lambda by: 0)
    assert main(["maintain", str(project.path)]) == 130
    told = capfd.readouterr()
    assert told.err.count("this round failed") == 3 and "quiet: 0 rows" in told.out
    assert [e.kind for e in project.ledger.entries()].count(FAILED) == 1


def test_a_folder_that_may_not_be_written(project: Project) -> None:
    (project.path / ".maintain.lock").mkdir()
    with pytest.raises(ProjectError, match="MW-P008"), hold(project):
        pass


def test_who_was_promoted_by_hand_begins_anew(project: Project) -> None:
    maintain_once(project, Settings())
    kept = documents.load(project.path / STATE, Upkeep)
    documents.save(Upkeep(version=9, waiting=kept.waiting, trained=kept.trained), project.path / STATE)
    maintain_once(project, Settings())
    assert documents.load(project.path / STATE, Upkeep).version == 1
