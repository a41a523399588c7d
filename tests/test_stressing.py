"""A version under stress on a file: measured anew, and refused where there is nothing to measure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import modelwright as mw
from modelwright.cli import main
from modelwright.errors import DataError, UsageError
from modelwright.evaluate.measurements import Measurement
from modelwright.explain.reasons import Explanation, Importance
from modelwright.steps.stressing import ranked
from tests.cli.helpers import table


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> mw.Project:
    folder = tmp_path_factory.mktemp("stressed")
    (folder / "train.csv").write_text(table(300))
    made = mw.run(folder / "train.csv", target="target", trials=1, project=folder / "made")
    (folder / "later.csv").write_text(table(200, seed=5))
    return made


def _later(project: mw.Project) -> Path:
    return project.path.parent / "later.csv"


def test_the_run_has_measured_it(project):
    found = project.stress()
    income = next(c for c in found.cases if c.words == "“income” is missing")
    assert income.judgement in ("breaks", "weakens") and income.lost.low > 0 and found.left_out == 0
    report = project.report.path.read_text()
    assert 'id="stress"' in report and "“income” is missing" in report


def test_a_file_is_measured_anew(project):
    found = project.stress(str(_later(project)))
    assert found.measured_on == "200 rows of a file" and found.base.n == 200
    assert {c.words for c in found.cases} >= {"“income” is missing", "all words are in capitals"}


def test_the_command(project, capsys):
    assert main(["stress", str(project.path), str(_later(project)), "--json", "--seconds", "0"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["version"] == 1 and len(told["cases"]) == 1 and told["left_out"] > 3
    assert main(["stress", str(project.path)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("Of ") and "- If “income” is missing" in said and "not fitted on them" in said


def test_what_has_no_truth_is_refused(project, tmp_path):
    lines = table(60, seed=6).splitlines()
    bare = tmp_path / "bare.csv"
    bare.write_text("\n".join(line.rpartition(",")[0] for line in lines))
    with pytest.raises(UsageError, match=r"column 'target' is not in the table.*MW-U101"):
        project.stress(str(bare))
    few = tmp_path / "few.csv"
    few.write_text("\n".join(lines[:12]))
    with pytest.raises(DataError, match=r"11 rows have a value of 'target'.*at least 30.*MW-D660"):
        project.stress(str(few))


def _importance(column: str, drop: float, half: float) -> Importance:
    measured = Measurement(name="roc_auc", value=drop, low=drop - half, high=drop + half, n=100, method="shuffles")
    return Importance(column=column, drop=measured)


def test_where_few_columns_matter_the_next_are_disturbed_too():
    importances = (_importance("a", 0.2, 0.01), _importance("b", 0.01, 0.02), _importance("c", -0.01, 0.02))
    found = Explanation(importances=(*importances, _importance("d", 0.0, 0.0)), effects=(), measured_on="")
    assert ranked(found, ("a", "b", "c", "d")) == ("a", "b")
    many = tuple(_importance(f"x{i}", 0.1, 0.01) for i in range(9))
    whole = Explanation(importances=(*many, _importance("b", 0.01, 0.02)), effects=(), measured_on="")
    assert ranked(whole, tuple(f"x{i}" for i in range(9)) + ("b",)) == tuple(f"x{i}" for i in range(9))
    assert ranked(Explanation(importances=(), effects=(), measured_on=""), ("a", "b")) == ("a", "b")
