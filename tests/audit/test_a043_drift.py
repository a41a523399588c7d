"""A043: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modelwright.audit.drifting import N_STRETCHES, walsh
from modelwright.audit.findings import Action
from modelwright.audit.rules.a043_drift import Drift
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


def dated(rng: np.random.Generator, n: int = 1500) -> pd.DataFrame:
    when = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.sort(rng.random(n)) * 1000, unit="D")
    return honest(rng, n).drop(columns="value").assign(when=when.round("s"))


@pytest.mark.parametrize("how", ["jump", "trend", "levels", "missing", "new level"])
def test_finds_columns_that_change(make: MakeContext, how: str) -> None:
    for seed in range(4):
        rng = np.random.default_rng(seed)
        frame = dated(rng)
        late, place = np.arange(1500) >= 750, np.linspace(0, 1, 1500)
        if how == "levels":
            frame["x"] = np.where(rng.random(1500) < np.where(late, 0.7, 0.3), "a", rng.choice(["b", "c"], 1500))
        elif how == "new level":
            frame["x"] = np.where(late & (rng.random(1500) < 0.5), "d", rng.choice(["b", "c"], 1500))
        else:
            frame["x"] = rng.normal(size=1500) + {"jump": 0.8 * late, "trend": 2 * place}.get(how, 0.0)
            if how == "missing":
                frame.loc[late & (rng.random(1500) < 0.2), "x"] = np.nan
        found = findings(Drift, make(frame.sample(frac=1, random_state=seed), "goal", time="when"))
        assert [f.columns for f in found] == [("x",)] and found[0].action is Action.TOLD
        assert "along 'when'" in found[0].message


def test_a_steady_move_shows_in_few_rows(make: MakeContext) -> None:
    found = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        frame = dated(rng, 300)
        frame["x"] = np.linspace(0, 1, 300) + rng.normal(size=300)
        found += [f.columns for f in findings(Drift, make(frame, "goal", time="when"))]
    assert found.count(("x",)) >= 4 and set(found) == {("x",)}


def test_finds_a_target_that_changes(make: MakeContext, rng: np.random.Generator) -> None:
    frame = dated(rng)
    frame["goal"] = np.where(rng.random(1500) < np.linspace(0.1, 0.6, 1500), "yes", "no")
    (found,) = findings(Drift, make(frame, "goal", time="when"))
    assert found.columns == ("goal",) and float(found.evidence["late"]) > float(found.evidence["early"]) + 0.1
    frame["sold"] = rng.normal(size=1500) + np.linspace(0, 2, 1500)
    assert findings(Drift, make(frame.drop(columns="goal"), "sold", time="when"))[0].columns == ("sold",)


def test_finds_what_changes_only_together(make: MakeContext, rng: np.random.Generator) -> None:
    frame = dated(rng, 3000)
    frame["a"] = rng.normal(size=3000)
    frame["b"] = np.where(np.arange(3000) < 1500, 1, -1) * frame["a"] + rng.normal(0, 0.3, 3000)
    (found,) = findings(Drift, make(frame, "goal", time="when"))
    assert {"a", "b"} <= set(found.columns) and float(found.evidence["auc"]) > 0.8


def test_seasons_swings_and_clocks_are_no_drift(make: MakeContext) -> None:
    for seed in range(5):
        rng = np.random.default_rng(seed)
        frame = dated(rng)
        place = np.linspace(0, 1, 1500)
        frame["warmth"] = 10 * np.sin(2 * np.pi * 3 * place + seed) + rng.normal(size=1500)
        frame["month"] = frame["when"].dt.month
        frame["weekday"] = frame["when"].dt.day_of_week
        frame["meter"] = np.cumsum(rng.exponential(size=1500))
        frame["yr"] = frame["when"].dt.year
        assert findings(Drift, make(frame, "goal", time="when")) == []


def test_walsh_functions_part_the_stretches_in_two(rng: np.random.Generator) -> None:
    table = walsh()
    assert table.shape == (15, N_STRETCHES) and not table.sum(axis=1).any()
    assert table[0].tolist() == [1.0] * 8 + [-1.0] * 8
    assert np.array_equal(table @ table.T, 16 * np.eye(15))


def test_does_not_apply_without_an_order_or_rows(make: MakeContext, rng: np.random.Generator) -> None:
    assert Drift().check(make(honest(rng), "goal")) == "nothing says that the rows have an order in time"
    assert "fewer than" in str(Drift().check(make(dated(rng, 100), "goal", time="when")))


def test_the_year_that_a_thing_was_built_in_is_no_part_of_the_date(make: MakeContext, rng: np.random.Generator) -> None:
    frame = dated(rng)
    frame["year_built"] = np.round(1950 + 30 * rng.normal(size=1500) + np.linspace(0, 60, 1500))
    assert findings(Drift, make(frame, "goal", time="when"))[0].columns == ("year_built",)
