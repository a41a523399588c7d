"""A029: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.audit.findings import Action
from modelwright.audit.rules.a029_several_tables import SeveralTables
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_two_sources_with_other_columns(make: MakeContext, rng: np.random.Generator, share: float) -> None:
    frame = honest(rng)
    at = int(share * len(frame))
    frame.loc[: at - 1, "height"] = np.nan
    frame.loc[at:, "depth"] = np.nan
    frame["clinic"] = np.where(np.arange(600) < at, "north", "south")
    (found,) = findings(SeveralTables, make(frame, "goal"))
    assert set(found.columns) == {"height", "depth"} and found.action is Action.TOLD
    assert found.evidence["row"] == at and found.evidence["told_by"] == "clinic"


def test_two_sources_with_other_units(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).assign(length=rng.normal(50, 5, 600), mass=rng.normal(80, 9, 600))
    frame.loc[300:, ["length", "mass"]] *= [10.0, 2.2]
    (found,) = findings(SeveralTables, make(frame, "goal"))
    assert set(found.columns) == {"length", "mass"} and abs(found.evidence["row"] - 300) <= 6


def test_two_sources_that_differ_by_a_step(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng)
    frame.loc[250:, ["height", "depth"]] += [1.0, -1.0]
    (found,) = findings(SeveralTables, make(frame, "goal"))
    assert set(found.columns) == {"height", "depth"} and abs(found.evidence["row"] - 250) <= 10
    assert found.evidence["n_steps"] == 2 and "by a step" in found.message


def test_trends_blocks_and_swings_are_no_seam(make: MakeContext, rng: np.random.Generator) -> None:
    along = np.arange(600)
    for path in (along / 200, along // 150, np.sin(along / 50), (along // 150) % 2):
        frame = honest(rng)
        frame["height"] += path
        frame["depth"] -= path
        assert findings(SeveralTables, make(frame, "goal")) == []
    frame = honest(rng).sort_values("goal", ignore_index=True)
    assert findings(SeveralTables, make(frame, "goal")) == []


@pytest.mark.parametrize("word", ["Total", "All", "Summe"])
def test_totals_among_rows(make: MakeContext, rng: np.random.Generator, word: str) -> None:
    frame = honest(rng).assign(sales=rng.gamma(4, 10, 600), visits=rng.gamma(3, 20, 600))[["colour", "sales", "visits"]]
    total = frame.index % 10 == 0
    frame.loc[total, "colour"] = word
    frame.loc[total, ["sales", "visits"]] *= 9
    (found,) = findings(SeveralTables, make(frame, "sales"))
    assert found.columns == ("colour",) and found.n_rows == 60 and word in found.message


def test_stays_quiet_on_sorted_files_and_common_words(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng)
    assert findings(SeveralTables, make(frame.sort_values("height", ignore_index=True), "goal")) == []
    frame.loc[frame["colour"] == "red", "colour"] = "all"
    frame["holes"] = np.where(rng.random(600) < 0.5, np.nan, 1.0)
    frame["late"] = np.where(np.arange(600) < 300, np.nan, rng.normal(size=600))
    assert findings(SeveralTables, make(frame, "goal")) == []


def test_does_not_apply_to_few_rows(make: MakeContext, rng: np.random.Generator) -> None:
    assert "fewer than 100 rows" in str(SeveralTables().check(make(honest(rng, 60), "goal")))
