"""Levels are looked up once for all: each search by itself is the slow twin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.runtime.levels import Of
from modelwright.runtime.now import Now

LEVELS = st.sampled_from([None, "", "a", "b", "c", "never seen"])
SEARCHES = st.dictionaries(LEVELS, st.integers(0, 1000), max_size=5)
ASKED = st.dictionaries(st.integers(0, 3), st.tuples(SEARCHES, st.integers(0, 1000)), min_size=1)


@settings(deadline=None, max_examples=200)
@given(ASKED, ASKED, st.lists(st.tuples(LEVELS, LEVELS, LEVELS, LEVELS), min_size=1, max_size=5))
def test_each_gets_what_it_would_find_alone(first: dict, second: dict, rows: list[tuple]) -> None:
    now = Now()
    wanted = [{place: Of(*search) for place, search in asked.items()} for asked in (first, second)]
    for searches in wanted:
        for place, search in searches.items():
            now.know(place, search)
    finders = [now.finder(searches) for searches in wanted]
    for row in rows:
        now.values = row
        for searches, find in zip(wanted, finders):
            found = np.empty(len(searches), dtype=np.intp)
            find(found)
            assert found.tolist() == [search[row[place]] for place, search in searches.items()]


def test_a_row_written_over_is_another_row_once_it_is_set() -> None:
    now = Now()
    now.know(0, ["a"])
    find, found = now.finder({0: Of({"a": 1}, 2)}), np.empty(1, dtype=np.intp)
    values = ["a"]
    for level, expected in (("a", 1), ("b", 2), (None, 2)):
        values[0] = level
        now.values = values
        find(found)
        assert found.tolist() == [expected]


def test_levels_that_come_too_late_are_a_mistake_of_ours() -> None:
    now = Now()
    now.know(0, ["a"])
    find = now.finder({0: Of({"a": 1}, 2)})
    now.values = ["a"]
    find(np.empty(1, dtype=np.intp))
    now.know(0, ["a"])
    for place, level in ((0, "b"), (1, "a")):
        with pytest.raises(AssertionError):
            now.know(place, [level])
    with pytest.raises(AssertionError):
        now.cut(2, np.zeros(1))
