"""A030: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modelwright.audit.findings import Action, Severity
from modelwright.audit.rules.a030_survey_weight import SurveyWeight
from tests.audit.conftest import MakeContext
from tests.audit.helpers import accused, findings, honest


def _people(rng: np.random.Generator, n: int = 600) -> pd.DataFrame:
    return honest(rng, n).rename(columns={"weight": "income"}).drop(columns="value")


@pytest.mark.parametrize("name", ["fnlwgt", "pweight", "WTSSALL", "sample_weight", "personWeight", "weight"])
@pytest.mark.parametrize("mean", [1.0, 2000.0])
def test_weights_are_told(make: MakeContext, rng: np.random.Generator, name: str, mean: float) -> None:
    weight = rng.lognormal(0, 0.6, 600)
    frame = _people(rng).assign(**{name: weight / weight.mean() * mean})
    (found,) = findings(SurveyWeight, make(frame, "goal"))
    assert found.columns == (name,) and found.action is Action.TOLD
    assert found.severity is (Severity.INFO if name == "weight" else Severity.WARNING)
    assert found.evidence["mean"] == pytest.approx(mean, rel=1e-4)
    assert f"--drop {name}" in found.fix


def test_weights_of_things_are_none(make: MakeContext, rng: np.random.Generator) -> None:
    body = rng.normal(75, 12, 600).round(1)
    frame = _people(rng)
    for name in ("body_weight", "birth_weight", "weight_kg", "vehicle_weight", "weight", "height"):
        assert accused(SurveyWeight, make(frame.assign(**{name: body}), "goal")) == set()
    parcels = frame.assign(volume=body, weight=40 * body * rng.lognormal(0, 0.2, 600))
    assert accused(SurveyWeight, make(parcels, "goal")) == set()


def test_numbers_that_do_not_behave_like_weights_are_none(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _people(rng)
    for values in (np.ones(600), rng.normal(size=600), np.where(frame["goal"] == "yes", 3, 1) + rng.random(600)):
        assert accused(SurveyWeight, make(frame.assign(sample_weight=values), "goal")) == set()


def test_does_not_apply_to_few_rows(make: MakeContext, rng: np.random.Generator) -> None:
    assert "fewer than 100 rows" in str(SurveyWeight().check(make(_people(rng, 60), "goal")))


@pytest.mark.parametrize("name", ["w", "wt", "pw", "samplewt"])
def test_short_names_count_where_nothing_goes_with_the_numbers(
    make: MakeContext, rng: np.random.Generator, name: str
) -> None:
    frame = honest(rng, 1500)
    frame[name] = np.round(rng.choice([0.4, 1.0, 2.7], 1500) * rng.lognormal(0, 0.3, 1500), 4)
    assert accused(SurveyWeight, make(frame, "goal")) == {name}
    frame[name] = np.round(np.exp(frame["depth"] + rng.normal(0, 0.5, 1500)), 4)  # the weight of a thing
    assert bool(accused(SurveyWeight, make(frame, "goal"))) == (name == "samplewt")


def test_categories_stand_in_for_numbers(make: MakeContext, rng: np.random.Generator) -> None:
    words = {f"q{i}": rng.choice(["low", "mid", "high"], 900) for i in range(4)}
    goal = np.where(rng.random(900) < 0.4, "yes", "no")
    frame = pd.DataFrame({**words, "wt": np.round(rng.lognormal(0, 0.7, 900), 4), "goal": goal})
    assert accused(SurveyWeight, make(frame, "goal")) == {"wt"}
    frame["wt"] *= np.where(frame["q1"] == "high", 2.0, 1.0)
    assert accused(SurveyWeight, make(frame, "goal")) == set()
