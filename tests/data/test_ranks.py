"""Ranks agree with those of `scipy.stats`, the slow twin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from modelwright.data.ranks import average_ranks, column_ranks


@given(st.lists(st.floats(allow_nan=False), max_size=60) | st.lists(st.integers(-3, 3), max_size=60))
def test_ranks_agree_with_the_slow_twin(values: list[float]) -> None:
    assert average_ranks(np.array(values)).tolist() == rankdata(np.array(values, dtype=float)).tolist()


@pytest.mark.parametrize("values", [[], [3.0], [-0.0, 0.0], [np.nan, 1.0, 2.0]])
def test_few_values(values: list[float]) -> None:
    np.testing.assert_array_equal(average_ranks(np.array(values)), rankdata(values))


def test_ranks_of_columns_agree_with_those_of_each() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(60, 5))
    values[:, 1] = np.round(values[:, 1])
    values[rng.random(values.shape) < 0.2] = np.nan
    values[:, 2], values[:, 3] = np.nan, 1.0
    values[4, 4], values[5, 4] = np.inf, -np.inf
    found = column_ranks(values)
    for j in range(values.shape[1]):
        known = ~np.isnan(values[:, j])
        np.testing.assert_array_equal(found[known, j], average_ranks(values[known, j]))
        assert np.isnan(found[~known, j]).all()


def test_ranks_of_no_columns_and_of_no_rows() -> None:
    assert column_ranks(np.empty((0, 3))).shape == (0, 3)
    assert column_ranks(np.empty((3, 0))).shape == (3, 0)
