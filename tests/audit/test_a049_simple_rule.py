"""A049: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modelwright.audit.findings import Action, Severity
from modelwright.audit.rules.a049_simple_rule import SimpleRule
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


def _columns(rng: np.random.Generator, n: int) -> pd.DataFrame:
    return pd.DataFrame(rng.normal(size=(n, 4)), columns=["b", "c", "d", "e"]).assign(price=rng.uniform(0, 30, n))


@pytest.mark.parametrize("noise", [0.05, 0.15, 0.25])
def test_one_threshold_is_enough(make: MakeContext, rng: np.random.Generator, noise: float) -> None:
    frame = _columns(rng, 2_000)
    right = rng.random(2_000) >= noise
    frame["goal"] = np.where((frame["price"] > 12.5) == right, "yes", "no")
    (found,) = findings(SimpleRule, make(frame, "goal"))
    assert found.columns == ("price",) and found.severity is Severity.INFO and found.action is Action.TOLD
    words = str(found.evidence["rule"])
    assert words.startswith("'price' > 12.") and "→ 'yes' (" in words and "else 'no' (" in words


def test_one_table_is_enough(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _columns(rng, 3_000).drop(columns="price")
    town = rng.integers(0, 5, 3_000)
    frame["town"] = np.array(["Bonn", "Kiel", "Ulm", "Jena", "Hof"])[town]
    share = np.array([0.9, 0.1, 0.6, 0.3, 0.5])[town]
    frame["goal"] = np.where(rng.random(3_000) < share, "yes", "no")
    (found,) = findings(SimpleRule, make(frame, "goal"))
    assert found.columns == ("town",) and "'Bonn' → 'yes' (" in found.message


def test_a_linear_formula_is_enough(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _columns(rng, 3_000)
    frame["value"] = frame["b"] + frame["c"] + 0.5 * rng.normal(size=3_000)
    (found,) = findings(SimpleRule, make(frame, "value"))
    assert set(found.columns) >= {"b", "c"} and "linear model" in found.message


def test_stays_quiet_where_columns_work_together(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _columns(rng, 3_000)
    score = frame["b"] * frame["c"] + np.abs(frame["d"]) + 0.1 * frame["price"]
    frame["value"] = score + 0.3 * rng.normal(size=3_000)
    assert findings(SimpleRule, make(frame, "value")) == []
    frame["value"] = np.where(frame["value"] > frame["value"].median(), "yes", "no")
    assert findings(SimpleRule, make(frame, "value")) == []


def test_does_not_apply(make: MakeContext, rng: np.random.Generator) -> None:
    assert SimpleRule().check(make(honest(rng))) == "there is no target"
    assert "fewer than 150 rows" in str(SimpleRule().check(make(honest(rng, 120), "goal")))
    luck = honest(rng, 600).drop(columns="value").assign(goal=rng.permutation(["yes", "no"] * 300))
    assert "nothing to be equal to" in str(SimpleRule().check(make(luck, "goal")))
    assert "one column only" in str(SimpleRule().check(make(honest(rng)[["height", "goal"]], "goal")))
