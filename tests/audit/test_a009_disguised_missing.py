"""A009: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modelwright.audit.acting import MISSING_NUMBERS, MISSING_TOKENS
from modelwright.audit.findings import Action
from modelwright.audit.rules.a009_disguised_missing import DisguisedMissing
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


def test_finds_words(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng)
    frame.loc[:9, "colour"] = "?"
    frame.loc[10:14, "colour"] = "Unknown"
    (found,) = findings(DisguisedMissing, make(frame, "goal"))
    assert found.action is Action.AS_MISSING and found.n_rows == 15
    assert set(str(found.evidence[MISSING_TOKENS]).splitlines()) == {"?", "Unknown"}


@pytest.mark.parametrize(
    ("values", "sentinels"),
    [
        ([*range(40), *[-999] * 5], "-999"),
        ([*range(30), *[99999] * 5], "99999"),
        ([*range(1, 60), *[-1] * 30], "-1"),
        ([*[0, 1, 2, 3, 5, 7, 11, 13] * 6, 96, 98, 98, 98], "96\n98"),
    ],
)
def test_finds_sentinels(make: MakeContext, values: list[int], sentinels: str) -> None:
    frame = pd.DataFrame({"x": np.array(values, float), "goal": np.arange(len(values)) % 2})
    (found,) = findings(DisguisedMissing, make(frame, "goal"))
    assert found.evidence[MISSING_NUMBERS] == sentinels and found.action is Action.AS_MISSING


def test_tells_of_zeros_below_a_measurement(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).assign(pressure=rng.normal(75, 10, 600).round())
    frame.loc[:19, "pressure"] = 0.0
    (found,) = findings(DisguisedMissing, make(frame, "goal"))
    assert found.action is Action.TOLD and found.evidence["n_zero"] == 20


@pytest.mark.parametrize(
    "values",
    [
        [*range(-50, 50)],
        [*[0, 1, 2, 3, 9] * 20],
        [*[-1, 0, 1, 2] * 20],
        [*range(90, 110)] * 5,
        [*np.random.default_rng(0).lognormal(3, 2, 200), 999.0, 999.0, 999.0],
        [*[0.0] * 30, *np.random.default_rng(0).exponential(size=70)],
    ],
)
def test_stays_quiet_on_honest_numbers(make: MakeContext, values: list[float]) -> None:
    frame = pd.DataFrame({"x": np.array(values, float), "goal": np.arange(len(values)) % 2})
    assert findings(DisguisedMissing, make(frame, "goal")) == []


def test_none_and_other_are_answers(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng)
    frame["debtors"] = rng.choice(["none", "other", "guarantor"], 600)
    assert findings(DisguisedMissing, make(frame, "goal")) == []


def test_does_not_apply_without_rows(make: MakeContext, rng: np.random.Generator) -> None:
    assert DisguisedMissing().check(make(honest(rng).iloc[:0], "goal", classify=False)) == "there are no rows"
