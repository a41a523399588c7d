"""A048: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modelwright.audit.findings import Action, Severity
from modelwright.audit.rules.a048_no_signal import NoSignal
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


def _luck(rng: np.random.Generator, n: int) -> pd.DataFrame:
    frame = honest(rng, n)
    for target in ("value", "goal"):
        frame[target] = rng.permutation(frame[target].to_numpy())
    return frame


@pytest.mark.parametrize(("n", "target"), [(400, "goal"), (2_000, "goal"), (400, "value"), (2_000, "value")])
def test_a_target_by_luck_is_told(make: MakeContext, n: int, target: str) -> None:
    other = {"goal": "value", "value": "goal"}[target]
    found = []
    for seed in range(10):
        found += findings(NoSignal, make(_luck(np.random.default_rng(seed), n).drop(columns=other), target))
    assert len(found) >= 9  # what looks like a signal by luck is not accused
    assert all(f.severity is Severity.WARNING and f.action is Action.TOLD for f in found)
    assert all(f.evidence["smallest_effect"] <= 0.05 for f in found)


@pytest.mark.parametrize("strength", [0.3, 0.5, 1.0])
def test_stays_quiet_where_there_is_an_effect(make: MakeContext, strength: float) -> None:
    for seed in range(5):
        rng = np.random.default_rng(seed)
        frame = _luck(rng, 1_000).drop(columns="goal")
        frame["value"] = strength * frame["height"] + rng.normal(size=1_000)
        assert findings(NoSignal, make(frame, "value")) == []
        frame["value"] = np.where(frame["value"] > 0, "yes", "no")
        assert findings(NoSignal, make(frame, "value")) == []


def test_few_rows_prove_nothing(make: MakeContext, rng: np.random.Generator) -> None:
    (found,) = findings(NoSignal, make(_luck(rng, 200).drop(columns="value"), "goal"))
    assert found.severity is Severity.INFO and "may hide behind so few rows" in found.message
    assert "could show only effects" in str(NoSignal().check(make(_luck(rng, 90).drop(columns="value"), "goal")))


def test_does_not_apply_to_what_is_not_read(make: MakeContext, rng: np.random.Generator) -> None:
    assert NoSignal().check(make(honest(rng))) == "there is no target"
    frame = honest(rng).assign(note=[f"some words of row {i}" for i in range(600)])
    assert "texts or dates" in str(NoSignal().check(make(frame, "goal")))
