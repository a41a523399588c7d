"""Ids of requests, and what is known of the rows that they had."""

from __future__ import annotations

import pytest

from modelwright.serve import ids as module
from modelwright.serve.ids import Ids


def test_no_two_are_alike_and_of_ours_one_row_is_known_without_being_noted() -> None:
    ids, others = Ids(), Ids()
    made = [ids.new() for _ in range(50)]
    assert len({*made, others.new()}) == 51
    for name in made:
        ids.note(name, 1)
    assert all(ids.rows_of(name) == 1 for name in made)
    assert others.rows_of(made[0]) is None


def test_rows_are_those_of_the_largest_request_of_an_id() -> None:
    ids = Ids()
    for n_rows in (2, 5, 3):
        ids.note("call-1", n_rows)
    assert ids.rows_of("call-1") == 5 and ids.rows_of("call-2") is None


def test_what_is_forgotten_is_not_taken_for_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    ids = Ids()
    made = [ids.new() for _ in range(6)]
    for name in made[:5]:
        ids.note(name, 4)
    assert [ids.rows_of(name) for name in made] == [None, None, 4, 4, 4, 1]


@pytest.mark.parametrize("digits", ["", "0", "x1", "-1", " 1", "1_0", "f" * 17])
def test_what_only_begins_like_ours_is_not_ours(digits: str) -> None:
    ids = Ids()
    assert ids.rows_of(ids.prefix + digits) is None
