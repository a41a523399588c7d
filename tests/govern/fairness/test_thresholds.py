"""Thresholds by group: rates come as near as is aimed for at the least loss; few rows keep the common threshold."""

import numpy as np
import pytest

from modelwright.data.columns import Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.govern.fairness.groups import Grouping, groupings
from modelwright.govern.fairness.helping import Acted, lowest_ratio
from modelwright.govern.fairness.thresholds import Rows, common_threshold, crossfitted, own_thresholds
from modelwright.runtime.group_odds import GroupOdds

CONTRACT = Contract(
    columns=(
        ColumnSpec(name="sex", kind=Kind.CATEGORY, levels=("f", "m")),
        ColumnSpec(name="race", kind=Kind.CATEGORY, levels=("a", "b", "c")),
        ColumnSpec(name="age", kind=Kind.NUMBER),
    ),
    rows_seen=4000,
)


def _people(n=4000, seed=0):
    rng = np.random.default_rng(seed)
    sex, race = rng.choice(["f", "m"], n), rng.choice(["a", "b", "c"], n, p=(0.6, 0.395, 0.005))
    age = rng.integers(18, 70, n).astype(float)
    logit = 1.2 * rng.normal(size=n) + np.where(sex == "m", 0.8, -0.4) + np.where(race == "a", 0.2, -0.3) - 0.5
    event = 1 / (1 + np.exp(-logit))
    columns = {"sex": Strings.from_values(sex.tolist()), "race": Strings.from_values(race.tolist()), "age": age}
    return Rows(y=(rng.random(n) < event).astype(float), event=event, threshold=0.5), columns


def _moved(odds: GroupOdds, rows: Rows, columns):
    return odds(np.column_stack([1 - rows.event, rows.event]), columns)[:, 1] >= rows.threshold


@pytest.mark.parametrize(
    ("measures", "least"),
    [
        (("selection_rate",), 0.85),
        (("true_positive_rate",), 0.85),
        (("true_positive_rate", "false_positive_rate"), 0.8),
    ],
)
def test_groups_come_as_near_as_is_aimed_for(measures, least):
    rows, columns = _people()
    odds = own_thresholds(rows, columns, ("sex", "race"), CONTRACT, measures, 0.85)
    assert odds.columns == ("sex", "race")
    groups = groupings(columns, ("sex", "race"), CONTRACT)
    before = lowest_ratio(Acted(y=rows.y, act=rows.event >= 0.5, groups=groups, measures=measures))
    after = lowest_ratio(Acted(y=rows.y, act=_moved(odds, rows, columns), groups=groups, measures=measures))
    assert before < 0.5
    assert after > least - 0.03


def test_what_is_near_enough_stays_and_the_rest_moves_no_farther_than_it_must():
    rows, columns = _people()
    odds = own_thresholds(rows, columns, ("sex",), CONTRACT, ("selection_rate",), 0.85)
    act = _moved(odds, rows, columns)
    f, m = (act[columns["sex"].codes == columns["sex"].levels.tolist().index(s)].mean() for s in "fm")
    assert f / m == pytest.approx(0.85, abs=0.02)
    alike = own_thresholds(rows, columns, ("sex",), CONTRACT, ("selection_rate",), 1.0)
    assert rows.worth(act) > rows.worth(_moved(alike, rows, columns))
    assert rows.worth(rows.event >= 0.5) > rows.worth(act)


def test_a_group_of_few_rows_keeps_the_common_threshold():
    rows, columns = _people()
    odds = own_thresholds(rows, columns, ("race",), CONTRACT, ("selection_rate",), 0.9)
    levels = odds.cuts[0].levels
    assert set(levels) == {"a", "b", "c"}
    assert odds.factors[levels.index("c")] == 1.0
    assert (np.delete(odds.factors, levels.index("c")) != 1.0).any()


def test_ages_are_cut_into_the_quarters_of_the_tables():
    rows, columns = _people()
    odds = own_thresholds(rows, columns, ("age",), CONTRACT, ("selection_rate",), 0.9)
    table = groupings(columns, ("age",), CONTRACT)[0]
    assert odds is not None
    assert (odds.cuts[0].codes(columns["age"]) == table.codes).all()


def test_rows_that_did_not_choose_are_what_is_told():
    rows, columns = _people(600)
    event = crossfitted(rows, columns, ("sex",), CONTRACT, ("selection_rate",), 1.0, clusters=None, seed=0)
    groups = groupings(columns, ("sex",), CONTRACT)
    told = lowest_ratio(Acted(y=rows.y, act=event >= 0.5, groups=groups, measures=("selection_rate",)))
    odds = own_thresholds(rows, columns, ("sex",), CONTRACT, ("selection_rate",), 1.0)
    flattered = lowest_ratio(
        Acted(y=rows.y, act=_moved(odds, rows, columns), groups=groups, measures=("selection_rate",))
    )
    assert told <= flattered


def test_one_group_has_nothing_to_be_compared_with():
    rows, columns = _people(200)
    columns["sex"] = Strings.from_values(["f"] * 200)
    assert own_thresholds(rows, columns, ("sex",), CONTRACT, ("selection_rate",), 0.9) is None
    few = Rows(y=rows.y[:40], event=rows.event[:40], threshold=0.5)
    some = {"sex": Strings.from_values(["f"] * 20 + ["m"] * 20)}
    assert own_thresholds(few, some, ("sex",), CONTRACT, ("selection_rate",), 0.9) is None


def test_another_common_threshold_brings_groups_nearer_at_the_least_loss():
    rows, columns = _people()
    groups = groupings(columns, ("sex",), CONTRACT)
    found = common_threshold(rows, groups, ("true_positive_rate",), 0.85)
    assert found < 0.5
    after = lowest_ratio(Acted(y=rows.y, act=rows.event >= found, groups=groups, measures=("true_positive_rate",)))
    assert after >= 0.85
    only = (Grouping(("g",), ("a",), np.zeros(4000, int)),)
    assert common_threshold(rows, only, ("selection_rate",), 0.85) is None
