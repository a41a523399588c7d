"""A021: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modelwright.audit.findings import Action
from modelwright.audit.rules.a021_telling_identifiers import TellingIdentifiers
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


def _shuffled(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sample(frac=1, random_state=1).reset_index(drop=True)


@pytest.mark.parametrize("wrong", [0.0, 0.03, 0.1])
def test_ids_given_out_in_the_order_of_the_target(make: MakeContext, rng: np.random.Generator, wrong: float) -> None:
    frame = honest(rng).drop(columns="value")
    late = (frame["goal"] == "yes") ^ (rng.random(600) < wrong)
    frame["pat_id"] = 1000 + np.argsort(np.argsort(late + rng.random(600) / 2))
    (found,) = findings(TellingIdentifiers, make(frame, "goal"))
    assert found.columns == ("pat_id",) and found.action is Action.DROP_COLUMN
    frame["pat_id"] = [f"P-{v:07d}" for v in frame["pat_id"]]
    (found,) = findings(TellingIdentifiers, make(frame, "goal"))
    assert "its first number" in found.message


@pytest.mark.parametrize("form", ["{c}{i:05d}", "{i:05d}-{c}", "2024/{c}{c}-{i}"])
def test_ids_made_of_the_class(make: MakeContext, rng: np.random.Generator, form: str) -> None:
    frame = honest(rng).drop(columns="value")
    number = rng.permutation(90_000)[:600]
    frame["ref"] = [form.format(c="KX"[int(g == "yes")], i=i) for g, i in zip(frame["goal"], number)]
    (found,) = findings(TellingIdentifiers, make(frame, "goal"))
    assert found.columns == ("ref",) and found.evidence["skill"] > 0.9


def test_ids_in_the_order_of_a_number(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).drop(columns="goal").sort_values("value").assign(id=np.arange(600))
    (found,) = findings(TellingIdentifiers, make(_shuffled(frame), "value"))
    assert found.columns == ("id",)


def test_stays_quiet(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).assign(rowid=np.arange(600))
    frame["ref"] = [f"{'ABC'[i % 3]}{i:04d}" for i in rng.permutation(600)]
    assert findings(TellingIdentifiers, make(frame.drop(columns="value"), "goal")) == []
    assert findings(TellingIdentifiers, make(frame.drop(columns="goal"), "value")) == []
    day = pd.date_range("2020-01-01", periods=600)
    trend = frame.assign(day=day, value=np.arange(600) + rng.normal(0, 60, 600)).drop(columns="goal")
    assert findings(TellingIdentifiers, make(trend, "value")) == []


def test_does_not_apply(make: MakeContext, rng: np.random.Generator) -> None:
    assert TellingIdentifiers().check(make(honest(rng))) == "there is no target"
    assert TellingIdentifiers().check(make(honest(rng), "goal")) == "no column names the rows"
