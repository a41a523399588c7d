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


@pytest.mark.parametrize("name", ["school", "schidkn"])
def test_places_group_the_rows_of_a_table_without_dates(make: MakeContext, rng: np.random.Generator, name: str) -> None:
    frame = _patients(rng, name, 60, 40)
    frame[name] = rng.permutation(60)[frame[name] - 1]
    (found,) = findings(GroupedRows, make(frame, "value"))
    assert found.columns == (name,) and found.action is Action.GROUP
    frame["when"] = rng.permutation(pd.date_range("2021-01-01", periods=len(frame), freq="h"))
    (found,) = findings(GroupedRows, make(frame, "value"))
    assert found.columns == (name,) and found.action is Action.TOLD


def test_a_date_in_parts_is_a_date(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _patients(rng, "agent", 60, 40)
    when = pd.Series(rng.permutation(pd.date_range("2021-01-01", periods=len(frame), freq="h")))
    parts = {"arrival_year": when.dt.year, "arrival_month": when.dt.month_name(), "arrival_day": when.dt.day}
    (found,) = findings(GroupedRows, make(frame, "value"))
    assert found.action is Action.GROUP
    (found,) = findings(GroupedRows, make(frame.assign(**parts), "value"))
    assert found.columns == ("agent",) and found.action is Action.TOLD


def test_names_in_digits_are_told(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _patients(rng, "z9", 60, 40)
    frame["z9"] = 100 * rng.permutation(60)[frame["z9"] - 1]
    (found,) = findings(GroupedRows, make(frame, "value"))
    assert found.columns == ("z9",) and found.action is Action.TOLD


def test_codes_of_things_are_told_whatever_their_name(make: MakeContext, rng: np.random.Generator) -> None:
    for code in (lambda i: f"K{i:04d}", lambda i: i):
        frame = _patients(rng, "zz", 60, 10)
        frame["size"] = rng.normal(size=60)[frame["zz"] - 1]
        order = rng.permutation(60)
        frame["zz"] = [code(order[i - 1]) for i in frame["zz"]]
        frame["value"] = rng.normal(size=600)
        (found,) = findings(GroupedRows, make(frame, "value"))
        assert found.columns == ("zz",) and found.action is Action.TOLD and found.evidence["n_fixed"] == 2


def test_a_running_count_gives_things_away(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng, 600).drop(columns="goal").assign(zz=np.repeat(np.arange(20), 30), k=np.tile(np.arange(30), 20))
    (found,) = findings(GroupedRows, make(frame, "value"))
    assert found.columns == ("zz",) and found.action is Action.GROUP and "key of the table" in found.message


def test_numbers_that_start_anew_in_each_place(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _patients(rng, "patient_no", 60, 10)
    frame["clinic"] = np.array(list("abcd"))[frame["patient_no"] % 4]
    frame["patient_no"] //= 4
    frame["born"] = rng.integers(1940, 2000, 1000)[100 * (frame["clinic"] == "a") + 7 * frame["patient_no"]]
    (found,) = findings(GroupedRows, make(frame.assign(value=rng.normal(size=600)), "value"))
    assert found.columns == ("patient_no",) and found.action is Action.GROUP


def test_bare_series_are_not_grouped(make: MakeContext, rng: np.random.Generator) -> None:
    frame = pd.DataFrame({"customer": np.repeat(np.arange(30), 40), "t": np.tile(np.arange(40), 30)})
    frame["y"] = np.repeat(3 * rng.normal(size=30), 40) + rng.normal(size=1200)
    (found,) = findings(GroupedRows, make(frame, "y"))
    assert found.action is Action.TOLD


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
