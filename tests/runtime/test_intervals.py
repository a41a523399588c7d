"""Intervals and sets as they are applied: promises on any input, and states that cannot be are refused."""

from __future__ import annotations

import copy
import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.errors import BundleError, UsageError
from modelwright.runtime.intervals import Intervals, Sets, from_json

PLAIN: dict[str, Any] = {
    "kind": "intervals",
    "coverages": [0.5, 0.8, 0.9],
    "knots": [0.0, 10.0],
    "low": [[-1.0, -2.0], [-2.0, -4.0], [-3.0, -6.0]],
    "high": [[0.0, 1.0], [1.0, 3.0], [2.0, 9.0]],
    "transform": {"name": "identity", "low": 0.0, "high": None},
    "n": 50,
}
LOGARITHM: dict[str, Any] = {**PLAIN, "transform": {"name": "log1p", "low": 0.0, "high": 1e6}}
CLASSES: dict[str, Any] = {
    "kind": "sets",
    "coverages": [0.5, 0.9],
    "thresholds": [[0.6, 0.5, 0.4], [0.3, 0.1, 0.0]],
    "n": 50,
}


def plain() -> Intervals:
    made = from_json(PLAIN)
    assert isinstance(made, Intervals)
    return made


def test_offsets_are_interpolated_along_predictions_and_coverages() -> None:
    low, high = plain()(np.array([0.0, 5.0, 10.0, 99.0]), 0.8)
    np.testing.assert_allclose(low, [0.0, 2.0, 6.0, 95.0])  # the first is cut at the bound of the target
    np.testing.assert_allclose(high, [1.0, 7.0, 13.0, 102.0])
    low, high = plain()(np.array([10.0]), 0.85)
    np.testing.assert_allclose([low[0], high[0]], [5.0, 16.0])


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.floats(-1e308, 1e308), min_size=1, max_size=5),
    st.floats(0.5, 0.9),
    st.floats(0.5, 0.9),
    st.sampled_from([PLAIN, LOGARITHM]),
)
def test_what_intervals_promise(predictions: list[float], one: float, other: float, state: dict) -> None:
    made, prediction = from_json(state), np.array(predictions)
    assert isinstance(made, Intervals)
    (low, high), (wide_low, wide_high) = (made(prediction, c) for c in sorted((one, other)))
    assert np.isfinite([low, high, wide_low, wide_high]).all()
    assert (low <= prediction).all() and (prediction <= high).all()
    slack = 1e-9 * np.maximum(1, np.abs(prediction))
    assert (wide_low <= low + slack).all() and (high <= wide_high + slack).all()
    assert (low >= np.minimum(prediction, 0.0)).all()
    for i in range(len(prediction)):
        alone = made(prediction[i : i + 1], min(one, other))
        assert (alone[0][0], alone[1][0]) == (low[i], high[i])


@pytest.mark.parametrize("coverage", [0.0, 0.49, 0.995, 1.0, -1, math.nan, math.inf, True, "0.9", None])
def test_a_coverage_that_makes_no_sense_is_refused(coverage: Any) -> None:
    for made in (from_json(PLAIN), from_json(CLASSES)):
        with pytest.raises(UsageError, match=r"a share from 0.5 to 0.99 · fix: ask for 0.9: .* · MW-U601"):
            made(np.full((1, 3), 0.3) if isinstance(made, Sets) else np.zeros(1), coverage)


def test_a_coverage_that_the_rows_do_not_support_is_refused() -> None:
    with pytest.raises(UsageError, match=r"reach a coverage of 0.9 at most: they rest on 50 rows .* · MW-U602"):
        plain()(np.zeros(1), 0.95)
    assert plain()(np.zeros(1), 0.9)[1] == 2.0


def test_a_set_holds_what_reaches_its_threshold_and_the_likeliest() -> None:
    sets = from_json(CLASSES)
    probabilities = np.array([[0.7, 0.2, 0.1], [0.34, 0.33, 0.33], [0.05, 0.9, 0.05]])
    assert isinstance(sets, Sets)
    assert sets(probabilities, 0.5).tolist() == [[True, False, False], [True, False, False], [False, True, False]]
    # Between two coverages the higher one counts; the third class is in every set.
    assert sets(probabilities, 0.6).tolist() == sets(probabilities, 0.9).tolist()
    assert sets(probabilities, 0.9).tolist() == [[True, True, True], [True, True, True], [False, True, True]]
    assert sets(np.empty((0, 3)), 0.9).shape == (0, 3)


@pytest.mark.parametrize("state", [PLAIN, LOGARITHM, CLASSES], ids=["values", "logarithm", "classes"])
def test_the_state_makes_the_same_again(state: dict) -> None:
    assert from_json(json.loads(json.dumps(from_json(state).to_json()))).to_json() == state


DAMAGE: list[tuple[dict, str, Any]] = [
    (PLAIN, "kind", "pickle"),
    (PLAIN, "kind", ["intervals"]),
    (PLAIN, "coverages", []),
    (PLAIN, "coverages", [0.5, 0.5, 0.9]),
    (PLAIN, "coverages", [0.1, 0.8, 0.9]),
    (PLAIN, "coverages", [0.5, 0.8, 0.999]),
    (PLAIN, "coverages", "0.5"),
    (PLAIN, "knots", [0.0, 0.0]),
    (PLAIN, "knots", [10.0, 0.0]),
    (PLAIN, "knots", [0.0, math.nan]),
    (PLAIN, "knots", [0.0, 10**400]),
    (PLAIN, "knots", [[0.0], [1.0]]),
    (PLAIN, "low", [[-1.0, -2.0], [-2.0, -4.0]]),
    (PLAIN, "low", [[-1.0, -2.0], [-2.0, -4.0], [-3.0]]),
    (PLAIN, "low", [[1.0, -2.0], [-2.0, -4.0], [-3.0, -6.0]]),
    (PLAIN, "low", [[-9.0, -2.0], [-2.0, -4.0], [-3.0, -6.0]]),
    (PLAIN, "high", [[0.0, math.inf], [1.0, 3.0], [2.0, 9.0]]),
    (PLAIN, "high", [[0.0, True], [1.0, 3.0], [2.0, 9.0]]),
    (PLAIN, "high", 5),
    (PLAIN, "transform", None),
    (PLAIN, "transform", {"name": "identity"}),
    (PLAIN, "transform", {"name": "exp", "low": None, "high": None}),
    (PLAIN, "transform", {"name": "identity", "low": 5.0, "high": 1.0}),
    (LOGARITHM, "transform", {"name": "log1p", "low": None, "high": None}),
    (LOGARITHM, "transform", {"name": "log1p", "low": -0.5, "high": None}),
    (PLAIN, "n", 0),
    (PLAIN, "n", 1.5),
    (PLAIN, "n", None),
    (CLASSES, "thresholds", [[0.6, 0.5, 0.4], [0.3, 0.9, 0.0]]),
    (CLASSES, "thresholds", [[0.6, 0.5, 1.4], [0.3, 0.1, 0.0]]),
    (CLASSES, "thresholds", [[0.6], [0.3]]),
    (CLASSES, "thresholds", [[0.6, 0.5, 0.4]]),
    (CLASSES, "thresholds", [["a", "b"], ["c", "d"]]),
]


@pytest.mark.parametrize(("state", "name", "value"), DAMAGE, ids=[f"{n}-{i}" for i, (_, n, _) in enumerate(DAMAGE)])
def test_a_state_that_cannot_be_is_refused(state: dict, name: str, value: Any) -> None:
    damaged = copy.deepcopy(state)
    damaged[name] = value
    with pytest.raises(BundleError, match=r"MW-B403|MW-B113"):
        from_json(damaged)
    del damaged[name]
    with pytest.raises(BundleError, match="MW-B403"):
        from_json(damaged)


@pytest.mark.parametrize("state", [None, [], "intervals", 3])
def test_what_is_no_state_at_all_is_refused(state: Any) -> None:
    with pytest.raises(BundleError, match="MW-B403"):
        from_json(state)
