"""A008: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.audit.findings import Action
from modelwright.audit.rules.a008_duplicate_columns import DuplicateColumns
from tests.audit.conftest import MakeContext
from tests.audit.helpers import accused, findings, honest


def test_drops_the_later_of_two_recodings(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng)
    frame["farbe"] = frame["colour"].map({"red": "rot", "green": "gruen", "blue": "blau"})
    frame["inches"] = frame["height"] / 0.0254
    frame["minus"] = -2 * frame["weight"] + 3
    found = findings(DuplicateColumns, make(frame, "goal"))
    assert {f.columns[0]: f.evidence["copy_of"] for f in found} == {
        "farbe": "colour",
        "inches": "height",
        "minus": "weight",
    }
    assert all(f.action is Action.DROP_COLUMN for f in found)


def test_of_words_and_numbers_the_numbers_stay(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng)
    frame["shade"] = frame["colour"].map({"red": 1.0, "green": 2.0, "blue": 3.5})
    (found,) = findings(DuplicateColumns, make(frame, "goal"))
    assert found.columns == ("colour",) and found.evidence["copy_of"] == "shade"


def test_missing_values_must_agree(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng)
    frame["copy"] = frame["height"]
    frame.loc[7, "copy"] = np.nan
    (found,) = findings(DuplicateColumns, make(frame, "goal"))
    assert found.action is Action.TOLD and found.rows == (7,)
    frame.loc[7, "height"] = np.nan
    assert accused(DuplicateColumns, make(frame, "goal")) == {"copy"}


def test_a_square_is_told_and_stays(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng)
    frame["age"] = rng.integers(18, 65, len(frame)).astype(float)
    frame["agesq"] = frame["age"] ** 2
    frame["rest"] = 10_000 - np.exp(frame["age"] / 10)
    found = findings(DuplicateColumns, make(frame, "goal"))
    assert {f.columns: f.evidence["follows"] for f in found} == {("agesq", "age"): "age", ("rest", "age"): "age"}
    assert all(f.action is Action.TOLD for f in found)


def test_few_values_in_one_order_are_chance(make: MakeContext, rng: np.random.Generator) -> None:
    step = rng.integers(0, 5, 600)
    frame = honest(rng).assign(load=np.array([1.0, 2, 3, 4, 50])[step], rank=np.array([1.0, 7, 8, 9, 10])[step])
    assert findings(DuplicateColumns, make(frame, "goal")) == []


def test_stays_quiet_on_unique_columns_and_rounded_values(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng)
    frame["rounded"] = frame["height"].round(1)
    frame["code"] = [f"c{i}" for i in range(600)]
    frame["other"] = [f"d{i}" for i in rng.permutation(600)]
    assert findings(DuplicateColumns, make(frame, "goal")) == []


def test_properties_of_one_thing_are_no_copies(make: MakeContext, rng: np.random.Generator) -> None:
    for n_shops in (12, 150):
        shop = rng.integers(0, n_shops, 1500)
        frame = honest(rng, 1500).assign(
            store=[f"shop {s}" for s in shop],
            street=[f"street {s}" for s in shop * 7],
            store_lat=rng.normal(48, 2, n_shops)[shop],
            store_lon=rng.normal(11, 2, n_shops)[shop],
            store_rent=rng.lognormal(7, 1, n_shops)[shop],
        )
        assert accused(DuplicateColumns, make(frame, "goal")) == ({"street"} if n_shops < 50 else set())


def test_numbers_in_one_order_are_copies_when_they_correlate(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng)
    frame["grade"] = rng.integers(1, 6, 600).astype(float)
    frame["squared"] = frame["grade"] ** 2
    frame["bent"] = -np.sinh(frame["grade"] / 30)
    assert accused(DuplicateColumns, make(frame, "goal")) == {"bent"}


def test_noise_is_never_a_copy(make: MakeContext) -> None:
    for seed in range(5):
        rng = np.random.default_rng(seed)
        frame = honest(rng, 400)
        for i in range(30):
            frame[f"n{i}"] = rng.normal(size=400).round(i % 5)
            frame[f"w{i}"] = [f"{k}" + "xyz"[i % 3] for k in rng.integers(0, 2 + 20 * i, 400)]
        assert findings(DuplicateColumns, make(frame, "goal")) == []


def test_many_words_are_copies_when_spelled_alike(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng)
    frame["town"] = [f"Town-{i}" for i in rng.integers(0, 200, 600)]
    frame["TOWN"] = frame["town"].str.upper().str.replace("-", " ")
    frame["postcode"] = frame["town"].str[5:].map(lambda v: f"p{7 * int(v)}")
    assert accused(DuplicateColumns, make(frame, "goal")) == {"TOWN"}


def test_the_target_is_no_copy_of_a_feature(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng)
    frame["answer"] = frame["goal"]
    assert findings(DuplicateColumns, make(frame, "goal")) == []


def test_does_not_apply_to_a_few_rows(make: MakeContext, rng: np.random.Generator) -> None:
    assert "fewer than 20 rows" in str(DuplicateColumns().check(make(honest(rng, 10), "goal")))


@pytest.mark.parametrize("wrong", [0.001, 0.005, 0.01])
def test_copies_with_exceptions_are_told(make: MakeContext, rng: np.random.Generator, wrong: float) -> None:
    frame = honest(rng, 2000)
    off = rng.random(2000) < wrong
    off[7] = True
    frame["inches"] = np.where(off, rng.permutation(frame["depth"]), frame["depth"]) * 2.54 + 1
    frame["farbe"] = frame["colour"].map({"red": "rot", "green": "gelb", "blue": "blau"})
    frame.loc[off, "farbe"] = frame.loc[off, "farbe"].map({"rot": "blau", "gelb": "rot", "blau": "gelb"})
    found = {f.columns[0]: f for f in findings(DuplicateColumns, make(frame, "goal"))}
    assert set(found) == {"inches", "farbe"} and {f.action for f in found.values()} == {Action.TOLD}
    assert found["farbe"].evidence["n_exceptions"] == off.sum() and 7 in found["inches"].rows


def test_flags_that_are_mostly_off_are_no_copies(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng, 2000)
    for name in "ab":
        frame[name] = (rng.random(2000) < 0.005).astype(float)
        frame[name + "_word"] = np.where(rng.random(2000) < 0.005, "yes", "no")
    frame["again"] = frame["height"] + rng.normal(0, 0.001, 2000)
    assert not findings(DuplicateColumns, make(frame, "goal"))
