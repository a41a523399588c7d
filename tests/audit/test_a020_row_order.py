"""A020: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np

from modelwright.audit.findings import Action
from modelwright.audit.rules.a020_row_order import RowOrderLeak
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


def test_a_file_sorted_by_class_is_told(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).drop(columns="value").sort_values("goal", ignore_index=True)
    (found,) = findings(RowOrderLeak, make(frame, "goal"))
    assert found.evidence["runs"] == 2 and found.action is Action.TOLD


def test_a_file_sorted_by_value_is_told(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).drop(columns="goal").sort_values("value", ascending=False, ignore_index=True)
    (found,) = findings(RowOrderLeak, make(frame, "value"))
    assert found.evidence["order"] == -1 and "falls" in found.message


def test_stays_quiet(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).assign(rowid=np.arange(600))
    assert findings(RowOrderLeak, make(frame, "goal")) == []
    assert findings(RowOrderLeak, make(frame, "value")) == []


def test_does_not_apply_without_a_target(make: MakeContext, rng: np.random.Generator) -> None:
    assert RowOrderLeak().check(make(honest(rng))) == "there is no target"
