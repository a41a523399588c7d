import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.errors import BundleError
from modelwright.runtime.calibrating_rows import row_calibrator
from modelwright.runtime.calibrators import (
    CALIBRATORS,
    Beta,
    Identity,
    Isotonic,
    Sigmoid,
    Temperature,
    Vector,
    from_json,
)

BINARY = [
    Identity(),
    Temperature(0.4),
    Sigmoid(1.7, -0.8),
    Beta(0.0, 1.3, 0.2),
    Beta(1.1, 0.3, -0.4),
    Isotonic((0.0, 0.2, 0.21, 1.0), (0.01, 0.1, 0.6, 0.97)),
]
MULTICLASS = [Identity(), Temperature(2.0), Vector((1.0, 0.5, 2.0), (0.1, -0.3, 0.0))]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.sampled_from(BINARY))
def test_two_classes_keep_their_order_and_sum_to_one(events, calibrator):
    event = np.sort(np.array(events))
    prediction = np.column_stack([1 - event, event])
    result = calibrator(prediction)
    assert np.allclose(result.sum(axis=1), 1)
    assert ((result >= 0) & (result <= 1)).all()
    assert (np.diff(result[:, 1]) >= 0).all()
    apart = np.diff(event) > 1e-6
    assert (np.diff(result[:, 1])[apart] > 0).all()
    alone = np.vstack([calibrator(prediction[i : i + 1]) for i in range(len(event))])
    assert np.array_equal(alone, result)


@settings(max_examples=200, deadline=None)
@given(st.floats(0, 1) | st.sampled_from([0.0, 1.0, 0.2, 0.21, 1e-320, 0.5, float("nan")]), st.sampled_from(BINARY))
def test_a_row_alone_is_the_row_of_a_table(event, calibrator):
    row = [1 - event, event]
    alone, table = row_calibrator(calibrator, 2)(row), calibrator(np.array([row]))[0]
    if isinstance(calibrator, Isotonic):  # C may fuse a product and a sum
        np.testing.assert_allclose(alone, table, rtol=0, atol=1e-15)
    else:
        np.testing.assert_array_equal(alone, table)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=3, max_size=3), st.sampled_from(MULTICLASS))
def test_a_row_of_many_classes_alone(row, calibrator):
    np.testing.assert_array_equal(row_calibrator(calibrator, 3)(row), calibrator(np.array([row]))[0])


@pytest.mark.parametrize("calibrator", BINARY[1:])
def test_nothing_is_certain(calibrator):
    result = calibrator(np.array([[1.0, 0.0], [0.0, 1.0]]))
    assert ((result > 0) & (result < 1)).all()


@pytest.mark.parametrize("calibrator", MULTICLASS)
def test_many_classes(calibrator):
    prediction = np.random.default_rng(0).dirichlet(np.ones(3) / 3, 50)
    prediction[0] = [1, 0, 0]
    result = calibrator(prediction)
    assert np.allclose(result.sum(axis=1), 1) and np.isfinite(result).all()
    if not isinstance(calibrator, Vector):
        assert np.array_equal(result.argmax(axis=1), prediction.argmax(axis=1))


@pytest.mark.parametrize("calibrator", BINARY + MULTICLASS)
def test_state_is_json_and_comes_back(calibrator):
    state = json.loads(json.dumps(calibrator.to_json(), allow_nan=False))
    assert from_json(state) == calibrator
    assert state["kind"] in CALIBRATORS


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"kind": "magic"},
        {"kind": ["sigmoid"]},
        {"kind": "temperature"},
        {"kind": "temperature", "slope": -1},
        {"kind": "temperature", "slope": True},
        {"kind": "sigmoid", "slope": 1.0, "offset": float("nan")},
        {"kind": "sigmoid", "slope": "1", "offset": 0},
        {"kind": "beta", "a": 0, "b": 0, "c": 1},
        {"kind": "beta", "a": -1, "b": 1, "c": 1},
        {"kind": "isotonic", "x": [0, 1], "y": [0.5, 0.5]},
        {"kind": "isotonic", "x": [0, 0.5], "y": [0.1, 0.5]},
        {"kind": "isotonic", "x": [0, 1], "y": [0.0, 0.5]},
        {"kind": "isotonic", "x": [0, 1], "y": [0.1]},
        {"kind": "isotonic", "x": [], "y": []},
        {"kind": "vector", "slopes": [1, 2], "offsets": [0]},
        {"kind": "vector", "slopes": [1, 0], "offsets": [0, 0]},
        {"kind": "vector", "slopes": 3, "offsets": [0, 0]},
    ],
)
def test_damaged_states_are_refused(state):
    with pytest.raises(BundleError, match=r"MW-B40[12]"):
        from_json(state)


def test_needs_numpy_alone():
    code = (
        "import sys, modelwright.runtime.calibrators\n"
        "print([m for m in ('scipy', 'sklearn', 'pandas', 'pyarrow') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
