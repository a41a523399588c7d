"""What models cost after training, and how long fits may go on for it."""

from __future__ import annotations

import time

import pytest

from modelwright.learners.base import Deadline
from modelwright.learners.rounds import Rounds
from modelwright.train.ahead import LARGEST, SMALLEST, Heft, Horizon, largest_model, seconds_ahead
from modelwright.train.pace import MOST, Pace

MODEL = Heft(size=4e6, row_seconds=2e-4)


def test_larger_and_more_models_cost_more_and_a_busy_machine_takes_longer():
    alone = seconds_ahead([MODEL], shipped=1.0, slowness=1.0)
    assert 2.0 < alone < 6.0  # a boosting of 4 MB: what opening, explaining and packaging it took was some 4 s
    assert seconds_ahead([MODEL, MODEL], shipped=1.0, slowness=1.0) == pytest.approx(2 * alone)
    assert seconds_ahead([MODEL], shipped=2.0, slowness=1.0) > alone
    assert seconds_ahead([MODEL], shipped=1.0, slowness=3.0) > 2 * alone
    assert seconds_ahead([], shipped=1.0, slowness=3.0) == 0.0


def test_models_may_be_as_large_as_the_time_bears():
    quiet, busy = largest_model(40.0, 1.0), largest_model(40.0, 4.0)
    assert SMALLEST < busy < quiet < LARGEST
    assert largest_model(0.0, 5.0) == SMALLEST and largest_model(1e6, 1.0) == LARGEST


def test_the_pace_follows_what_was_measured_last():
    pace = Pace()
    for _ in range(5):
        pace.learn(wall=6.0, used=2.0)
    assert pace.now == pytest.approx(3.0, abs=0.1)
    for _ in range(5):
        pace.learn(wall=2.0, used=2.0)
    assert pace.now == pytest.approx(1.0, abs=0.1)
    pace.learn(wall=1e6, used=1e3)
    assert pace.now <= MOST
    before = pace.now
    pace.learn(wall=5.0, used=0.0)
    assert pace.now == before


def test_fits_end_earlier_once_the_machine_is_busier_than_it_was():
    pace = Pace()
    horizon = Horizon(time.monotonic() + 50, after_seconds=6.0, pace=pace)
    free = horizon.until((), shipped=0.0)
    assert free == horizon.deadline
    assert horizon.until([MODEL], shipped=1.5) < free
    for _ in range(5):
        pace.learn(wall=6.0, used=2.0)
    assert free - horizon.until((), shipped=0.0) == pytest.approx(12.0, abs=0.5)
    fits_only = Horizon(time.monotonic() + 50, pace=Pace(), ships=False)
    assert 0 < fits_only.deadline - fits_only.until([MODEL], shipped=1.5) < 2  # opened, neither explained nor packaged
    assert Horizon(None).until([MODEL], shipped=1.0) == float("inf")


def test_the_limit_says_why_a_fit_ended():
    rounds = Rounds(Deadline(), 100, most=3)
    assert [rounds.stop(n, 1.0 / n) for n in (1, 2, 3)] == [False, False, True]
    assert "too long to package" in rounds.note and rounds.best == 3
