"""Statistics of categories: a row alone and in a table, whatever comes."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from modelwright.runtime.city import category_hash
from modelwright.runtime.statistics import Combination, Statistics

values = st.integers(-5, 5).map(float) | st.floats(width=32) | st.sampled_from([1e30, -1e15, 999_999_999_999_999.0])


def statistics() -> Statistics:
    combinations = [
        Combination(categories=(0,)),
        Combination(categories=(1, 0), above=((2, 0.5, True),)),
        Combination(above=((2, -1.0, False),), equal=((1, category_hash(3)),)),
    ]
    keys = [
        np.array(sorted({c.hash_of([a, b, d]) for a in range(3) for b in (0, 1) for d in (0, 1)}), np.uint64)
        for c in combinations
    ]
    found = [np.arange(len(key) + 1, dtype=np.float32) for key in keys]
    return Statistics(combinations, keys, [0, 1, 2, 1], [*found, found[1] * 2])


@given(st.lists(values, min_size=3, max_size=3))
def test_a_row_has_the_statistics_of_a_table(row: list[float]) -> None:
    known = statistics()
    out = np.empty((1, len(known)), dtype=np.float32)
    known.write(np.array([row]), out)
    buffer = np.array(row)
    assert known.row(buffer)() == out[0].tolist()
    part = known.part([3, 0])
    assert part.row(buffer)() == out[0, [3, 0]].tolist()
    assert len(part.combinations) == 2 and set(part.features) == {0, 1, 2}
