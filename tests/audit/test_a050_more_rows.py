"""A050: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modelwright.audit.findings import Action, AuditContext, Severity
from modelwright.audit.honest import honest_probe
from modelwright.audit.probing import probe_rows
from modelwright.audit.rules.a050_more_rows import MoreRows, _doubled, _gains, _losses
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


def _hard(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Return a target of many small effects, for which trees need many rows."""
    x = rng.normal(size=(n, 8))
    value = x @ np.ones(8) + 0.2 * rng.normal(size=n)
    return pd.DataFrame(x, columns=list("abcdefgh")).assign(value=value, goal=np.where(value > 0, "yes", "no"))


def _curve(context: AuditContext) -> np.ndarray:
    sample, whole = probe_rows(context), honest_probe(context)
    assert sample is not None and whole is not None
    return _losses(context, sample, whole)[0]


def test_a_rising_curve_is_told(make: MakeContext, rng: np.random.Generator) -> None:
    for target, other in (("goal", "value"), ("value", "goal")):
        (found,) = findings(MoreRows, make(_hard(rng, 1_000).drop(columns=other), target))
        assert found.severity is Severity.INFO and found.action is Action.TOLD
        assert 0 < found.evidence["low"] < found.evidence["gain_of_twice_the_rows"] < found.evidence["high"]
        assert found.evidence["loss_0.125"] > found.evidence["loss_1"]


def test_the_power_law_is_followed() -> None:
    sizes = 1_000 * np.array([0.125, 0.25, 0.5, 1.0])
    curve = 0.3 + 5 * sizes**-0.5
    truth = 5 * (1_000**-0.5 - 2_000**-0.5)
    assert np.isclose(_gains(curve[None, :], sizes, 0.5)[0], truth, rtol=0.01)
    assert _gains(np.full((1, 4), 0.5), sizes, 0.5)[0] == 0


@pytest.mark.slow
def test_the_interval_holds_what_comes(make: MakeContext) -> None:
    """Told from half of the rows; what the other half brings is seen on the same held rows, paired.

    A quick model is of a fixed size and may stop to learn sooner than the law says, so it is not always inside.
    """
    inside = []
    for seed in range(2):
        for make_frame in (honest, _hard):
            for target, other in (("goal", "value"), ("value", "goal")):
                frame = make_frame(np.random.default_rng(seed), 2_000).drop(columns=other)
                low, high = np.quantile(
                    _doubled(_curve(make(frame[:1_000].reset_index(drop=True), target)), 1_000, 0), [0.025, 0.975]
                )
                losses = _curve(make(frame, target))
                came = losses[:, -2] - losses[:, -1]
                noise = 2 * came.std() / np.sqrt(len(came))
                inside.append(low - noise < came.mean() < high + noise)
    assert np.mean(inside) >= 0.75


def test_stays_quiet_where_the_curve_is_flat(make: MakeContext, rng: np.random.Generator) -> None:
    side = rng.integers(0, 2, 3_000)
    frame = pd.DataFrame({"side": side, "goal": np.where(rng.random(3_000) < 0.8, side, 1 - side)})
    assert findings(MoreRows, make(frame, "goal")) == []


def test_does_not_apply(make: MakeContext, rng: np.random.Generator) -> None:
    assert MoreRows().check(make(honest(rng))) == "there is no target"
    assert "fewer than 400 rows" in str(MoreRows().check(make(honest(rng, 200), "goal")))
    assert "6,000 of 80,000 rows" in str(MoreRows().check(make(honest(rng), "goal", n_rows=80_000)))
