"""A044: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modelwright.audit.findings import Action, Severity
from modelwright.audit.rules.a044_group_shift import GroupShift
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


def sites(rng: np.random.Generator, by: float, gap: float, n: int = 1500) -> pd.DataFrame:
    """Return rows of three sites; one has other measurements (by so many deviations) and more of a class."""
    frame = honest(rng, n).drop(columns="value")
    frame["hospital_id"] = rng.choice(["n", "s", "w"], n)
    far = frame["hospital_id"] == "w"
    for column in ("height", "weight", "depth"):
        frame[column] += by * far
    chance = 0.4 + gap * far
    return frame.assign(goal=np.where(rng.random(n) < chance, "yes", "no"))


@pytest.mark.parametrize("by", [1.5, 3.0])
def test_finds_a_site_that_is_unlike_the_others(make: MakeContext, by: float) -> None:
    for seed in range(3):
        frame = sites(np.random.default_rng(seed), by=by, gap=0.3)
        (found,) = findings(GroupShift, make(frame, "goal"))
        assert found.columns == ("hospital_id",) and found.action is Action.TOLD
        assert "'w' (" in found.message and "'n' (" not in found.message and float(found.evidence["auc"]) > 0.8


def test_the_group_of_the_brief_counts_whatever_it_is_called(make: MakeContext, rng: np.random.Generator) -> None:
    frame = sites(rng, by=2.0, gap=0.3).rename(columns={"hospital_id": "x"})
    assert "no column names groups" in str(GroupShift().check(make(frame, "goal")))
    assert [f.columns for f in findings(GroupShift, make(frame, "goal", group="x"))] == [("x",)]


def test_warns_where_one_group_is_much_worse(make: MakeContext, rng: np.random.Generator) -> None:
    frame = sites(rng, by=2.0, gap=0.3, n=3000)
    frame["sold"] = frame["height"] + rng.normal(0, np.where(frame["hospital_id"] == "w", 4.0, 0.2))
    (found,) = findings(GroupShift, make(frame.drop(columns="goal"), "sold"))
    assert found.severity is Severity.WARNING and "in 'w' a quick model errs" in found.message


@pytest.mark.parametrize(("by", "gap"), [(0.0, 0.0), (0.0, 0.3), (3.0, 0.0), (0.3, 0.05)])
def test_stays_quiet_where_only_one_thing_differs(make: MakeContext, by: float, gap: float) -> None:
    for seed in range(3):
        frame = sites(np.random.default_rng(seed), by=by, gap=gap)
        assert findings(GroupShift, make(frame, "goal")) == []


def test_another_name_of_the_group_tells_nothing(make: MakeContext, rng: np.random.Generator) -> None:
    frame = sites(rng, by=0.0, gap=0.3)
    frame["head"] = frame["hospital_id"].map({"n": "Dr. A", "s": "Dr. B", "w": "Dr. C"})
    assert findings(GroupShift, make(frame, "goal")) == []


def test_does_not_apply_without_groups_or_a_target(make: MakeContext, rng: np.random.Generator) -> None:
    assert GroupShift().check(make(honest(rng), "goal")) == "no column names groups, sites or sources"
    assert GroupShift().check(make(honest(rng))) == "there is no target"
