"""The comparison in ``benchmarks/quality``: how rows are put aside, what is scored, who is said to be better."""

from __future__ import annotations

import csv
import importlib
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss, roc_auc_score

QUALITY = Path(__file__).parents[2] / "benchmarks" / "quality"


@pytest.fixture(autouse=True)
def _path(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(QUALITY))
    yield
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(QUALITY)):
            del sys.modules[name]


def module(name: str) -> ModuleType:
    return importlib.import_module(name)


def a_set(**changes: Any) -> Any:
    words = {
        "name": "toy",
        "target": "y",
        "objective": "binary",
        "test": "random",
        "part": "develop",
        "rows": 0,
        "without": (),
    }
    return module("sets").Set(**{**words, **changes})


# sets


def test_parts_follow_from_the_rule_and_the_familiar_are_never_held() -> None:
    sets = module("sets")
    known = sets.read_sets()
    assert {s.name: s.part for s in known} == sets.parts(known)
    assert not [s.name for s in known if s.part == "held" and s.name in sets.FAMILIAR]
    assert {s.name for s in known} >= sets.FAMILIAR


def test_parts_are_balanced_over_objectives() -> None:
    counts = Counter((s.objective, s.part) for s in module("sets").read_sets())
    for objective in ("binary", "multiclass", "regression"):
        assert abs(counts[objective, "held"] - counts[objective, "develop"]) <= 4


def test_a_set_that_is_not_there_is_named() -> None:
    sets = module("sets")
    with pytest.raises(ValueError, match="no set named nowhere"):
        sets.choose(sets.read_sets(), names="adult,nowhere", part="all")


# splits


def test_a_random_split_takes_a_quarter_of_every_class_and_differs_by_seed() -> None:
    split = module("split")
    frame = pd.DataFrame({"x": range(400), "y": ["a"] * 300 + ["b"] * 100})
    train, test = split.put_aside(a_set(), frame, seed=0)
    assert sorted([*train, *test]) == list(range(400))
    assert frame["y"].iloc[test].value_counts().to_dict() == {"a": 75, "b": 25}
    assert (np.diff(train) > 0).all()
    assert list(test) == list(split.put_aside(a_set(), frame, seed=0)[1])
    assert list(test) != list(split.put_aside(a_set(), frame, seed=1)[1])


def test_classes_that_training_hardly_holds_are_in_neither_file() -> None:
    split = module("split")
    frame = pd.DataFrame({"y": ["a"] * 40 + ["b"] * 40 + ["single"] + ["pair"] * 2})
    train, test = split.put_aside(a_set(objective="multiclass"), frame, seed=0)
    assert set(frame["y"].iloc[train]) == {"a", "b", "pair"}
    assert set(frame["y"].iloc[test]) == {"a", "b"}


def test_classes_that_begin_after_the_cut_are_not_asked_for() -> None:
    frame = pd.DataFrame({"y": ["a", "b"] * 40 + ["new"] * 20})
    _, test = module("split").put_aside(a_set(test="time:"), frame, seed=0)
    assert set(frame["y"].iloc[test]) == {"a", "b"}


def test_groups_are_never_on_both_sides() -> None:
    groups = np.repeat(np.arange(40), 5)
    frame = pd.DataFrame({"g": groups, "y": np.arange(200.0)})
    train, test = module("split").put_aside(a_set(test="group:g", objective="regression"), frame, seed=3)
    assert not set(groups[train]) & set(groups[test])
    assert len(test) == 50


def test_a_split_by_time_cuts_between_moments_and_rolls_back_with_the_seed() -> None:
    split = module("split")
    days = pd.date_range("2020-01-01", periods=100).repeat(3)
    shuffled = np.random.default_rng(0).permutation(300)
    frame = pd.DataFrame({"day": days.strftime("%d/%m/%Y").to_numpy()[shuffled], "y": np.arange(300.0)})
    when = pd.Series(days).to_numpy()[shuffled]
    ends = []
    for seed in range(3):
        train, test = split.put_aside(a_set(test="time:day", objective="regression"), frame, seed=seed)
        assert when[train].max() < when[test].min()
        assert len(test) / (len(train) + len(test)) == pytest.approx(0.25, abs=0.02)
        ends.append(when[test].max())
    assert ends[0] > ends[1] > ends[2]


def test_a_split_by_several_columns_of_time_reads_them_one_after_the_other() -> None:
    frame = pd.DataFrame({"year": [2, 1, 2, 1] * 25, "month": np.repeat(np.arange(25), 4) % 12, "y": np.arange(100.0)})
    train, test = module("split").put_aside(a_set(test="time:year+month", objective="regression"), frame, seed=0)
    moment = frame["year"] * 12 + frame["month"]
    assert moment.iloc[train].max() < moment.iloc[test].min()


def test_large_sets_are_thinned(monkeypatch: pytest.MonkeyPatch) -> None:
    split = module("split")
    monkeypatch.setattr(split, "MOST_TRAIN", 75)
    frame = pd.DataFrame({"y": np.arange(1_000.0)})
    train, test = split.put_aside(a_set(objective="regression"), frame, seed=0)
    assert (len(train), len(test)) == (75, 25)


def test_files_hold_no_answer_and_are_made_again_when_the_set_changes(tmp_path: Path) -> None:
    split = module("split")
    source = tmp_path / "toy.csv"
    rows = [{"x ": i, "leak": i % 2, "flag": i % 3 == 0, "y": float(i % 2)} for i in range(40)]
    pd.DataFrame([*rows, {"x ": 1, "leak": 0, "flag": True, "y": None}]).to_csv(source, index=False)
    made = split.make(a_set(without=("leak",)), source, seed=0, folder=tmp_path / "splits")
    train, test, truth = (pd.read_parquet(p) for p in (made.train, made.test, made.truth))
    assert list(train) == ["x", "flag", "y"]
    assert list(test) == ["x", "flag"]
    assert made.classes == ("0", "1")
    assert set(train["y"]) | set(truth["truth"]) == {"0", "1"}
    assert (len(train), len(test)) == (made.train_rows, made.test_rows) == (30, 10)
    again = split.make(a_set(), source, seed=0, folder=tmp_path / "splits")
    assert again.fingerprint != made.fingerprint
    assert "leak" in pd.read_parquet(again.test)
    again.train.unlink()  # recorded results come with the answers alone
    assert split.make(a_set(), source, seed=0, folder=tmp_path / "splits") == again and again.train.is_file()


# metrics


def test_metrics_are_those_of_scikit_learn() -> None:
    score, generator = module("metrics").score, np.random.default_rng(0)
    truth = generator.choice(["no", "yes"], 200)
    chance = generator.random(200).round(1)  # with ties
    table = np.column_stack([1 - chance, chance])
    assert score("binary", truth, table, ("no", "yes")) == pytest.approx(1 - roc_auc_score(truth == "yes", chance))
    labels = generator.choice(["a", "b", "c"], 200)
    chances = generator.dirichlet(np.ones(3), 200)
    assert score("multiclass", labels, chances, ("a", "b", "c")) == pytest.approx(log_loss(labels, chances))
    assert score("regression", np.array([1.0, 3.0]), np.array([[1.0], [1.0]]), ()) == pytest.approx(np.sqrt(2))


def test_impossible_classes_cost_much_but_not_without_end() -> None:
    value = module("metrics").score("multiclass", np.array(["a"]), np.array([[0.0, 2.0]]), ("a", "b"))
    assert value == pytest.approx(-np.log(1e-15))


@pytest.mark.parametrize("objective", ["binary", "multiclass", "regression"])
def test_resampled_scores_are_scores_of_drawn_rows(objective: str, monkeypatch: pytest.MonkeyPatch) -> None:
    metrics, generator = module("metrics"), np.random.default_rng(1)
    monkeypatch.setattr(metrics, "AT_ONCE", 500)  # several parts
    classes = {"binary": ("a", "b"), "multiclass": ("a", "b", "c"), "regression": ()}[objective]
    truth = generator.choice(list(classes), 50) if classes else generator.normal(size=50)
    table = (
        generator.dirichlet(np.ones(len(classes)), 50).round(2) + 0.01 if classes else generator.normal(size=(50, 1))
    )
    found = metrics.resampled(objective, truth, [table, table], classes, times=20, seed=7)
    same = np.random.default_rng(7)
    for number in range(20):
        rows = same.integers(50, size=50)
        assert found[0, number] == pytest.approx(metrics.score(objective, truth[rows], table[rows], classes))
    assert (found[0] == found[1]).all()


def test_predictions_that_cannot_be_scored_say_why() -> None:
    problem_with = module("metrics").problem_with
    assert problem_with("regression", np.zeros((3, 1)), 3) is None
    assert problem_with("regression", np.zeros((2, 1)), 3) == "2 predictions of 3 rows"
    assert problem_with("binary", np.full((3, 2), np.nan), 3) == "3 rows without a finite prediction"
    assert problem_with("multiclass", np.array([[-0.1, 1.1]]), 1) == "chances below zero"


# ranking


def test_failures_are_last_and_equals_share() -> None:
    ranking = module("ranking")
    assert ranking.ranks([0.2, None, 0.1, 0.2, None]).tolist() == [2.5, 4.5, 1, 2.5, 4.5]
    assert ranking.normalised([0.1, 0.2, 0.3, None]).tolist() == [1.0, 0.0, 0.0, 0.0]
    assert ranking.normalised([0.1, None]).tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("one", "other", "differences", "expected"),
    [
        (0.1, 0.2, [-0.15, -0.1, -0.05], "win"),
        (0.2, 0.1, [0.05, 0.1, 0.15], "loss"),
        (0.1, 0.2, [-0.15, -0.1, 0.05], "tie"),
        (0.1, None, None, "win"),
        (None, 0.1, None, "loss"),
        (None, None, None, "tie"),
    ],
)
def test_who_wins_is_decided_beyond_noise(one: Any, other: Any, differences: Any, expected: str) -> None:
    drawn = None if differences is None else np.array(differences)
    assert module("ranking").decide(one, other, drawn) == expected


def test_ties_count_half() -> None:
    duel = module("ranking").duel({"a": "win", "b": "tie", "c": "tie", "d": "loss"})
    assert (duel.wins, duel.ties, duel.losses, duel.share) == (1, 2, 1, 0.5)


def test_the_critical_difference_is_that_of_the_paper() -> None:
    """Demsar (2006), section 3.2.2: four systems on 14 sets differ by 1.25 with q 2.569."""
    assert module("ranking").critical_difference(4, 14) == pytest.approx(1.25, abs=0.005)


def test_cliques_are_the_longest_runs_that_do_not_differ() -> None:
    cliques = module("ranking").cliques
    assert cliques([1.0, 1.5, 2.2, 4.0], 1.0) == [(0, 1), (1, 2)]
    assert cliques([1.0, 3.0], 1.0) == []


# results


def a_result(**changes: Any) -> Any:
    words = {
        "set": "toy",
        "seed": 0,
        "system": "echo",
        "budget": 1,
        "split": "abc",
        "part": "develop",
        "objective": "binary",
        "version": "1",
        "score": 0.25,
        "wall": 2.0,
        "fit_wall": 1.5,
        "predict_wall": 0.5,
        "peak_megabytes": 100.0,
        "load": 0.1,
        "train_rows": 30,
        "test_rows": 10,
        "when": "2026-01-01T00:00:00+00:00",
        "error": "",
    }
    return module("results").Result(**{**words, **changes})


def test_results_survive_a_torn_line_and_failures_stay_failures(tmp_path: Path) -> None:
    Store = module("results").Store
    store = Store(tmp_path)
    kept = [a_result(), a_result(seed=1, score=None, fit_wall=None, predict_wall=None, error='exit 1: "what", it said')]
    for result in kept:
        store.add(result)
    with open(store.file, "a") as handle:
        handle.write("toy,2,echo,1")
    assert list(Store(tmp_path).results.values()) == kept
    assert list(Store(tmp_path).results.values()) == kept


def test_what_is_measured_again_is_put_aside(tmp_path: Path) -> None:
    Store = module("results").Store
    store = Store(tmp_path)
    store.add(a_result())
    store.add(a_result(system="other"))
    assert store.supersede(lambda r: r.system == "echo") == 1
    assert [r.system for r in Store(tmp_path).results.values()] == ["other"]
    with open(tmp_path / "superseded.csv", newline="") as handle:
        assert [row["system"] for row in csv.DictReader(handle)] == ["echo"]


# watching


def test_what_leaves_its_session_is_counted_and_ended(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    grandchild = "import time; held = bytearray(b'x' * 60_000_000); time.sleep(60)"
    script.write_text(
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-c', {grandchild!r}], start_new_session=True)\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(1.5)\n"
    )
    log = tmp_path / "log.txt"
    cost = module("measuring").watch([sys.executable, str(script)], log=log, folder=tmp_path, most_seconds=30)
    assert cost.exit_code == 0
    assert not cost.too_long
    assert cost.peak_megabytes > 60
    assert not Path("/proc", log.read_text().strip()).exists()


def test_what_takes_too_long_is_ended(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    cost = module("measuring").watch(command, log=tmp_path / "log.txt", folder=tmp_path, most_seconds=0.5)
    assert cost.too_long
    assert cost.exit_code < 0
    assert cost.wall < 30


# the whole, with systems that need no environment


ECHO = """
import sys
from pathlib import Path
sys.path.insert(0, {systems!r})
from task import read
task = read()
train, target, test = task.frames(text="object")
if task.variant == "broken":
    raise SystemExit("what it said at the end")
task.fitted()
task.finish(test["x"].to_numpy() if task.variant == "good" else -test["x"].to_numpy(), package="pandas")
"""


@pytest.mark.slow
def test_systems_are_run_scored_and_compared_and_a_second_run_repeats_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run, table = module("run"), module("table")
    generator = np.random.default_rng(0)
    chance = generator.random(400)
    data = tmp_path / "data"
    data.mkdir()
    label = np.where(generator.random(400) < chance, "yes", "no")
    pd.DataFrame({"x": chance, "y": label}).to_csv(data / "toy.csv", index=False)
    (data / "INDEX.csv").write_text("name,dir,main_file\ntoy,.,toy.csv\n")
    echo = tmp_path / "with_echo.py"
    echo.write_text(ECHO.format(systems=str(QUALITY / "systems")))
    toy = replace(a_set(), rows=400)
    monkeypatch.setattr(run, "read_sets", lambda: [toy])
    monkeypatch.setattr(table, "read_sets", lambda: [toy])
    monkeypatch.setattr(run, "_script", lambda system: echo)
    monkeypatch.setattr(run, "_python", lambda system, folder: Path(sys.executable))
    words = ["--data", str(data), "--to", str(tmp_path / "out"), "--environments", str(tmp_path), "--budget", "5"]
    words += ["--systems", "echo:good,echo:bad,echo:broken"]
    run.main(words)
    assert capsys.readouterr().out.count("toy") == 3
    run.main(words)
    assert capsys.readouterr().out == ""
    by = {r.system: r for r in module("results").Store(tmp_path / "out").results.values()}
    assert by["echo:good"].score == pytest.approx(1 - by["echo:bad"].score)
    assert by["echo:good"].score < 0.5 < by["echo:bad"].score
    assert by["echo:broken"].score is None
    assert "what it said at the end" in by["echo:broken"].error
    assert by["echo:good"].version == pd.__version__

    table.main([str(tmp_path / "out"), "--of", "echo:good"])
    text = (tmp_path / "out" / "table.md").read_text()
    assert "| echo:bad | 2.00 | 0.000 | 1 / 0 / 0 | 100% | 0 |" in text
    assert "| echo:broken | 3.00 | 0.000 | 1 / 0 / 0 | 100% | 1 |" in text
    for suffix in ("png", "svg"):
        assert (tmp_path / "out" / f"ranks-5s-develop.{suffix}").stat().st_size > 1_000

    run.main([*words, "--again", "echo:broken"])
    assert capsys.readouterr().out.splitlines()[-2].startswith("1 results put aside")
    assert len(module("results").Store(tmp_path / "out").results) == 3
