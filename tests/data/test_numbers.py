"""Facts of sorted numbers."""

import numpy as np
import pytest

from modelwright.data.numbers import distinct_of_sorted, quantiles_of_sorted

SHARES = np.linspace(0, 1, 21)


@pytest.mark.parametrize("n", [1, 2, 3, 10, 997, 20_001])
@pytest.mark.parametrize("levels", [1, 7, None])
def test_quantiles_are_those_of_numpy(n, levels):
    rng = np.random.default_rng(n)
    values = rng.normal(size=n) if levels is None else rng.integers(0, levels, n).astype(float)
    ordered = np.sort(values)
    np.testing.assert_allclose(quantiles_of_sorted(ordered, SHARES), np.quantile(values, SHARES), rtol=1e-12, atol=0)
    assert distinct_of_sorted(ordered) == len(set(values.tolist()))


def test_nothing_is_interpolated_between_numbers_too_far_apart():
    ordered = np.array([-1.7e308, 1.7e308])
    assert quantiles_of_sorted(ordered, [0.0, 0.25, 0.75, 1.0]).tolist() == [-1.7e308, -1.7e308, 1.7e308, 1.7e308]


def test_no_numbers_are_no_different_numbers():
    assert distinct_of_sorted(np.empty(0)) == 0
    assert distinct_of_sorted(np.array([-0.0, 0.0])) == 1
