"""How far a ratio may be off: surely on other rows, and what later rows can show; small groups do not decide it."""

import numpy as np
import pytest

from modelwright.govern.fairness.groups import Grouping
from modelwright.govern.fairness.margins import Margins, margins_of
from modelwright.govern.fairness.measuring import Judged, group_table

SELECTION = ("selection_rate",)


def _table(sizes, rates):
    """Groups of so many rows, of which exactly so large a share is selected."""
    group = np.repeat(np.arange(len(sizes)), sizes)
    act = np.concatenate([np.arange(n) < round(n * r) for n, r in zip(sizes, rates, strict=True)]).astype(float)
    judged = Judged(y=act, prediction=np.column_stack([1 - act, act]), threshold=0.5)
    return group_table(judged, Grouping(("g",), tuple("abcdef"[: len(sizes)]), group), least=0.8)


def test_the_sure_ratio_is_below_the_ratio_by_its_error():
    found = margins_of([_table((5_000, 5_000), (0.4, 0.36))], SELECTION, least=0.8, share=0.25)
    assert found.sure == pytest.approx(np.exp(np.log(0.9) - 1.645 * np.sqrt(0.6 / 2_000 + 0.64 / 1_800)), abs=0.002)
    assert found.sure is not None and found.shown is not None and found.needed is not None
    assert 0.8 < found.shown < found.sure < 0.9
    assert 0.8 < found.needed < 1


def test_sure_is_right_in_nineteen_of_twenty_samples():
    rng = np.random.default_rng(0)
    right = 0
    for _ in range(300):
        rates = rng.binomial(1_500, (0.3, 0.255)) / 1_500
        sure = margins_of([_table((1_500, 1_500), rates)], SELECTION, least=0.8, share=0.25).sure
        right += sure is not None and sure <= 0.85
    assert 0.91 <= right / 300 <= 0.98


def test_groups_too_small_to_show_it_take_no_part():
    large, small = (4_000, 4_000), (4_000, 4_000, 40)
    alone = margins_of([_table(large, (0.3, 0.29))], SELECTION, least=0.8, share=1.0)
    beside = margins_of([_table(small, (0.3, 0.29, 0.1))], SELECTION, least=0.8, share=1.0)
    assert beside.sure == alone.sure
    assert beside.shown is None and alone.shown is not None, "intervals of all pairs cannot be above with so few rows"


def test_without_rows_that_measure_nothing_can_be_shown():
    assert margins_of([_table((50, 60), (0.2, 0.3))], SELECTION, least=0.8, share=0.25) == Margins()
    assert margins_of([_table((4_000, 4_000), (0.3, 0.3))], SELECTION, least=0.8, share=0.0).shown is None
    assert margins_of([_table((4_000, 4_000), (0.3, 0.3))], ("precision",), least=0.8, share=1.0).shown is not None
    assert margins_of([_table((4_000, 4_000), (0.0, 0.0))], SELECTION, least=0.8, share=1.0) == Margins()


def test_a_group_does_not_drop_out_because_it_is_hardly_ever_selected():
    found = margins_of([_table((2_000, 800), (0.3, 0.05))], SELECTION, least=0.8, share=0.25)
    error = np.sqrt(0.7 / 600 + 0.95 / 40)
    assert 1.645 * error > -np.log(0.8), "by its own rate it would be too small to show anything"
    assert found.sure == pytest.approx(0.05 / 0.3 * np.exp(-1.645 * error), abs=0.005)
    never = margins_of([_table((2_000, 2_000, 800), (0.3, 0.3, 0.0))], SELECTION, least=0.8, share=0.25)
    assert never.sure == 0.0
