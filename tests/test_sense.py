"""What makes no sense in a brief is refused before anything is read, and changes nothing on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

import modelwright as mw
from modelwright.brief import Brief, read_brief
from modelwright.errors import ModelwrightError, NotFound, UsageError
from modelwright.lifecycle import run_lifecycle
from modelwright.steps.sense import refuse_nonsense
from modelwright.train.starting import Start

NONSENSE = [
    ({"metric": "nonsense"}, "MW-U401", ""),
    ({"metric": "rmse", "objective": "classify"}, "MW-U305", "use one of"),
    ({"objective": "guess"}, "MW-U301", ""),
    ({"split": "nonsense"}, "MW-U309", ""),
    ({"kinds": {"a": "foo"}}, "MW-U116", ""),
    ({"privacy": "nonsense"}, "MW-U903", ""),
    ({"private": {"a": "burn"}}, "MW-U901", ""),
    ({"allow": ("Z1",)}, "MW-D201", ""),
    ({"time": "y"}, "MW-U311", ""),
    ({"group": "y"}, "MW-U311", ""),
    ({"drop": ("y",)}, "MW-U314", ""),
    ({"known_after": ("y",)}, "MW-U314", ""),
    ({"protected": ("a", "y")}, "MW-U318", "sex or age"),
    ({"interval_by": "y"}, "MW-U319", ""),
    ({"cases": 10, "capacity": 50}, "MW-U426", "--capacity"),
    ({"objective": "regress", "positive": "yes"}, "MW-U320", ""),
    ({"fairness_thresholds": True, "fairness": "selection"}, "MW-U321", "names no protected column"),
    ({"fairness_thresholds": True, "protected": ("a",)}, "MW-U321", "compares groups by nothing"),
    ({"fairness_thresholds": True, "fairness": "calibration", "protected": ("a",)}, "MW-U321", "by calibration"),
    ({"objective": "classify", "tolerance": "10%"}, "MW-U606", ""),
    ({"payoff": {"over": -1}}, "MW-U420", "'under' is missing"),
    ({"payoff": {"over": 1, "under": -2}}, "MW-U420", "below 0"),
    ({"payoff": {"tp": 1, "xx": 2}}, "MW-U308", ""),
    ({"payoff": {"tp": 1, "over": -2}}, "MW-U307", ""),
    ({"payoff": {"tp": 1, "cat>dog": -2}}, "MW-U307", ""),
    ({"payoff": {"tp": float("nan")}}, "MW-U403", ""),
    ({"payoff": {"tp": 1}}, "MW-U405", ""),
    ({"objective": "regress", "payoff": {"tp": 1, "fp": -1}}, "MW-U307", ""),
    ({"label_delay": "soon"}, "MW-U003", ""),
    ({"test": "there/is/none.csv"}, "MW-D110", ""),
]


@pytest.mark.parametrize(("fields", "code", "said"), NONSENSE)
def test_nonsense_is_refused_before_anything_is_read(fields, code, said, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelwrightError) as caught:
        mw.run("is/never/read.csv", target="y", **fields)
    assert caught.value.code == code and said in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"payoff": {"right": 10, "wrong": -1, "cat>dog": -5}},
        {"payoff": {"over": -1, "under": -2}},
        {"cases": 50, "capacity": 50},
        {"fairness_thresholds": True, "fairness": "opportunity", "protected": ("a",)},
        {"metric": "AUC", "split": "group_time", "label_delay": "30"},
        {"private": {"a": "bucket:10"}, "privacy": "HIPAA", "allow": ("A014:y",), "protected": ("a",)},
    ],
)
def test_what_makes_sense_is_left_alone(fields):
    refuse_nonsense(Brief(target="y").merged(**fields))
    refuse_nonsense(Brief(drop=("y",)))


def test_what_made_sense_once_can_be_trained_again(tmp_path: Path):
    """A brief that an earlier release accepted is not judged by the rules of this one."""
    brief = Brief(source=str(tmp_path / "gone.csv"), target="y").merged(cases=10, capacity=50)
    with pytest.raises(UsageError, match="MW-U426"):
        run_lifecycle(brief, project=str(tmp_path / "p"))
    with pytest.raises(NotFound, match="MW-D110"):
        run_lifecycle(brief, project=str(tmp_path / "p"), start=Start(candidates=(), judged=0))


@pytest.mark.parametrize("table", ["trust", "limits", "audit", "money"])
def test_what_is_no_table_is_named(table, tmp_path: Path):
    path = tmp_path / "brief.toml"
    path.write_text(f"{table} = 5\n")
    with pytest.raises(UsageError) as caught:
        read_brief(path)
    assert f"'{table}'" in str(caught.value) and f"[{table}]" in caught.value.fix and caught.value.code == "MW-U005"


def test_a_target_that_the_table_has_twice_is_refused(tmp_path: Path):
    (tmp_path / "two.csv").write_text("a,y,y\n" + "\n".join(f"{i},{i % 3},{'uv'[i % 2]}" for i in range(60)) + "\n")
    with pytest.raises(UsageError) as caught:
        mw.run(tmp_path / "two.csv", target="y", project=tmp_path / "p")
    assert caught.value.code == "MW-U102" and "column 3 is now 'y.1'" in str(caught.value)
    assert not (tmp_path / "p").exists()
    assert mw.audit_data(tmp_path / "two.csv", target="a").n_rows == 60
