"""Where each group has intervals or sets of its own, they hold in each as often as asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pytest

from modelwright.data.columns import Strings
from modelwright.errors import BundleError
from modelwright.evaluate.conformal import fit_intervals, fit_sets
from modelwright.evaluate.grouped import FEWEST, by_group, inside_of, measure_by_group
from modelwright.runtime.grouped import ByGroup, from_json
from modelwright.runtime.intervals import Intervals, Sets

COVERAGE = 0.9
Draw = Callable[[int, int], tuple[np.ndarray, np.ndarray, Strings]]


def values(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, Strings]:
    """Two groups, one of which is three times as hard; and a few of a third."""
    rng = np.random.default_rng(seed)
    group = rng.choice(["easy", "hard", "few"], n, p=[0.7, 0.28, 0.02])
    prediction = rng.normal(0, 1, n)
    y = prediction + rng.normal(0, 1, n) * np.where(group == "hard", 3.0, 1.0)
    return y, prediction[:, None], Strings.from_values(group.tolist())


def classes(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, Strings]:
    rng = np.random.default_rng(seed)
    group = rng.choice(["easy", "hard", "few"], n, p=[0.7, 0.28, 0.02])
    event = rng.random(n)
    told = np.where(group == "hard", 1 - event, event)  # of the hard ones it says the contrary
    y = (rng.random(n) < event).astype(float)
    return y, np.column_stack([1 - told, told]), Strings.from_values(group.tolist())


@lru_cache(maxsize=2)
def fitted(draw: Draw) -> ByGroup:
    y, prediction, column = draw(1_500, 0)

    def fit(rows: np.ndarray) -> tuple[Intervals | Sets | None, str]:
        if draw is classes:
            return fit_sets(y[rows], prediction[rows], seed=0)
        return fit_intervals(y[rows], prediction[rows, 0], seed=0)

    rest, note = fit(np.arange(len(y)))
    assert rest is not None
    made, told = by_group(rest, note, fit, "group", column)
    assert made is not None and told == f"{note}; by 'group': 2 groups of at least {FEWEST} rows by themselves"
    return made


@pytest.mark.parametrize("draw", [values, classes])
def test_each_group_is_covered_as_asked(draw: Draw) -> None:
    made = fitted(draw)
    y, prediction, column = draw(20_000, 9)
    names = column.to_object()
    together = inside_of(made.rest, y, prediction, COVERAGE)
    apart = inside_of(made, y, prediction, COVERAGE, column)
    for level in ("easy", "hard"):
        assert apart[names == level].mean() == pytest.approx(COVERAGE, abs=0.03)
    assert together[names == "hard"].mean() < 0.86
    rows = names == "few"
    np.testing.assert_array_equal(apart[rows], together[rows])


def test_what_is_measured_names_the_groups() -> None:
    made = fitted(values)
    y, prediction, column = values(3_000, 5)
    told = measure_by_group(made, y, prediction, column)
    assert [m.name for m in told[:4]] == [
        "coverage_80",
        "coverage_90",
        "coverage_95",
        "coverage_80 where group is easy",
    ]
    assert told[0].n == 3_000 and sum(m.n for m in told[3::3]) < 3_000


def test_rows_without_the_column_and_of_unknown_groups_get_what_all_get() -> None:
    made = fitted(values)
    ((rows, own),) = made.parts(None, 5, COVERAGE)
    assert own is made.rest and len(rows) == 5
    ((_, own),) = made.parts(Strings.from_values(["new", None]), 2, COVERAGE)
    assert own is made.rest


def test_a_boolean_column_has_groups_too() -> None:
    y, prediction, column = values(600, 1)
    truth = (column.to_object() == "hard").astype(float)
    rest, note = fit_intervals(y, prediction[:, 0], seed=0)
    assert rest is not None
    made, _ = by_group(rest, note, lambda rows: fit_intervals(y[rows], prediction[rows, 0], seed=0), "hard", truth)
    assert made is not None and made.levels == ("false", "true")


def test_groups_too_small_make_none() -> None:
    y, prediction, _ = values(150, 1)
    rest, note = fit_intervals(y, prediction[:, 0], seed=0)
    assert rest is not None
    column = Strings.from_values([str(i % 2) for i in range(150)])
    made, told = by_group(rest, note, lambda rows: (None, ""), "half", column)
    assert made is None and "no group of it has 100 rows" in told


@pytest.mark.parametrize("draw", [values, classes])
def test_it_is_kept_and_read_as_it_was(draw: Draw) -> None:
    made = fitted(draw)
    state = json.loads(json.dumps(made.to_json()))
    assert from_json(state).to_json() == made.to_json()
    for change in ({"levels": ["easy"]}, {"levels": [1, 2]}, {"column": 3}, {"fitted": []}):
        with pytest.raises(BundleError, match="MW-B405"):
            from_json({**state, **change})
    assert isinstance(from_json(made.rest.to_json()), Intervals | Sets)
