"""A052: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modelwright.audit.findings import Action, Severity
from modelwright.audit.rules.a052_late_outcomes import LateOutcomes
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


def _dated(rng: np.random.Generator, n: int = 1500) -> pd.DataFrame:
    """Return honest rows in no order, each with a day of 300."""
    frame = honest(rng, n).drop(columns="value")
    day = rng.integers(0, 300, n)
    return frame.assign(screened=pd.Timestamp("2021-01-01") + pd.to_timedelta(day, unit="D"), day=day)


def _days_off(found: float | str, right: str) -> int:
    return abs((pd.Timestamp(str(found)) - pd.Timestamp(right)).days)


@pytest.mark.parametrize("label", ["yes", "no"])
def test_late_rows_of_one_class_are_told(make: MakeContext, rng: np.random.Generator, label: str) -> None:
    frame = _dated(rng)
    frame.loc[frame["day"] >= 260, "goal"] = label
    (found,) = findings(LateOutcomes, make(frame.drop(columns="day"), "goal"))
    assert found.columns == ("screened",) and found.severity is Severity.WARNING
    assert found.action is Action.DROP_COLUMN and _days_off(found.evidence["moment"], "2021-09-18") <= 5
    assert found.evidence["inside"] == 1 and float(found.evidence["rest"]) < 0.7
    assert f"= '{label}'" in found.message and "not known yet" in found.message
    assert str(found.evidence["moment"]) in found.fix


def test_rare_events_that_have_not_happened_yet_are_seen(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _dated(rng, 4000)
    frame["goal"] = np.where((rng.random(4000) < 0.05) & (frame["day"] < 240), "failed", "fine")
    (found,) = findings(LateOutcomes, make(frame.drop(columns="day"), "goal"))
    assert _days_off(found.evidence["moment"], "2021-08-29") <= 5


def test_early_rows_are_looked_at_and_other_dates_named(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _dated(rng)
    frame.loc[frame["day"] < 30, "goal"] = "yes"
    frame["booked"] = frame["screened"] + pd.to_timedelta(rng.integers(0, 3, len(frame)), unit="D")
    (found,) = findings(LateOutcomes, make(frame.drop(columns="day"), "goal"))
    assert set(found.columns) == {"screened", "booked"} and found.evidence["late"] == 0
    assert f"up to {found.evidence['moment']}" in found.message and "too" in found.message
    assert _days_off(found.evidence["moment"], "2021-01-30") <= 5


def test_dates_with_gaps_that_tell_the_same_rows_go_too(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _dated(rng)
    frame.loc[frame["day"] >= 260, "goal"] = "yes"
    lag = pd.to_timedelta(rng.integers(0, 20, len(frame)), unit="D")
    frame["arrested"] = (frame["screened"] - lag).where(rng.random(len(frame)) < 0.5)
    frame["met"] = rng.permutation(frame["screened"])
    (found,) = findings(LateOutcomes, make(frame.drop(columns="day"), "goal"))
    assert found.columns == ("screened", "arrested") and "'arrested' tells those rows, too" in found.message


def test_shuffled_dates_and_drift_are_no_end(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _dated(rng)
    assert findings(LateOutcomes, make(frame.drop(columns="day"), "goal")) == []
    risen = rng.random(len(frame)) < frame["day"] / 300 * 0.6
    drifting = frame.assign(goal=np.where(risen, "yes", frame["goal"]))
    assert findings(LateOutcomes, make(drifting.drop(columns="day"), "goal")) == []


def test_a_season_that_was_there_before_is_no_end(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _dated(rng)
    frame["goal"] = np.where(frame["day"] % 60 >= 30, "dry", frame["goal"])
    assert findings(LateOutcomes, make(frame.drop(columns="day"), "goal")) == []


def test_does_not_apply_without_classes_or_dates(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng)
    assert "no classes" in str(LateOutcomes().check(make(frame, "value")))
    assert "no date" in str(LateOutcomes().check(make(frame.drop(columns="value"), "goal")))
