"""Scoring: what the contract says of odd rows, and what is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import modelwright as mw
from modelwright.cli import main
from modelwright.package.manifest import seal

from .helpers import one_object, table


@pytest.fixture
def rows() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {"age": rng.integers(18, 80, 20), "income": rng.normal(50, 5, 20).round(2), "city": list("ab") * 10}
    )


def scored(folder: Path, frame: pd.DataFrame, project: Path, *more: str) -> tuple[int, pd.DataFrame | None]:
    frame.to_csv(folder / "rows.csv", index=False)
    code = main(["predict", str(project), str(folder / "rows.csv"), "-o", str(folder / "out.csv"), *more])
    return code, pd.read_csv(folder / "out.csv") if code == 0 else None


def test_the_folder_of_a_version_is_scored_as_its_project_is(project, tmp_path, rows, capsys):
    code, out = scored(tmp_path, rows, project)
    assert code == 0
    alone, again = scored(tmp_path, rows, project / "versions" / "1")
    assert alone == 0
    pd.testing.assert_frame_equal(out, again)
    capsys.readouterr()
    assert scored(tmp_path, rows, project / "versions" / "1", "--version", "1")[0] == 2
    assert "MW-U063" in capsys.readouterr().err


def test_the_command_and_python_agree(project, tmp_path, rows, capsys):
    code, out = scored(tmp_path, rows, project)
    assert code == 0 and "20 rows scored by version 1" in capsys.readouterr().err
    np.testing.assert_array_equal(out["prediction"], mw.Project(project).predict(rows)["prediction"])
    assert main(["predict", str(project), str(tmp_path / "rows.csv"), "--keep", "city"]) == 0
    shown = capsys.readouterr().out
    assert shown.splitlines()[0] == "city,prediction"
    np.testing.assert_array_equal([float(line.split(",")[1]) for line in shown.splitlines()[1:]], out["prediction"])


@pytest.mark.parametrize("name", ["out.parquet", "out.jsonl", "out.tsv", "out.arrow", "out.xlsx"])
def test_formats_of_predictions(project, tmp_path, rows, name):
    rows.to_csv(tmp_path / "rows.csv", index=False)
    assert main(["predict", str(project), str(tmp_path / "rows.csv"), "-o", str(tmp_path / name), "--quiet"]) == 0
    from modelwright.data.reading import read_table

    table, _ = read_table(tmp_path / name)
    assert table.num_rows == 20 and table.column_names == ["prediction"]


ODD = {
    # name: (what is done to the rows, words of the note)
    "the target is there": (lambda f: f.assign(target=1.0), None),
    "an additional column": (lambda f: f.assign(shoe=42), "column 'shoe' is none that the model uses: ignored"),
    "a new level": (lambda f: f.assign(city=["Łódź", *f["city"][1:]]), "1 value of column 'city'.*new level"),
    "a value of the wrong type": (
        lambda f: f.assign(age=["old", *f["age"][1:]]),
        "1 value of column 'age' cannot be read as number: treated as missing",
    ),
    "a value beyond the range": (
        lambda f: f.assign(age=[999, *f["age"][1:]]),
        "1 value of column 'age' outside the range",
    ),
    "missing values": (
        lambda f: f.assign(income=["", "NA", "nan", *f["income"][3:]]),
        "3 values of column 'income' missing, which never was in training",
    ),
    "an infinite value": (lambda f: f.assign(income=["inf", *f["income"][1:]]), "column 'income' cannot be read"),
    "other order of columns": (lambda f: f[["city", "income", "age"]], None),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_rows_are_scored_and_told(project, tmp_path, rows, capsys, name):
    change, note = ODD[name]
    code, out = scored(tmp_path, change(rows), project)
    told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("note: ")]
    assert code == 0 and np.isfinite(out["prediction"]).all() and len(out) == 20
    assert (told == []) if note is None else (len(told) == 1 and re.search(note, told[0])), told


REFUSED = {
    # name: (what is done to the rows, code)
    "a missing column": (lambda f: f.drop(columns="income"), "MW-C001"),
    "all columns missing": (lambda f: pd.DataFrame({"x": [1, 2]}), "MW-C001"),
    "a column of the wrong type": (lambda f: f.assign(age=["old", "young"] * 10), "MW-C00"),
    "no rows": (lambda f: f[:0], "MW-D116"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_unusable_rows_are_refused(project, tmp_path, rows, capsys, name):
    change, expected = REFUSED[name]
    code, _ = scored(tmp_path, change(rows), project)
    told = capsys.readouterr().err
    assert code == 1 and expected in told and "MW-Z001" not in told
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("more", "code", "expected"),
    [
        (["-o", "out.docx"], 2, "MW-U118"),
        (["-o", "nowhere/out.csv"], 1, "MW-P004"),
        (["-o", "rows.csv"], 2, "MW-U010"),
        (["--keep", "agge"], 2, "did you mean 'age'"),
        (["--keep", "prediction"], 2, "MW-U101"),
        (["--version", "7"], 1, "MW-P025"),
        (["--version", "new"], 2, "MW-U000"),
    ],
)
def test_bad_usage(project, tmp_path, rows, monkeypatch, capsys, more, code, expected):
    monkeypatch.chdir(tmp_path)
    rows.to_csv("rows.csv", index=False)
    before = Path("rows.csv").read_bytes()
    assert main(["predict", "made", "rows.csv", *more]) == code
    told = capsys.readouterr()
    assert expected in told.out + told.err
    assert Path("rows.csv").read_bytes() == before


def test_a_kept_column_is_not_replaced(project, tmp_path, rows, capsys):
    code, _ = scored(tmp_path, rows.assign(prediction=0), project, "--keep", "prediction")
    assert code == 2 and "MW-U011" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["nowhere", "rows.csv", "empty"])
def test_no_project(tmp_path, capsys, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    Path("rows.csv").write_text(table(5))
    Path("empty").mkdir()
    assert main(["predict", name, "rows.csv"]) == 2
    assert "MW-P020" in capsys.readouterr().err
    assert not any(Path("empty").iterdir())


def test_no_such_file_to_score(project, capsys):
    assert main(["predict", str(project), "nowhere.csv"]) == 2
    assert "'nowhere.csv' does not exist" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["plan.json", "plan.npz", "contract.json", "golden.json", "manifest.json", "model"])
def test_a_changed_byte_is_refused(project, tmp_path, rows, capsys, name):
    version = project / "versions" / "1"
    path = version / name if name != "model" else next((version / "model").iterdir())
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    code, _ = scored(tmp_path, rows, project)
    told = capsys.readouterr().err
    assert code == 1 and re.search(r"MW-B1\d\d", told), told
    assert main(["versions", str(project), "--json"]) == 0
    (row,) = one_object(capsys.readouterr().out)["versions"]
    assert row["intact"] is False and row["error"]
    assert main(["promote", str(project), "1"]) == 1


def test_a_version_from_the_future_is_refused(project, tmp_path, rows, capsys):
    version = project / "versions" / "1"
    for path in (version / "manifest.json", version / "manifest.sha256"):
        path.chmod(0o644)
    manifest = json.loads((version / "manifest.json").read_text())
    (version / "manifest.json").write_text(json.dumps(manifest | {"format": 99}))
    (version / "manifest.sha256").write_bytes(seal((version / "manifest.json").read_bytes()))
    code, _ = scored(tmp_path, rows, project)
    told = capsys.readouterr().err
    assert code == 1 and "it knows format 1" in told and "MW-B103" in told


def test_json_of_predict(project, tmp_path, rows, capsys):
    code, _ = scored(tmp_path, rows.assign(shoe=1), project, "--json")
    told = one_object(capsys.readouterr().out)
    assert code == 0 and told["rows"] == 20 and told["version"] == 1 and told["output"].endswith("out.csv")
    (violation,) = told["violations"]
    assert violation["column"] == "shoe" and violation["what"] == "unknown column"


def test_a_copied_project_predicts_the_same(trained, project, rows):
    here, there = mw.Project(trained / "made").predict(rows), mw.Project(project).predict(rows)
    pd.testing.assert_frame_equal(here, there)
