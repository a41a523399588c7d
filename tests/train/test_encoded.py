"""Which encoded views a worker keeps."""

from __future__ import annotations

import time

import numpy as np

from modelwright.runtime.view import View
from modelwright.train.encoded import EncodedViews

MEGABYTE = 2**17
"""Numbers in double precision."""


def views(megabytes: int) -> tuple[str, View]:
    return "plan", View(np.zeros((MEGABYTE * megabytes, 1)), ("x",))


def slowly(megabytes: int, seconds: float) -> tuple[str, View]:
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass
    return views(megabytes)


def unwanted() -> tuple[str, View]:
    raise AssertionError("it is kept, and not made again")


def test_the_same_views_are_made_once():
    kept = EncodedViews(10**9)
    first = kept.get("a", lambda: views(8))
    assert kept.get("a", unwanted) is first


def test_what_is_quickly_made_is_forgotten_for_the_next():
    kept = EncodedViews(10**9)
    kept.get("a", lambda: views(8))
    kept.get("b", lambda: views(8))
    assert "b" in kept and "a" not in kept


def test_what_takes_long_stays():
    kept = EncodedViews(10**9)
    kept.get("slow", lambda: slowly(1, 0.1))
    for name in "abc":
        kept.get(name, lambda: views(8))
    kept.get("slow", unwanted)
    assert len(kept) == 2


def test_memory_is_bounded_and_the_oldest_goes_first():
    kept = EncodedViews(10 * 2**20)  # three megabytes of it
    for name in "abcd":
        kept.get(name, lambda: slowly(1, 0.1))
    assert "a" not in kept and len(kept) == 3


def test_views_larger_than_the_memory_are_kept_alone():
    kept = EncodedViews(2**20)
    kept.get("a", lambda: slowly(4, 0.2))
    assert "a" in kept
