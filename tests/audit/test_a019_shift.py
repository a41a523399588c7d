"""A019: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np

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
