"""The main job from end to end on small tables: what it leaves, that it repeats itself, and how it fails."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import modelwright as mw
from modelwright import documents
from modelwright.cli import main
from modelwright.errors import DataError, TrainingError, UsageError
from modelwright.evaluate.measurements import Measurement
from modelwright.frame.problem import Optimism
from modelwright.lifecycle import STAGES
from modelwright.steps.learning import journal_key

from .accepting import accept
from .cli.helpers import one_object, table
from .report import samples


def frame(rows: int = 60, target: str = "number", seed: int = 0) -> pd.DataFrame:
    import io

    return pd.read_csv(io.StringIO(table(rows, target=target, seed=seed)))


def body(project: mw.Project, name: str, run: str = "0001") -> dict:
    return json.loads((project.run_folder(run) / f"{name}.json").read_text())["body"]


def test_stages_read_what_was_written_before():
    known = {"brief"}
    for stage in STAGES:
        assert set(stage.reads) <= known, stage
        known.add(stage.writes)


def test_the_main_job(tmp_path, capfd, quick):
    """From a raw file to two versions, and everything that people do with them in between."""
    data, made = tmp_path / "data.csv", tmp_path / "made"
    rows = frame(300, "yes_no")
    rows["code"] = np.where(rows.index % 5, rows["age"], -999)  # disguised missing values: the audit acts
    rows.to_csv(data, index=False)
    arguments = ["run", str(data), "--target", "target", "--trials", "1", "--project", str(made)]
    assert main([*arguments, "--json"]) in (0, 3)
    told = one_object(capfd.readouterr().out)
    project = mw.Project(made)
    assert told["version"] == 1 and told["score"]["low"] > 0.7 and told["split"] == "stratified"

    names = {p.name for p in made.iterdir()}
    assert names >= {"brief.toml", "ledger.jsonl", "runs", "versions", "report.html", "model-card.md"}
    assert {f"{s.writes}.json" for s in STAGES} <= {p.name for p in project.run_folder("0001").iterdir()}
    assert not [p for p in made.rglob("*") if p.suffix in {".pkl", ".pickle", ".joblib"} or ".tmp" in p.name]
    assert "<html" in project.report.path.read_text() and "target" in project.report.card.read_text()

    out = tmp_path / "out.csv"
    assert main(["predict", str(made), str(data), "-o", str(out), "--quiet"]) == 0
    answers = project.predict(data)
    pd.testing.assert_frame_equal(pd.read_csv(out), answers, check_exact=True, check_dtype=False)
    assert list(answers) == ["prediction", "probability_no", "probability_yes"]
    assert (answers["prediction"] == rows["target"]).mean() > 0.75

    assert [d.question for d in project.why("code") if d.decided_by == "A009"], project.why("audit")
    assert main([*arguments, "--json", "--seed", "1"]) in (0, 3)
    assert one_object(capfd.readouterr().out)["version"] == 2
    accept(project, 2)
    assert project.promote(2).previous in ((1,), ()) and project.version().manifest.version == 2


def test_lineage(tmp_path):
    """Every document names the digests of those it was made from, as they lie beside it."""
    rows = frame()
    rows["empty"] = ["?", "7", "8", "9"] * 15
    project = mw.run(rows, target="target", trials=1, project=tmp_path / "made")
    saved = {}
    for stage in STAGES:
        raw = json.loads((project.run_folder("0001") / f"{stage.writes}.json").read_text())
        assert raw["digest"] == documents.digest_of(raw["body"]), stage.writes
        assert set(raw["parents"]) == set(stage.reads)
        saved[stage.writes] = raw
    for name, raw in saved.items():
        for parent, digest in raw["parents"].items():
            if parent in saved and (name, parent) not in {("profile", "contract"), ("audit", "contract")}:
                assert digest == saved[parent]["digest"], (name, parent)


def test_the_same_twice(tmp_path):
    """Same data, seed and number of trials: the same predictions, bit for bit."""
    rows = frame(80)
    made = [mw.run(rows, target="target", trials=30, project=tmp_path / name) for name in ("one", "two")]
    first, second = (p.predict(rows)["prediction"].to_numpy() for p in made)
    assert first.tobytes() == second.tobytes()
    assert made[0].version().digest != "" and body(made[0], "evaluation") == body(made[1], "evaluation")


def test_nothing_reaches_the_terminal(tmp_path, capfd, recwarn, quick):
    mw.run(frame(60, "yes_no"), target="target", trials=1, project=tmp_path / "made")
    told = capfd.readouterr()
    assert told.out == told.err == "" and not recwarn.list


@pytest.mark.slow
@pytest.mark.parametrize("target", ["number", "yes_no"])
def test_no_learner_reaches_the_terminal(tmp_path, capfd, recwarn, target):
    project = mw.run(frame(60, target), target="target", trials=10_000, project=tmp_path / "made")
    told = capfd.readouterr()
    assert told.out == told.err == "" and not recwarn.list
    tried = {c["learner"] for c in body(project, "training")["candidates"] if c["status"] == "done"}
    assert len(tried) >= 3, tried


# a separate test table


def test_a_test_file_with_the_target_is_measured(tmp_path, capfd):
    frame(seed=0).to_csv(tmp_path / "train.csv", index=False)
    frame(40, seed=1).to_csv(tmp_path / "test.csv", index=False)
    arguments = ["run", str(tmp_path / "train.csv"), "-t", "target", "--test", str(tmp_path / "test.csv")]
    assert main([*arguments, "--trials", "1", "--project", str(tmp_path / "p"), "--json"]) in (0, 3)
    told = one_object(capfd.readouterr().out)
    score = told["test_score"]
    assert score["n"] == 40 and score["metric"] == told["score"]["metric"] and score["low"] <= score["value"]
    answers = pd.read_csv(told["test_predictions"])
    predicted = mw.Project(tmp_path / "p").predict(tmp_path / "test.csv")
    np.testing.assert_array_equal(answers["prediction"], predicted["prediction"])
    rmse = np.sqrt(np.mean((answers["prediction"] - frame(40, seed=1)["target"]) ** 2))
    assert score["value"] == pytest.approx(rmse)


def test_a_test_table_without_the_target_is_predicted(tmp_path):
    later = frame(40, seed=1).drop(columns="target")
    project = mw.run(frame(), target="target", test=later, trials=1, project=tmp_path / "p")
    assert "test_score" not in project.result
    assert len(pd.read_csv(project.result["test_predictions"])) == 40


@pytest.mark.parametrize(
    ("change", "n"),
    [
        (lambda y: pd.Series(["yes"] * len(y)), 40),  # one class only
        (lambda y: y.where(y.index > 3, "perhaps"), 36),  # a class that training has not seen
        (lambda y: y.where(y.index > 3), 36),  # rows without a target
        (lambda y: pd.Series([None] * len(y)), None),  # the column is there, and empty
    ],
)
def test_odd_targets_of_a_test_table(tmp_path, change, n, quick):
    later = frame(40, "yes_no", seed=1)
    later["target"] = change(later["target"])
    train = frame(60, "yes_no")
    project = mw.run(train, target="target", test=later, metric="log_loss", trials=1, project=tmp_path / "p")
    assert len(pd.read_csv(project.result["test_predictions"])) == 40
    score = project.result.get("test_score")
    assert (score is None) if n is None else (score["n"] == n and np.isfinite(score["value"]))
    unseen = {"perhaps": 4} if (later["target"] == "perhaps").any() else None
    assert project.result.get("test_unseen_classes") == unseen
    assert ("“perhaps” (4)" in (tmp_path / "p" / "report.html").read_text(encoding="utf-8")) == (unseen is not None)


def test_rules_judge_classes_as_they_will_be():
    """Ten spellings of two classes are not ten classes with few rows; where they may be classes, they are."""
    rows = frame(300, "yes_no")
    shown = {"yes": ["yes", "YES", "Yes ", "yes.", "YES."], "no": ["no", "NO", "No ", "no.", "NO."]}
    rows["target"] = [shown[t][0 if i % 8 else i // 8 % 5] for i, t in enumerate(rows["target"])]
    codes = {f.code for f in mw.audit_data(rows, target="target").findings}
    assert "A041" in codes and not codes & {"A002", "A003", "A004"}
    assert "A003" in {f.code for f in mw.audit_data(rows, target="target", allow=["A041"]).findings}


def test_spellings_of_a_class_are_one_class(tmp_path, capfd, quick):
    """The audit merges them: classes, predictions and the test table have one name, and `positive` may be any."""
    spelled = {"yes": ["Good", "good ", "GOOD."], "no": ["bad", "bad", "Bad"]}
    later = frame(40, "yes_no", seed=1)
    rows = frame(300, "yes_no")
    truth = {"yes": "Good", "no": "bad"}
    for table_ in (rows, later):
        table_["true"] = table_["target"].map(truth)
        table_["target"] = [spelled[t][0 if i % 4 else i // 4 % 3] for i, t in enumerate(table_["target"])]
    later.loc[0, "target"] = later.loc[0, "target"].upper() + " "  # a spelling of its own
    project = mw.run(
        rows.drop(columns="true"), target="target", test=later.drop(columns="true"), positive="GOOD.", trials=1,
        metric="accuracy", project=tmp_path / "p",
    )  # fmt: skip
    assert list(body(project, "problem")["classes"]) == ["bad", "Good"]
    assert [d.decided_by for d in project.why("audit") if "Spellings" in d.question] == ["A041"]
    answers = project.predict(later.drop(columns=["true", "target"]))
    assert list(answers) == ["prediction", "probability_bad", "probability_Good"]
    score = project.result["test_score"]
    assert score["n"] == 40 and "test_unseen_classes" not in project.result
    assert score["value"] == pytest.approx((answers["prediction"] == later["true"]).mean())
    with pytest.raises(UsageError, match="MW-U302"):
        mw.run(rows.drop(columns="true"), target="target", positive="better", trials=1, project=tmp_path / "q")
    with pytest.raises(UsageError, match="MW-U303"):
        mw.run(
            rows.drop(columns="true"), target="target", positive="Good", allow=("A041",), trials=1,
            project=tmp_path / "q",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda f: f.drop(columns="income"), "MW-D193"),
        (lambda f: f.assign(age="old"), "MW-C00"),
        (lambda f: f[[]].assign(x=1), "MW-D190"),
    ],
)
def test_an_unusable_test_table_is_refused_before_training(tmp_path, monkeypatch, change, code):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError if code != "MW-C00" else ValueError, match=code):
        mw.run(frame(), target="target", test=change(frame(40)), trials=1)
    assert not list(tmp_path.iterdir())


# failing


def test_a_failed_run_is_told_and_the_next_starts_anew(tmp_path, monkeypatch):
    from modelwright.train import training

    def fail(*_: object, **__: object) -> None:
        raise TrainingError("no model today", fix="try tomorrow", code="MW-T999")

    with monkeypatch.context() as patch:
        patch.setattr(training, "train", fail)
        with pytest.raises(TrainingError):
            mw.run(frame(), target="target", trials=1, project=tmp_path / "p")
    project = mw.Project(tmp_path / "p")
    state = project.state("0001")
    assert state.status == "failed" and state.result["code"] == "MW-T999" and project.versions() == ()
    assert project.ledger.entries()[-1].kind == "run failed"
    mw.run(frame(), target="target", trials=1, project=tmp_path / "p")
    assert project.runs() == ("0001", "0002") and project.versions() == (1,)


def test_a_budget_that_is_too_short_is_told(tmp_path, capfd):
    frame(300, "yes_no").to_csv(tmp_path / "data.csv", index=False)
    code = main(["run", str(tmp_path / "data.csv"), "-t", "target", "--budget", "1s", "--project", str(tmp_path / "p")])
    told = capfd.readouterr()
    assert code == 0 or code == 3 or (code == 1 and "larger --budget" in told.err and "MW-T004" in told.err)


@pytest.mark.slow
def test_the_budget_is_kept(tmp_path):
    project = mw.run(frame(400, "yes_no"), target="target", budget="12s", project=tmp_path / "p")
    assert 6 < project.result["seconds"] < 17
    assert project.result["verdict"].startswith("ship")


def test_no_target(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="MW-U006"):
        mw.run(frame())
    assert not list(Path(tmp_path).iterdir())


def test_trials_are_taken_over_however_much_of_the_optimism_was_measured():
    """A run that was broken off meets its own trials again on a machine that is busier by then."""
    problem = samples.houses().problem
    half = Measurement(name="rmse", value=1.0, low=0.5, high=1.5, n=100, method="t over 4 rolling origins")
    told = replace(problem, optimism=Optimism(fair=half, naive=half, excess=half))
    assert journal_key("data", "contract", told) == journal_key("data", "contract", problem)
    assert journal_key("data", "contract", replace(problem, holdout=0.3)) != journal_key("data", "contract", problem)
