"""Moments that are said in parts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from modelwright.data.columns import Strings
from modelwright.data.moments import joint_ranks, part_numbers


def test_parts_are_numbers_or_months_by_name() -> None:
    words = Strings.from_values(["September", " sep ", "13", "?", None, "2.5"])
    assert np.array_equal(part_numbers(words), [9, 9, 13, np.nan, np.nan, np.nan], equal_nan=True)
    numbers = np.array([2020.0, np.nan, np.inf, 2.5])
    assert np.array_equal(part_numbers(numbers), [2020, np.nan, np.nan, np.nan], equal_nan=True)


def test_ranks_are_those_of_the_dates() -> None:
    days = pd.Series(pd.date_range("1987-10-01", periods=9_000, freq="17h")).sample(frac=1, random_state=0)
    names = Strings.from_values(days.dt.month_name().tolist())
    numbers = [part.to_numpy(float) for part in (days.dt.year, days.dt.day, days.dt.hour)]
    ranks = joint_ranks([numbers[0], names, *numbers[1:]])
    assert ranks.tolist() == days.rank(method="dense").astype(int).sub(1).tolist()


def test_a_row_without_a_part_is_the_oldest() -> None:
    assert joint_ranks([np.array([2021.0, 2020.0, np.nan]), np.array([1.0, 12.0, 3.0])]).tolist() == [1, 0, -1]
    assert joint_ranks([np.array([np.nan]), np.array([1.0])]).tolist() == [-1]
    assert joint_ranks([np.array([]), np.array([])]).tolist() == []


def test_wide_numbers_keep_their_order() -> None:
    rng = np.random.default_rng(0)
    parts = [rng.integers(-(10**12), 10**12, 500).astype(float) for _ in range(4)]
    parts[0][:250] = parts[0][250:]
    expected = np.unique(np.stack(parts, axis=1), axis=0, return_inverse=True)[1].ravel()
    assert joint_ranks(parts).tolist() == expected.tolist()
