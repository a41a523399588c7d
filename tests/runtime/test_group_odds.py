"""Thresholds of groups in the plan: the same for a row alone and on the disk, and a common one where none is known."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from modelwright.data.columns import Strings, take
from modelwright.errors import BundleError
from modelwright.runtime import Plan
from modelwright.runtime.group_odds import Cut, GroupOdds, moved
from modelwright.runtime.reasons import typical_row
from modelwright.runtime.row import RowPlan, values_of
from modelwright.runtime.shapley.explainer import Explainer
from tests.package.building import CONTRACT, PROFILE, classifier, regressor, some_columns

JOBS = ("admin", "student")
ODDS = GroupOdds(
    cuts=(Cut(column="job", levels=JOBS), Cut(column="age", edges=(30.0, 50.0))),
    factors=np.array([[1.0, 2.0, 0.5], [4.0, 0.25, 1.5]]),
)


def by_hand(odds: GroupOdds, columns) -> np.ndarray:
    factors = []
    for job, age in zip(columns["job"].to_object(), columns["age"], strict=True):
        if job not in JOBS or np.isnan(age):
            factors.append(1.0)
            continue
        factors.append(odds.factors[JOBS.index(job), 0 if age <= 30 else 1 if age <= 50 else 2])
    return np.array(factors)


def test_one_common_threshold_is_one_of_each_group() -> None:
    columns = some_columns(300)
    plain, plan = classifier(by_group=None), classifier(by_group=ODDS)
    before, after, factor = plain.predict(columns)[:, 1], plan.predict(columns)[:, 1], by_hand(ODDS, columns)
    assert {1.0, 2.0, 0.5, 4.0, 0.25, 1.5} == set(factor)
    threshold = plan.threshold or 0.5
    own = threshold / (threshold + factor * (1 - threshold))
    assert ((after >= threshold) == (before >= own)).all()
    np.testing.assert_allclose(after / (1 - after), factor * before / (1 - before), rtol=1e-9)
    assert (after[factor == 1.0] == before[factor == 1.0]).all()
    np.testing.assert_allclose(plan.predict(columns).sum(axis=1), 1.0)


def test_a_row_alone_and_a_plan_from_disk_get_the_same(tmp_path: Path) -> None:
    columns, plan = some_columns(60), classifier(by_group=ODDS)
    expected = plan.predict(columns)
    alone = RowPlan(plan)
    got = np.array([alone(values_of(columns, plan.contract.names, i)) for i in range(60)])
    np.testing.assert_allclose(got, expected, atol=1e-15)
    plan.save(tmp_path)
    again = Plan.load(tmp_path)
    assert (again.predict(columns) == expected).all()
    assert again.by_group is not None and again.by_group.to_json() == ODDS.to_json()


def test_who_has_no_known_group_gets_the_common_threshold() -> None:
    rows = {"job": Strings.from_values([None, "clown", "admin", "admin"]), "age": np.array([40.0, 40.0, np.nan, 40.0])}
    assert ODDS.factor(rows).tolist() == [1.0, 1.0, 1.0, 2.0]
    own = ODDS.row({"job": 0, "age": 1})
    for i, values in enumerate([(None, 40.0), ("clown", 40.0), ("admin", float("nan")), ("admin", 40.0)]):
        assert own([0.5, 0.5], values)[1] == pytest.approx(moved(np.array(0.5), ODDS.factor(rows))[i], abs=1e-15)


def test_numbers_that_are_groups_are_matched_exactly() -> None:
    odds = GroupOdds(cuts=(Cut(column="n", values=(0.0, 1.0)),), factors=np.array([2.0, 3.0]))
    assert odds.factor({"n": np.array([1.0, 0.0, 0.5, np.nan, 7.0])}).tolist() == [3.0, 2.0, 1.0, 1.0, 1.0]
    assert [odds.cuts[0].row()(v) for v in (1.0, 0.0, 0.5, float("nan"), 7.0)] == [1, 0, -1, -1, -1]


def test_reasons_add_up_to_what_is_answered() -> None:
    plan = classifier(by_group=ODDS)
    columns = take(some_columns(80), np.arange(80))
    typical = typical_row(CONTRACT, PROFILE)
    found = Explainer(plan, typical)(columns)
    np.testing.assert_allclose(found.outcome, plan.predict(columns), atol=1e-12)
    np.testing.assert_allclose(found.typical, plan.predict(typical), atol=1e-12)
    np.testing.assert_allclose(found.effects.sum(axis=1), found.outcome - found.typical, atol=1e-9)


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"cuts": [], "factors": []},
        {"cuts": [{"column": "a", "levels": ["x", "y"]}], "factors": [1.0]},
        {"cuts": [{"column": "a", "levels": ["x", "x"]}], "factors": [1.0, 2.0]},
        {"cuts": [{"column": "a", "levels": ["x", "y"]}], "factors": [1.0, 0.0]},
        {"cuts": [{"column": "a", "levels": ["x", "y"]}], "factors": [1.0, True]},
        {"cuts": [{"column": "a", "levels": ["x"], "edges": [1.0]}], "factors": [1.0]},
        {"cuts": [{"column": "a", "edges": [2.0, 1.0]}], "factors": [1.0, 1.0, 1.0]},
        {"cuts": [{"column": 3, "levels": ["x"]}], "factors": [1.0]},
        {"cuts": [{"column": "a", "levels": ["x"]}] * 2, "factors": [1.0]},
    ],
)
def test_a_damaged_state_is_refused(state: dict) -> None:
    with pytest.raises(BundleError, match="MW-B136"):
        GroupOdds.build(state)


def test_it_is_for_two_classes() -> None:
    with pytest.raises(BundleError, match="MW-B117"):
        dataclasses.replace(regressor(), by_group=ODDS)


@pytest.mark.parametrize("cut", [Cut(column="age", levels=JOBS), Cut(column="job", edges=(1.0,)), Cut(column="job")])
def test_groups_that_are_not_of_the_kind_of_their_column_are_refused(cut: Cut) -> None:
    """A row alone would get another group than a file, or fail."""
    with pytest.raises(BundleError, match=f"groups of '{cut.column}' are not of its kind.*MW-B115"):
        classifier(by_group=GroupOdds(cuts=(cut,), factors=np.full(cut.size, 2.0)))
