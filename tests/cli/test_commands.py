"""Every command as machines and people meet it: a process of its own, its two streams and its exit code."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from pathlib import Path

import pytest

from modelwright import __version__
from modelwright.cli import main
from modelwright.cli.app import COMMANDS

from .helpers import COMMAND, environment, one_object, shell, table


@pytest.fixture
def folder(project: Path, trained: Path) -> Path:
    """A folder with the project ``made`` and its training file."""
    (project.parent / "train.csv").write_bytes((trained / "train.csv").read_bytes())
    return project.parent


def asked(folder: Path, *arguments: str, code: int = 0) -> dict:
    """Return the JSON object a command prints; it prints nothing else."""
    done = shell(*arguments, "--json", cwd=folder)
    assert done.returncode == code, done.stderr
    assert done.stderr == ""
    return one_object(done.stdout)


def test_json_of_run(tmp_path):
    (tmp_path / "data.csv").write_text(table(150, target="number"))
    told = asked(tmp_path, "run", "data.csv", "--target", "target", "--trials", "1")
    assert told["version"] == 1 and told["split"] == "random" and told["verdict"].startswith("ship")
    assert Path(tmp_path, told["report"]).is_file()
    score = told["score"]
    assert score["metric"] == "rmse" and score["low"] < score["value"] < score["high"] and score["n"] == 150
    assert told["resumed_trials"] == 0 and told["peak_memory_bytes"] > 0 and told["seconds"] > 0


def test_noise_is_not_shipped(tmp_path, monkeypatch, capsys):
    (tmp_path / "noise.csv").write_text(table(150, target="noise"))
    monkeypatch.chdir(tmp_path)
    assert main(["run", "noise.csv", "--target", "target", "--trials", "1", "--quiet"]) == 3
    told = capsys.readouterr()
    assert "verdict: do not build this" in told.out and "report: noise-target/report.html" in told.out
    assert told.err == ""
    assert not (tmp_path / "noise-target" / "champion.json").exists()  # nothing that may not ship serves by itself


def test_json_of_audit(folder):
    rows = (folder / "train.csv").read_text().splitlines()
    (folder / "bad.csv").write_text("\n".join(f"{row},{'same' if i else 'always'}" for i, row in enumerate(rows)))
    told = asked(folder, "audit", "bad.csv", "--target", "target", "--report", "audit.html")
    assert told["rows"] == 150 and [c["name"] for c in told["columns"]][-1] == "always"
    constant = next(f for f in told["findings"] if "always" in f["columns"])
    assert constant["code"] == "A005" and constant["action"] == "drop column"
    assert constant["severity"] in {"info", "warning", "error"}
    assert {r["code"] for r in told["rules"]} >= {f"A{n:03d}" for n in range(1, 16)}
    assert "<html" in (folder / "audit.html").read_text()


def test_json_of_predict(folder):
    told = asked(folder, "predict", "made", "train.csv", "-o", "out.csv")
    assert (told["rows"], told["version"], told["output"], told["violations"]) == (150, 1, "out.csv", [])


def test_json_of_why(folder):
    told = asked(folder, "why", "made", "split")
    assert {d["question"] for d in told["decisions"]} >= {"split", "holdout", "folds"}
    assert all(d["choice"] and d["why"] for d in told["decisions"])
    assert len(asked(folder, "why", "made")["decisions"]) > len(told["decisions"])


def test_json_of_versions_promote_and_rollback(folder):
    (row,) = asked(folder, "versions", "made")["versions"]
    assert row["version"] == 1 and row["champion"] and row["intact"] and row["score"]["name"] == "rmse"
    assert asked(folder, "promote", "made", "1")["version"] == 1
    refused = asked(folder, "rollback", "made", code=1)
    assert refused["code"] == "MW-P026" and refused["fix"]


def test_json_of_doctor(folder):
    told = asked(folder, "doctor")
    found = {c["name"]: c for c in told["checks"]}
    assert told["healthy"] and [c for c in found.values() if c["needed"] and not c["ok"]] == []
    assert {"python", "lightgbm", "xgboost-cpu", "catboost", "this folder"} <= set(found)
    assert found["modelwright"]["found"] == __version__ and "cores" in found["machine"]["found"]
    assert "60 rows read, audited, learned, packaged and scored" in found["the whole job"]["found"]
    assert "answers after" in found["worker process"]["found"]


@pytest.mark.parametrize(
    "arguments", [["run"], ["audit"], ["predict"], ["promote", "made", "x"], ["why", "nowhere"], ["x"]]
)
def test_json_of_errors(folder, capsys, arguments):
    code = main([*arguments, "--json"])
    told = capsys.readouterr()
    assert code in (1, 2) and told.err == ""
    assert set(one_object(told.out)) == {"error", "fix", "code"}


def test_lines_where_there_is_no_terminal(folder, capsys):
    arguments = ["run", str(folder / "train.csv"), "-t", "target", "--trials", "1", "--project", str(folder / "made")]
    assert main(arguments) == 0
    told = capsys.readouterr()
    stages = [line.split("s  ", 1)[1] for line in told.err.splitlines()]
    assert stages[:5] == [
        f"{s} …"
        for s in (
            "Reading the data",
            "Understanding the columns",
            "Profiling",
            "Auditing the data",
            "Framing the problem",
        )
    ]
    assert stages[-1] == "Writing the report …"
    assert "version 1 stays champion; 'modelwright promote' makes it 2" in told.err
    shown = told.out.splitlines()
    starts = {line.split(":")[0].split(" ")[0] for line in shown}
    assert shown[0].startswith("RMSE: ") and starts >= {"verdict", "version", "report"}
    assert "\x1b" not in told.out + told.err


def test_bars_on_a_terminal(folder):
    """Standard error is a terminal, standard output a file: bars there, the result here."""
    terminal, end = os.openpty()
    arguments = [*COMMAND, "run", "train.csv", "--target", "target", "--trials", "1", "--project", "made"]
    with subprocess.Popen(
        arguments, cwd=folder, env=environment() | {"TERM": "xterm"}, stdout=subprocess.PIPE, stderr=end, text=True
    ) as process:
        os.close(end)
        shown = b""
        with contextlib.suppress(OSError):  # the terminal is closed by the other side
            while part := os.read(terminal, 4096):
                shown += part
        told, _ = process.communicate(timeout=60)
    os.close(terminal)
    text = shown.decode()
    assert process.returncode == 0 and "Training" in text and "Writing the report" in text and "\x1b[" in text
    assert "version 1 stays champion; 'modelwright promote' makes it 2" in " ".join(text.split())
    assert told.splitlines()[0].startswith("RMSE: ") and "\x1b" not in told


def test_quiet_says_only_the_result(folder, capsys):
    made = str(folder / "made")
    assert main(["promote", made, "1", "--quiet"]) == 0
    assert main(["predict", made, str(folder / "train.csv"), "-o", str(folder / "o.csv"), "--quiet"]) == 0
    told = capsys.readouterr()
    assert told.out == told.err == ""


def test_the_plain_answers(folder, capsys):
    made = str(folder / "made")
    assert main(["why", made, "metric"]) == 0
    assert "metric: rmse" in capsys.readouterr().out
    assert main(["why", made, "colour"]) == 2
    assert "no decision on 'colour'" in capsys.readouterr().err
    assert main(["versions", made]) == 0
    assert "champion" in capsys.readouterr().out
    assert main(["audit", str(folder / "train.csv"), "-q"]) == 0
    assert "rules passed" in capsys.readouterr().out
    assert main(["promote", made, "1"]) == 0
    assert capsys.readouterr().out == "version 1 is the champion\n"


def test_help_of_every_command(capsys):
    assert main([]) == 0
    overview = capsys.readouterr().out
    assert "Exit codes: 0 done" in overview
    for name, does in COMMANDS.items():
        assert f"  {name} " in overview and does[:20] in overview
        assert main([name, "--help"]) == 0
        text = capsys.readouterr().out
        assert text.startswith(f"Usage: modelwright {name}")
        # a server says nothing but where it is, and keys have commands of their own
        assert name in ("serve", "keys") or ("--json" in text and "--quiet" in text)
    assert main(["--version"]) == 0
    assert __version__ in capsys.readouterr().out


def test_an_unknown_command_suggests(capsys):
    assert main(["adit"]) == 2
    assert "did you mean 'audit'?" in capsys.readouterr().err


def test_something_unforeseen_is_told_in_one_line(monkeypatch, capsys, folder):
    from modelwright.project import Project

    def broken(self, topic=None):
        raise RuntimeError("a bug\nin two lines")

    monkeypatch.setattr(Project, "why", broken)
    monkeypatch.delenv("MODELWRIGHT_DEBUG", raising=False)
    assert main(["why", str(folder / "made")]) == 1
    told = capsys.readouterr().err
    assert "RuntimeError: a bug in two lines" in told and "MW-Z001" in told and "Traceback" not in told
    monkeypatch.setenv("MODELWRIGHT_DEBUG", "1")
    with pytest.raises(RuntimeError):
        main(["why", str(folder / "made")])


def test_the_demo_data_ship_with_the_package():
    import importlib.resources

    assert (importlib.resources.files("modelwright") / "demo" / "bank.csv.gz").is_file()


def test_a_closed_pipe_is_no_error(folder):
    text = " ".join([*COMMAND, "why", "made"])
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {text} | head -1"],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == "" and len(done.stdout.splitlines()) == 1, done.stderr


def test_the_ledger_tells_the_whole_story(folder):
    kinds = [json.loads(line)["kind"] for line in (folder / "made" / "ledger.jsonl").read_text().splitlines()]
    assert kinds[0] == "run started" and kinds[-1] == "run done" and "promoted" in kinds
