"""How numbers are written is counted as they are stored: sums and narrow floats are what they stand for."""

from __future__ import annotations

import numpy as np

from modelwright.runtime.written import Written, on_step


def test_steps_that_a_number_is_no_multiple_of_are_counted_by_column() -> None:
    written = Written([(1.0, 0.1, 0.01), (10.0,)])
    first = np.array([3.0, 2.5, 0.1 + 0.2, 0.125, np.nan, -7.25, 0.0, 1e300])
    second = np.array([30.0, 35.0, 1e18, -20.0, np.nan, np.inf, 0.0, 5.0])
    assert written([first, second]).tolist() == [[0, 0], [1, 1], [1, 0], [3, 0], [3, 1], [2, 1], [0, 0], [0, 1]]
    assert written([first[:0], second[:0]]).shape == (0, 2)


def test_many_rows_get_what_each_gets_alone() -> None:
    values = np.random.default_rng(0).integers(0, 500, 5_000) / 100
    written = Written([(1.0, 0.1), (0.1, 0.01)])
    slow = np.array([[sum(not on_step(v, s) for s in own) for own in ((1.0, 0.1), (0.1, 0.01))] for v in values])
    assert (written([values, values]) == slow).all()
