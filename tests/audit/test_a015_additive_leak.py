"""A015: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pandas as pd

from modelwright.audit.findings import Action, Severity
from modelwright.audit.rules.a015_additive_leak import AdditiveLeak
from tests.audit.conftest import MakeContext
from tests.audit.helpers import accused, findings, honest


def test_parts_of_a_total_are_dropped(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).drop(columns=["goal", "value"])
    frame["casual"], frame["registered"] = rng.poisson(20, 600), rng.poisson(60, 600)
    frame["cnt"] = frame["casual"] + frame["registered"]
    (found,) = findings(AdditiveLeak, make(frame, "cnt"))
    assert set(found.columns) == {"casual", "registered"} and found.action is Action.DROP_COLUMN
    assert found.evidence["r2"] == 1


def test_small_parts_of_a_total_go_with_the_large_ones(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).drop(columns=["goal", "value"])
    frame["likes"], frame["loves"] = rng.poisson(60, 600), rng.poisson(20, 600)
    frame["sad"], frame["angry"] = rng.poisson(0.3, 600), rng.poisson(0.1, 600)
    frame["reactions"] = frame[["likes", "loves", "sad", "angry"]].sum(axis=1)
    frame["flag"], frame["nothing"] = rng.integers(0, 2, 600), 0
    (found,) = findings(AdditiveLeak, make(frame, "reactions"))
    assert set(found.columns) == {"likes", "loves", "sad", "angry"}
    assert "'sad' and 'angry' make up what is left" in found.message


def test_of_a_difference_the_column_with_the_target_is_dropped(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).drop(columns=["goal", "value"])
    frame["fare"], frame["tip"], frame["toll"] = rng.gamma(3, 5, 600), rng.gamma(2, 1, 600), rng.poisson(1.0, 600)
    frame["total"] = frame["fare"] + frame["tip"] + frame["toll"] + rng.choice([0.3, 0.8], 600)
    found, asked = findings(AdditiveLeak, make(frame, "fare"))
    assert found.columns == ("total",) and "'tip'" in found.message and asked.action is Action.TOLD


def test_long_sums_are_found(make: MakeContext, rng: np.random.Generator) -> None:
    frame = pd.DataFrame(rng.integers(0, 10, (600, 6)), columns=[f"question_{i}" for i in range(6)])
    frame["points"] = frame.sum(axis=1)
    frame["other"] = rng.normal(size=600)
    (found,) = findings(AdditiveLeak, make(frame, "points"))
    assert set(found.columns) == {f"question_{i}" for i in range(6)}


def test_the_time_between_two_dates(make: MakeContext, rng: np.random.Generator) -> None:
    start = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 10**7, 600), unit="s")
    minutes = rng.gamma(3, 10, 600)
    frame = honest(rng).drop(columns=["goal", "value"])
    frame = frame.assign(start=start, stop=start + pd.to_timedelta(minutes, unit="m"), minutes=minutes)
    (found,) = findings(AdditiveLeak, make(frame, "minutes"))
    assert found.columns == ("stop",)


def test_kinds_of_failure_are_the_failure(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng, 4000).drop(columns=["goal", "value"])
    kinds = rng.random((4000, 4)) < 0.012
    for i in range(4):
        frame[f"f{i}"] = kinds[:, i].astype(float)
    frame["failure"] = (kinds.any(axis=1) | (rng.random(4000) < 0.002)).astype(int)
    (found,) = findings(AdditiveLeak, make(frame, "failure"))
    assert set(found.columns) == {"f0", "f1", "f2", "f3"}


def test_stays_quiet_on_honest_regression(make: MakeContext) -> None:
    for seed in range(5):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(500, 8))
        frame = pd.DataFrame(x, columns=list("abcdefgh")).assign(y=x[:, 0] + x[:, 1] + rng.normal(0, 0.5, 500))
        assert findings(AdditiveLeak, make(frame, "y")) == []


def test_the_other_parts_of_a_total_are_asked_about(make: MakeContext, rng: np.random.Generator) -> None:
    frame = pd.DataFrame(rng.normal(size=(600, 2)), columns=["distance", "noise"]).abs()
    frame["fare"] = 3 + 5 * frame["distance"] + rng.exponential(size=600)
    frame["tip"], frame["toll"] = rng.exponential(2.0, 600), rng.choice([0.0, 6.5], 600)
    frame["total"] = frame["fare"] + frame["tip"] + frame["toll"]
    sure, asked = findings(AdditiveLeak, make(frame, "fare"))
    assert sure.columns == ("total",) and sure.action is Action.DROP_COLUMN
    assert set(asked.columns) == {"tip", "toll"} and asked.action is Action.TOLD
    assert asked.severity is Severity.WARNING and "--known-after tip" in asked.fix


def test_a_copy_is_left_to_its_own_rule(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).drop(columns="goal").assign(copy=lambda f: 2 * f["value"])
    assert findings(AdditiveLeak, make(frame, "value")) == []


def test_does_not_apply_to_several_classes(make: MakeContext, rng: np.random.Generator) -> None:
    assert AdditiveLeak().check(make(honest(rng), "colour")) == "there are more than two classes"
    assert AdditiveLeak().check(make(honest(rng))) == "there is no target"


def test_four_rounded_parts_and_a_product(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).drop(columns="goal").assign(value=lambda f: 100 + 10 * f["value"])
    share = rng.dirichlet(np.full(4, 2.0), 600) * frame[["value"]].to_numpy()
    parts = frame.assign(**{f"part{i}": share[:, i].round(0) for i in range(4)})
    assert accused(AdditiveLeak, make(parts, "value")) == {f"part{i}" for i in range(4)}
    pieces = rng.integers(1, 9, 600)
    bought = frame.assign(value=frame["value"].abs() + 1, pieces=pieces)
    bought["each"] = (bought["value"] / pieces).round(2)
    (found,) = findings(AdditiveLeak, make(bought, "value"))
    assert "multiply" in found.message and len(found.columns) == 1


def test_flags_of_a_frequent_class_must_be_exact(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).drop(columns="value")
    yes, kind = frame["goal"] == "yes", rng.integers(0, 3, 600)
    for i in range(3):
        frame[f"kind{i}"] = (yes & (kind == i)).astype(int)
    assert accused(AdditiveLeak, make(frame, "goal")) == {"kind0", "kind1", "kind2"}


def test_a_row_of_totals_adds_nothing_up(make: MakeContext, rng: np.random.Generator) -> None:
    frame = pd.DataFrame(rng.gamma(2, 3, (600, 5)), columns=list("abcde"))
    frame.loc[len(frame)] = frame.sum()
    assert not accused(AdditiveLeak, make(frame, "e"))
    frame["e"] = frame["a"] + frame["b"]
    assert accused(AdditiveLeak, make(frame, "e")) == {"a", "b"}
