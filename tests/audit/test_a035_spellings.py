"""A035: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.audit.acting import SAME_LEVELS, apply
from modelwright.audit.findings import Action
from modelwright.audit.rules.a035_spellings import InconsistentSpellings
from modelwright.audit.runner import run_audit
from modelwright.audit.spellings import slip_distance
from modelwright.data.canonical import canonicalise
from modelwright.data.columns import Strings
from modelwright.data.contract import Contract, Kind
from modelwright.data.parsing.spellings import plain_key
from modelwright.data.rows import RowReader
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


@pytest.mark.parametrize(
    "other",
    ["new york", "NEW YORK", "New  York", "New_York", "new-york", "NewYork", "New York.", "Néw York", "'New York'"],
)
@pytest.mark.parametrize("share", [0.01, 0.2])
def test_reads_spellings_as_one(make: MakeContext, rng: np.random.Generator, other: str, share: float) -> None:
    frame = honest(rng).assign(town=lambda f: rng.choice(["New York", "Boston"], len(f)))
    frame.loc[(rng.random(600) < share) & (frame["town"] == "New York"), "town"] = other
    frame.loc[0, "town"] = other
    (found,) = findings(InconsistentSpellings, make(frame, "goal"))
    assert found.action is Action.AS_LEVEL and found.evidence[SAME_LEVELS] == f"{other}\tNew York"
    assert found.n_rows == (frame["town"] == other).sum()


@pytest.mark.parametrize("typo", ["Bostn", "Bosston", "Bosotn", "Bostons"])
def test_tells_of_slips(make: MakeContext, rng: np.random.Generator, typo: str) -> None:
    frame = honest(rng).assign(town=lambda f: rng.choice(["Chicago", "Boston"], len(f)))
    frame.loc[:11, "town"] = typo
    (found,) = findings(InconsistentSpellings, make(frame, "goal"))
    assert found.action is Action.TOLD and found.n_rows == 12 and f"'{typo}' (12) for 'Boston'" in found.message


def test_codes_that_differ_by_case_are_told(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).assign(sex=lambda f: rng.choice(["M", "F", "m"], len(f)))
    (found,) = findings(InconsistentSpellings, make(frame, "goal"))
    assert found.action is Action.TOLD and found.evidence["n_spellings"] == 1


@pytest.mark.parametrize(
    ("levels", "same"),
    [
        (["M", "F", "m", "f"], {"m": "M", "f": "F"}),
        (["ja", "nein", "Ja", "JA", "k. A."], {"Ja": "ja", "JA": "ja"}),
        (["yes", "no", "Y", "n/a"], {"Y": "yes"}),
    ],
)
def test_short_levels_that_are_words_are_read_as_one(
    make: MakeContext, rng: np.random.Generator, levels: list[str], same: dict[str, str]
) -> None:
    chance = [0.4, 0.3, *[0.3 / (len(levels) - 2)] * (len(levels) - 2)]
    frame = honest(rng).assign(level=lambda f: rng.choice(levels, len(f), p=chance))
    (found,) = findings(InconsistentSpellings, make(frame, "goal", kinds={"level": Kind.CATEGORY}))
    assert found.action is Action.AS_LEVEL
    assert dict(line.split("\t") for line in str(found.evidence[SAME_LEVELS]).splitlines()) == same


@pytest.mark.parametrize(
    "levels",
    [
        ["A1", "A2", "B1", "B2"],
        ["A-", "A", "A+", "B-", "BBB", "BBB-"],
        ["1-2", "12", "1.2", "2"],
        ["<5", "5", ">5", "=5"],
        ["C", "C++", "C#"],
        ["male", "female"],
        ["Iran", "Iraq", "Niger", "Nigeria"],
        ["complete", "incomplete", "regular", "irregular"],
        ["southeast", "southwest", "northeast", "northwest"],
        ["Phase I", "Phase II", "Phase III"],
        ["type a", "type b", "type c"],
        ["island", "inland", "ocean"],
    ],
)
def test_honest_neighbours_are_left_alone(make: MakeContext, rng: np.random.Generator, levels: list[str]) -> None:
    chance = np.array([1.0, *[0.05] * (len(levels) - 1)])
    frame = honest(rng).assign(level=lambda f: rng.choice(levels, len(f), p=chance / chance.sum()))
    assert findings(InconsistentSpellings, make(frame, "goal")) == []


def test_the_target_and_words_for_missing_are_left_alone(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).assign(level=lambda f: rng.choice(["unknown", "Unknown", "one", "two"], len(f)))
    frame.loc[:20, "goal"] = "YES"
    assert findings(InconsistentSpellings, make(frame, "goal")) == []


def test_names_with_neighbours_are_left_alone(make: MakeContext, rng: np.random.Generator) -> None:
    names = ["Smithe", "Smithy", "Hansen", "Hanson", "Larsen", "Larson", "Petersen", "Peterson", "Olsson", "Olson"]
    frame = honest(rng).assign(name=lambda f: rng.choice(names, len(f)))
    frame.loc[:3, "name"] = "Jensen"
    frame.loc[:1, "name"] = "Peterssen"
    assert findings(InconsistentSpellings, make(frame, "goal")) == []


def _merged(make: MakeContext, rng: np.random.Generator) -> Contract:
    frame = honest(rng).assign(town=lambda f: rng.choice(["New York", "Boston"], len(f)))
    frame.loc[:30, "town"] = "new-york"
    context = make(frame.drop(columns="value"), "goal", specs={"town": {"levels": ("New York", "Boston", "BOSTON ")}})
    return apply(run_audit(context), context.contract).contract


def test_merged_levels_are_one_in_tables_and_rows(make: MakeContext, rng: np.random.Generator) -> None:
    contract = _merged(make, rng)
    spec = contract["town"]
    assert "new-york" not in spec.levels and dict(spec.same_levels)["new-york"] == "New York"
    alone = Contract(columns=(spec,), rows_seen=600)
    texts = ["New York", "new-york", " new-york ", "Boston"]
    column = canonicalise({"town": texts}, alone)[0]["town"]
    assert isinstance(column, Strings) and column.to_object().tolist() == ["New York"] * 3 + ["Boston"]
    read = RowReader(alone)
    assert [read({"town": t})[0][0] for t in texts] == ["New York"] * 3 + ["Boston"]


def test_a_spelling_beyond_the_rows_looked_at_is_read_too(make: MakeContext, rng: np.random.Generator) -> None:
    contract = _merged(make, rng)
    same = dict(contract["town"].same_levels)
    assert same["BOSTON "] == "Boston"  # listed in the contract, in none of the rows
    values, told = RowReader(Contract(columns=(contract["town"],), rows_seen=600))({"town": "new-york"})
    assert values == ["New York"] and not any(v.what == "new level" for v in told)


def test_keys() -> None:
    assert plain_key("Saint-Étienne") == plain_key("SAINT ETIENNE") == "saintetienne"
    assert plain_key("мой") != plain_key("мои") and plain_key("か") != plain_key("が")
    assert slip_distance("married", "maried") == 1 and slip_distance("island", "inland") == 0


def test_does_not_apply_without_categories(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng)[["height", "value"]]
    assert InconsistentSpellings().check(make(frame, "value")) == "there are no categories in words"
    as_text = make(honest(rng), "goal", kinds={"colour": Kind.TEXT})
    assert InconsistentSpellings().check(as_text) == "there are no categories in words"
