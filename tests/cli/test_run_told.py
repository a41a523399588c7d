"""The last lines of a run: what it is worth, and what is left to people."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.brief import Brief
from modelwright.cli.commands.run import _left, _worth
from modelwright.evaluate.abstaining import RiskCurve, RiskPoint
from modelwright.package.abstaining import Abstaining
from modelwright.runtime.abstaining import Abstention
from modelwright.steps.abstaining import abstain_told


def _found(n: int) -> Abstaining:
    point = RiskPoint(
        answered=n / 400, low_answered=0.2, high_answered=0.4, wrong=0.05 if n else 0.0, low=0.03, high=0.08, n=n,
        risk=0.1,
    )  # fmt: skip
    fitted = Abstention(risks=np.array([0.1]), limits=np.array([0.3]), asked=0.1, n=400)
    return Abstaining(fitted=fitted, note="n", measured=RiskCurve(curve=(), at=(point,), measured_on="a lockbox"))


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (_found(0), "left to people: every row; none can be answered at a risk of 10%"),
        (
            _found(100),
            "left to people: 75% of the rows; of the 25% that are answered, 5% are wrong (3% to 8%), where 10% may be",
        ),
        (None, "left to people: it cannot be told which rows may be answered at a risk of 10% (too few rows"),
    ],
)
def test_what_is_left_to_people_is_told(found, words):
    told = abstain_told(Brief().merged(abstain=0.1), found)
    assert told is not None and _left(told).startswith(words)


def test_nothing_is_told_of_a_risk_that_nobody_asked_for():
    assert abstain_told(Brief(), _found(100)) is None


@pytest.mark.parametrize(("low", "words"), [(50.0, "worth: 100 (50 to 150) €"), (-20.0, "worth: not surely more than")])
def test_a_gain_that_may_be_chance_is_told_as_such(low, words):
    per = {"1,000 cases": {"value": 100.0, "low": low, "high": 150.0}}
    assert _worth({"currency": "€", "beyond": "a line", "per": per}).startswith(words)
