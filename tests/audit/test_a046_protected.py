"""A046: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modelwright.audit.findings import Action, Severity
from modelwright.audit.rules.a046_protected import ProtectedAttributes
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


def people(rng: np.random.Generator, n: int = 600) -> pd.DataFrame:
    return honest(rng, n).assign(job=rng.choice(["a", "b", "c"], n), age=rng.integers(18, 80, n))


@pytest.mark.parametrize(
    ("column", "values", "attribute"),
    [
        ("sex", ["M", "F"], "sex"),
        ("Geschlecht", ["m", "w", "d"], "sex"),
        ("sexo", [0, 1], "sex"),
        ("who", ["male", "female"], "sex"),
        ("race", ["white", "black", "asian"], "ethnic origin"),
        ("applicant_ethnicity", ["1", "2"], "ethnic origin"),
        ("Religion", ["x", "y", "z"], "religion"),
        ("is_disabled", ["yes", "no"], "disability"),
        ("citizenship", ["DE", "FR", "US"], "nationality"),
        ("native-country", ["DE", "FR", "US"], "nationality"),
        ("maritalStatus", ["single", "married"], "marital status"),
        ("Familienstand", ["ledig", "verh."], "marital status"),
        ("Pregnancies", [0, 1, 2, 3], "pregnancy"),
        ("sexual_orientation", ["a", "b"], "sexual orientation"),
    ],
)
def test_finds_attributes(
    make: MakeContext, rng: np.random.Generator, column: str, values: list[object], attribute: str
) -> None:
    frame = people(rng).drop(columns="value")
    frame[column] = rng.choice(values, 600)
    (found,) = findings(ProtectedAttributes, make(frame, "goal"))
    assert set(found.columns) == {"age", column} and found.action is Action.TOLD
    assert found.evidence[f"attribute of {column}"] == attribute
    assert f"--protected age,{column}" in found.fix


def test_finds_proxies_alone_and_together(make: MakeContext, rng: np.random.Generator) -> None:
    frame = people(rng, 2000).drop(columns="value")
    woman = rng.random(2000) < 0.5
    frame["sex"] = np.where(woman, "f", "m")
    frame["relation"] = np.where(rng.random(2000) < 0.9, np.where(woman, "wife", "husband"), "other")
    for i in range(12):
        frame[f"habit{i}"] = rng.normal(size=2000) + 0.9 * woman
    named, proxies = findings(ProtectedAttributes, make(frame, "goal"))
    assert named.columns == ("age", "sex") and proxies.columns == ("relation",)
    (together,) = findings(ProtectedAttributes, make(frame.drop(columns="relation"), "goal", protected=("sex",)))
    assert together.severity is Severity.WARNING and together.columns == ("sex",)
    assert float(together.evidence["together"]) > 0.5


def test_what_the_brief_names_is_not_told_again(make: MakeContext, rng: np.random.Generator) -> None:
    frame = people(rng).assign(sex=rng.choice(["m", "f"], 600))
    assert findings(ProtectedAttributes, make(frame, "goal", protected=("sex",))) == []


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("vehicle_age", [1, 2, 3]),
        ("race_time", [60, 70]),
        ("sex_ratio", [0.4, 0.5]),
        ("grade", ["M", "F"]),
        ("pct_foreign_born", [0.1, 0.25]),
        ("average", [1, 2, 3]),
        ("country", ["DE", "FR"]),
    ],
)
def test_other_things_are_no_attributes(
    make: MakeContext, rng: np.random.Generator, column: str, values: list[object]
) -> None:
    frame = people(rng).drop(columns="age")
    frame[column] = rng.choice(values, 600)
    assert "no column names a protected attribute" in str(ProtectedAttributes().check(make(frame, "goal")))


def test_animals_and_concrete_are_not_people(make: MakeContext, rng: np.random.Generator) -> None:
    penguins = honest(rng).assign(species=rng.choice(["a", "b"], 600), sex=rng.choice(["male", "female"], 600))
    concrete = honest(rng).assign(age=rng.integers(1, 100, 600))
    for frame in (penguins, concrete):
        assert "no column names a protected attribute" in str(ProtectedAttributes().check(make(frame, "goal")))


def test_male_and_female_in_words_are_people_unless_the_table_is_about_animals(
    make: MakeContext, rng: np.random.Generator
) -> None:
    frame = pd.DataFrame(rng.normal(size=(300, 3)), columns=["x0", "x1", "x2"])
    frame["sex"] = rng.choice(["male", "female"], 300)
    assert [f.columns for f in ProtectedAttributes().check(make(frame, "x2"))] == [("sex",)]
    assert isinstance(ProtectedAttributes().check(make(frame.assign(species=1.0), "x2")), str)
    frame["sex"] = rng.choice(["m", "f"], 300)
    assert isinstance(ProtectedAttributes().check(make(frame, "x2")), str)
