"""Three lives on one stream: nobody knows what was not known then, and maintenance is worth it where there is decay."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import modelwright as mw
from modelwright.cli import main
from modelwright.errors import DataError, UsageError
from modelwright.project import Project
from modelwright.retrain.replay import replay
from modelwright.retrain.tables import ADDED

from ..cli.helpers import one_object
from .test_retraining import rows


def dated(n: int, seed: int, first: int, slope: float = 3.0) -> pd.DataFrame:
    """Rows of one hour each, from hour ``first`` on."""
    moments = pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(first, first + n), unit="h")
    return rows(n, seed, slope).assign(at=moments)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("replayed")
    dated(1000, 0, 0).to_csv(folder / "first.csv", index=False)
    mw.run(folder / "first.csv", target="y", time="at", drop=["at"], trials=1, project=folder / "made")
    return Project(folder / "made")


def test_after_a_change_maintenance_is_worth_it(project: Project, tmp_path: Path, capfd: pytest.CaptureFixture) -> None:
    stream = pd.concat([dated(600, 1, 1000), dated(1400, 2, 1600, slope=1.0)])
    stream.to_csv(tmp_path / "stream.csv", index=False)
    before = {p: p.stat().st_mtime_ns for p in project.path.rglob("*") if p.is_file()}
    arguments = ["replay", str(project.path), "--stream", str(tmp_path / "stream.csv"), "--time", "at"]
    page = tmp_path / "replay.html"
    assert main([*arguments, "--label-delay", "2d", "--windows", "10", "--report", str(page), "--json"]) == 0
    told = one_object(capfd.readouterr().out)
    assert told["maintained"] < 0.6 * told["frozen"], told
    assert 0 < told["promotions"] <= told["retrains"] <= 5, told
    assert told["judgements"][:3].count("harmful") == 0 and told["alarms"] >= 1
    assert told["windows"] == 10 and told["rows"] == told["labelled"] == 2000
    assert {p: p.stat().st_mtime_ns for p in project.path.rglob("*") if p.is_file()} == before
    by_window = told["by_window"]
    assert [len(by_window), sum(w["labelled"] for w in by_window)] == [10, 2000]
    assert np.mean([w["maintained"] for w in by_window]) == pytest.approx(told["maintained"])
    assert sum("promoted" in w["actions"] for w in by_window) == told["promotions"]
    text = page.read_text()
    assert "Maintenance would have been worth it" in text and text.count("<figure>") == 2
    assert all(f"{w['maintained']:.4g}" in text for w in by_window)


def test_labels_that_never_come_change_nothing(project: Project) -> None:
    stream = dated(900, 3, 1000, slope=1.0)
    found = replay(project, stream, time="at", label_delay="900d", windows=6)
    assert found.retrains == 0 and found.maintained == found.frozen


def test_a_broken_window_is_not_learned_from(project: Project) -> None:
    stream = dated(1200, 4, 1000)
    stream.loc[400:599, "x"] *= 1000
    found = replay(project, stream, time="at", windows=6)
    assert found.judgements[2] == "broken" and found.refused == 1
    assert found.maintained == pytest.approx(found.frozen, rel=1e-3)


def test_rows_of_a_challenge_that_was_lost_are_new_to_the_champion(project: Project, tmp_path: Path) -> None:
    """Added to the project by a later run, they were never seen by who answers first; those of its own run were."""
    copy = Project(shutil.copytree(project.path, tmp_path / "made"))
    stream = dated(600, 7, 1000)
    later = copy.path / "runs" / "0002"
    later.mkdir()
    stream.to_parquet(later / "new-rows.parquet")
    copy.ledger.append(ADDED, "0002", {"data": "runs/0002/new-rows.parquet"})
    assert replay(copy, stream, time="at", windows=3).rows == 600
    copy.ledger.append(ADDED, "0001", {"data": "runs/0002/new-rows.parquet"})
    with pytest.raises(DataError, match="MW-D801"):
        replay(copy, stream, time="at", windows=3)


def test_a_delay_that_is_none_is_refused_before_anything_is_gathered(project: Project) -> None:
    with pytest.raises(UsageError, match="minustwo"):
        replay(project, dated(5, 5, 1000), time="at", label_delay="minustwo")


def test_a_time_column_that_is_not_there(project: Project) -> None:
    with pytest.raises(UsageError, match=r"did you mean 'at'\?.*MW-U802"):
        replay(project, dated(200, 5, 1000), time="att")


def test_a_page_that_cannot_be_written_is_refused_at_once(tmp_path: Path, capfd: pytest.CaptureFixture) -> None:
    arguments = ["replay", str(tmp_path / "no project"), "--stream", "none.csv", "--time", "at"]
    assert main([*arguments, "--report", str(tmp_path / "no folder" / "replay.html")]) != 0
    assert "MW-P004" in capfd.readouterr().err
