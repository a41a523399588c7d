"""A037: fires, stays quiet, does not apply."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modelwright.audit.findings import Severity
from modelwright.audit.rules.a037_caps import CappedValues
from modelwright.data.treating.treatment import Action, Treatment
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


@pytest.mark.parametrize("share", [0.02, 0.1, 0.3])
def test_finds_a_cap_of_the_target(make: MakeContext, rng: np.random.Generator, share: float) -> None:
    price = rng.lognormal(12, 0.5, 600)
    cap = float(np.quantile(price, 1 - share))
    frame = honest(rng).drop(columns="goal").assign(price=np.minimum(price, cap))
    (found,) = findings(CappedValues, make(frame, "price"))
    assert found.severity is Severity.WARNING and found.evidence["value"] == pytest.approx(cap)
    assert found.n_rows == (price >= cap).sum() and "cannot learn what lies beyond" in found.message


def test_finds_top_codes_and_detection_limits_of_features(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).assign(
        age=np.minimum(rng.integers(18, 98, 600), 85), lead=np.maximum(rng.lognormal(0, 1, 600), 0.25)
    )
    found = findings(CappedValues, make(frame, "goal"))
    assert {f.columns[0]: f.evidence["value"] for f in found} == {"age": 85.0, "lead": 0.25}
    assert all(f.severity is Severity.INFO for f in found)


@pytest.mark.parametrize("seed", range(4))
def test_honest_ends_are_left_alone(make: MakeContext, seed: int) -> None:
    rng = np.random.default_rng(seed)
    frame = honest(rng).assign(
        rain=np.where(rng.random(600) < 0.4, 0.0, rng.exponential(size=600)),
        share=np.clip(rng.normal(70, 25, 600), 0, 100).round(),
        rating=rng.integers(1, 11, 600),
        visits=rng.geometric(0.05, 600),
        heavy=np.round(rng.pareto(1, 600) + 1, 2),
        default=np.where(rng.random(600) < 0.7, 9.5, rng.uniform(1, 9, 600)),
        few=rng.choice([1.5, 2.5, 7.5], 600, p=[0.1, 0.2, 0.7]),
    )
    assert findings(CappedValues, make(frame, "goal")) == []


def test_a_code_for_missing_is_no_cap(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).assign(age=rng.integers(18, 98, 600).astype(float))
    frame.loc[:50, "age"] = 999.0
    assert findings(CappedValues, make(frame, "goal")) == []


def test_does_not_apply_without_numbers(make: MakeContext, rng: np.random.Generator) -> None:
    assert CappedValues().check(make(honest(rng)[["colour", "goal"]], "goal")) == "there are no numbers"
    assert "fewer than 100 rows" in str(CappedValues().check(make(honest(rng, 60), "goal")))


def test_ends_that_a_privacy_policy_has_cut_are_no_news(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).assign(lead=np.maximum(rng.lognormal(0, 1, 600), 0.25))
    context = make(frame, "goal")
    cut = Treatment(action=Action.CLIP, low=0.25)
    specs = tuple(replace(s, treatment=cut) if s.name == "lead" else s for s in context.contract.columns)
    assert findings(CappedValues, context)
    treated = replace(context, contract=replace(context.contract, columns=specs), shared={})
    assert findings(CappedValues, treated) == []
