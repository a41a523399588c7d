"""A025: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modelwright.audit.findings import Severity
from modelwright.audit.rules.a025_entities_on_both_sides import EntitiesOnBothSides
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


def _patients(rng: np.random.Generator, groups: int = 80, rows: int = 10) -> pd.DataFrame:
    frame = honest(rng, groups * rows).drop(columns=["value"])
    who = np.repeat(np.arange(groups), rows)
    frame["sex"] = rng.choice(["f", "m"], groups)[who]
    frame["depth"] = rng.normal(size=groups)[who]
    return frame.assign(patient=who + 1)


@pytest.mark.parametrize("form", ["number", "text"])
def test_patients_of_both_tables_are_told(make: MakeContext, rng: np.random.Generator, form: str) -> None:
    frame = _patients(rng)
    if form == "text":
        frame["patient"] = [f"P{v:03d}" for v in frame["patient"]]
    mixed = rng.permutation(800)
    (found,) = findings(EntitiesOnBothSides, make(frame.iloc[mixed[200:]], "goal", test=frame.iloc[mixed[:200]]))
    assert found.columns == ("patient",) and found.severity is Severity.WARNING
    assert found.evidence["share"] > 0.95 and found.evidence["highest_likeness"] > 0.95


def test_a_few_shared_patients_are_enough(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _patients(rng)
    test = pd.concat([frame.iloc[600:], frame.iloc[:30]])
    (found,) = findings(EntitiesOnBothSides, make(frame.iloc[:600], "goal", test=test))
    assert found.evidence["n_known"] == 30 and found.evidence["n_shared"] == 3


def test_customers_with_one_row_on_each_side(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).drop(columns="value").assign(customer_id=rng.permutation(90_000)[:600] + 10_000)
    later = frame.head(150).assign(height=lambda f: f["height"] + rng.normal(0, 0.1, 150))
    (found,) = findings(EntitiesOnBothSides, make(frame, "goal", test=later))
    assert found.columns == ("customer_id",)


def test_stays_quiet(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _patients(rng)
    assert findings(EntitiesOnBothSides, make(frame.iloc[:600], "goal", test=frame.iloc[600:])) == []
    frame = honest(rng).assign(customer=rng.integers(0, 60, 600))
    assert findings(EntitiesOnBothSides, make(frame.iloc[:400], "goal", test=frame.iloc[400:])) == []


def test_does_not_apply(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).assign(rowid=np.arange(600))
    assert EntitiesOnBothSides().check(make(frame, "goal")) == "there is no test table"
    assert "names things" in str(EntitiesOnBothSides().check(make(frame, "goal", test=frame)))
