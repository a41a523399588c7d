"""A047: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.audit.findings import Action, Severity
from modelwright.audit.rules.a047_small_groups import SmallGroups
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


@pytest.mark.parametrize("size", [1, 10, 29])
@pytest.mark.parametrize("column", ["race", "region", "hospital_id"])
def test_finds_groups_with_few_rows(make: MakeContext, rng: np.random.Generator, column: str, size: int) -> None:
    frame = honest(rng).assign(job=rng.choice(["a", "b"], 600))
    frame[column] = rng.choice(["north", "south"], 600)
    frame.loc[: size - 1, column] = "east"
    (found,) = findings(SmallGroups, make(frame, "goal"))
    assert found.columns == (column,) and found.evidence["rows of east"] == size
    assert found.severity is Severity.INFO and found.action is Action.TOLD and "'east'" in found.message


def test_finds_groups_with_few_events(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).assign(shop=rng.choice(["x", "y"], 600))
    frame.loc[:79, "shop"] = "z"
    frame.loc[3:79, "goal"] = "no"
    frame.loc[:2, "goal"] = "yes"
    (found,) = findings(SmallGroups, make(frame, "goal", group="shop"))
    assert "'z' (80 rows, 3 of the rarer class)" in found.message


def test_ages_are_judged_in_bands(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).assign(job=rng.choice(["a", "b"], 600), age=rng.integers(20, 60, 600))
    frame.loc[:4, "age"] = 83
    (found,) = findings(SmallGroups, make(frame, "goal"))
    assert "'80 and more' (5 rows)" in found.message


def test_a_sample_counts_for_the_whole_table(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).assign(region=["east"] * 20 + ["north"] * 280 + ["south"] * 300)
    assert findings(SmallGroups, make(frame, "value", n_rows=6000)) == []
    assert len(findings(SmallGroups, make(frame, "value"))) == 1


def test_stays_quiet_on_large_groups_and_rare_targets(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).assign(region=rng.choice(["a", "b", "c"], 600))
    assert findings(SmallGroups, make(frame, "goal")) == []
    rare = frame.assign(goal=np.where(np.arange(600) < 12, "yes", "no"))
    assert findings(SmallGroups, make(rare, "goal")) == []


def test_does_not_apply_without_groups(make: MakeContext, rng: np.random.Generator) -> None:
    assert SmallGroups().check(make(honest(rng), "goal")) == "no column names groups of people or places"
