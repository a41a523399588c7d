"""Names: hints, not proof."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.audit.names import after_the_fact, entity, shared_stem, siblings, tokens


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("DaysInWaiting_list2", ("days", "in", "waiting", "list", "2")),
        ("customerID", ("customer", "id")),
        ("CRSDepTime", ("crs", "dep", "time")),
        ("Unnamed: 0", ("unnamed", "0")),
        ("größe.cm", ("größe", "cm")),
        ("", ()),
    ],
)
def test_words(name: str, words: tuple[str, ...]) -> None:
    assert tokens(name) == words


@given(st.text())
def test_any_name_has_words(name: str) -> None:
    assert all(w and w == w.lower() for w in tokens(name))
    after_the_fact(name)
    entity(name)


@pytest.mark.parametrize(
    ("name", "word", "strong"),
    [
        ("duration", "duration", False),
        ("CancellationCode", "cancellation", True),
        ("final_grade", "final", True),
        ("loan_status", "status", False),
        ("marital_status", "", False),
        ("poutcome", "", False),
        ("previous_outcome", "", False),
        ("age", "", False),
    ],
)
def test_words_known_afterwards(name: str, word: str, strong: bool) -> None:
    assert after_the_fact(name) == (word, strong)


@pytest.mark.parametrize(
    ("name", "target", "stem"),
    [
        ("is_recid", "two_year_recid", "recid"),
        ("ArrDelay", "IsDepDelayed", "delay"),
        ("logwage", "wage", "wage"),
        ("Cooling Load", "Heating Load", "load"),
        ("price_level", "price", ""),
        ("total_rooms", "total_price", ""),
        ("age", "wage", ""),
    ],
)
def test_shared_stems(name: str, target: str, stem: str) -> None:
    assert shared_stem(name, target) == stem


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("patient", ("patient", True)),
        ("unit_nr", ("unit", True)),
        ("CustomerID", ("customer", True)),
        ("customerid", ("customer", True)),
        ("storeId", ("store", False)),
        ("unit_price", ("", False)),
        ("customer_type", ("", False)),
    ],
)
def test_entities(name: str, found: tuple[str, bool]) -> None:
    assert entity(name) == found


def test_siblings_are_few() -> None:
    assert siblings(["treadssk", "classk", "sex", "race"], "tmathssk") == {"treadssk"}
    assert siblings([f"feature{i}" for i in range(9)], "feature9") == frozenset()
