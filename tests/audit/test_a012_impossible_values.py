"""A012: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modelwright.audit.findings import Action
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


def test_does_not_apply_without_numbers(make: MakeContext, rng: np.random.Generator) -> None:
    assert ImpossibleValues().check(make(honest(rng)[["colour", "goal"]], "goal")) == "there are no numbers"
    assert "fewer than 50 rows" in str(ImpossibleValues().check(make(honest(rng, 30), "goal")))
