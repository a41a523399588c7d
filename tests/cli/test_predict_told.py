"""Scoring: what is told beside the predictions, and that every row has its own."""

from __future__ import annotations

from pathlib import Path

import pytest

import modelwright as mw
from modelwright import documents
from modelwright.cli import main

from .helpers import one_object, table


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    (tmp_path / "rows.csv").write_text(table(20, target="number", seed=3))
    return tmp_path / "rows.csv"


def test_predictions_in_the_json_object(project, rows, capsys):
    assert main(["predict", str(project), str(rows), "--json", "--keep", "city"]) == 0
    told = one_object(capsys.readouterr().out)
    assert told["rows"] == 20 and told["champion"] is True and told["notes"] == []
    assert [sorted(r) for r in told["predictions"]] == [["city", "prediction"]] * 20
    answers = mw.Project(project).predict(str(rows))
    assert [r["prediction"] for r in told["predictions"]] == answers["prediction"].tolist()
    rows.write_text(table(1001, target="number"))
    assert main(["predict", str(project), str(rows), "--json"]) == 2
    assert "MW-U009" in capsys.readouterr().out


def test_a_row_too_long_is_refused_and_a_short_one_told(project, rows, tmp_path, capsys):
    lines = rows.read_text().splitlines()
    rows.write_text("\n".join([*lines[:9], lines[9] + ",x", *lines[10:]]))
    arguments = ["predict", str(project), str(rows), "-o", str(tmp_path / "out.csv")]
    assert main(arguments) == 1
    assert "(line 10) with more cells" in capsys.readouterr().err and not (tmp_path / "out.csv").exists()
    rows.write_text("\n".join([*lines[:9], lines[9].rsplit(",", 1)[0], *lines[10:]]))
    assert main(arguments) == 0
    assert "note: 1 row (line 10) with fewer cells than the header" in capsys.readouterr().err
    assert main([*arguments, "--json"]) == 0
    assert "fewer cells" in one_object(capsys.readouterr().out)["notes"][0]


def test_a_version_that_was_not_to_be_shipped_says_so(project, rows, capsys):
    (project / "champion.json").unlink()
    state = mw.Project(project).state("0001")
    state.result["verdict"] = "do not ship"
    documents.save(state, project / "runs" / "0001" / "state.json")
    words = "version 1 is no champion: its verdict was 'do not ship'"
    assert main(["predict", str(project), str(rows)]) == 0
    assert f"note: {words}" in capsys.readouterr().err
    assert main(["predict", str(project), str(rows), "--json"]) == 0
    shown = one_object(capsys.readouterr().out)
    assert shown["champion"] is False and shown["notes"] == [words]
    attrs = mw.Project(project).predict(str(rows)).attrs
    assert (attrs["version"], attrs["champion"], attrs["notes"]) == (1, False, [words])


def test_a_project_shows_itself(project):
    shown = repr(mw.Project(project))
    assert shown.startswith(f"Project({str(project)!r}, versions=[1], champion=1, rmse=")
    (project / "champion.json").write_text("{")
    assert repr(mw.Project(project)).startswith(f"Project({str(project)!r}")
