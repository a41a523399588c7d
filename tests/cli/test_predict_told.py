"""Scoring: what is told beside the predictions, and that every row has its own."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import modelwright as mw
from modelwright import documents
from modelwright.cli import main
from modelwright.cli.commands.run import conclude
from modelwright.data.canonical import canonicalise
from modelwright.data.contract import ColumnSpec, Contract, Kind

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


def test_the_first_rows_alone(project, rows, tmp_path, capsys):
    out = tmp_path / "first.csv"
    arguments = ["predict", str(project), str(rows), "--keep", "city", "--top", "3"]
    assert main([*arguments, "-o", str(out)]) == 0
    assert "20 rows scored by version 1, the first 3 into" in capsys.readouterr().err
    lines = list(csv.reader(out.read_text().splitlines()))
    assert lines[0] == ["rank", "row", "city", "prediction"] and [x[0] for x in lines[1:]] == ["1", "2", "3"]
    answers = mw.Project(project).predict(str(rows))["prediction"]
    best = answers.sort_values(ascending=False, kind="stable").head(3)
    assert [int(x[1]) for x in lines[1:]] == best.index.tolist()
    assert [float(x[3]) for x in lines[1:]] == pytest.approx(best.tolist())
    rows.write_text(table(1001, target="number"))
    assert main([*arguments, "--json"]) == 0
    assert len(one_object(capsys.readouterr().out)["predictions"]) == 3


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


def test_columns_that_are_ignored_take_one_line(project, rows, capsys):
    lines = rows.read_text().splitlines()
    extra = [f"x{i}" for i in range(29)]
    rows.write_text("\n".join([",".join([lines[0], *extra]), *(line + ",1" * 29 for line in lines[1:])]))
    assert main(["predict", str(project), str(rows)]) == 0
    told = [line for line in capsys.readouterr().err.splitlines() if "ignored" in line]
    assert told == [
        "note: 29 columns are none that the model uses, and are ignored: 'x0', 'x1', 'x2', 'x3', 'x4' and 24 more"
    ]
    assert main(["predict", str(project), str(rows), "--json"]) == 0
    assert [v["column"] for v in one_object(capsys.readouterr().out)["violations"]] == extra  # machines get each


def test_one_row_is_one(project, rows, tmp_path, capsys):
    rows.write_text("\n".join(rows.read_text().splitlines()[:2]) + "\n")
    assert main(["predict", str(project), str(rows), "-o", str(tmp_path / "out.csv")]) == 0
    assert capsys.readouterr().err.splitlines()[-1].startswith("1 row scored by version 1 into ")


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


def test_case_and_blanks_of_names_are_forgiven(project, rows, capsys):
    rows.write_text(rows.read_text().replace("age,income,city", " AGE ,Income,city"))
    assert main(["predict", str(project), str(rows), "--json"]) == 0
    told = one_object(capsys.readouterr().out)
    said = {v["column"]: v["message"] for v in told["violations"]}
    assert said["age"] == "column 'AGE' is taken for 'age': only case or blanks differ" and "income" in said
    rows.write_text(rows.read_text().replace("Income,city", "Income,INCOME"))
    assert main(["predict", str(project), str(rows)]) == 1  # either may be meant
    assert "2 columns are missing" in capsys.readouterr().err


def test_many_missing_columns_are_counted():
    specs = tuple(ColumnSpec(name=f"column_{i}", kind=Kind.NUMBER) for i in range(500))
    contract = Contract(columns=specs, rows_seen=9)
    with pytest.raises(mw.ModelwrightError) as caught:
        canonicalise({"zzz": [1], "kolumn_3": [2]}, contract, required=contract.names)
    assert "500 columns are" in caught.value.what and "and 492 more" in caught.value.what
    assert len(str(caught.value)) < 800
    with pytest.raises(mw.ModelwrightError, match=r"fix: add them, empty where unknown · MW-C001"):
        canonicalise({"zzz": [1]}, contract, required=contract.names)


def test_names_in_the_brief_may_be_spelled_as_in_the_header(tmp_path):
    lines = table(60).replace("age,income,city,target", "age,Income,city, y? [%] ")
    (tmp_path / "t.csv").write_text(lines)
    audit = mw.audit_data(tmp_path / "t.csv", target=" y? [%] ", drop=["income"])
    assert audit.findings is not None
    with pytest.raises(mw.ModelwrightError, match="MW-U101"):
        mw.audit_data(tmp_path / "t.csv", target="yy")


def test_a_second_run_says_which_version_serves(project, capsys):
    done = mw.Project(project).result | {"project": str(project)}
    conclude(done, as_json=False)
    assert "serves" not in capsys.readouterr().out
    conclude(done | {"version": 2}, as_json=False)
    assert "version 1 still serves; 'modelwright promote" in capsys.readouterr().out
    conclude(done | {"version": 2, "verdict": "do not ship"}, as_json=False)
    assert "version 2 may once somebody accepts what it did not pass: 'modelwright waive" in capsys.readouterr().out


def test_a_locked_project_is_refused_before_the_data_is_read(project, tmp_path, capsys):
    with mw.Project(project).lock():
        assert main(["run", str(tmp_path / "absent.csv"), "-t", "target", "--project", str(project)]) == 1
        assert "MW-P023" in capsys.readouterr().err


def test_only_public_names_are_listed():
    assert set(dir(mw)) == {*mw.__all__, "__version__"}
