"""A010: fires, stays quiet, does not apply."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from modelwright.audit.rules.a010_mixed_types import MixedTypes
from modelwright.data.contract import Kind
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


def test_finds_texts_among_numbers(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng)
    frame["room"] = [str(v) for v in rng.integers(100, 400, 600)]
    frame.loc[:29, "room"] = "attic"
    (found,) = findings(MixedTypes, make(frame, "goal", kinds={"room": Kind.CATEGORY}))
    assert found.columns == ("room",) and found.evidence["n_texts"] == 30 and "'attic'" in found.message


def test_finds_two_units(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng)
    frame["power"] = [f"{v} kW" if v % 3 else f"{v} hp" for v in rng.integers(40, 300, 600)]
    (found,) = findings(MixedTypes, make(frame, "goal", kinds={"power": Kind.CATEGORY}))
    assert found.evidence["n_units"] == 2 and "'kw'" in found.message


def test_finds_values_that_cannot_be_read(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng)
    context = make(frame, "goal")
    raw = np.array([str(v) for v in frame["height"]], dtype=object)
    raw[[2, 4]] = "tall"
    columns = {**context.columns, "height": np.where(np.isin(np.arange(600), [2, 4]), np.nan, frame["height"])}
    (found,) = findings(MixedTypes, replace(context, raw={"height": raw}, columns=columns))
    assert found.rows == (2, 4) and found.done == "counted as missing"


def test_stays_quiet_on_labels_and_one_unit(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng)
    frame["style"] = rng.choice(["1Story", "2Story", "1Fam", "SLvl"], 600)
    frame["weight_text"] = [f"{v} kg" for v in rng.integers(40, 300, 600)]
    assert findings(MixedTypes, make(frame, "goal", kinds={"weight_text": Kind.CATEGORY})) == []


def test_does_not_apply_without_text(make: MakeContext, rng: np.random.Generator) -> None:
    assert MixedTypes().check(make(honest(rng)[["height", "value"]], "value")) == "no column is stored as text"
