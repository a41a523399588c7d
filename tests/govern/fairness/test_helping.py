"""Whether a fairer model helps: the rise of the ratio on the same rows, and what it costs."""

import numpy as np
import pytest

from modelwright.govern.fairness.groups import Grouping
from modelwright.govern.fairness.helping import (
    Acted,
    decisions_lost,
    in_proportion,
    lowest_ratio,
    ratio_gain,
    score_lost,
)
from modelwright.govern.fairness.measuring import Judged, group_table, steady_ratio


def _rows(n=1200, apart=0.3, seed=0):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 3, n)
    y = (rng.random(n) < 0.4).astype(float)
    act = rng.random(n) < 0.5 - apart * (codes == 1)
    return y, act, Grouping(("g",), ("a", "b", "c"), codes), rng


@pytest.mark.parametrize("measure", ["selection_rate", "true_positive_rate", "false_positive_rate"])
def test_the_lowest_ratio_is_that_of_the_tables(measure):
    y, act, grouping, _ = _rows()
    chance = np.where(act, 0.9, 0.1)
    judged = Judged(y=y, prediction=np.column_stack([1 - chance, chance]), threshold=0.5)
    slow = steady_ratio([group_table(judged, grouping, least=0.8)], (measure,))
    assert lowest_ratio(Acted(y=y, act=act, groups=(grouping,), measures=(measure,))) == pytest.approx(slow, abs=1e-12)


def test_a_rise_is_told_from_luck_on_the_same_rows():
    y, act, grouping, rng = _rows()
    acted = Acted(y=y, act=act, groups=(grouping,), measures=("selection_rate",))
    luck = act.copy()
    luck[rng.choice(len(act), 6, replace=False)] ^= True
    same = ratio_gain(acted, luck)
    assert same.low < 0 < same.high
    fairer = act | ((grouping.codes == 1) & (rng.random(len(act)) < 0.35))
    rise = ratio_gain(acted, fairer)
    assert rise.low > 0.2
    assert rise.low < rise.value < rise.high
    after = Acted(y=y, act=fairer, groups=(grouping,), measures=("selection_rate",))
    assert rise.value == pytest.approx(lowest_ratio(after) - lowest_ratio(acted), abs=1e-12)


def test_rows_that_belong_together_make_the_interval_wider():
    y, act, grouping, _ = _rows(400)
    fairer = act | ((grouping.codes == 1) & (np.arange(400) % 3 == 0))
    four = [np.repeat(x, 4) for x in (y, act, grouping.codes, fairer)]
    people = np.repeat(np.arange(400), 4)
    groups = (Grouping(("g",), grouping.labels, four[2]),)
    alone = ratio_gain(Acted(y=four[0], act=four[1], groups=groups, measures=("selection_rate",)), four[3])
    together = ratio_gain(
        Acted(y=four[0], act=four[1], groups=groups, measures=("selection_rate",), clusters=people), four[3]
    )
    assert together.high - together.low > 1.5 * (alone.high - alone.low)


def test_nobody_who_is_selected_is_no_ratio():
    y, act, grouping, _ = _rows()
    none = Acted(y=y, act=np.zeros_like(act), groups=(grouping,), measures=("selection_rate",))
    assert lowest_ratio(none) is None
    found = ratio_gain(none, act)
    assert (found.value, found.low) == (None, None)
    assert "not defined" in found.method


def test_losses_are_shares_of_what_a_model_is_worth():
    assert score_lost(0.89, 0.81, 0.5) == pytest.approx(0.08 / 0.39)
    assert score_lost(0.30, 0.33, 0.60) == pytest.approx(0.1)  # of a loss, less is better
    assert score_lost(0.5, 0.4, 0.5) == 0.0
    y = np.array([1.0, 1, 0, 0, 0])
    right, half, everybody = y == 1, np.array([True, False, False, False, False]), np.ones(5, bool)
    assert decisions_lost(y, right, half, 0.5) == pytest.approx(0.5)
    assert decisions_lost(y, right, everybody, 0.5) > 1
    assert decisions_lost(y, right, right, 0.5) == 0


def test_the_cost_is_held_against_the_way_that_is_covered():
    assert in_proportion(0.4, 0.85, 0.8, 0.3)
    assert not in_proportion(0.4, 0.85, 0.8, 0.6)
    assert not in_proportion(0.12, 0.16, 0.8, 0.2)  # a fifth of what it is worth for a twentieth of the way
    assert in_proportion(0.4, 0.6, 0.8, 0.2)
