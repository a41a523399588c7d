"""A row alone gets what it gets in a table: of the plan compiled for rows, ``Plan.predict`` is the slow twin."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.data.columns import Columns, Strings
from modelwright.runtime.calibrators import Beta, Isotonic, Sigmoid, Temperature, Vector
from modelwright.runtime.ops.dates import PARTS, parts_of
from modelwright.runtime.ops.numbers import QuantileNumbers
from modelwright.runtime.plan import Plan
from modelwright.runtime.row import RowPlan, values_of
from tests.package.fitting import LEVELS, TABLE, fitted

EXACT = ("lightgbm", "xgboost", "catboost", "random_forest", "extra_trees")
BY_SUMS = ("linear", "mlp", "neighbours", "kernel")
"""Sums of products are added in another order for one row than for many."""


def one_by_one(plan: Plan, columns: Columns) -> np.ndarray:
    compiled = RowPlan(plan)
    count = len(columns[plan.contract.names[0]])
    return np.array([compiled(values_of(columns, plan.contract.names, i)) for i in range(count)])


@pytest.mark.parametrize("n_classes", [0, 2, 3])
@pytest.mark.parametrize("name", [*EXACT, *BY_SUMS])
def test_rows_of_every_learner(name: str, n_classes: int) -> None:
    plan, rows, _ = fitted((name,), n_classes)
    tolerance = 1e-12 if name in BY_SUMS else 0.0
    assert np.abs(one_by_one(plan, rows) - plan.predict(rows)).max() <= tolerance


@pytest.mark.parametrize("n_classes", [0, 3])
@pytest.mark.parametrize(("name", "view"), [("lightgbm", "crossed"), ("catboost", "native_crossed")])
def test_rows_with_generated_features(name: str, view: str, n_classes: int) -> None:
    plan, rows, _ = fitted((name,), n_classes, view=view)
    assert "within" in {op.op for op in plan.views[view].ops}
    assert np.array_equal(one_by_one(plan, rows), plan.predict(rows))


def test_an_ensemble_and_a_transform() -> None:
    plan, rows, _ = fitted(("lightgbm", "linear", "catboost"), 0, transform="log1p")
    np.testing.assert_allclose(one_by_one(plan, rows), plan.predict(rows), rtol=1e-12)


@pytest.mark.parametrize(
    "calibrator",
    [
        Temperature(1.3),
        Sigmoid(0.8, 0.1),
        Beta(0.7, 1.2, -0.1),
        Isotonic((0.0, 0.4, 1.0), (0.01, 0.6, 0.98)),
        Vector((0.9, 1.1), (0.1, 0.0)),
    ],
    ids=lambda c: c.kind,
)
def test_every_calibrator(calibrator: Any) -> None:
    from dataclasses import replace

    plan, rows, _ = fitted(("lightgbm",), 2)
    plan = replace(plan, calibrator=calibrator)
    assert np.array_equal(one_by_one(plan, rows), plan.predict(rows))


@pytest.mark.parametrize("n_classes", [0, 2, 3])
def test_answers_are_those_of_tables(n_classes: int) -> None:
    plan, rows, _ = fitted(("lightgbm",), n_classes)
    compiled = RowPlan(plan)
    prediction = plan.predict(rows)
    expected = plan.answers(prediction)
    for i, row in enumerate(prediction.tolist()):
        assert compiled.answer(row) == {name: values[i] for name, values in expected.items()}


@settings(deadline=None, max_examples=60)
@given(
    area=st.floats(-1e300, 1e300) | st.just(float("nan")),
    rooms=st.floats(-5, 50) | st.just(float("nan")),
    job=st.sampled_from([*LEVELS, None, "", "a new one", "\ud800"]),
    garden=st.sampled_from([0.0, 1.0, float("nan")]),
    since=st.floats(-1e12, 1e12) | st.just(float("nan")),
    note=st.text(max_size=40) | st.none(),
)
def test_any_canonical_row(area: float, rooms: float, job: Any, garden: float, since: float, note: Any) -> None:
    given_ = {"area": area, "rooms": rooms, "job": job, "garden": garden, "since": since, "note": note}
    columns: Columns = {
        s.name: np.array([given_[s.name]]) if s.kind.numeric else Strings.from_values([given_[s.name]])
        for s in TABLE.columns
    }
    for names, tolerance in ((("lightgbm", "catboost"), 0.0), (("lightgbm", "linear", "mlp"), 1e-12)):
        plan, _, _ = fitted(names, 2)
        expected = plan.predict(columns)
        values = [given_[name] for name in plan.contract.names]
        for order in (None, plan.contract.names[::-1]):
            assert np.abs(np.array([RowPlan(plan, order)(values)]) - expected).max() <= tolerance
        assert RowPlan(plan, plan.contract.names[::-1]).ordered(values[::-1]) == RowPlan(plan)(values)


@given(st.integers(-62_135_596_800_000_000, 253_402_300_799_000_000))
def test_parts_of_a_moment(micro: int) -> None:
    seconds = micro / 1e6
    names = tuple(PARTS)
    expected = [float(PARTS[name](np.array([seconds]))[0]) for name in names]
    assert parts_of(seconds, names) == expected
    assert parts_of(seconds, ("year",))[0] == (dt.datetime(1970, 1, 1) + dt.timedelta(days=seconds // 86400)).year


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=8, unique=True),
    st.data(),
)
def test_interpolation(points: list[float], data: st.DataObject) -> None:
    knots = sorted(points)
    heights = sorted(data.draw(st.lists(st.floats(-9, 9), min_size=len(knots), max_size=len(knots))))
    x = data.draw(st.floats(-2e6, 2e6) | st.sampled_from(knots))
    op = QuantileNumbers(
        inputs=("x",), names=("x",), indicators=(), starts=(0, len(knots)), knots=np.array(knots),
        heights=np.array(heights), fill=np.zeros(1),
    )  # fmt: skip
    out = np.zeros(1)
    op.row({"x": 0}, out)([x])
    assert out[0] == np.interp(np.array([x]), np.array(knots), np.array(heights))[0] == op({"x": np.array([x])})[0, 0]
