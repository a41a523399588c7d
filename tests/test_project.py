"""The project folder: opening, locking, champions, and what is said of a damaged one."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import modelwright as mw
from modelwright import documents
from modelwright.audit.findings import Audit
from modelwright.brief import Brief
from modelwright.cli import main
from modelwright.errors import ProjectError, UsageError
from modelwright.frame.problem import Problem
from modelwright.project import Project, default_path

from .cli.helpers import table


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``data.csv`` and a project of two runs."""
    folder = tmp_path_factory.mktemp("twice")
    (folder / "data.csv").write_text(table(60, target="number"))
    for seed in (0, 1):
        mw.run(folder / "data.csv", target="target", trials=1, seed=seed, project=folder / "made")
    return folder


@pytest.fixture
def project(twice: Path, tmp_path: Path) -> Project:
    shutil.copytree(twice / "made", tmp_path / "made")
    return Project(tmp_path / "made")


# opening


@pytest.mark.parametrize(
    ("source", "target", "name"),
    [
        ("bank.csv", "deposit", "bank-deposit"),
        ("data/My File.v2.csv.gz", "Größe (cm)", "my-file-gr-e-cm"),
        ("postgresql://u:p@host/base?sslmode=no", "y", "base-y"),
        ("<memory>", "y", "project-y"),
        ("💾.csv", "🙂", "project"),
    ],
)
def test_default_path(source, target, name):
    assert default_path(Brief(source=source, target=target)) == Path(name)


def test_create_makes_a_project_and_opens_it_again(tmp_path):
    made = Project.create(tmp_path / "deep" / "made")
    assert (made.runs(), made.versions(), made.champion) == ((), (), None)
    assert Project.create(made.path).path == made.path
    assert made.next_run() == "0001" and made.why() == ()


def test_create_completes_what_a_crash_left(tmp_path):
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "ledger.jsonl").touch()
    made = Project.create(tmp_path / "made")
    assert (made.path / "runs").is_dir() and (made.path / "versions").is_dir()


def test_other_folders_are_left_alone(tmp_path):
    (tmp_path / "thesis.doc").write_text("years of work")
    with pytest.raises(ProjectError, match="MW-P021"):
        Project.create(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.doc"]


def test_a_folder_that_may_not_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr("modelwright.project.folder.os.access", lambda *_: False)
    with pytest.raises(ProjectError, match=r"may not be written.*MW-P022"):
        Project.check_usable(tmp_path / "made")
    assert not (tmp_path / "made").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_folder_that_cannot_be_made():
    with pytest.raises(ProjectError, match="MW-P022"):
        Project.create("/proc/modelwright/made")


@pytest.mark.parametrize("path", ["nowhere", "."])
def test_no_project(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ProjectError, match="MW-P020"):
        Project(path)


# locking


def test_one_process_at_a_time(project, capsys):
    held = (
        "import sys, modelwright as mw\n"
        "with mw.Project(sys.argv[1]).lock():\n"
        "    print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", held, str(project.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "held\n"
        data = project.path.parent / "data.csv"
        data.write_text(table(60, target="number"))
        runs = project.runs()
        assert main(["run", str(data), "--target", "target", "--project", str(project.path), "--quiet"]) == 1
        assert "MW-P023" in capsys.readouterr().err and project.runs() == runs
        assert main(["promote", str(project.path), "2"]) == 1
        with pytest.raises(ProjectError, match=r"another process works on .* MW-P023"):
            project.rollback()
        other.stdin.close()
    project.promote(2)


def test_the_lock_may_be_taken_again_by_its_holder(project):
    with project.lock(), project.lock():
        project.promote(2)
        with pytest.raises(ProjectError, match="MW-P023"):
            Project(project.path).promote(1)
    Project(project.path).promote(1)


# champions


def test_promote_and_rollback(project):
    assert project.versions() == (1, 2)
    first = project.champion
    assert first.version == 1 and first.previous == ()
    assert project.promote(1) == first
    assert project.promote(2, by="ada", why="better on the new rows").previous == (1,)
    assert project.version().manifest.version == 2 and project.version(1).manifest.version == 1
    assert project.rollback(why="not so").version == 1
    with pytest.raises(ProjectError, match="MW-P026"):
        project.rollback()
    events = [(e.kind, e.body["from"], e.body["to"], e.body["by"]) for e in project.ledger.entries()[-2:]]
    assert events == [("promoted", 1, 2, "ada"), ("rolled back", 2, 1, "user")]
    project.ledger.verify()


@pytest.mark.parametrize("number", [0, 3, -1])
def test_an_unknown_version(project, number):
    with pytest.raises(ProjectError, match=r"has no version .* use one of: 1, 2 · MW-P025"):
        project.promote(number)
    assert project.champion.version == 1


def test_a_second_run_leaves_the_champion(project):
    assert project.runs() == ("0001", "0002") and project.result["version"] == 2
    assert project.champion.version == 1
    frame = project.predict({"age": [30], "income": [50.0], "city": ["a"]})
    assert frame["prediction"].notna().all() and frame.attrs["violations"] == []


def test_predictions_with_intervals_and_reasons(project):
    rows = {"age": [30, 31], "income": [50.0, 3.0], "city": ["a", "b"]}
    frame = project.predict(rows, interval=0.8, reasons=2)
    assert (frame["low"] <= frame["prediction"]).all() and (frame["prediction"] <= frame["high"]).all()
    assert all(len(told) <= 2 and set(told[0]) == {"column", "effect"} for told in frame["reasons"] if told)
    assert frame["reasons"].tolist() == project.version().predict(rows, reasons=2)[0]["reasons"].tolist()
    with pytest.raises(UsageError, match="MW-U601"):
        project.predict(rows, interval=9)


# why, report


def test_why(project):
    assert {d.question for d in project.why("split")} >= {"split", "holdout"}
    assert "time" not in {d.question for d in project.why("split")}, "that of the budget"
    assert project.why("metric")[0].question == "metric"
    assert project.why("train") == project.why("TRAIN") != ()
    assert len(project.why()) > 8
    with pytest.raises(UsageError, match="did you mean 'split'"):
        project.why("splitt")


def test_why_of_a_column_says_what_is_known(project):
    problem = documents.load(project.run_folder("0001") / "problem.json", Problem)
    name = problem.features[0]
    facts = {d.question: d.choice for d in project.why(name)}
    assert facts[f"column '{name}'"].startswith("used by the model; read as ")
    assert "shuffled, " in facts[f"importance of '{name}'"]
    assert project.why(name.upper()) == project.why(name)
    assert any(d.choice.startswith("the target; read as ") for d in project.why(problem.target))
    audit = documents.load(project.run_folder("0001") / "audit.json", Audit)
    for finding in audit.findings:
        for column in finding.columns:
            assert sum(finding.message in d.why for d in project.why(column)) == 1
    with pytest.raises(UsageError, match=f"and no such column · fix: did you mean '{name}'"):
        project.why(name + "x")


def test_report(project, tmp_path):
    assert project.report.path.is_file() and project.report.card.is_file()
    empty = Project.create(tmp_path / "empty")
    for ask in (lambda: empty.report, lambda: empty.result):
        with pytest.raises(ProjectError, match="MW-P024"):
            ask()
    with pytest.raises(ProjectError, match="MW-P025"):
        empty.predict({"age": [1]})


# damage

GARBAGE = [b"", b"\x00\xff garbage \n", b"[]", b"{}", b'{"body": {"version": "one"}}\n', b"[1, 2\n"]
GARBAGE.append(b'{"body": {"version": 2, "previous": []}, "digest": "sha256:0"}')


@pytest.mark.parametrize("content", GARBAGE)
def test_a_damaged_champion(project, content):
    (project.path / "champion.json").write_bytes(content)
    with pytest.raises(ProjectError, match=r"champion\.json' is damaged.*remove it and promote.*MW-P003"):
        project.predict({"age": [30]})
    assert project.version(2).manifest.version == 2
    (project.path / "champion.json").unlink()
    assert project.promote(2).version == 2


def test_a_champion_that_is_gone(project):
    shutil.rmtree(project.path / "versions" / "1")
    with pytest.raises(ProjectError, match=r"has no version 1 .* use one of: 2"):
        project.version()


@pytest.mark.parametrize("content", GARBAGE)
def test_a_damaged_state(project, content):
    """A run of which nobody knows how it stands cannot go on; the others are not affected."""
    (project.run_folder("0002") / "state.json").write_bytes(content)
    with pytest.raises(ProjectError, match="MW-P003"):
        project.state("0002")
    assert project.unfinished("any") is None and project.next_run() == "0003"
    assert project.result["run"] == "0001" and project.champion.version == 1


@pytest.mark.parametrize("content", [g for g in GARBAGE if b"\n" in g])
def test_a_damaged_ledger(project, content, capsys):
    before = (project.path / "ledger.jsonl").read_bytes()
    (project.path / "ledger.jsonl").write_bytes(before + content)
    for ask in (project.why, project.ledger.verify, lambda: project.promote(2)):
        with pytest.raises(ProjectError, match=r"was changed at entry \d+.*MW-P010"):
            ask()
    assert (project.path / "ledger.jsonl").read_bytes() == before + content
    assert main(["why", str(project.path)]) == 1
    assert "MW-P010" in capsys.readouterr().err
    assert project.predict({"age": [30], "income": [5.0], "city": ["a"]}).shape == (1, 1)  # serving goes on


@pytest.mark.parametrize("name", ["runs", "versions"])
def test_missing_folders(project, name):
    shutil.rmtree(project.path / name)
    assert project.runs() == () or project.versions() == ()
    if name == "versions":
        with pytest.raises(ProjectError, match="MW-P025"):
            project.predict({"age": [30]})
