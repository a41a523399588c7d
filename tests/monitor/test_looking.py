"""A project's log and files, looked at: windows, late labels, what is kept, and the command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from modelwright.cli import main
from modelwright.data.columns import Columns, Strings
from modelwright.errors import DataError, ProjectError
from modelwright.monitor import Judgement
from modelwright.monitor.history import History
from modelwright.monitor.keeping import Kept
from modelwright.monitor.looking import look_at_log, look_at_table
from modelwright.monitor.waiting import what_waits
from modelwright.project import Project
from modelwright.serve.log import LOG_FOLDER, LogPolicy, PredictionLog, compact
from tests.monitor import making

NOON = 1_769_947_200.0


def records(columns: Columns) -> list[dict[str, object]]:
    lists = {n: (c.to_object() if isinstance(c, Strings) else c).tolist() for n, c in columns.items()}
    return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with a version, made without training."""
    made = Project.create(tmp_path / "shop")
    making.version(tmp_path / "shop" / "versions" / "1")
    made.promote(1, why="a test")
    return made


class Served:
    """Writes the log as a server would."""

    def __init__(self, project: Project, **policy: object) -> None:
        self.version = project.version()
        self.log = PredictionLog(
            project.path / LOG_FOLDER, self.version.contract, LogPolicy(**policy), worker=0, key=b"k" * 32
        )
        self.at, self.number, self.serving = NOON, 0, "1"

    def answer(self, columns: Columns) -> list[str]:
        """Log a request for each row; return their ids."""
        given = records(columns)
        answers, _ = self.version.predict(given)
        ids = []
        for i, record in enumerate(given):
            self.number, self.at = self.number + 1, self.at + 1.0
            ids.append(f"r{self.number}")
            self.log.record(
                request_id=ids[-1],
                route="/predict",
                version=self.serving,
                role="champion",
                received=self.at,
                seconds=0.002,
                records=[record],
                columns=None,
                answers={name: [values[i]] for name, values in answers.items()},
            )
        self.log.flush()
        return ids

    def learn(self, ids: list[str], labels: np.ndarray) -> None:
        self.at += 1.0
        for name, label in zip(ids, labels, strict=True):
            self.log.feedback(request_id=name, row=0, label="yes" if label else "no", received=self.at)
        self.log.flush()


@pytest.fixture
def served(project: Project) -> Iterator[Served]:
    serving = Served(project)
    yield serving
    serving.log.close()


def test_the_log_is_read_window_by_window_and_once(project: Project, served: Served) -> None:
    served.answer(making.rows(700, 20))
    found = look_at_log(project, rows=300)
    assert [w.rows for w in found] == [300, 400]
    assert all(w.judgement is Judgement.QUIET for w in found)
    assert found[0].start is not None and found[0].start < found[0].end <= found[1].start
    assert found[0].seconds is not None and found[0].seconds.value == 0.002
    assert look_at_log(project, rows=300) == ()
    served.answer(making.rows(50, 21))
    assert look_at_log(project, rows=300) == ()  # too few: they wait
    assert [w.rows for w in look_at_log(project, rows=300, everything=True)] == [50]


def test_a_feed_that_breaks_is_found_in_the_log(project: Project, served: Served) -> None:
    window = making.rows(400, 22)
    window["age"] = np.where(np.arange(400) % 2 == 0, np.nan, window["age"])
    served.answer(window)
    (found,) = look_at_log(project, rows=400)
    assert found.judgement is Judgement.BROKEN
    assert found.alarms[0].check == "missing"
    assert [e.body["judgement"] for e in project.ledger.entries() if e.kind == "alarmed"] == ["broken"]
    exposed = (project.path / "monitor" / "metrics.prom").read_text()
    assert 'modelwright_monitor_judgement{version="1",judgement="broken"} 1' in exposed


def test_the_command_looks_again(
    project: Project, served: Served, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def waited(seconds: float) -> None:
        if capsys.readouterr().out.startswith("no new"):
            served.answer(making.rows(300, 29))
        else:
            raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", waited)
    assert main(["monitor", str(project.path), "--watch", "60"]) == 130
    assert len(Kept(project.path).windows()) == 1


def test_late_labels_are_measured_once(project: Project, served: Served) -> None:
    window = making.rows(300, 23)
    ids = served.answer(window)
    assert look_at_log(project, rows=300)[0].real is None
    served.learn(ids, 1 - making.outcomes(window, 23))  # the contrary of what was learned
    compact(served.log.folder)
    (found,) = look_at_log(project, rows=300)
    assert found.labelled == 300
    assert found.judgement is Judgement.HARMFUL
    assert look_at_log(project, rows=300) == ()


def test_labels_that_come_by_what_happened_wait_for_the_others(project: Project, served: Served) -> None:
    columns = making.rows(400, 21)
    ids, labels = served.answer(columns), making.outcomes(columns, 21)
    look_at_log(project)
    served.learn([i for i, y in zip(ids, labels, strict=True) if y], np.ones(int(labels.sum())))
    (first,) = look_at_log(project)
    assert first.judgement is Judgement.UNKNOWN and first.real is None
    assert [a.check for a in first.alarms] == ["labels"]
    assert look_at_log(project) == ()  # no news
    served.learn([i for i, y in zip(ids, labels, strict=True) if not y], np.zeros(int((1 - labels).sum())))
    (second,) = look_at_log(project)
    assert second.real is not None and second.labelled == 400
    assert second.judgement is not Judgement.HARMFUL


def test_labels_that_trickle_in_are_measured_once_they_are_enough(project: Project, served: Served) -> None:
    columns = making.rows(400, 22)
    ids, labels = served.answer(columns), making.outcomes(columns, 22)
    look_at_log(project)
    counts = []
    for start in range(0, 100, 20):
        served.learn(ids[start : start + 20], labels[start : start + 20])
        counts.append([w.labelled for w in look_at_log(project)])
    assert counts == [[], [40], [], [40], []]


def test_labels_that_belong_to_no_row_are_told(project: Project, served: Served) -> None:
    columns = making.rows(100, 24)
    ids, labels = served.answer(columns), making.outcomes(columns, 24)
    look_at_log(project)
    served.learn([*ids[:60], *(f"other{i}" for i in range(5))], np.concatenate([labels[:60], np.zeros(5)]))
    (found,) = look_at_log(project)
    assert found.labelled == 60
    assert any(t.startswith("5 of 65 labels belong to no row of the log: ") for t in found.told)
    served.learn(["another"], np.zeros(1))
    (alone,) = look_at_log(project)
    assert [w.rows for w in Kept(project.path).windows()] == [60]  # 100 rows wait for more
    assert alone.rows == 0 and alone.told[0].startswith("1 of 1 label belongs to no row")
    assert look_at_log(project) == ()


def test_rows_whose_labels_came_are_no_new_evidence_of_drift(project: Project, served: Served) -> None:
    columns = making.rows(400, 23, income=0.15)
    ids, labels = served.answer(columns), making.outcomes(columns, 23)
    look_at_log(project)
    before = Kept(project.path).history(1).evidence
    chosen = np.flatnonzero(columns["age"] > 45)  # labels of some are known sooner
    served.learn([ids[i] for i in chosen], labels[chosen])
    (found,) = look_at_log(project)
    assert found.seen and found.real is not None
    assert not {a.check for a in found.alarms} & {"drift", "joint", "prediction"}
    after = Kept(project.path).history(1).evidence
    inputs = ("drift", "missing", "joint", "together", "fairness")
    assert {k: v for k, v in after.items() if k.startswith(inputs)} == {
        k: v for k, v in before.items() if k.startswith(inputs)
    }


def test_columns_that_the_log_hides_are_not_watched(project: Project) -> None:
    serving = Served(project, masked=("age",))
    serving.answer(making.rows(300, 24))
    serving.log.close()
    (found,) = look_at_log(project, rows=300)
    assert found.judgement is Judgement.QUIET
    assert "age" not in {c.name for c in found.columns}


def test_what_was_judged_is_kept(project: Project, served: Served) -> None:
    served.answer(making.rows(600, 25))
    found = look_at_log(project, rows=300)
    kept = Kept(project.path)
    assert kept.windows() == found
    assert kept.history(1).windows == 2
    with kept.lock(), pytest.raises(ProjectError, match="MW-P701"):
        look_at_log(project)


def test_a_file_in_windows_with_its_own_target(project: Project, tmp_path: Path) -> None:
    window = making.rows(1000, 26)
    lines = ["income,age,noise,channel,bought"]
    for record, y in zip(records(window), making.outcomes(window, 26), strict=True):
        lines.append(",".join([*map(str, record.values()), "yes" if y else "no"]))
    path = tmp_path / "june.csv"
    path.write_text("\n".join(lines) + "\n")
    found = look_at_table(project, path, rows=400)
    assert [w.rows for w in found] == [400, 400, 200]
    assert [w.labelled for w in found] == [400, 400, 200]
    assert not (project.path / "monitor").exists()
    for few in (["yes"] * 7, np.array(["yes"] * 7)):
        with pytest.raises(DataError, match="MW-D705"):
            look_at_table(project, path, labels=few)


def test_the_command(project: Project, served: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    served.answer(making.rows(400, 27))
    page = tmp_path / "page.html"
    assert main(["monitor", str(project.path), "--rows", "400", "--report", str(page)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("400 rows, 2026-02-01T12:00:01+00:00 to") and "QUIET" in said
    assert "Nothing moved" in page.read_text()
    served.answer({**making.rows(400, 28), "age": np.full(400, np.nan)})
    assert main(["monitor", str(project.path), "--rows", "400", "--json"]) == 3
    told = json.loads(capsys.readouterr().out)
    assert told["judgement"] == "broken"
    assert told["windows"][0]["alarms"][0]["check"] == "missing"
    assert main(["monitor", str(project.path)]) == 0
    assert capsys.readouterr().out == "no new predictions in the log\n"
    assert main(["monitor", str(project.path), "--labels", "x.csv"]) == 2
    assert "MW-U700" in capsys.readouterr().err


def test_a_look_that_cannot_be_written_down_tells_nobody(
    project: Project, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: History, path: Path) -> None:
        raise ProjectError("cannot write: the disk is full", fix="free some disk space", code="MW-P001")

    def told() -> list[str]:
        return [e.kind for e in project.ledger.entries() if e.kind == "alarmed"]

    window = making.rows(400, 22)
    window["age"] = np.where(np.arange(400) % 2 == 0, np.nan, window["age"])
    served.answer(window)
    for _ in range(2):
        with monkeypatch.context() as patch, pytest.raises(ProjectError, match="disk is full"):
            patch.setattr(History, "save", full)
            look_at_log(project, rows=400)
    assert told() == []
    (found,) = look_at_log(project, rows=400)
    assert found.judgement is Judgement.BROKEN and told() == ["alarmed"]
    assert len(Kept(project.path).windows()) == 1  # what earlier attempts wrote is not there twice


def test_a_look_that_fails_does_not_end_the_watch(
    project: Project, served: Served, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    turns: list[str] = []

    def turn(seconds: float) -> None:
        turns.append("")
        broken = project.path / "monitor" / "version-1.json"
        if len(turns) == 1:
            broken.write_text("{")
        elif len(turns) == 2:
            broken.unlink()
            served.answer(making.rows(300, 29))
        else:
            raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", turn)
    assert main(["monitor", str(project.path), "--watch", "60"]) == 130
    told = capsys.readouterr()
    assert "this look failed: " in told.err and "MW-P003" in told.err
    assert "300 rows" in told.out
    (project.path / "monitor.toml").write_text("form = 1")
    assert main(["monitor", str(project.path), "--watch", "60"]) == 2  # what cannot be is not tried for ever


def test_predictions_of_the_future_wait_and_blind_nobody(project: Project, served: Served) -> None:
    ahead = datetime.now(UTC) + timedelta(days=700)
    served.at = ahead.timestamp()
    ids = served.answer(making.rows(300, 20))
    served.learn(ids, np.ones(300))
    assert look_at_log(project, rows=300) == ()
    assert "300 predictions in the log bear a time that has not come" in what_waits(project, rows=300)
    served.at = NOON
    served.learn(served.answer(making.rows(300, 21)), making.outcomes(making.rows(300, 21), 21))
    (found,) = look_at_log(project, rows=300)
    assert found.rows == 300 and found.labelled == 300
    assert any("300 predictions in the log bear a time that has not come" in told for told in found.told)
    assert look_at_log(project, rows=300) == ()


def test_a_watch_goes_on_where_its_own_clock_was_ahead(project: Project, served: Served) -> None:
    served.answer(making.rows(300, 20))
    look_at_log(project, rows=300)
    history, ahead = Kept(project.path).history(1), datetime.now(UTC) + timedelta(days=700)
    history.seen = history.labelled = ahead.isoformat()
    Kept(project.path).remember(1, history)
    served.answer(making.rows(300, 21))
    assert [w.rows for w in look_at_log(project, rows=300)] == [300]
    assert look_at_log(project, rows=300) == ()
