"""A051: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pandas as pd

from modelwright.audit.findings import Action, Severity
from modelwright.audit.rules.a051_costly_columns import CostlyColumns
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


def _with_costly(rng: np.random.Generator, n: int = 3_000) -> pd.DataFrame:
    frame = honest(rng, n)
    for i in range(3):
        frame[f"survey_{i}"] = np.where(rng.random(n) < 0.4, np.nan, rng.normal(size=n))
    frame["town"] = [f"town {v}" for v in rng.integers(0, 200, n)]
    return frame


def test_columns_without_gain_are_told(make: MakeContext, rng: np.random.Generator) -> None:
    for target, other in (("goal", "value"), ("value", "goal")):
        (found,) = findings(CostlyColumns, make(_with_costly(rng).drop(columns=other), target))
        assert set(found.columns) == {"survey_0", "survey_1", "survey_2", "town"}
        assert found.severity is Severity.INFO and found.action is Action.TOLD
        assert found.evidence["at_worst"] > -0.05 * found.evidence["gain_of_all"]


def test_a_costly_column_that_gives_something_is_spared(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _with_costly(rng, 4_000).drop(columns="goal")
    for i in range(3, 6):
        frame[f"survey_{i}"] = np.where(rng.random(4_000) < 0.4, np.nan, rng.normal(size=4_000))
    frame["value"] += 2 * frame["survey_0"].fillna(0)
    found = findings(CostlyColumns, make(frame, "value"))
    assert all("survey_0" not in f.columns for f in found) and len(found) == 1


def test_stays_quiet_where_all_give_something(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _with_costly(rng).drop(columns=["goal", "town"])
    for i in range(3):
        frame["value"] += frame[f"survey_{i}"].fillna(0)
    assert findings(CostlyColumns, make(frame, "value")) == []


def test_does_not_apply(make: MakeContext, rng: np.random.Generator) -> None:
    assert CostlyColumns().check(make(honest(rng))) == "there is no target"
    assert "fewer than 3 columns" in str(CostlyColumns().check(make(honest(rng), "goal")))
    assert "fewer than 1,000 rows" in str(CostlyColumns().check(make(_with_costly(rng, 600), "goal")))
