"""Odd but usable input: the main job ends in a version that scores the same file again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import modelwright as mw
from modelwright.cli import main

from ..conftest import first_key
from .helpers import one_object, table

NAMES = [
    "a\nb",
    "🙂 mood",
    "#1",
    'he said "so"',
    "[x]{y}",
    "a,b:c",
    " ",
    "naïve-Größe",
    "__proto__",
    "a.b",
    "<=",
    "a\tb",
]


def frame(rows: int = 80) -> pd.DataFrame:
    import io

    return pd.read_csv(io.StringIO(table(rows, target="number")))


def csv(**options):
    def write(made: pd.DataFrame, folder: Path) -> Path:
        made.to_csv(folder / "data.csv", index=False, **options)
        return folder / "data.csv"

    return write


def headed(names: list[str], **options):
    """A CSV with these names in its header."""

    def write(made: pd.DataFrame, folder: Path) -> Path:
        made.set_axis([*names, "target"], axis=1).to_csv(folder / "data.csv", index=False, **options)
        return folder / "data.csv"

    return write


def blanks(made: pd.DataFrame, folder: Path) -> Path:
    made["target"] = np.where(made["target"] > made["target"].median(), "yes", "no ")
    made.loc[::3, "target"] += "  "
    return csv()(made, folder)


def infinite(made: pd.DataFrame, folder: Path) -> Path:
    made["income"] = made["income"].astype(object)
    made.loc[:8, "income"] = ["inf", "-inf", "nan", "NaN", "", "1e400", "Infinity", "NA", "null"]
    return csv()(made, folder)


def parquet(made: pd.DataFrame, folder: Path) -> Path:
    made["flag"] = made["age"] > 40
    made["city"] = made["city"].astype("category")
    made["when"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(made["age"], unit="D")
    made.loc[:5, "income"] = [np.nan, np.inf, -np.inf, 0, -0.0, 1e308]
    made.to_parquet(folder / "data.parquet")
    return folder / "data.parquet"


def jsonl(made: pd.DataFrame, folder: Path) -> Path:
    lines = [{k: v for k, v in row.items() if k != "city" or i % 5} for i, row in enumerate(made.to_dict("records"))]
    (folder / "data.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    return folder / "data.jsonl"


CASES = {
    "doubled names": (headed(["age", "age", "city"]), "age"),
    "a column without a name": (headed(["", "income", "city"]), None),
    "names that differ in case only": (headed(["Age", "age", "AGE"]), None),
    "Latin-1": (lambda f, d: csv(encoding="latin-1")(f.replace({"a": "Größe", "b": "Ærø"}), d), None),
    "UTF-16": (csv(encoding="utf-16"), None),
    "byte order mark": (csv(encoding="utf-8-sig"), None),
    "decimal comma": (csv(sep=";", decimal=","), None),
    "not a number, infinite": (infinite, None),
    "blanks behind the target": (blanks, None),
    "a target with gaps": (lambda f, d: csv()(f.assign(target=f["target"].where(f.index % 4 > 0)), d), None),
    "typed columns with infinite numbers": (parquet, None),
    "rows that lack keys": (jsonl, None),
}


@pytest.mark.parametrize("name", CASES)
def test_odd_input_works(name, tmp_path, capsys, recwarn, quick):
    write, noted = CASES[name]
    path = write(frame(), tmp_path)
    made = tmp_path / "made"
    code = main(["run", str(path), "--target", "target", "--trials", "1", "--project", str(made), "--json"])
    told = capsys.readouterr()
    assert code in (0, 3), told.out
    assert told.err == "" and one_object(told.out)["version"] == 1
    project = mw.Project(made)
    answers = project.predict(path)
    assert len(answers) == 80 and answers["prediction"].notna().all()
    if noted:
        notes = json.loads((made / "runs" / "0001" / "source.json").read_text())["body"]["notes"]
        assert any(noted in note for note in notes), notes
    if name == "blanks behind the target":
        assert set(answers["prediction"]) == {"no", "yes"}
    assert not [str(w.message) for w in recwarn]


def test_one_column_can_be_audited(tmp_path, capsys):
    (tmp_path / "one.csv").write_text("x\n" + "\n".join(map(str, range(50))))
    assert main(["audit", str(tmp_path / "one.csv"), "--json"]) == 0
    told = one_object(capsys.readouterr().out)
    assert [c["name"] for c in told["columns"]] == ["x"]


@pytest.mark.parametrize(
    "learner",
    [
        "linear",
        "lightgbm",
        "xgboost",
        "catboost",
        *(pytest.param(n, marks=pytest.mark.slow) for n in ("mlp", "extra_trees")),
    ],
)
def test_any_name_goes_through_every_learner(learner, tmp_path, monkeypatch):
    """Column names that libraries choke on reach none of them."""
    from modelwright.learners import catboost
    from modelwright.train import worth

    monkeypatch.setattr(catboost, "ROUNDS_LIMIT", 20)
    rng = np.random.default_rng(0)
    made = pd.DataFrame(rng.normal(size=(60, len(NAMES))), columns=NAMES)
    made[NAMES[1]] = rng.choice(["x\ny", '"', "🙂", "#"], 60)
    made["target"] = made[NAMES[0]] * 2 + rng.normal(size=60)
    monkeypatch.setattr(worth, "ANCHORS_SMALL", (first_key(learner),))
    model = mw.Regressor(trials=5).fit(made[NAMES], made["target"])
    assert [m.name.split("/")[0] for m in model.plan_.members] == [learner]
    assert np.isfinite(model.predict(made[NAMES])).all()


def test_any_name_goes_through_the_main_job(tmp_path):
    made = frame().set_axis(['a\nb "c"', "🙂 [1]", "#{x},:", "target"], axis=1)
    project = mw.run(made, target="target", trials=1, project=tmp_path / "p")
    assert np.isfinite(project.predict(made)["prediction"]).all()
    assert "🙂 [1]" in project.report.path.read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_million_levels(tmp_path, capsys):
    rng = np.random.default_rng(0)
    made = pd.DataFrame({"code": [f"c{i}" for i in rng.permutation(1_000_000)], "x": rng.normal(size=1_000_000)})
    made["y"] = made["x"] + rng.normal(size=len(made))
    made.to_parquet(tmp_path / "many.parquet")
    arguments = ["run", str(tmp_path / "many.parquet"), "-t", "y", "--budget", "40s", "--project", str(tmp_path / "p")]
    assert main([*arguments, "--json"]) in (0, 3)
    assert one_object(capsys.readouterr().out)["seconds"] < 45
