"""The parity gate: passes where plan and library agree, refuses where they do not, and looks where it hurts."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from modelwright.data.columns import Columns, Strings, n_rows
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.errors import BundleError
from modelwright.package.parity import check_columns, check_parity, difference, hostile_columns
from modelwright.runtime import Plan
from modelwright.runtime.calibrators import Isotonic
from tests.package.building import CONTRACT, classifier, regressor, some_columns


def loaded_back(plan: Plan, folder: Path) -> Plan:
    plan.save(folder)
    return Plan.load(folder)


def native_of(plan: Plan, rows: Columns) -> dict[str, np.ndarray]:
    return {m.name: m.scorer.predict(plan.views[m.view](rows).matrix) for m in plan.members}


@pytest.mark.parametrize("plan", [classifier(), regressor()], ids=["classify", "regress"])
def test_a_plan_agrees_with_itself(plan: Plan, tmp_path: Path) -> None:
    rows = some_columns(50)
    result = check_parity(plan, loaded_back(plan, tmp_path), rows, native_of(plan, rows))
    assert result.passed and result.max_difference <= 1e-12
    assert result.n_rows == 50 and result.n_hostile > 100
    assert result.native == tuple(sorted(m.name for m in plan.members)) == tuple(sorted(result.members))


def test_a_library_that_says_otherwise_is_named(tmp_path: Path) -> None:
    plan, rows = classifier(), some_columns(50)
    native = native_of(plan, rows)
    native["linear/b"] = native["linear/b"] + np.array([2e-6, -2e-6])
    with pytest.raises(BundleError, match=r"most: 'linear/b', 2\.0e-06 .* MW-B119"):
        check_parity(plan, loaded_back(plan, tmp_path), rows, native)


def test_a_difference_on_one_hostile_row_is_found(tmp_path: Path) -> None:
    plan, rows = classifier(), some_columns(50)
    loaded = loaded_back(plan, tmp_path)

    class Wrong:
        scorer = "linear"

        def __init__(self, inner: object) -> None:
            self.inner = inner

        def predict(self, matrix: np.ndarray, *, threads: int = 1) -> np.ndarray:
            out = self.inner.predict(matrix)  # type: ignore[attr-defined]
            return np.where((np.abs(matrix[:, :1]) > 1e4), 0.5, out)

    first = dataclasses.replace(loaded.members[0], scorer=Wrong(loaded.members[0].scorer))
    broken = dataclasses.replace(loaded, members=(first, *loaded.members[1:]))
    with pytest.raises(BundleError, match="'linear/a'"):
        check_parity(plan, broken, rows, native_of(plan, rows))


def test_another_calibrator_is_found(tmp_path: Path) -> None:
    plan, rows = classifier(), some_columns(20)
    other = dataclasses.replace(loaded_back(plan, tmp_path), calibrator=None)
    with pytest.raises(BundleError, match="MW-B119"):
        check_parity(plan, other, rows, {})


def test_a_steep_calibrator_does_not_turn_rounding_into_a_difference(tmp_path: Path) -> None:
    steep = Isotonic(x=(0.0, 0.4999999, 0.5000001, 1.0), y=(0.01, 0.1, 0.9, 0.99))
    plan, rows = classifier(calibrator=steep), some_columns(50)
    native = {name: values + 1e-9 for name, values in native_of(plan, rows).items()}
    assert check_parity(plan, loaded_back(plan, tmp_path), rows, native).passed


def test_without_the_library_saving_and_loading_is_still_proved(tmp_path: Path) -> None:
    plan = classifier()
    result = check_parity(plan, loaded_back(plan, tmp_path), some_columns(20), {})
    assert result.passed and result.native == ()


def test_predictions_that_are_no_numbers_fail(tmp_path: Path) -> None:
    plan, rows = classifier(), some_columns(20)
    native = native_of(plan, rows)
    native["constant"][3] = np.nan
    with pytest.raises(BundleError, match="inf"):
        check_parity(plan, loaded_back(plan, tmp_path), rows, native)


def test_hostile_rows_hurt_every_column() -> None:
    rows = some_columns(60)
    hostile = hostile_columns(rows, CONTRACT, np.random.default_rng(0))
    age, job = hostile["age"], hostile["job"]
    assert isinstance(age, np.ndarray) and isinstance(job, Strings)
    assert np.isnan(age[0]) and job.codes[0] == -1
    assert np.nanmax(np.abs(age)) > 1e4
    assert any("never seen" in str(v) for v in job.to_object())
    again = hostile_columns(rows, CONTRACT, np.random.default_rng(0))
    assert np.array_equal(again["age"], age, equal_nan=True)


def test_check_columns_are_the_real_rows_and_the_hostile_ones() -> None:
    rows = some_columns(30)
    checks = check_columns(rows, CONTRACT, seed=3)
    assert n_rows(checks) > 60
    assert np.array_equal(checks["age"][:30], rows["age"], equal_nan=True)
    assert checks["job"].to_object()[:30].tolist() == rows["job"].to_object().tolist()


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ([[0.25]], [[0.75]], 0.5),
        ([[1e6]], [[1e6 + 1]], 1 / (1e6 + 1)),
        ([[np.nan]], [[np.nan]], np.inf),
        ([[1.0, 2.0]], [[1.0]], np.inf),
    ],
)
def test_differences_are_relative_above_one(a: list, b: list, expected: float) -> None:
    assert difference(np.array(a), np.array(b)) == pytest.approx(expected)


def test_hostile_numbers_are_finite_as_canonical_ones_are() -> None:
    rows: Columns = {"x": np.linspace(-1, 1, 30) * 1e308}
    contract = Contract(columns=(ColumnSpec(name="x", kind=Kind.NUMBER),), rows_seen=30)
    hostile = hostile_columns(rows, contract, np.random.default_rng(0))
    assert not np.isinf(hostile["x"]).any()
