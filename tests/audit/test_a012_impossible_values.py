"""A012: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modelwright.audit.findings import Action, Severity
from modelwright.audit.rules.a012_impossible_values import ImpossibleValues
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


@pytest.mark.parametrize(
    ("name", "usual", "odd"),
    [("year", (2010, 3), 2060.0), ("temperature", (283, 12), 0.0), ("age", (40, 10), 200.0), ("price", (50, 9), -7.0)],
)
def test_finds_values_that_cannot_be(
    make: MakeContext, rng: np.random.Generator, name: str, usual: tuple[float, float], odd: float
) -> None:
    values = np.clip(rng.normal(*usual, 600), usual[0] - 4 * usual[1], usual[0] + 4 * usual[1]).round()
    values[17] = odd
    (found,) = findings(ImpossibleValues, make(honest(rng).assign(**{name: values}), "goal"))
    assert found.columns == (name,) and found.rows == (17,) and found.action is Action.TOLD
    assert f"{odd:g}" in found.message


def test_dates_are_told_as_dates(make: MakeContext, rng: np.random.Generator) -> None:
    days = pd.Series(pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 300, 600), unit="D"))
    days[3] = pd.Timestamp("1970-01-01")
    (found,) = findings(ImpossibleValues, make(honest(rng).assign(sold=days), "goal"))
    assert "1970-01-01" in found.message and "far outside of 2020-01-01 to 2020-10-2" in found.message


@pytest.mark.parametrize("shape", ["normal", "lognormal", "exponential", "pareto", "zeros", "counts", "around zero"])
def test_stays_quiet_on_honest_tails(make: MakeContext, shape: str) -> None:
    for seed in range(10):
        rng = np.random.default_rng(seed)
        values = {
            "normal": rng.normal(5, 2, 3000),
            "lognormal": rng.lognormal(0, 2, 3000),
            "exponential": rng.exponential(size=3000),
            "pareto": rng.pareto(1.2, 3000) + 1,
            "zeros": np.where(rng.random(3000) < 0.7, 0, rng.lognormal(8, 1, 3000)),
            "counts": rng.negative_binomial(1, 0.05, 3000).astype(float),
            "around zero": rng.standard_t(3, 3000),
        }[shape]
        frame = pd.DataFrame({"x": values, "goal": rng.integers(0, 2, 3000)})
        assert findings(ImpossibleValues, make(frame, "goal")) == []


@pytest.mark.parametrize("shape", ["normal", "lognormal"])
def test_typing_errors_of_the_target_are_named(make: MakeContext, rng: np.random.Generator, shape: str) -> None:
    frame = honest(rng, 1500).drop(columns="goal")
    frame["value"] = rng.normal(500, 80, 1500) if shape == "normal" else rng.lognormal(6, 0.8, 1500)
    assert findings(ImpossibleValues, make(frame, "value")) == []
    frame.loc[[4, 70, 900], "value"] = np.array([480.0, 520.0, 700.0]) * 1000
    (found,) = findings(ImpossibleValues, make(frame, "value"))
    assert found.columns == ("value",) and found.rows == (4, 70, 900) and found.n_rows == 3
    assert found.severity is Severity.WARNING and found.action is Action.TOLD and "is the target" in found.message


@pytest.mark.parametrize("shape", ["lognormal", "exponential", "pareto", "zeros"])
def test_honest_tails_of_the_target_are_left_alone(make: MakeContext, shape: str) -> None:
    for seed in range(10):
        rng = np.random.default_rng(seed)
        values = {
            "lognormal": rng.lognormal(0, 2, 2000),
            "exponential": rng.exponential(size=2000),
            "pareto": rng.pareto(1.2, 2000) + 1,
            "zeros": np.where(rng.random(2000) < 0.5, 0, rng.lognormal(8, 1, 2000)),
        }[shape]
        frame = pd.DataFrame({"x": rng.normal(size=2000), "value": values})
        assert findings(ImpossibleValues, make(frame, "value", classify=False)) == []


@pytest.mark.parametrize("word", ["Total", "Summe:", ""])
def test_a_row_of_totals_is_named(make: MakeContext, rng: np.random.Generator, word: str) -> None:
    frame = pd.DataFrame(
        {
            "town": rng.choice(["Ulm", "Bonn", "Kiel"], 200),
            "sold": rng.integers(0, 50, 200).astype(float),
            "stock": rng.integers(50, 90, 200).astype(float),
        }
    )
    assert findings(ImpossibleValues, make(frame, "stock")) == []
    last = {"town": word or None, "sold": frame["sold"].sum(), "stock": frame["stock"].sum()}
    table = pd.concat([frame, pd.DataFrame([last])], ignore_index=True)
    found = next(f for f in findings(ImpossibleValues, make(table, "stock")) if "total" in f.evidence)
    assert found.rows == (200,) and found.severity is Severity.WARNING and "row 201" in found.message
    assert ("says" in found.message) == bool(word) and "would be learned from" in found.message
    table = table.assign(paid=[*rng.normal(size=200), np.nan])  # a sheet sums what it can
    found = next(f for f in findings(ImpossibleValues, make(table, "paid")) if "total" in f.evidence)
    assert found.severity is Severity.INFO and "left out" in found.message


def test_does_not_apply_without_numbers(make: MakeContext, rng: np.random.Generator) -> None:
    assert ImpossibleValues().check(make(honest(rng)[["colour", "goal"]], "goal")) == "there are no numbers"
    assert "fewer than 50 rows" in str(ImpossibleValues().check(make(honest(rng, 30), "goal")))


@pytest.mark.parametrize("share", [0.02, 0.1, 0.2])
def test_finds_what_the_name_rules_out(make: MakeContext, rng: np.random.Generator, share: float) -> None:
    wrong = rng.random(600) < share
    frame = honest(rng).assign(
        age=np.where(wrong, -1, 1) * rng.integers(20, 70, 600), fat_pct=np.where(wrong, 130.0, rng.uniform(5, 90, 600))
    )
    found = findings(ImpossibleValues, make(frame, "goal"))
    assert {f.columns[0]: f.n_rows for f in found} == {"age": wrong.sum(), "fat_pct": wrong.sum()}


def test_finds_signs_that_flipped_and_dates_far_away(make: MakeContext, rng: np.random.Generator) -> None:
    wrong = rng.random(600) < 0.05
    days = pd.Series(pd.date_range("2015-01-01", periods=600))
    days[wrong] = days[wrong] + pd.DateOffset(years=100)
    frame = honest(rng).assign(mass=np.where(wrong, -1, 1) * rng.normal(70, 8, 600), day=days)
    found = findings(ImpossibleValues, make(frame, "goal"))
    assert {f.columns[0]: f.n_rows for f in found} == {"mass": wrong.sum(), "day": wrong.sum()}


def test_flipped_signs_of_a_skewed_number(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng)
    frame["area"] = 7 + rng.lognormal(3, 0.9, 600)
    assert findings(ImpossibleValues, make(frame, "goal")) == []
    frame.loc[[3, 50, 120, 300, 410, 511, 577], "area"] *= -1
    (found,) = findings(ImpossibleValues, make(frame, "goal"))
    assert found.columns == ("area",) and set(found.rows) == {3, 50, 120, 300, 410, 511, 577}


def test_names_that_may_be_anything_are_left_alone(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).assign(
        pct_change=rng.normal(20, 60, 600), age_days=rng.integers(1, 400, 600), age=rng.integers(1, 160, 600)
    )
    assert findings(ImpossibleValues, make(frame, "goal")) == []


def test_experience_below_zero_and_ages_of_months(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).assign(experience=rng.integers(0, 40, 600), age=rng.integers(18, 80, 600).astype(float))
    frame.loc[:11, "experience"] = np.tile([-1, -2], 6)
    frame.loc[[5, 9], "age"] = 0.5
    found = {f.columns[0]: f for f in findings(ImpossibleValues, make(frame, "goal"))}
    assert set(found) == {"experience", "age"} and found["age"].rows == (5, 9) and found["experience"].n_rows == 12
    frame["age"] = np.where(np.arange(600) < 50, rng.random(600) * 10, frame["age"])  # children
    assert {f.columns[0] for f in findings(ImpossibleValues, make(frame, "goal"))} == {"experience"}


def test_a_lone_value_among_zeros(make: MakeContext, rng: np.random.Generator) -> None:
    rain = np.where(rng.random(6000) < 0.9, 0.0, rng.lognormal(0, 1, 6000).round(2))
    frame = honest(rng, 6000).assign(rain=rain, heavy=np.where(rain > 0, rng.pareto(1.5, 6000), 0))
    assert not findings(ImpossibleValues, make(frame, "goal"))
    frame.loc[17, "rain"] = 9831.3
    (found,) = findings(ImpossibleValues, make(frame, "goal"))
    assert found.columns == ("rain",) and found.rows == (17,)
