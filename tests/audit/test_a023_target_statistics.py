"""A023: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modelwright.audit.findings import Action
from modelwright.audit.leaks import sure_leaks
from modelwright.audit.rules.a023_target_statistics import TargetStatistics
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


def _cities(rng: np.random.Generator, n: int = 1200, levels: int = 40) -> pd.DataFrame:
    frame = honest(rng, n)
    city = rng.integers(0, levels, n)
    frame["value"] += rng.normal(0, 0.5, levels)[city]
    frame["goal"] = np.where(frame["value"] > 0.3, "yes", "no")
    return frame.assign(city=[f"C{c}" for c in city])


def _statistics(frame: pd.DataFrame, y: pd.Series) -> dict[str, pd.Series]:
    by = y.groupby(frame["city"])
    n, mean, total = by.transform("size"), by.transform("mean"), by.transform("sum")
    return {
        "mean": mean,
        "rounded": mean.round(3),
        "smoothed": (total + 7 * y.mean()) / (n + 7),
        "sum": total,
        "standardised": (mean - mean.mean()) / mean.std(),
        "left out": (total - y) / (n - 1),
        "left out, smoothed": (total - y + 5 * y.mean()) / (n + 4),
    }


@pytest.mark.parametrize(
    "what", ["mean", "rounded", "smoothed", "sum", "standardised", "left out", "left out, smoothed"]
)
@pytest.mark.parametrize("levels", [8, 40, 300])
def test_statistics_of_the_target_are_dropped(
    make: MakeContext, rng: np.random.Generator, what: str, levels: int
) -> None:
    frame = _cities(rng, levels=levels)
    for target, y in (("goal", (frame["goal"] == "yes").astype(float)), ("value", frame["value"])):
        table = frame.drop(columns=["goal", "value"]).assign(**{target: frame[target]})
        context = make(table.assign(stat=_statistics(frame, y)[what]), target)
        if "stat" in sure_leaks(context):
            continue  # few values, each of one class: A013 says so already
        (found,) = findings(TargetStatistics, context)
        assert found.columns == ("stat",) and found.action is Action.DROP_COLUMN
        assert found.evidence["by"] == "city"


def test_log_odds(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _cities(rng, levels=15).drop(columns="value")
    share = (frame["goal"] == "no").groupby(frame["city"]).transform("mean")
    (found,) = findings(TargetStatistics, make(frame.assign(woe=np.log(share / (1 - share))), "goal"))
    assert found.columns == ("woe",) and found.evidence["n_levels"] == 15


@pytest.mark.parametrize("seed", range(5))
def test_honest_statistics_stay(make: MakeContext, seed: int) -> None:
    rng = np.random.default_rng(seed)
    frame = _cities(rng)
    other = _cities(rng).groupby("city")["value"].mean()
    truth = dict(zip(other.index, rng.normal(size=len(other))))
    frame["last_year"] = frame["city"].map(other).astype(float)
    frame["size"] = frame["city"].map(truth).astype(float)
    frame["rows"] = frame.groupby("city")["value"].transform("size")
    frame["income"] = frame.groupby("city")["height"].transform("mean")
    assert findings(TargetStatistics, make(frame.drop(columns="goal"), "value")) == []
    assert findings(TargetStatistics, make(frame.drop(columns="value"), "goal")) == []


def test_does_not_apply(make: MakeContext, rng: np.random.Generator) -> None:
    assert TargetStatistics().check(make(honest(rng))) == "there is no target"
    assert "fewer than 50" in str(TargetStatistics().check(make(honest(rng, 30), "goal")))
