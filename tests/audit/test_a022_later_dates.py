"""A022: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modelwright.audit.findings import Action
from modelwright.audit.rules.a022_later_dates import LaterDates
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


def _tickets(rng: np.random.Generator, n: int = 800) -> pd.DataFrame:
    frame = honest(rng, n).drop(columns="value")
    start = pd.Timestamp("2021-03-01") + pd.to_timedelta(np.sort(rng.uniform(0, 300, n)), unit="D")
    return frame.assign(opened=start)


def _days(rng: np.random.Generator, mean: float, n: int = 800) -> pd.TimedeltaIndex:
    return pd.to_timedelta(rng.exponential(mean, n) + 0.01, unit="D")


@pytest.mark.parametrize(("name", "action"), [("resolved_on", Action.DROP_COLUMN), ("touched", Action.TOLD)])
def test_dates_after_the_event(make: MakeContext, rng: np.random.Generator, name: str, action: Action) -> None:
    frame = _tickets(rng)
    frame[name] = frame["opened"] + _days(rng, 9)
    for context in (make(frame, "goal"), make(frame.sample(frac=1, random_state=1), "goal", time="opened")):
        (found,) = findings(LaterDates, context)
        assert found.columns == (name,) and found.action is action
        assert found.evidence["later"] == 1 and found.evidence["moment"] == "opened"


def test_how_long_labels_take(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _tickets(rng)
    frame["resolved_on"] = frame["opened"] + pd.to_timedelta(rng.uniform(0.1, 20, 800), unit="D")
    (found,) = findings(LaterDates, make(frame, "goal", time="opened"))
    assert "say --label-delay 20d, within which 95 % are known" in found.fix
    (found,) = findings(LaterDates, make(frame, "goal", time="opened", label_delay="20d"))
    assert "--label-delay" not in found.fix


def test_lateness_that_tells_the_target(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _tickets(rng)
    slow = np.where(frame["goal"] == "yes", 3.0, 1.0)
    frame["seen"] = frame["opened"] + _days(rng, 5) * slow
    (found,) = findings(LaterDates, make(frame, "goal"))
    assert found.action is Action.DROP_COLUMN and found.evidence["skill"] > 0.1


@pytest.mark.parametrize(("share", "action"), [(0.97, Action.DROP_COLUMN), (0.85, Action.TOLD)])
def test_late_for_one_class(make: MakeContext, rng: np.random.Generator, share: float, action: Action) -> None:
    frame = _tickets(rng)
    late = (frame["goal"] == "yes") ^ (rng.random(800) > share)
    frame["last_seen"] = frame["opened"] + _days(rng, 9) * np.where(late, 1, -1)
    (found,) = findings(LaterDates, make(frame, "goal"))
    assert found.columns == ("last_seen",) and found.action is action


def test_stays_quiet(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _tickets(rng)
    frame["due_date"] = frame["opened"] + _days(rng, 9)
    frame["born"] = frame["opened"] - _days(rng, 9000)
    frame["member_from"] = frame["opened"] - _days(rng, 400)
    frame["near"] = frame["opened"] + pd.to_timedelta(rng.normal(0, 3, 800), unit="D")
    assert findings(LaterDates, make(frame, "goal")) == []


def test_does_not_apply(make: MakeContext, rng: np.random.Generator) -> None:
    assert LaterDates().check(make(honest(rng))) == "there is no target"
    assert LaterDates().check(make(_tickets(rng), "goal")) == "there are not two dates"
