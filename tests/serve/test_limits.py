"""Limits of one request: where they begin, and what is refused in which words."""

from __future__ import annotations

import pytest

from modelwright.errors import RequestError
from modelwright.serve.limits import Limits


def test_a_limit_below_one_is_none() -> None:
    with pytest.raises(ValueError, match="'rows' must be at least 1"):
        Limits(rows=0)


def test_what_is_just_within_passes() -> None:
    limits = Limits(rows=2, columns=2, text=3, body_bytes=5)
    limits.check_body(5)
    limits.check_records([{"a": "abc", "b": 1}] * 2, 1000)
    limits.check_table({"a": ["abc", 1], "b": [None, True]}, 1000)


def test_what_is_just_beyond_does_not() -> None:
    limits = Limits(rows=2, columns=2, text=3, body_bytes=5)
    for code, check in {
        "MW-S103": lambda: limits.check_body(6),
        "MW-S104": lambda: limits.check_rows(3),
        "MW-S105": lambda: limits.check_records([{"a": 1, "b": 1, "c": 1}], 1000),
        "MW-S106": lambda: limits.check_table({"a": ["abcd"]}, 1000),
        "MW-S111": lambda: limits.check_table({"a": [1], "b": []}, 1000),
        "MW-S119": lambda: limits.check_rows(0),
    }.items():
        with pytest.raises(RequestError, match=code):
            check()


def test_a_refusal_names_the_limit() -> None:
    with pytest.raises(RequestError, match="the body has 9,000,000 bytes, allowed are 8,388,608"):
        Limits().check_body(9_000_000)
