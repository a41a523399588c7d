"""A040: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modelwright.audit.findings import Action, Severity
from modelwright.audit.rules.a040_ordinal_classes import OrdinalClasses
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


def _classes(rng: np.random.Generator, names: list[str], n: int = 300) -> pd.DataFrame:
    return honest(rng, n).drop(columns="value").assign(goal=rng.choice(names, n))


@pytest.mark.parametrize(
    "order",
    [
        ["low", "medium", "high"],
        ["Low", "Moderate", "High", "Very High"],
        ["S", "M", "L", "XL"],
        ["poor", "fair", "good", "very_good"],
        ["Strongly disagree", "Disagree", "Neutral", "Agree", "Strongly agree"],
        ["never", "sometimes", "often", "always"],
        ["1 star", "2 stars", "3 stars", "4 stars", "5 stars"],
        ["stage_1", "stage_2", "stage_3"],
        ["D", "C-", "C", "B+", "A-"],
        ["F", "D", "C", "B", "A"],
        ["<10", "10-20", "20-30", "30+"],
        ["under 18", "18 to 35", "36 to 64", "65 and over"],
        ["0-9.5k", "10k-19k", ">20k"],
        ["not_recom", "recommend", "very_recom", "priority", "spec_prior"],
    ],
)
def test_finds_the_order(make: MakeContext, rng: np.random.Generator, order: list[str]) -> None:
    (found,) = findings(OrdinalClasses, make(_classes(rng, order), "goal"))
    assert str(found.evidence["order"]).split("\n") == order
    assert found.severity is Severity.INFO and found.action is Action.TOLD


def test_finds_the_order_of_whole_numbers(make: MakeContext, rng: np.random.Generator) -> None:
    x = rng.normal(size=1500)
    frame = pd.DataFrame({"x": x, "z": rng.normal(size=1500)})
    frame["goal"] = np.digitize(x + 0.5 * rng.normal(size=1500), [-1.5, -0.5, 0.3, 0.9, 1.8])
    (found,) = findings(OrdinalClasses, make(frame, "goal", classify=True))
    assert str(found.evidence["order"]).split("\n") == list("012345")
    frame["goal"] = np.array([3, 0, 5, 2, 4, 1])[frame["goal"]]
    assert findings(OrdinalClasses, make(frame, "goal", classify=True)) == []


@pytest.mark.parametrize(
    "names",
    [
        ["a", "b", "c", "d"],
        ["red", "green", "blue"],
        ["setosa", "versicolor", "virginica"],
        ["good", "bad", "ugly"],
        ["route 1", "route 2", "route 3"],
        ["low", "medium", "unknown"],
        ["2-4-d-injury", "brown-spot", "charcoal-rot"],
    ],
)
def test_stays_quiet_on_names_without_an_order(make: MakeContext, rng: np.random.Generator, names: list[str]) -> None:
    assert findings(OrdinalClasses, make(_classes(rng, names), "goal")) == []


def test_does_not_apply(make: MakeContext, rng: np.random.Generator) -> None:
    assert OrdinalClasses().check(make(honest(rng))) == "there is no target"
    assert OrdinalClasses().check(make(honest(rng), "value")) == "the target is a number"
    assert "there are 2 classes" in str(OrdinalClasses().check(make(honest(rng), "goal")))
