"""A019: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modelwright.audit.rules.a019_shift import TestShift
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


def test_finds_shifted_columns_and_tells_how_visible_it_is(make: MakeContext, rng: np.random.Generator) -> None:
    test = honest(rng, 500)
    test["height"] += 1.5
    test["colour"] = rng.choice(["red", "violet"], 500)
    test.loc[:249, "weight"] = np.nan
    found = findings(TestShift, make(honest(rng, 1000), "goal", test=test))
    assert {f.columns for f in found} >= {(), ("height",), ("colour",), ("weight",)}
    assert {c for f in found for c in f.columns} <= {"height", "colour", "weight", "value"}
    assert next(f for f in found if not f.columns).evidence["auc"] > 0.9


def test_stays_quiet_on_rows_from_one_source(make: MakeContext) -> None:
    for seed in range(5):
        rng = np.random.default_rng(seed)
        frame = honest(rng, 1500).assign(town=[f"t{v}" for v in rng.integers(0, 80, 1500)], rowid=np.arange(1500))
        assert findings(TestShift, make(frame[:1000], "goal", test=frame[1000:].reset_index(drop=True))) == []


def test_columns_that_the_test_table_lacks_are_passed_over(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng, 1000)
    assert findings(TestShift, make(frame, "goal", test=honest(rng, 500)[["height"]])) == []


def test_does_not_apply_without_a_test_table(make: MakeContext, rng: np.random.Generator) -> None:
    assert TestShift().check(make(honest(rng), "goal")) == "there is no test table"
    few = make(honest(rng), "goal", test=honest(rng, 10))
    assert "fewer than 50 rows" in str(TestShift().check(few))


@pytest.mark.parametrize("shape", ["normal", "flat", "skewed"])
def test_finds_half_a_standard_deviation_whatever_the_shape(make: MakeContext, shape: str) -> None:
    for seed in range(5):
        rng = np.random.default_rng(seed)
        frame = honest(rng, 1500)
        frame["x"] = {"normal": rng.normal(size=1500), "flat": rng.random(1500), "skewed": rng.exponential(size=1500)}[
            shape
        ]
        test = frame[1000:].reset_index(drop=True)
        test["x"] += 0.5 * frame["x"].std()
        assert ("x",) in {f.columns for f in findings(TestShift, make(frame[:1000], "goal", test=test))}


def test_finds_new_levels_and_ten_points_more_missing(make: MakeContext, rng: np.random.Generator) -> None:
    test = honest(rng, 500)
    test.loc[:14, "colour"] = "violet"
    test.loc[:44, "weight"] = np.nan
    found = {f.columns: f for f in findings(TestShift, make(honest(rng, 1000), "goal", test=test)) if f.columns}
    assert set(found) == {("colour",), ("weight",)}
    assert "levels that training never saw in 3 %" in found["colour",].message
    assert "missing in 0 % of the training rows and 9 %" in found["weight",].message


def test_names_that_differ_anyway_are_no_new_levels(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng, 1500).assign(town=[f"t{v}" for v in (2000 * rng.random(1500) ** 2).astype(int)])
    assert findings(TestShift, make(frame[:1000], "goal", test=frame[1000:].reset_index(drop=True))) == []


def test_finds_columns_that_no_longer_go_together(make: MakeContext, rng: np.random.Generator) -> None:
    def table(n: int, sign: float) -> pd.DataFrame:
        frame = honest(rng, n)
        return frame.assign(breadth=sign * frame["depth"] + rng.normal(0, 0.6, n))

    (found,) = findings(TestShift, make(table(1000, 1.0), "goal", test=table(500, -1.0)))
    assert found.columns == () and found.evidence["auc"] > 0.7
