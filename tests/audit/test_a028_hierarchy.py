"""A028: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modelwright.audit.findings import Action
from modelwright.audit.rules.a028_hierarchy import Hierarchy
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest

CITIES, REGIONS = 40, 8


def _places(rng: np.random.Generator, n: int = 800) -> pd.DataFrame:
    city = rng.integers(0, CITIES, n)
    region = rng.permutation(np.arange(CITIES) % REGIONS)[city]
    frame = honest(rng, n).drop(columns=["value", "colour"])
    return frame.assign(
        city=[f"city {i}" for i in city], region=[f"r{i}" for i in region], country=[f"c{i % 2}" for i in region]
    )


def test_cities_lie_in_regions_in_countries(make: MakeContext, rng: np.random.Generator) -> None:
    (found,) = findings(Hierarchy, make(_places(rng), "goal"))
    assert found.columns == ("city", "region", "country") and found.action is Action.TOLD
    assert found.evidence["n_levels"] == CITIES and found.evidence["coarser_levels"] == "8, 2"
    assert "'city' (40 values) within 'region' (8) within 'country' (2)" in found.message


def test_few_exceptions_are_shown(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _places(rng)
    frame.loc[[10, 500], "region"] = ["r9", "r9"]
    frame = frame.drop(columns="country")
    (found,) = findings(Hierarchy, make(frame, "goal"))
    assert found.rows == (10, 500) and "2 rows break the rule" in found.message
    frame.loc[frame.index % 20 == 0, "region"] = "r9"
    assert findings(Hierarchy, make(frame, "goal")) == []


def test_codes_in_whole_numbers_count(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _places(rng).drop(columns="country")
    frame["zip"] = 10_000 + 37 * pd.factorize(frame["city"])[0]
    (found,) = findings(Hierarchy, make(frame.drop(columns="city"), "goal"))
    assert found.columns == ("zip", "region")


@pytest.mark.parametrize("name", ["patient", "order_no", "customer_id"])
def test_identifiers_are_no_level(make: MakeContext, rng: np.random.Generator, name: str) -> None:
    frame = _places(rng).rename(columns={"city": name}).assign(country=rng.choice(list("abc"), 800))
    assert findings(Hierarchy, make(frame, "goal")) == []


def test_stays_quiet_on_categories_of_their_own_and_on_ranges(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _places(rng)
    frame["region"] = rng.permutation(frame["region"])
    frame["country"] = rng.permutation(frame["country"])
    frame["age"] = rng.integers(18, 90, 800)
    frame["age_group"] = [f"{10 * (a // 10)}s" for a in frame["age"]]
    assert findings(Hierarchy, make(frame, "goal")) == []


def test_does_not_apply_without_categories(make: MakeContext, rng: np.random.Generator) -> None:
    assert "fewer than 2 categories" in str(Hierarchy().check(make(honest(rng).drop(columns="colour"), "goal")))
