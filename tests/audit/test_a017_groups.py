"""A017: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modelwright.audit.findings import Action
from modelwright.audit.rules.a017_groups import GroupedRows
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


def _patients(rng: np.random.Generator, name: str, groups: int = 60, rows: int = 10) -> pd.DataFrame:
    frame = honest(rng, groups * rows).drop(columns=["goal"])
    who = np.repeat(np.arange(groups), rows)
    frame["value"] += 2 * rng.normal(size=groups)[who]
    frame["sex"] = rng.choice(["f", "m"], groups)[who]
    return frame.assign(**{name: who + 1})


@pytest.mark.parametrize("name", ["patient", "patient_id", "PatientID", "unit_nr", "subject"])
def test_entities_group_the_rows(make: MakeContext, rng: np.random.Generator, name: str) -> None:
    (found,) = findings(GroupedRows, make(_patients(rng, name), "value"))
    assert found.columns == (name,) and found.action is Action.GROUP
    assert found.evidence["n_groups"] == 60 and found.evidence["highest_likeness"] == 1


def test_places_and_numbered_names_are_told(make: MakeContext, rng: np.random.Generator) -> None:
    for name in ("school", "schcode9"):
        frame = _patients(rng, name, 60, 40)
        frame[name] = rng.permutation(60)[frame[name] - 1]
        (found,) = findings(GroupedRows, make(frame, "value"))
        assert found.columns == (name,) and found.action is Action.TOLD


def test_a_split_in_the_brief_decides(make: MakeContext, rng: np.random.Generator) -> None:
    (found,) = findings(GroupedRows, make(_patients(rng, "patient"), "value", split="random"))
    assert found.action is Action.TOLD and "the brief says" in found.done


def test_stays_quiet_on_quantities_and_rows_that_are_not_alike(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).drop(columns="goal")
    frame["customer"] = rng.integers(0, 60, 600)
    frame["engine"] = rng.choice(np.arange(600, 4000, 50), 600)
    frame["unit_price"] = rng.integers(1, 50, 600)
    frame["rooms"] = rng.integers(1, 40, 600)
    assert findings(GroupedRows, make(frame, "value")) == []


def test_does_not_apply_without_repeats(make: MakeContext, rng: np.random.Generator) -> None:
    assert "no column names" in str(GroupedRows().check(make(honest(rng).drop(columns="colour"), "goal")))
