"""A032: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modelwright.audit.findings import Severity
from modelwright.audit.rules.a032_mixed_scales import MixedScales
from tests.audit.conftest import MakeContext
from tests.audit.helpers import accused, findings, honest


@pytest.mark.parametrize("share", [0.02, 0.1, 0.4])
@pytest.mark.parametrize("factor", [1000.0, 0.001, 100.0, 60.0, 1 / 12, 2.54, 1 / 2.20462])
def test_finds_another_unit(make: MakeContext, rng: np.random.Generator, factor: float, share: float) -> None:
    frame = honest(rng).assign(size=rng.lognormal(4, 0.1, 600))
    moved = rng.permutation(600) < share * 600
    frame.loc[moved, "size"] *= factor
    (found,) = findings(MixedScales, make(frame, "goal"))
    assert found.columns == ("size",) and found.severity is Severity.WARNING
    assert found.evidence["factor"] == pytest.approx(max(factor, 1 / factor), rel=1e-4)
    assert abs(found.n_rows - moved.sum()) <= 0.02 * 600 and set(found.rows) <= set(np.flatnonzero(moved))


@pytest.mark.parametrize("name", ["body_temp", "Temperature"])
def test_finds_temperature_scales(make: MakeContext, rng: np.random.Generator, name: str) -> None:
    celsius = rng.normal(37, 0.6, 600)
    frame = honest(rng).assign(**{name: celsius})
    frame.loc[:40, name] = 1.8 * celsius[:41] + 32
    (found,) = findings(MixedScales, make(frame, "goal"))
    assert "°F among °C" in found.message and found.n_rows == 41


def test_finds_it_in_the_target(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).drop(columns="goal").assign(price=rng.lognormal(12, 0.5, 600))
    frame.loc[:30, "price"] /= 1000
    assert accused(MixedScales, make(frame, "price")) == {"price"}


@pytest.mark.parametrize("seed", range(4))
def test_honest_columns_are_left_alone(make: MakeContext, seed: int) -> None:
    rng = np.random.default_rng(seed)
    two = rng.random(600) < 0.3
    frame = honest(rng).assign(
        heavy=rng.lognormal(3, 2, 600),
        pareto=rng.pareto(1.0, 600) + 1,
        counts=rng.poisson(3, 600),
        loguniform=10 ** rng.uniform(0, 6, 600),
        two_heaps=np.where(two, rng.normal(70, 3, 600), rng.normal(15, 2, 600)),
        wide_and_narrow=np.where(two, rng.lognormal(7, 0.5, 600), rng.lognormal(2.4, 0.1, 600)),
        levels=rng.choice([1.0, 10.0, 100.0, 1000.0], 600),
    )
    assert findings(MixedScales, make(frame, "goal")) == []


def test_heaps_that_go_with_another_column_are_honest(make: MakeContext, rng: np.random.Generator) -> None:
    two = rng.random(600) < 0.3
    size = rng.lognormal(4, 0.1, 600) * np.where(two, 2.54, 1.0)
    frame = honest(rng).assign(size=size, mass=size * rng.lognormal(0, 0.02, 600) + 5)
    assert findings(MixedScales, make(frame, "goal")) == []


def test_does_not_apply_without_numbers(make: MakeContext, rng: np.random.Generator) -> None:
    assert MixedScales().check(make(honest(rng)[["colour", "goal"]], "goal")) == "there are no numbers"
    few = pd.DataFrame({"x": np.arange(9.0), "y": np.arange(9.0)})
    assert MixedScales().check(make(few, "y", classify=False)) == "there are fewer than 50 rows"
