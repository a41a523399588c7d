"""A036: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.audit.findings import Action, Severity
from modelwright.audit.rules.a036_heaping import RoundedByPeople
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


@pytest.mark.parametrize("step", [5, 10, 100, 1000])
@pytest.mark.parametrize("share", [0.45, 0.8])
def test_finds_rounded_numbers(make: MakeContext, rng: np.random.Generator, step: int, share: float) -> None:
    exact = np.round(rng.lognormal(0, 0.5, 2000) * 20 * step)
    values = np.where(rng.random(2000) < share, np.round(exact / step) * step, exact)
    (found,) = findings(RoundedByPeople, make(honest(rng, 2000).assign(told=values), "goal"))
    assert found.columns == ("told",) and found.evidence["step"] == step
    assert (found.severity, found.action) == (Severity.INFO, Action.TOLD)


def test_says_what_it_means_for_the_target(make: MakeContext, rng: np.random.Generator) -> None:
    exact = np.round(rng.normal(100, 20, 600))
    frame = honest(rng).drop(columns="goal").assign(age=np.where(rng.random(600) < 0.6, np.round(exact, -1), exact))
    (found,) = findings(RoundedByPeople, make(frame, "age"))
    assert "The target can be known no better" in found.message


@pytest.mark.parametrize("seed", range(4))
def test_honest_numbers_are_left_alone(make: MakeContext, seed: int) -> None:
    rng = np.random.default_rng(seed)
    frame = honest(rng).assign(
        ages=rng.integers(18, 90, 600),
        amounts=np.round(rng.lognormal(8, 1, 600)),
        coarse=rng.integers(1, 60, 600) * 50,
        counts=rng.poisson(4, 600),
        one_pile=np.where(rng.random(600) < 0.5, 40, rng.integers(1, 99, 600)),
        zeros=np.where(rng.random(600) < 0.6, 0, rng.integers(1, 9999, 600)),
    )
    assert findings(RoundedByPeople, make(frame, "goal")) == []


def test_does_not_apply_without_numbers(make: MakeContext, rng: np.random.Generator) -> None:
    assert RoundedByPeople().check(make(honest(rng)[["colour", "goal"]], "goal")) == "there are no numbers"
    assert "fewer than 100 rows" in str(RoundedByPeople().check(make(honest(rng, 60), "goal")))
