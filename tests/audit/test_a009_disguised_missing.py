"""A009: fires, stays quiet, does not apply."""

from __future__ import annotations

from dataclasses import replace

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


def test_words_among_numbers_are_told(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng)
    raw = np.array([str(v) for v in frame["height"]], dtype=object)
    raw[[3, 5, 8]] = "refused"
    frame.loc[[3, 5, 8], "height"] = np.nan
    context = make(frame, "goal", specs={"height": {"missing_tokens": ("refused",)}})
    (found,) = findings(DisguisedMissing, replace(context, raw={"height": raw}))
    assert found.action is Action.TOLD and found.rows == (3, 5, 8) and "'refused' in 3 rows" in found.message
    assert "read as missing" in found.done
    frame.loc[10:20, "height"] = -999.0  # a code that acts comes before a word that has been read
    both = make(frame, "goal", specs={"height": {"missing_tokens": ("refused",)}})
    (found,) = findings(DisguisedMissing, replace(both, raw={"height": raw}))
    assert found.action is Action.AS_MISSING


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


@pytest.mark.parametrize("share", [0.02, 0.2])
@pytest.mark.parametrize("day", ["1900-01-01", "1970-01-01", "2099-12-31", "2200-01-01"])
def test_finds_dates_that_stand_for_missing(
    make: MakeContext, rng: np.random.Generator, day: str, share: float
) -> None:
    days = pd.Series(pd.date_range("2015-01-01", periods=600))
    days[rng.random(600) < share] = pd.Timestamp(day)
    (found,) = findings(DisguisedMissing, make(honest(rng).assign(day=days), "goal"))
    assert found.action is Action.AS_MISSING and f"'{day}'" in found.message
    assert float(found.evidence[MISSING_NUMBERS]) == pd.Timestamp(day).timestamp()


def test_honest_dates_are_left_alone(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).assign(
        born=pd.Timestamp("1900-01-01") + pd.to_timedelta(rng.integers(0, 30_000, 600), unit="D")
    )
    frame.loc[:3, "born"] = pd.Timestamp("1970-01-01")
    frame.loc[4:8, "born"] = pd.Timestamp("1900-01-01")
    assert findings(DisguisedMissing, make(frame, "goal")) == []


def test_long_codes_keep_their_digits(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).assign(x=rng.integers(0, 100, 600).astype(float))
    frame.loc[:9, "x"] = 2147483647.0
    frame.loc[10:19, "x"] = 9999999.0
    (found,) = findings(DisguisedMissing, make(frame, "goal"))
    assert found.evidence[MISSING_NUMBERS] == "9999999\n2147483647"


def test_finds_codes_among_words_and_words_of_other_languages(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng)
    frame.loc[:9, "colour"] = "-999"
    frame.loc[10:14, "colour"] = "keine Angabe"
    (found,) = findings(DisguisedMissing, make(frame, "goal"))
    assert set(str(found.evidence[MISSING_TOKENS]).splitlines()) == {"-999", "keine Angabe"}
    numbered = honest(rng).assign(code=rng.choice(["9999", "9998", "17", "red"], 600))
    assert findings(DisguisedMissing, make(numbered, "goal")) == []


def test_tells_of_codes_within_the_range(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).assign(price=rng.lognormal(9, 1, 600))
    frame.loc[:29, "price"] = 9999.0
    (found,) = findings(DisguisedMissing, make(frame, "goal"))
    assert found.action is Action.TOLD and found.evidence["value"] == 9999.0


def test_finds_minus_one_below_fractions(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).assign(rate=rng.random(600), change=rng.uniform(-0.9, 2, 600))
    frame.loc[:19, ["rate", "change"]] = -1.0
    (found,) = findings(DisguisedMissing, make(frame, "goal"))
    assert found.columns == ("rate",)


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
