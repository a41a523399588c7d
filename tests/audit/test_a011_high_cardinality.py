"""A011: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np

from modelwright.audit.findings import Action
from modelwright.audit.rules.a011_high_cardinality import HighCardinality
from modelwright.data.contract import Kind
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


def test_fires_on_many_rare_levels(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).assign(town=[f"t{v}" for v in rng.integers(0, 200, 600)])
    (found,) = findings(HighCardinality, make(frame, "goal"))
    assert found.columns == ("town",) and found.action is Action.TOLD
    assert found.evidence["n_levels"] == frame["town"].nunique()


def test_stays_quiet_on_many_frequent_levels(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng, 6000).assign(town=[f"t{v}" for v in rng.integers(0, 60, 6000)])
    assert findings(HighCardinality, make(frame, "goal")) == []


def test_leaves_identifiers_to_their_own_rule(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).assign(key=[f"k{v}" for v in range(600)])
    assert findings(HighCardinality, make(frame, "goal", kinds={"key": Kind.CATEGORY})) == []


def test_does_not_apply_without_categories(make: MakeContext, rng: np.random.Generator) -> None:
    assert HighCardinality().check(make(honest(rng)[["height", "value"]], "value")) == "there are no categories"
