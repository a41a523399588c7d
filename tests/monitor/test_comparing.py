"""How far a window is from what training has seen."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.monitor.comparing import compare
from modelwright.monitor.testing import p_of_distance, p_of_shift, variation_at
from modelwright.package.reference.documents import ColumnReference, Variation

YEAR = ColumnReference(name="year", kind="number", edges=(0.0, 0.0, 1.0), shares=(0.0, 0.0, 0.0, 0.96, 0.04))


def test_a_window_of_rows_that_training_hardly_had_is_alike_to_few_of_them() -> None:
    same = compare(np.repeat([0.0, 1.0], [96, 4]), YEAR, None, 1000)
    assert same.alike == pytest.approx(1.0)
    assert same.moved == 0.0 and same.p > 0.9 and same.flat
    later = compare(np.ones(100), YEAR, None, 1000)
    assert later.alike == pytest.approx(0.04)
    assert later.moved == pytest.approx(0.96)
    assert later.p < 1e-4


def test_missing_values_where_there_were_none() -> None:
    half = compare(np.where(np.arange(100) % 2 == 0, np.nan, 0.0), YEAR, None, 1000)
    assert half.missing == 0.5 and half.p_missing < 1e-9
    assert compare(np.zeros(100), YEAR, None, 1000).p_missing > 0.4


def test_what_training_varies_by_is_no_news() -> None:
    calm = (Variation(rows=100, excess=0.0, freedom=4.0, blocks=12),)
    lively = (Variation(rows=100, excess=0.1, freedom=4.0, blocks=12),)
    assert p_of_distance(0.1, 100, 4.0, calm) < 0.001
    assert p_of_distance(0.1, 100, 4.0, lively) > 0.3
    assert p_of_shift(4.0, 100, calm) < 0.002 < 0.05 < p_of_shift(4.0, 100, lively)
    assert p_of_distance(0.1, 0, 4.0, calm) == 1.0


def test_variation_between_two_lengths_lies_between() -> None:
    both = (
        Variation(rows=10, excess=0.4, freedom=2.0, blocks=48),
        Variation(rows=1000, excess=0.2, freedom=6.0, blocks=12),
    )
    middle = variation_at(both, 100)
    assert middle.excess == pytest.approx(0.3)
    assert middle.freedom == pytest.approx(4.0)
    assert middle.blocks == 30
    assert variation_at(both, 5).excess == 0.4 and variation_at(both, 1e6).excess == 0.2
