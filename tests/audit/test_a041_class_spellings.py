"""A041: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modelwright.audit.acting import SAME_LEVELS, apply
from modelwright.audit.findings import Action, Audit
from modelwright.audit.rules.a041_class_spellings import ClassSpellings
from modelwright.data.contract import Kind
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


def _spelled(rng: np.random.Generator, names: dict[str, int]) -> pd.DataFrame:
    values = [name for name, n in names.items() for _ in range(n)]
    return honest(rng, len(values)).drop(columns="value").assign(goal=rng.permutation(values))


def _pairs(evidence: dict[str, float | int | str]) -> set[tuple[str, str]]:
    return {(a, b) for a, _, b in (line.partition("\t") for line in str(evidence[SAME_LEVELS]).splitlines())}


@pytest.mark.parametrize(
    ("names", "pairs"),
    [
        ({"Good": 200, "good ": 3, "GOOD.": 40, "bad": 300}, {("good ", "Good"), ("GOOD.", "Good")}),
        ({"on time": 200, "On-Time": 100, "late": 300}, {("On-Time", "on time")}),
        ({"<=50K": 400, "<=50K.": 100, ">50K": 150}, {("<=50K.", "<=50K")}),
        ({"no": 300, "No": 100, "maybe": 200}, {("No", "no")}),
        ({"10-20": 300, "10 - 20": 5, "20-30": 200}, {("10 - 20", "10-20")}),
        ({"straße": 300, "STRASSE": 5, "weg": 200}, {("STRASSE", "straße")}),
        ({"ja": 200, "JA": 50, "Nein": 300, "NEIN": 60}, {("JA", "ja"), ("NEIN", "Nein")}),
        ({"sí": 200, "Si": 50, "no": 300}, {("Si", "sí")}),
        ({"Y": 200, "y": 50, "N": 300, "n": 60}, {("y", "Y"), ("n", "N")}),
        ({"M": 200, "m": 50, "F": 300, "f": 60}, {("m", "M"), ("f", "F")}),
        ({"Yes": 200, "yes": 90, "Y": 30, "No": 400, "N": 50}, {("yes", "Yes"), ("Y", "Yes"), ("N", "No")}),
        ({"ja": 200, "J": 30, "nein": 400, "n": 20}, {("J", "ja"), ("n", "nein")}),
        ({"TRUE": 200, "t": 30, "yes": 40, "False": 300}, {("t", "TRUE"), ("yes", "TRUE")}),
        ({"north": 200, "North": 9, "E": 50, "e": 30, "W": 300}, {("North", "north"), ("e", "E")}),
    ],
)
def test_spellings_are_read_as_the_most_frequent(
    make: MakeContext, rng: np.random.Generator, names: dict[str, int], pairs: set[tuple[str, str]]
) -> None:
    context = make(_spelled(rng, names), "goal")
    (found,) = findings(ClassSpellings, context)
    assert found.action is Action.AS_LEVEL and found.columns == ("goal",) and _pairs(found.evidence) == pairs
    assert found.n_rows == sum(names[a] for a, _ in pairs) and found.evidence["n_classes"] == len(names) - len(pairs)
    rewritten = apply(Audit(findings=(found,), outcomes=(), n_rows=1, n_rows_examined=1), context.contract).contract
    assert set(rewritten["goal"].same_levels) == pairs


def test_spellings_of_the_test_table_count(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _spelled(rng, {"good": 300, "bad": 300})
    (found,) = findings(ClassSpellings, make(frame, "goal", test=_spelled(rng, {"Good": 30, "bad": 20})))
    assert _pairs(found.evidence) == {("Good", "good")} and found.n_rows == 0


def test_codes_are_told_and_one_class_is_never_left(make: MakeContext, rng: np.random.Generator) -> None:
    (found,) = findings(ClassSpellings, make(_spelled(rng, {"a": 100, "A": 100, "b": 100}), "goal"))
    assert found.action is Action.TOLD and "only you can know" in found.message
    (found,) = findings(ClassSpellings, make(_spelled(rng, {"a1": 99, "A1": 99, "alpha": 99, "beta": 99}), "goal"))
    assert found.action is Action.TOLD
    (found,) = findings(ClassSpellings, make(_spelled(rng, {"Good": 100, "good": 100}), "goal"))
    assert found.action is Action.TOLD


@pytest.mark.parametrize(
    "names", [["A-", "A", "A+"], ["<5", ">5"], ["1-2", "12"], ["low", "slow"], ["no", "non"], ["N", "NO", "S"]]
)
def test_stays_quiet_on_names_that_differ(make: MakeContext, rng: np.random.Generator, names: list[str]) -> None:
    assert findings(ClassSpellings, make(_spelled(rng, dict.fromkeys(names, 100)), "goal")) == []


def test_does_not_apply_to_numbers(make: MakeContext, rng: np.random.Generator) -> None:
    assert ClassSpellings().check(make(honest(rng))) == "there is no target"
    assert ClassSpellings().check(make(honest(rng), "value")) == "the target is a number"
    coded = honest(rng).assign(goal=rng.integers(0, 2, 600))
    assert "the classes are numbers" in str(ClassSpellings().check(make(coded, "goal", kinds={"goal": Kind.NUMBER})))
