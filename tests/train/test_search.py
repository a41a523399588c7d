from __future__ import annotations

import pytest

from modelwright import learners
from modelwright.learners.family import read_settings
from modelwright.learners.lightgbm import LightgbmSettings
from modelwright.train.planning import CostModel
from modelwright.train.search import Search

FAMILIES = ("lightgbm", "catboost", "linear")
SEARCHED = sorted(name for name in learners.LEARNERS if learners.get(name).space)


def proposals(search, n):
    return [search.propose(CostModel(10, 1), 1_000) for _ in range(n)]


def test_the_same_seed_proposes_the_same_and_another_something_else():
    one, same, other = (proposals(Search(FAMILIES, seed), 5) for seed in (1, 1, 2))
    assert one == same and one != other
    assert len({c.key for c in one}) == 5 and all(c.key.split("/")[0] in FAMILIES[:2] for c in one)


def test_families_without_a_space_are_left_out():
    assert Search(("linear",), 0).propose(CostModel(10, 1), 1_000) is None


def test_the_family_that_gains_is_asked_again():
    search, cost = Search(FAMILIES, 0), CostModel(10, 1)
    for _ in range(20):
        candidate = search.propose(cost, 1_000)
        search.learn(candidate, 0.1 if candidate.learner == "catboost" else 0.0)
    later = {c.learner for c in proposals(search, 10)}
    assert later == {"catboost"}


def test_a_resumed_search_finds_its_candidates_and_goes_on_after_them():
    search = Search(FAMILIES, 0)
    first = proposals(search, 6)
    again = Search(FAMILIES, 0)
    found = again.resumed([c.key for c in first] + ["lightgbm/default", "lightgbm/drawnx", "other/drawn1"])
    assert sorted(found, key=lambda c: c.key) == sorted(first, key=lambda c: c.key)
    assert again.propose(CostModel(10, 1), 1_000).key not in {c.key for c in first}


@pytest.mark.parametrize("family", SEARCHED)
def test_what_is_drawn_are_settings_of_the_family(family):
    search = Search((family,), 0)
    for number in range(20):
        candidate = search.candidate(family, number)
        assert set(candidate.settings) == set(learners.get(family).space)
        if family == "lightgbm":
            read_settings(LightgbmSettings, candidate.settings)
