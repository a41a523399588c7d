"""Ranks by levels agree with ranks of the values."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.audit.looking import code_column, level_ranks, order_correlation, rank_correlation
from modelwright.data.ranks import average_ranks


def test_ranks_of_levels_are_those_of_the_values(rng: np.random.Generator) -> None:
    values = np.round(3 * rng.normal(size=200))
    values[rng.random(200) < 0.2] = np.nan
    known = ~np.isnan(values)
    ranks = level_ranks(code_column(values))
    np.testing.assert_array_equal(ranks[known], average_ranks(values[known]))
    assert np.isnan(ranks[~known]).all()


def test_the_correlation_with_the_order_of_the_rows_is_spearmans(rng: np.random.Generator) -> None:
    place = np.arange(300, dtype=np.float64)
    values = np.round(place / 20 + 3 * rng.normal(size=300))
    values[rng.random(300) < 0.2] = np.nan
    assert order_correlation(code_column(values)) == pytest.approx(rank_correlation(values, place), abs=1e-12)


@pytest.mark.parametrize("values", [[], [1.0, 2.0], [3.0] * 9, [np.nan] * 9])
def test_it_is_not_defined_of_columns_that_do_not_vary(values: list[float]) -> None:
    assert order_correlation(code_column(np.array(values))) == 0.0
