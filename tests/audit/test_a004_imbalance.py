"""A004: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.audit.findings import Severity
from modelwright.audit.rules.a004_imbalance import Imbalance
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


def test_fires_by_degree(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng, 2000)
    for share, severity in ((0.05, Severity.INFO), (0.005, Severity.WARNING)):
        frame["goal"] = np.where(np.arange(2000) < 2000 * share, "rare", "usual")
        (found,) = findings(Imbalance, make(frame, "goal"))
        assert found.severity is severity and found.evidence["minority_share"] == share


def test_fires_on_many_classes(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng)
    frame["goal"] = np.repeat(["a", "b", "c"], [400, 170, 30])
    assert findings(Imbalance, make(frame, "goal"))[0].evidence["ratio"] == pytest.approx(400 / 30, abs=1e-5)


def test_stays_quiet(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng)
    assert findings(Imbalance, make(frame, "goal")) == []
    frame["goal"] = np.repeat(["a", "b", "c"], [300, 200, 100])
    assert findings(Imbalance, make(frame, "goal")) == []


def test_does_not_apply_to_numbers(make: MakeContext, rng: np.random.Generator) -> None:
    assert Imbalance().check(make(honest(rng), "value")) == "the target is a number"
