from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from modelwright.data.columns import Strings
from modelwright.data.contract import ColumnSpec, Kind
from modelwright.errors import DataError, UsageError
from modelwright.frame.problem import SplitKind
from modelwright.frame.split import make_folds
from tests.frame.helpers import Action, choice, finding, framed, table

COLUMNS, CONTRACT = table()


def _framed(**brief):
    return framed(COLUMNS, CONTRACT, **brief)


def test_every_decision_has_a_reason_and_someone_who_took_it():
    problem = _framed(dropped={"one": "A003"})
    questions = [c.question for c in problem.choices]
    assert questions == ["objective", "positive class", "metric", "split", "holdout", "folds", "features"]
    assert all(c.why and c.value for c in problem.choices)
    assert problem.split is SplitKind.STRATIFIED
    assert (problem.n_folds, problem.n_repeats, problem.holdout) == (5, 1, 0.2)
    assert problem.features == ("x", "day", "words")
    assert "without 'one' (dropped by A003)" in choice(problem, "features").why
    assert choice(problem, "split").decided_by == "default"


@pytest.mark.parametrize("kind", [Kind.ID, Kind.CONSTANT])
def test_what_no_model_reads_is_no_feature(kind):
    specs = tuple(replace(s, kind=kind) if s.name == "words" else s for s in CONTRACT.columns)
    problem = framed(COLUMNS, replace(CONTRACT, columns=specs), dropped={"one": "A003"})
    assert problem.features == ("x", "day")
    assert f"'words' (of kind {kind}, which no model reads)" in choice(problem, "features").why
    nothing = replace(CONTRACT, columns=tuple(s if s.name == "y" else replace(s, kind=kind) for s in specs))
    with pytest.raises(DataError, match="no column is left to learn from") as caught:
        framed(COLUMNS, nothing)
    assert caught.value.code == "MW-D310"


def test_values_are_split_at_random():
    problem = framed(COLUMNS, CONTRACT, y=COLUMNS["x"], objective="regress", target="x")
    assert problem.split is SplitKind.RANDOM
    assert problem.metric == "rmse"
    assert problem.classes == ()


def test_findings_choose_the_split_and_are_named():
    groups = finding("A009", Action.GROUP, "patient")
    problem = _framed(findings=[groups])
    assert (problem.split, problem.group, problem.time) == (SplitKind.GROUP, "patient", None)
    assert choice(problem, "split").decided_by == "A009"
    assert "12 % of them; 'patient' has" in choice(problem, "split").why
    assert "patient" not in problem.features
    times = finding("A010", Action.TIME, "day")
    problem = _framed(findings=[times])
    assert (problem.split, problem.time) == (SplitKind.TIME, "day")
    assert "day" in problem.features


def test_groups_that_come_back_are_split_by_time_and_new_ones_by_both():
    found = [finding("A009", Action.GROUP, "patient"), finding("A010", Action.TIME, "day")]
    known = _framed(findings=found)
    assert (known.split, known.group, known.time) == (SplitKind.TIME, None, "day")
    assert "that was there before: what is judged is the future of known ones" in choice(known, "split").why
    assert "--split group_time" in choice(known, "split").why and choice(known, "split").decided_by == "A010"
    admitted = {**COLUMNS, "patient": Strings.from_values([f"p{int(d) // 864_000}" for d in COLUMNS["day"]])}
    new = framed(admitted, CONTRACT, findings=found)
    assert (new.split, new.group, new.time) == (SplitKind.GROUP_TIME, "patient", "day")
    assert "later rows of new ones are judged; ask for --split time" in choice(new, "split").why


def test_the_order_of_the_file_can_be_the_time():
    row_order = replace(finding("A018", Action.TIME), evidence={"row_order": 1})
    problem = _framed(findings=[row_order])
    assert (problem.split, problem.time) == (SplitKind.TIME, None)
    assert "the order of the file is the order of time" in choice(problem, "split").why
    told = replace(row_order, action=Action.TOLD)
    assert _framed(findings=[told]).split is SplitKind.STRATIFIED
    assert _framed(findings=[told], split="time").split is SplitKind.TIME
    folds = make_folds(problem, COLUMNS["y"], COLUMNS, seed=0)
    assert all(train.max() < valid.min() for train, valid in folds.folds)
    assert folds.holdout.min() > max(valid.max() for _, valid in folds.folds)


def _in_parts(n=3000):
    rng = np.random.default_rng(1)
    year, month = 2015.0 + rng.integers(0, 3, n), Strings.from_values(rng.choice(["July", "August", "May"], n).tolist())
    return {**COLUMNS, "year": year, "month": month, "daynumber": 1.0 + rng.integers(0, 28, n)}


PARTS = ("year", "month", "daynumber")
PARTS_CONTRACT = replace(CONTRACT, columns=(*CONTRACT.columns, *(ColumnSpec(name=n, kind=Kind.NUMBER) for n in PARTS)))


def test_parts_of_a_date_are_one_time():
    columns, by_name = _in_parts(), {"May": 5, "July": 7, "August": 8}
    acting = replace(finding("A018", Action.TIME, *PARTS), evidence={"parts": ", ".join(PARTS)})
    problem = framed(columns, PARTS_CONTRACT, findings=[acting])
    assert (problem.split, problem.time, problem.time_parts, problem.clock) == (SplitKind.TIME, None, PARTS, PARTS)
    assert "'year', 'month' and 'daynumber' have 252 different times together" in choice(problem, "split").why
    assert choice(problem, "split").decided_by == "A018" and set(PARTS) <= set(problem.features)
    month = np.array([by_name[m] for m in columns["month"].to_object()])
    moment = columns["year"] * 10_000 + month * 100 + columns["daynumber"]
    folds = make_folds(problem, columns["y"], columns, seed=0)
    assert moment[folds.holdout].min() > max(moment[valid].max() for _, valid in folds.folds)
    assert all(moment[train].max() < moment[valid].min() for train, valid in folds.folds)


def test_parts_that_are_only_told_wait_for_a_split_by_time():
    told = replace(finding("A018", Action.TOLD, *PARTS), evidence={"parts": ", ".join(PARTS)})
    framed_ = partial(framed, _in_parts(), PARTS_CONTRACT, findings=[told])
    assert framed_().split is SplitKind.STRATIFIED and framed_().clock == ()
    assert framed_(split="time").time_parts == PARTS
    assert framed_(split="time", time="day").clock == ("day",)
    with pytest.raises(UsageError, match=r"no time column.*MW-U316"):
        framed_(split="time", label_delay="7d")


def test_groups_beside_parts_are_weighed_as_beside_a_date():
    acting = replace(finding("A018", Action.TIME, *PARTS), evidence={"parts": ", ".join(PARTS)})
    both = framed(_in_parts(), PARTS_CONTRACT, findings=[finding("A017", Action.GROUP, "patient"), acting])
    assert (both.split, both.time_parts) == (SplitKind.TIME, PARTS)
    assert "what is judged is the future of known ones" in choice(both, "split").why


def test_the_brief_wins_over_findings():
    groups = finding("A009", Action.GROUP, "patient")
    problem = _framed(findings=[groups], split="random")
    assert (problem.split, problem.group) == (SplitKind.RANDOM, None)
    assert choice(problem, "split").decided_by == "user"
    assert _framed(findings=[groups], split="group").group == "patient"
    assert _framed(group="patient").split is SplitKind.GROUP
    assert _framed(time="day").split is SplitKind.TIME
    both = _framed(group="patient", time="day")
    assert both.split is SplitKind.GROUP_TIME


@pytest.mark.parametrize(
    ("brief", "error", "message"),
    [
        ({"target": None}, UsageError, "MW-U313"),
        ({"split": "stratfied"}, UsageError, r"did you mean 'stratified'\? .* MW-U309"),
        ({"split": "group"}, UsageError, "needs a group column.*--group COLUMN.*MW-U310"),
        ({"split": "time"}, UsageError, "needs a time column.*MW-U310"),
        ({"split": "group_time", "group": "patient"}, UsageError, "needs a time column.*MW-U310"),
        ({"group": "pateint"}, UsageError, r"did you mean 'patient'\? .* MW-U101"),
        ({"time": "y"}, UsageError, "time column is 'y', which is the target.*MW-U311"),
        ({"group": "y"}, UsageError, "group column is 'y', which is the target.*MW-U311"),
        ({"time": "words"}, UsageError, "holds text.*--kind words=datetime.*MW-U312"),
        ({"group": "one"}, DataError, "one group only.*MW-D308"),
        ({"time": "one"}, DataError, "is constant.*MW-D309"),
        ({"drop": ("y",)}, UsageError, "MW-U314"),
        ({"drop": ("nope",)}, UsageError, "MW-U101"),
        ({"drop": ("x", "day", "patient", "one", "words")}, DataError, "no column is left.*MW-D310"),
        ({"gates": {"score": 80.0}}, UsageError, "a score of 80, and ROC AUC is 0 to 1.*MW-U322"),
        ({"gates": {"score": -0.5}, "metric": "log_loss"}, UsageError, "log loss is 0 or more.*MW-U322"),
        ({"metric": "rmse"}, UsageError, "metric 'rmse' is not for classification.*use one of: .*MW-U305"),
        ({"metric": "rocauk"}, UsageError, "MW-U401"),
        ({"payoff": {"tp": 1.0, "fx": 2.0}}, UsageError, "no outcome 'fx'.*MW-U308"),
    ],
)
def test_impossible_wishes_are_refused(brief, error, message):
    with pytest.raises(error, match=message):
        _framed(**brief)


def test_a_series_is_told_what_it_lacks():
    columns = {n: COLUMNS[n] for n in ("one", "y")}
    contract = CONTRACT.only(["one", "y"])
    with pytest.raises(DataError, match=r"there is no forecasting yet.*the value a step before.*MW-D310"):
        framed(columns, contract, y=COLUMNS["x"], objective="regress", dropped={"one": "A006"})


def test_a_metric_that_is_not_defined_is_refused():
    with pytest.raises(UsageError, match=r"not defined for this target: .*MW-U306"):
        framed(COLUMNS, CONTRACT, y=COLUMNS["y"], objective="regress", metric="mape")


def test_payoff_needs_two_classes():
    with pytest.raises(UsageError, match=r"target is a value.*MW-U307"):
        framed(COLUMNS, CONTRACT, y=COLUMNS["x"], objective="regress", payoff={"tp": 1.0})


def test_time_column_with_hardly_a_time_is_refused():
    columns = {**COLUMNS, "day": np.where(np.arange(3000) < 2000, np.nan, COLUMNS["day"])}
    with pytest.raises(DataError, match=r"67% of the rows have no time in 'day'.*MW-D309"):
        framed(columns, CONTRACT, time="day")


def test_group_column_without_values_is_refused():
    columns = {**COLUMNS, "patient": Strings(np.full(3000, -1, np.int32), np.array(["p"], dtype=object))}
    with pytest.raises(DataError, match=r"no value.*MW-D308"):
        framed(columns, CONTRACT, group="patient")


@pytest.mark.parametrize(
    ("brief", "metric", "by"),
    [
        ({}, "roc_auc", "default"),
        ({"metric": "AUC PR"}, "pr_auc", "user"),
        ({"payoff": {"tp": 80.0, "fp": -5.0}}, "log_loss", "user"),
        ({"goal": "Rank customers by their chance to leave"}, "roc_auc", "user"),
        ({"goal": "find as many frauds as possible"}, "pr_auc", "user"),
        ({"goal": "give every client a probability"}, "log_loss", "user"),
        ({"goal": "be correct as often as possible"}, "accuracy", "user"),
        ({"goal": "a small average error"}, "roc_auc", "default"),
        ({"goal": "help the sales team"}, "roc_auc", "default"),
    ],
)
def test_metric_of_classes(brief, metric, by):
    problem = _framed(**brief)
    assert problem.metric == metric
    assert choice(problem, "metric").decided_by == by
    assert metric not in choice(problem, "metric").alternatives


@pytest.mark.parametrize(
    ("goal", "metric"),
    [("a small average error", "mae"), ("avoid large errors", "rmse"), ("predict the value", "rmse")],
)
def test_metric_of_values(goal, metric):
    problem = framed(COLUMNS, CONTRACT, y=COLUMNS["x"], objective="regress", target="x", goal=goal)
    assert problem.metric == metric


def test_a_goal_never_asks_for_an_undefined_metric():
    problem = framed(COLUMNS, CONTRACT, y=COLUMNS["y"], objective="regress", goal="a small percentage error")
    assert problem.metric == "rmse"


def test_several_classes_get_a_metric_of_several_classes():
    y = np.random.default_rng(0).integers(0, 4, 3000).astype(float)
    assert framed(COLUMNS, CONTRACT, y=y, goal="rank them").metric == "log_loss"
