"""``modelwright explain``: rows explained, and asked for wrongly."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from modelwright import documents
from modelwright.cli import main
from modelwright.explain.reasons import Explanation
from modelwright.project import Project

from .helpers import one_object

ROW = {"age": 70, "income": 61.5, "city": "a"}


def test_a_row_is_explained_in_words(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["explain", str(project), "--row", json.dumps(ROW), "--set", "age=30", "--want", "<= 70"]
    assert main(asked) == 0
    said = capsys.readouterr().out
    assert said.startswith("the predicted target is ")
    assert "raises the predicted target by" in said and "what if: with age from 70 to 30: " in said
    assert "what would lead to at most 70:" in said or "Nothing was found that leads to at most 70" in said
    assert "note: Similar training cases are not shown" in said


def test_rows_of_a_file_are_explained_as_python_does(
    trained: Path, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", str(project), "--file", str(trained / "train.csv"), "--rows", "3,0", "--json"]) == 0
    told = one_object(capsys.readouterr().out)
    assert [e["row"] for e in told["explanations"]] == [3, 0] and told["version"] == 1
    opened = Project(project)
    predicted = opened.predict(trained / "train.csv")["prediction"]
    for one in told["explanations"]:
        assert one["outcome"] == pytest.approx(predicted[one["row"]], rel=1e-9)
        assert one["typical"] + sum(r["effect"] for r in one["reasons"]) == pytest.approx(one["outcome"], rel=1e-6)
    assert opened.explain(ROW, fixed=["age"], want="<= 70").goal == "at most 70"


def test_similar_cases_are_found_in_a_file(
    trained: Path, project: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    import pandas as pd

    frame = pd.read_csv(trained / "train.csv")
    frame.to_csv(tmp_path / "past.csv", index=False)
    asked = ["explain", str(project), "--file", str(trained / "train.csv"), "--rows", "7", "--cases"]
    assert main([*asked, str(tmp_path / "past.csv"), "--json"]) == 0
    (told,) = one_object(capsys.readouterr().out)["explanations"]
    similar = told["similar"]
    assert len(similar) == 5
    assert similar[0]["row"] == 7 and similar[0]["alike"] == pytest.approx(1.0), "the row itself is the most similar"
    assert float(similar[0]["actual"]) == pytest.approx(frame["target"][7])
    assert [c["alike"] for c in similar] == sorted((c["alike"] for c in similar), reverse=True)
    assert not any("Similar training cases" in note for note in told["notes"])
    frame.drop(columns="target").to_csv(tmp_path / "untold.csv", index=False)
    assert main([*asked, str(tmp_path / "untold.csv")]) == 0
    said = capsys.readouterr().out
    assert "similar cases:\n  row 7: " in said and "and it was" not in said
    frame[:0].to_csv(tmp_path / "none.csv", index=False)
    assert main([*asked, str(tmp_path / "none.csv")]) != 0


@pytest.mark.parametrize(
    "options, code",
    [
        ([], "MW-U824"),
        (["--row", "{}", "--file", "a.csv"], "MW-U824"),
        (["--row", "{age: 3}"], "MW-U825"),
        (["--row", "[1, 2]"], "MW-U825"),
        (["--row", '{"age": [1]}'], "MW-U825"),
        (["--row", "{}"], "MW-C001"),
        (["--file", "TRAIN", "--rows", "one"], "MW-U826"),
        (["--file", "TRAIN", "--rows", "150"], "MW-U827"),
        (["--row", "ROW", "--set", "ages=3"], "MW-U820"),
        (["--row", "ROW", "--set", "age=old"], "MW-U830"),
        (["--row", "ROW", "--fixed", "ages"], "MW-U820"),
        (["--row", "ROW", "--set", "age"], "MW-U007"),
        (["--row", "ROW", "--want", "yes"], "MW-U822"),
    ],
)
def test_what_cannot_be_explained_is_refused(
    trained: Path, project: Path, capsys: pytest.CaptureFixture[str], options: list[str], code: str
) -> None:
    real = {"TRAIN": str(trained / "train.csv"), "ROW": json.dumps(ROW)}
    assert main(["explain", str(project), *(real.get(o, o) for o in options), "--json"]) in (1, 2)
    captured = capsys.readouterr()
    assert code in captured.out + captured.err


def test_the_model_on_a_page_is_told_whole(trained: Path, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(project), "--simple"]) == 0
    said = capsys.readouterr().out
    page = Project(project).on_a_page()
    assert page.title in said and page.simple.advice in said and str(page) in said
    assert main(["explain", str(project), "--simple", "--json"]) == 0
    told = one_object(capsys.readouterr().out)
    assert told["model"]["form"] == page.model.form and told["sql"] == page.sql()
    assert Project(project).result["simple"]["advice"] == page.simple.advice
    assert told["gain"]["low"] <= told["gain"]["value"] <= told["gain"]["high"]
    assert main(["explain", str(project), "--simple", "--sql", "customers"]) == 0
    assert capsys.readouterr().out.endswith('FROM "customers";\n')
    answers = page.predict(trained / "train.csv")
    assert list(answers) == ["prediction"] and len(answers) == 150 and answers["prediction"].notna().all()


@pytest.mark.parametrize("options", [["--simple", "--row", "{}"], ["--sql", "customers"], ["--simple", "--want", "9"]])
def test_a_page_and_rows_are_not_asked_for_at_once(
    project: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    assert main(["explain", str(project), *options]) == 2
    assert "MW-U829" in capsys.readouterr().err


def test_a_run_without_a_page_says_so(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    opened = Project(project)
    path = opened.run_folder(opened.runs()[0]) / "explanation.json"
    documents.save(replace(documents.load(path, Explanation), simple=None), path)
    assert main(["explain", str(project), "--simple"]) == 2
    assert "MW-U828" in capsys.readouterr().err
