"""Small groups are left out of tables about people, and counted."""

from __future__ import annotations

import numpy as np

from modelwright.govern.fairness import measure_fairness
from modelwright.govern.fairness.groups import Grouping
from modelwright.govern.fairness.measuring import Judged
from modelwright.govern.privacy.small import without_small_groups


def tables():
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1, 2], [300, 296, 4])
    chance = rng.random(600)
    judged = Judged(y=(rng.random(600) < chance).astype(float), prediction=np.column_stack([1 - chance, chance]),
                    threshold=0.5)  # fmt: skip
    grouping = Grouping(("origin",), ("a", "b", "c"), codes)
    return measure_fairness(judged, [grouping], asked="selection", least=0.8, proposed=False)


def test_small_groups_are_left_out_and_counted():
    whole = tables()
    (before,) = whole.tables
    told = without_small_groups(whole, 5)
    assert told is not None
    (after,) = told.tables
    assert {r.group for r in before.rows} - {r.group for r in after.rows} == {"c"}
    assert after.left_out == before.left_out + 1 and after.disparities == before.disparities


def test_larger_ones_stay():
    assert without_small_groups(tables(), 4) == tables()


def test_nothing_is_left_of_nothing():
    assert without_small_groups(None, 5) is None
    assert without_small_groups(tables(), 1000) is None
