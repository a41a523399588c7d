"""A002: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np

from modelwright.audit.findings import Severity
from modelwright.audit.rules.a002_tiny_data import TinyData
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


def test_fires_on_few_rows(make: MakeContext, rng: np.random.Generator) -> None:
    (found,) = findings(TinyData, make(honest(rng, 60), "goal"))
    assert found.severity is Severity.WARNING and "60 rows" in found.message


def test_counts_the_rarest_class_per_feature(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).drop(columns="value")
    frame["goal"] = np.where(np.arange(600) < 12, "rare", "usual")
    (found,) = findings(TinyData, make(frame, "goal"))
    assert found.severity is Severity.INFO
    assert found.evidence["informative_rows"] == 12 and found.evidence["rows_per_feature"] == 3


def test_counts_the_rows_of_the_whole_table(make: MakeContext, rng: np.random.Generator) -> None:
    assert findings(TinyData, make(honest(rng, 80), "goal", n_rows=80_000)) == []


def test_stays_quiet(make: MakeContext, rng: np.random.Generator) -> None:
    assert findings(TinyData, make(honest(rng), "goal")) == []


def test_does_not_apply_without_a_target(make: MakeContext, rng: np.random.Generator) -> None:
    assert TinyData().check(make(honest(rng))) == "there is no target"
