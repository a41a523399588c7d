"""A018: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modelwright.audit.acting import ROW_ORDER
from modelwright.audit.clocks import date_in_parts
from modelwright.audit.findings import Action, Severity
from modelwright.audit.rules.a018_time_order import TimeOrder
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


def _days(n: int) -> pd.DatetimeIndex:
    return pd.date_range("2021-01-01", periods=n, freq="h")


def test_a_log_with_a_drift_is_split_by_time(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).drop(columns="goal").assign(when=_days(600))
    frame["value"] += np.linspace(0, 2, 600)
    (found,) = findings(TimeOrder, make(frame, "value"))
    assert found.columns == ("when",) and found.action is Action.TIME
    assert found.evidence["order"] == pytest.approx(1)


def test_years_order_a_log_too(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).drop(columns="goal").assign(Year=np.sort(rng.integers(1990, 2010, 600)))
    frame["value"] += np.linspace(0, 2, 600)
    assert findings(TimeOrder, make(frame, "value"))[0].action is Action.TIME
    shuffled = frame.sample(frac=1, random_state=0).reset_index(drop=True)
    assert findings(TimeOrder, make(shuffled, "value")) == []


def test_a_date_without_drift_or_order_is_told(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).drop(columns="goal").assign(when=_days(600))
    (found,) = findings(TimeOrder, make(frame, "value"))
    assert found.action is Action.TOLD and found.severity is Severity.INFO
    frame["when"] = rng.permutation(frame["when"])
    assert findings(TimeOrder, make(frame, "value"))[0].action is Action.TOLD


def test_dates_of_birth_order_nothing(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).drop(columns="goal").assign(birth_date=_days(600))
    assert findings(TimeOrder, make(frame, "value")) == []


def test_an_order_without_a_date_is_told(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng, 2000).drop(columns="value")
    walk = np.repeat(rng.normal(size=200), 10)
    frame["goal"] = np.where(walk + 0.4 * rng.normal(size=2000) > 0, "up", "down")
    (found,) = findings(TimeOrder, make(frame, "goal"))
    assert found.columns == () and found.action is Action.TOLD and found.evidence["unexplained"] > 0.2
    assert "of it" not in found.message and "--time" in found.done and "stays random" in found.done
    shuffled = frame.sample(frac=1, random_state=0).reset_index(drop=True)
    assert findings(TimeOrder, make(shuffled, "goal")) == []


def test_where_a_date_lies_in_parts_joining_them_is_proposed(make: MakeContext, rng: np.random.Generator) -> None:
    """The parts explain nothing of what neighbours in the file have in common; still they may be the date."""
    frame = honest(rng, 2000).drop(columns="value")
    walk = np.repeat(rng.normal(size=200), 10)
    frame["goal"] = np.where(walk + 0.4 * rng.normal(size=2000) > 0, "up", "down")
    days = (
        pd.date_range("2021-01-01", periods=100).repeat(10).append(pd.date_range("2021-01-01", periods=100).repeat(10))
    )
    days = days[rng.permutation(2000)]
    frame["arrival_year"], frame["arrival_month"], frame["arrival_day"] = days.year, days.month_name(), days.day
    (found,) = [f for f in findings(TimeOrder, make(frame, "goal")) if not f.columns]
    assert "arrival_year" in found.fix and "arrival_day" in found.fix and "join them" in found.fix


@pytest.mark.parametrize("every", [24, 150])
def test_an_order_with_a_beat_is_one_of_time(make: MakeContext, rng: np.random.Generator, every: int) -> None:
    frame = honest(rng, 2000).drop(columns="value")
    wave = np.sin(np.arange(2000) * 2 * np.pi / every)
    frame["goal"] = np.where(wave + 0.4 * rng.normal(size=2000) > 0, "up", "down")
    (found,) = findings(TimeOrder, make(frame, "goal"))
    assert found.columns == () and found.action is Action.TIME and ROW_ORDER in found.evidence
    assert abs(found.evidence["beat"] - every) <= 0.1 * every
    shuffled = frame.sample(frac=1, random_state=0).reset_index(drop=True)
    assert findings(TimeOrder, make(shuffled, "goal")) == []


def test_parts_of_a_date_order_the_file_together(make: MakeContext, rng: np.random.Generator) -> None:
    days = pd.Series(pd.date_range("2021-01-01", periods=800))
    frame = honest(rng, 800).drop(columns="goal").assign(year=days.dt.year, month=days.dt.month, day=days.dt.day)
    frame["value"] += np.linspace(0, 2, 800)
    (found,) = findings(TimeOrder, make(frame, "value"))
    assert found.columns == () and found.action is Action.TIME and found.evidence["parts"] == "year, month, day"


def _shuffled_parts(rng: np.random.Generator, months: str, drift: float) -> pd.DataFrame:
    days = pd.Series(pd.date_range("2021-01-01", periods=800))
    month = days.dt.month if months == "number" else days.dt.month_name().str[:3]
    frame = honest(rng, 800).drop(columns="goal").assign(year=days.dt.year, month=month, day=days.dt.day)
    if months == "name":
        frame = frame[frame["year"] == 2021].reset_index(drop=True)
    frame["value"] += np.linspace(0, drift, len(frame))
    return frame.sample(frac=1, random_state=0).reset_index(drop=True)


@pytest.mark.parametrize("months", ["number", "name"])
@pytest.mark.parametrize("drift", [0.0, 2.0])
def test_parts_of_a_date_order_rows_whatever_order_the_file_is_in(
    make: MakeContext, rng: np.random.Generator, months: str, drift: float
) -> None:
    frame = _shuffled_parts(rng, months, drift)
    (found,) = findings(TimeOrder, make(frame, "value"))
    assert found.columns == ("year", "month", "day")
    assert found.action is (Action.TIME if drift else Action.TOLD)
    assert f"{len(frame)} moments" in found.message
    assert found.severity is (Severity.WARNING if drift else Severity.INFO)
    assert found.fix.endswith("allow A018" if drift else "ask for --split time")


@pytest.mark.parametrize(
    ("names", "parts"),
    [
        (("arrival_date_year", "arrival_date_month", "arrival_date_day_of_month"), (0, 1, 2)),
        (("Year", "Month", "DayofMonth"), (0, 1, 2)),
        (("SaleYear", "month_of_sale", "SALE_DAY"), (0, 1, 2)),
        (("year", "sale_month", "sale_day"), ()),
        (("model_year", "month", "day"), ()),
        (("year", "month", "weekday"), (0, 1)),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_parts_are_of_one_thing(
    make: MakeContext, rng: np.random.Generator, names: tuple[str, ...], parts: tuple[int, ...], turned: bool
) -> None:
    """The year of a model and the day of its sale are no date; nor do the places of the columns matter."""
    frame = _shuffled_parts(rng, "number", 2.0)
    dates = frame[["year", "month", "day"]].set_axis(list(names), axis=1)
    frame = pd.concat([frame[["value"]], dates[list(names)[::-1]] if turned else dates], axis=1)
    assert date_in_parts(make(frame, "value")) == tuple(names[i] for i in parts)


def test_months_without_a_year_come_again_and_order_nothing(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _shuffled_parts(rng, "name", 2.0).drop(columns="year")
    assert findings(TimeOrder, make(frame, "value")) == []


@pytest.mark.parametrize("by", ["shop", "day", "shuffled"])
def test_a_panel_is_split_by_time(make: MakeContext, rng: np.random.Generator, by: str) -> None:
    frame = honest(rng, 1200).drop(columns="goal")
    frame["shop"] = np.repeat(["A", "B", "C", "D"], 300)
    frame["day"] = np.tile(pd.date_range("2021-01-01", periods=300), 4)
    frame["value"] += np.concatenate([np.repeat(2 * rng.normal(size=30), 10) for _ in range(4)])
    frame = frame.sample(frac=1, random_state=0) if by == "shuffled" else frame.sort_values(by, kind="stable")
    (found,) = findings(TimeOrder, make(frame.reset_index(drop=True), "value"))
    assert found.columns == ("day",) and found.action is Action.TIME


def test_bare_series_go_on(make: MakeContext, rng: np.random.Generator) -> None:
    frame = pd.DataFrame({"series": np.repeat([f"s{i}" for i in range(30)], 40), "t": np.tile(np.arange(40), 30)})
    frame["y"] = np.repeat(rng.normal(size=30), 40) + 0.1 * rng.normal(size=1200).cumsum()
    (found,) = findings(TimeOrder, make(frame, "y"))
    assert found.columns == ("t",) and found.action is Action.TIME


def test_the_only_date_of_an_event_counts_in_a_shuffled_file(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).drop(columns="goal").assign(order_date=_days(600))
    frame["value"] += np.linspace(0, 2, 600)
    shuffled = frame.sample(frac=1, random_state=0).reset_index(drop=True)
    assert findings(TimeOrder, make(shuffled, "value"))[0].action is Action.TIME
    other = shuffled.assign(contacted=rng.permutation(shuffled["order_date"]))
    assert findings(TimeOrder, make(other, "value"))[0].action is Action.TOLD


def test_an_order_that_features_explain_is_a_note(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng, 2000).drop(columns="value")
    frame["place"] = np.sin(np.arange(2000) / 25)
    frame["goal"] = np.where(frame["place"] + 0.4 * rng.normal(size=2000) > 0, "up", "down")
    (found,) = findings(TimeOrder, make(frame, "goal"))
    assert found.severity is Severity.INFO and found.action is Action.TOLD and not found.columns
    assert float(found.evidence["likeness"]) > 0.3 and "something ordered the rows" in found.message
    shuffled = frame.sample(frac=1, random_state=0).reset_index(drop=True)
    assert findings(TimeOrder, make(shuffled, "goal")) == []


def test_faint_likeness_is_seen_over_several_rows(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng, 400).drop(columns="value")
    batch = np.repeat(rng.normal(size=20), 20)
    frame["goal"] = np.where(frame["height"] + batch + rng.normal(size=400) > 0.5, "yes", "no")
    (found,) = findings(TimeOrder, make(frame, "goal"))
    assert not found.columns and found.action is Action.TOLD


@pytest.mark.parametrize("events", [[3, 77], [3, 9], [5, 200, 204, 390]])
def test_a_handful_of_events_tells_no_order(make: MakeContext, rng: np.random.Generator, events: list[int]) -> None:
    frame = pd.DataFrame(rng.normal(size=(400, 3)), columns=list("abc"))
    frame["goal"] = np.where(np.isin(np.arange(400), events), "yes", "no")
    assert findings(TimeOrder, make(frame, "goal")) == []
    (found,) = findings(TimeOrder, make(frame.assign(order_date=rng.permutation(_days(400))), "goal"))
    assert found.action is Action.TOLD and "alike" not in found.message


def test_events_that_cluster_are_told(make: MakeContext, rng: np.random.Generator) -> None:
    frame = pd.DataFrame(rng.normal(size=(400, 3)), columns=list("abc"))
    frame["goal"] = np.where(np.isin(np.arange(400), [*range(50, 56), *range(300, 306)]), "yes", "no")
    (found,) = findings(TimeOrder, make(frame, "goal"))
    assert not found.columns and found.action is Action.TOLD and float(found.evidence["errors"]) > 5


def test_likeness_along_a_date_is_said_to_be_of_the_unexplained(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng, 1200).drop(columns="goal").assign(when=_days(1200))
    frame["value"] += np.repeat(rng.choice([-2.0, 2.0], 300), 4)
    (found,) = findings(TimeOrder, make(frame, "value"))
    assert "in what the features leave unexplained of 'value'" in found.message


def test_a_file_sorted_by_a_feature_or_the_target_is_no_log(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng, 2000).drop(columns="value")
    assert findings(TimeOrder, make(frame.sort_values("height", ignore_index=True), "goal")) == []
    assert findings(TimeOrder, make(frame.sort_values("goal", ignore_index=True), "goal")) == []


def test_does_not_apply_without_a_target(make: MakeContext, rng: np.random.Generator) -> None:
    assert TimeOrder().check(make(honest(rng))) == "there is no target"
