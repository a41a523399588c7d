"""A026: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modelwright.audit.findings import Action
from modelwright.audit.rules.a026_future_in_the_past import FutureInThePast
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


def _log(rng: np.random.Generator, n: int = 800) -> pd.DataFrame:
    season = np.sin(np.arange(n) / 9)
    noise = np.zeros(n)
    for i in range(1, n):
        noise[i] = 0.8 * noise[i - 1] + rng.normal()
    value = pd.Series(5 * season + noise)
    return pd.DataFrame(
        {
            "day": pd.date_range("2020-01-01", periods=n),
            "season": season + rng.normal(0, 0.1, n),
            "yesterday": value.shift(1),
            "last_week": value.shift(1).rolling(7).mean(),
            "forecast": value + rng.normal(0, 1.0, n),
            "value": value,
        }
    )


_FUTURES = {
    "next": lambda y: y.shift(-1),
    "third": lambda y: y.shift(-3),
    "centred 3": lambda y: y.rolling(3, center=True).mean(),
    "centred 7": lambda y: y.rolling(7, center=True).mean(),
    "next rounded": lambda y: y.shift(-1).round(1),
    "mean of next 3": lambda y: (y.shift(-1) + y.shift(-2) + y.shift(-3)) / 3,
    "change": lambda y: y.shift(-1) - y,
}


@pytest.mark.parametrize("what", list(_FUTURES))
def test_later_targets_are_dropped(make: MakeContext, rng: np.random.Generator, what: str) -> None:
    frame = _log(rng)
    frame["leak"] = _FUTURES[what](frame["value"])
    (found,) = findings(FutureInThePast, make(frame, "value"))
    assert found.columns == ("leak",) and found.action is Action.DROP_COLUMN
    shuffled = frame.sample(frac=1, random_state=3).reset_index(drop=True)
    (found,) = findings(FutureInThePast, make(shuffled, "value", time="day"))
    assert found.columns == ("leak",) and "by 'day'" in found.message


def test_classes_and_categories(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _log(rng)
    frame["goal"] = np.where(frame.pop("value") > 0, "up", "down")
    frame["leak"] = frame["goal"].shift(-1)
    (found,) = findings(FutureInThePast, make(frame, "goal"))
    assert found.columns == ("leak",) and found.evidence["shift"] == 1


def test_within_things(make: MakeContext, rng: np.random.Generator) -> None:
    parts = [_log(rng, 60).assign(shop=f"S{i}", value=lambda f: f["value"] + 3 * rng.normal()) for i in range(15)]
    frame = pd.concat(parts, ignore_index=True)
    frame["leak"] = frame.groupby("shop")["value"].shift(-1)
    frame = frame.sort_values(["day", "shop"], ignore_index=True)
    (found,) = findings(FutureInThePast, make(frame, "value"))
    assert found.columns == ("leak",) and "within 'shop'" in found.message


@pytest.mark.parametrize("seed", range(5))
def test_the_past_and_forecasts_are_honest(make: MakeContext, seed: int) -> None:
    frame = _log(np.random.default_rng(seed))
    assert findings(FutureInThePast, make(frame, "value")) == []


def test_does_not_apply(make: MakeContext, rng: np.random.Generator) -> None:
    assert FutureInThePast().check(make(honest(rng))) == "there is no target"
    assert "sample" in str(FutureInThePast().check(make(honest(rng), "goal", n_rows=9_000)))
    assert "fewer than" in str(FutureInThePast().check(make(honest(rng, 90), "goal")))
