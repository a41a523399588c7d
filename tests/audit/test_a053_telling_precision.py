"""A053: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.audit.rounding import MOST_DECIMALS, decimals
from modelwright.audit.rules.a053_telling_precision import TellingPrecision
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


def test_decimals() -> None:
    values = np.array([0.0, 3.0, -1.5, 0.1, 81.8828, 205.261, 1e15, 1 / 3, 0.1 + 0.2, 1e-9])
    assert decimals(values).tolist() == [0, 0, 1, 1, 4, 3, 0, MOST_DECIMALS, 1, MOST_DECIMALS]


@pytest.mark.parametrize("share", [0.4, 1.0])
def test_one_class_is_written_more_exactly(make: MakeContext, rng: np.random.Generator, share: float) -> None:
    frame = honest(rng, 2000).drop(columns="value")
    distance = rng.uniform(100, 400, 2000)
    exact = (frame["goal"] == "yes") & (rng.random(2000) < share)
    frame["distance"] = np.where(exact, distance.round(4), distance.round(3))
    (found,) = findings(TellingPrecision, make(frame, "goal"))
    assert found.columns == ("distance",) and found.evidence["decimals"] == 4
    assert "of 'yes' have 4 decimals or more, 0 % of 'no'" in found.message


def test_values_are_written_more_exactly_where_they_are_high(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng, 2000).drop(columns="goal")
    distance = rng.uniform(100, 400, 2000)
    frame["distance"] = np.where(frame["value"] > 0.5, distance.round(2), distance.round(1))
    (found,) = findings(TellingPrecision, make(frame, "value"))
    assert found.columns == ("distance",) and "with 2 decimals or more" in found.message


def test_stays_quiet(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng, 2000).round({"height": 2, "weight": 1})
    frame["balance"] = np.where(rng.random(2000) < 0.5, 0.0, rng.lognormal(3, 1, 2000).round(2))  # zero tells, honestly
    frame["goal"] = np.where((frame["balance"] == 0) ^ (rng.random(2000) < 0.1), "yes", "no")
    frame["six_digits"] = [float(f"{v:.6g}") for v in rng.lognormal(4, 2, 2000) * (1 + (frame["goal"] == "yes"))]
    frame["six_digits_of_all"] = [float(f"{v:.6g}") for v in np.exp(frame["value"] * 3)]
    assert findings(TellingPrecision, make(frame.drop(columns="value"), "goal")) == []
    assert findings(TellingPrecision, make(frame.drop(columns="goal"), "value")) == []


def test_does_not_apply(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng)
    assert TellingPrecision().check(make(frame)) == "there is no target"
    assert TellingPrecision().check(make(frame[["colour", "goal"]], "goal")) == "there are no numbers"
    few = TellingPrecision().check(make(frame.head(20), "goal"))
    assert isinstance(few, str) and "fewer than 50 rows" in few
