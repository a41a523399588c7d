"""The budget of a run that was broken off."""

from __future__ import annotations

import time

import pytest

from modelwright.train.budget import Budget


def test_a_quarter_is_left_when_training_goes_on_however_long_reading_took():
    budget = Budget(100.0, started=time.monotonic() - 20.0)
    budget.resume(90.0)
    assert budget.left == pytest.approx(25.0, abs=0.5)
    budget.resume(90.0)
    assert budget.left == pytest.approx(25.0, abs=0.5), "asked again, nothing is given back or taken"


def test_what_was_spent_counts():
    budget = Budget(100.0, started=time.monotonic() - 5.0)
    budget.resume(30.0)
    assert budget.spent == pytest.approx(35.0, abs=0.5) and budget.left == pytest.approx(65.0, abs=0.5)


def test_a_slow_start_takes_nothing_twice():
    budget = Budget(10.0, started=time.monotonic() - 9.0)
    budget.resume(0.0)
    assert budget.left == pytest.approx(1.0, abs=0.5), "a run that was not broken off has what is left"
    budget.resume(8.0)
    assert budget.spent_before == 0.0
