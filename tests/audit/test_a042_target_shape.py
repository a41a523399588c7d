"""A042: fires, stays quiet, does not apply."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from modelwright.audit.findings import Severity
from modelwright.audit.rules.a042_target_shape import TargetShape
from modelwright.objectives.regress.objective import Regress
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest

Draw = Callable[[np.random.Generator], np.ndarray]


@pytest.mark.parametrize("spread", [0.8, 1.2, 2.0])
def test_skewed_amounts(make: MakeContext, rng: np.random.Generator, spread: float) -> None:
    frame = honest(rng, 2000).assign(value=rng.lognormal(8, spread, 2000))
    (found,) = findings(TargetShape, make(frame, "value"))
    assert found.severity is Severity.INFO and found.evidence["skew_ratio"] >= 3
    assert found.evidence["default_metric"] == Regress().default_metric(frame["value"].to_numpy(), ())[0]


@pytest.mark.parametrize(
    ("name", "draw", "trait"),
    [
        ("visits", lambda r: r.poisson(3, 1500), "largest_count"),
        ("claim", lambda r: np.where(r.random(1500) < 0.6, 0, r.gamma(2, 100, 1500)), "pile_share"),
        ("price", lambda r: np.minimum(r.normal(300, 100, 1500), 450), "pile_share"),
        ("income", lambda r: np.where(r.random(1500) < 0.2, 300, r.normal(300, 100, 1500)), "pile_share"),
        ("response_rate", lambda r: r.beta(2, 2, 1500), "upper_bound"),
        ("humidity", lambda r: 100 * r.beta(2, 2, 1500), "upper_bound"),
        ("change", lambda r: r.standard_t(1.2, 1500), "tail_share"),
    ],
)
def test_other_shapes(make: MakeContext, rng: np.random.Generator, name: str, draw: Draw, trait: str) -> None:
    frame = honest(rng, 1500).drop(columns="value").assign(**{name: draw(rng)})
    (found,) = findings(TargetShape, make(frame, name))
    assert trait in found.evidence and found.columns == (name,)


def test_the_brief_decides_the_metric(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).assign(value=rng.poisson(3, 600))
    (found,) = findings(TargetShape, make(frame, "value", metric="mae"))
    assert "The brief asks for MAE." in found.message


@pytest.mark.parametrize("name", ["exposure", "policy_years", "PersonYears"])
def test_counts_over_an_exposure(make: MakeContext, rng: np.random.Generator, name: str) -> None:
    frame = honest(rng).drop(columns="value").assign(**{name: rng.random(600), "claims": rng.poisson(0.3, 600)})
    (found,) = findings(TargetShape, make(frame, "claims"))
    assert found.evidence["has_exposure"] == 1 and f"divided by '{name}'" in found.message
    for other in ("age_years", "vehicle_year"):
        (found,) = findings(TargetShape, make(frame.rename(columns={name: other}), "claims"))
        assert "has_exposure" not in found.evidence


@pytest.mark.parametrize(("target", "flag"), [("survival_days", "event"), ("tenure", "churned"), ("time", "status")])
def test_durations_that_are_cut_off(make: MakeContext, rng: np.random.Generator, target: str, flag: str) -> None:
    frame = honest(rng).drop(columns="value").assign(**{target: rng.uniform(5, 90, 600), flag: rng.integers(0, 2, 600)})
    (found,) = findings(TargetShape, make(frame, target))
    assert found.severity is Severity.WARNING and f"'{flag}'" in found.message and "censored" in found.message
    assert findings(TargetShape, make(frame.assign(**{flag: rng.integers(0, 9, 600)}), target)) == []
    assert findings(TargetShape, make(frame.rename(columns={target: "price"}), "price")) == []


@pytest.mark.parametrize(
    "draw",
    [
        lambda r: r.normal(size=1500),
        lambda r: r.uniform(10, 90, 1500),
        lambda r: r.lognormal(5, 0.3, 1500),
        lambda r: r.normal(40, 12, 1500).round(),
        lambda r: r.beta(2, 2, 1500),
    ],
)
def test_stays_quiet_on_plain_targets(make: MakeContext, rng: np.random.Generator, draw: Draw) -> None:
    assert findings(TargetShape, make(honest(rng, 1500).assign(value=draw(rng)), "value")) == []


def test_does_not_apply_to_classes(make: MakeContext, rng: np.random.Generator) -> None:
    assert TargetShape().check(make(honest(rng))) == "there is no target"
    assert TargetShape().check(make(honest(rng), "goal")) == "the target is a class"
    assert "fewer than 50" in str(TargetShape().check(make(honest(rng, 40), "value")))
