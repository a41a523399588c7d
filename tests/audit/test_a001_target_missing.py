"""A001: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np

from modelwright.audit.findings import Action, Severity
from modelwright.audit.rules.a001_target_missing import TargetMissing
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


def test_fires_and_drops_the_rows(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).drop(columns="goal")
    frame.loc[[3, 50, 51], "value"] = np.nan
    (found,) = findings(TargetMissing, make(frame, "value"))
    assert (found.action, found.n_rows, found.rows) == (Action.DROP_ROWS, 3, (3, 50, 51))
    assert found.severity is Severity.INFO and "3 rows of 600 (0.5 %)" in found.message
    assert "have no finite number (missing, infinite, or no number) in the target 'value'" in found.message


def test_many_missing_is_a_warning_and_all_an_error(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).drop(columns="goal")
    frame.loc[:99, "value"] = np.nan
    assert findings(TargetMissing, make(frame, "value"))[0].severity is Severity.WARNING
    frame["value"] = np.nan
    assert findings(TargetMissing, make(frame, "value", classify=False))[0].severity is Severity.ERROR


def test_stays_quiet(make: MakeContext, rng: np.random.Generator) -> None:
    assert findings(TargetMissing, make(honest(rng), "goal")) == []


def test_does_not_apply_without_a_target(make: MakeContext, rng: np.random.Generator) -> None:
    assert TargetMissing().check(make(honest(rng))) == "there is no target"
