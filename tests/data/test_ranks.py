"""Ranks agree with those of `scipy.stats`, the slow twin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from modelwright.data.ranks import average_ranks


@given(st.lists(st.floats(allow_nan=False), max_size=60) | st.lists(st.integers(-3, 3), max_size=60))
def test_ranks_agree_with_the_slow_twin(values: list[float]) -> None:
    assert average_ranks(np.array(values)).tolist() == rankdata(np.array(values, dtype=float)).tolist()


@pytest.mark.parametrize("values", [[], [3.0], [-0.0, 0.0], [np.nan, 1.0, 2.0]])
def test_few_values(values: list[float]) -> None:
    np.testing.assert_array_equal(average_ranks(np.array(values)), rankdata(values))
