"""A005: fires, stays quiet, does not apply."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from modelwright.audit.findings import Action
from modelwright.audit.rules.a005_constant import ConstantColumn
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


def test_drops_constant_and_empty_columns(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).assign(one=1.0, word="same", empty=np.nan)
    found = findings(ConstantColumn, make(frame, "goal"))
    assert {c for f in found for c in f.columns} == {"one", "word", "empty"}
    assert all(f.action is Action.DROP_COLUMN for f in found)


def test_tells_of_nearly_constant_columns(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng, 5000).assign(flag=0.0)
    frame.loc[:2, "flag"] = 1.0
    (found,) = findings(ConstantColumn, make(frame, "goal"))
    assert found.action is Action.TOLD and found.evidence["n_other"] == 3


def test_a_value_or_nothing_is_no_constant(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng)
    frame["answered"] = np.where(rng.random(600) < 0.5, "y", None)
    assert findings(ConstantColumn, make(frame, "goal")) == []


def test_a_column_that_varies_outside_the_sample_is_not_dropped(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).assign(rare=0.0)
    context = make(frame, "goal", n_rows=10**6, specs={"rare": {}})
    varying = tuple(replace(s, n_levels=2) if s.name == "rare" else s for s in context.contract.columns)
    context = replace(context, contract=replace(context.contract, columns=varying))
    assert [f.action for f in findings(ConstantColumn, context)] == [Action.TOLD]


def test_does_not_apply_to_one_row(make: MakeContext, rng: np.random.Generator) -> None:
    assert "fewer than two rows" in str(ConstantColumn().check(make(honest(rng, 1))))
