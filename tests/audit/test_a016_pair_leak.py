"""A016: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modelwright.audit.findings import Action
from modelwright.audit.rules.a016_pair_leak import PairLeak
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


def _rooms(rng: np.random.Generator, n: int = 3000) -> pd.DataFrame:
    frame = honest(rng, n).drop(columns=["value", "goal"])
    cancelled = rng.random(n) < 0.4
    frame["reserved_room"] = rng.choice(list("ABCDE"), n)
    moved = ~cancelled & (rng.random(n) < 0.25)
    frame["assigned_room"] = np.where(moved, rng.choice(list("ABCDE"), n), frame["reserved_room"])
    return frame.assign(goal=np.where(cancelled, "yes", "no"))


def test_the_later_version_is_dropped_where_names_tell(make: MakeContext, rng: np.random.Generator) -> None:
    (found,) = findings(PairLeak, make(_rooms(rng), "goal"))
    assert found.columns == ("assigned_room",) and found.action is Action.DROP_COLUMN


def test_without_names_the_pair_is_told(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _rooms(rng).rename(columns={"reserved_room": "room_x", "assigned_room": "room_y"})
    (found,) = findings(PairLeak, make(frame, "goal"))
    assert found.columns == ("room_x", "room_y") and found.action is Action.TOLD


def test_planned_and_actual_times(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng, 3000).drop(columns=["value", "goal"])
    frame["planned_departure"] = rng.uniform(300, 1400, 3000)
    late = rng.exponential(30, 3000) - 15
    frame["departure_time"] = frame["planned_departure"] + late
    frame["goal"] = np.where(late + rng.normal(0, 4, 3000) > 5, "late", "on time")
    (found,) = findings(PairLeak, make(frame, "goal"))
    assert found.columns == ("departure_time",) and found.action is Action.DROP_COLUMN


def test_stays_quiet_on_answers_of_one_alphabet(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng, 2000).drop(columns="value")
    for i in range(5):
        frame[f"answer_{i}"] = rng.choice(["low", "middle", "high"], 2000)
    assert findings(PairLeak, make(frame, "goal")) == []


def test_stays_quiet_where_disagreement_says_nothing(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _rooms(rng)
    frame["goal"] = rng.choice(["yes", "no"], 3000)
    assert findings(PairLeak, make(frame, "goal")) == []


def test_does_not_apply_without_a_target(make: MakeContext, rng: np.random.Generator) -> None:
    assert PairLeak().check(make(honest(rng))) == "there is no target"


@pytest.mark.parametrize("wrong", [0.0, 0.03])
def test_columns_that_tell_nothing_alone_and_all_together(
    make: MakeContext, rng: np.random.Generator, wrong: float
) -> None:
    frame = honest(rng).drop(columns="value")
    yes = (frame["goal"] == "yes") ^ (rng.random(600) < wrong)
    first = rng.integers(0, 2, 600)
    pair = frame.assign(a=np.where(first == 1, "on", "off"), b=np.where(first == yes, "p", "q"))
    (found,) = findings(PairLeak, make(pair, "goal"))
    assert {found.evidence["first"], found.evidence["second"]} == {"a", "b"}
    before = rng.normal(100, 30, 600)
    grown = before * np.where(yes, rng.uniform(1.02, 1.5, 600), rng.uniform(0.5, 0.98, 600))
    (found,) = findings(PairLeak, make(frame.assign(first=before, second=grown), "goal"))
    assert "is larger" in found.message
