"""Reasons for single rows: against exact Shapley values, and on rows made to hurt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations
from math import factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.data.columns import Columns, Strings, n_rows, take
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.data.profile import ColumnProfile, Profile
from modelwright.data.profiling import make_profile
from modelwright.package.parity import check_columns
from modelwright.runtime import reasons as module
from modelwright.runtime.plan_files import blank_columns
from modelwright.runtime.reasons import explain_rows, reasons, typical_row
from tests.package.building import CONTRACT, PROFILE, classifier, regressor, some_columns
from tests.package.fitting import TABLE, fitted

NUMBERS = ("a", "b", "c", "d")
OF_NUMBERS = Contract(columns=tuple(ColumnSpec(name=n, kind=Kind.NUMBER) for n in NUMBERS), rows_seen=9)


@dataclass
class Formula:
    """A model that is a formula of four numbers."""

    formula: Callable[..., np.ndarray]
    contract: Contract = OF_NUMBERS

    def predict(self, columns: Columns, *, threads: int = 1) -> np.ndarray:
        found = self.formula(*(columns[n] for n in self.contract.names))
        return found[:, None] if found.ndim == 1 else found


def row(*values: float) -> Columns:
    return {name: np.array([value]) for name, value in zip(NUMBERS, values, strict=True)}


def shapley(plan, reference: Columns, columns: Columns) -> np.ndarray:
    """Exact Shapley values of one row: every order in which its columns can take their values."""
    names = list(columns)
    which = 1 if plan.predict(columns).shape[1] == 2 else 0
    known: dict[frozenset, float] = {}

    def value(own: frozenset) -> float:
        if own not in known:
            mixed = {n: columns[n] if n in own else reference[n] for n in names}
            known[own] = float(plan.predict(mixed)[0, which])
        return known[own]

    effects = dict.fromkeys(names, 0.0)
    for order in permutations(names):
        for i, name in enumerate(order):
            effects[name] += value(frozenset(order[: i + 1])) - value(frozenset(order[:i]))
    return np.array([effects[n] for n in names]) / factorial(len(names))


def test_they_are_the_shapley_values_while_columns_work_alone_or_in_pairs() -> None:
    plan = Formula(lambda a, b, c, d: 3 * a - b + np.sin(c) + 2 * a * b + b * c * 0.5 + np.abs(a) * d)
    mine, typical = row(1.5, -2.0, 0.7, 4.0), row(0.2, 0.3, -1.0, 1.0)
    found = explain_rows(plan, typical, mine)
    np.testing.assert_allclose(found.effects[0], shapley(plan, typical, mine), atol=1e-12)
    np.testing.assert_allclose(found.gap, 0.0, atol=1e-12)
    assert found.outcome[0] - found.typical[0] == pytest.approx(found.effects.sum())


def test_what_three_columns_do_together_is_told_as_the_gap() -> None:
    plan = Formula(lambda a, b, c, d: a * b * c)
    found = explain_rows(plan, row(0, 0, 0, 0), row(1, 1, 1, 1))
    np.testing.assert_allclose(found.effects[0], [0.5, 0.5, 0.5, 0.0])
    assert found.gap[0] == pytest.approx(-0.5)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=4), st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=4))
def test_a_column_that_is_typical_or_not_used_has_no_effect(mine: list[float], typical: list[float]) -> None:
    plan = Formula(lambda a, b, c, d: np.tanh(a) * b + a)
    mine[1] = typical[1]
    effects = explain_rows(plan, row(*typical), row(*mine)).effects[0]
    assert effects[1] == effects[2] == effects[3] == 0.0


def test_two_columns_that_say_the_same_share() -> None:
    """The model takes the larger of two that are equal: one in alone is the whole effect, one out alone is none."""
    plan = Formula(lambda a, b, c, d: np.maximum(a, b))
    effects = explain_rows(plan, row(0, 0, 0, 0), row(1, 1, 0, 0)).effects[0]
    np.testing.assert_allclose(effects, [0.5, 0.5, 0, 0])


@pytest.mark.parametrize("n_classes", [0, 2])
@pytest.mark.parametrize("learner", ["linear", "lightgbm"])
def test_they_rank_columns_of_real_models_as_shapley_values_do(learner: str, n_classes: int) -> None:
    plan, columns, _ = fitted((learner,), n_classes)
    reference = typical_row(plan.contract, make_profile(columns, TABLE))
    rows = take({n: columns[n] for n in plan.contract.names}, np.arange(12))
    found = explain_rows(plan, reference, rows)
    exact = np.array([shapley(plan, reference, take(rows, np.array([i]))) for i in range(12)])
    agreement = [_spearman(a, b) for a, b in zip(found.effects, exact)]
    assert np.mean(agreement) > 0.9
    assert np.mean(np.abs(found.effects).argmax(axis=1) == np.abs(exact).argmax(axis=1)) >= 0.75
    assert np.abs(found.effects - exact).mean() < 0.1 * np.abs(exact).max()


def _spearman(a: np.ndarray, b: np.ndarray) -> float:
    ranks = [np.argsort(np.argsort(x)) for x in (a, b)]
    return float(np.corrcoef(*ranks)[0, 1])


@pytest.mark.parametrize("plan", [classifier(), regressor()], ids=["classes", "values"])
def test_a_row_has_the_same_reasons_alone_and_in_a_batch(plan, monkeypatch: pytest.MonkeyPatch) -> None:
    columns, reference = some_columns(60), typical_row(CONTRACT, PROFILE)
    whole = explain_rows(plan, reference, columns)
    for i in range(0, 60, 7):
        alone = explain_rows(plan, reference, take(columns, np.array([i])))
        np.testing.assert_allclose(alone.effects[0], whole.effects[i], atol=1e-12)
    monkeypatch.setattr(module, "CELLS", 7 * 2 * 9)  # seven rows at once
    np.testing.assert_allclose(explain_rows(plan, reference, columns).effects, whole.effects, atol=1e-12)


def test_no_row_has_no_reasons() -> None:
    empty = take(some_columns(3), np.arange(0))
    assert reasons(classifier(), typical_row(CONTRACT, PROFILE), empty, 3) == []


def test_hostile_rows_have_finite_reasons() -> None:
    plan, columns, _ = fitted(("lightgbm", "linear"), 2)
    rows = check_columns(take(columns, np.arange(20)), plan.contract, seed=1)
    for reference in (typical_row(plan.contract, make_profile(columns, TABLE)), blank_columns(plan.contract, 1)):
        found = explain_rows(plan, reference, rows)
        assert np.isfinite(found.effects).all() and np.isfinite(found.gap).all()
        assert found.effects.shape == (n_rows(rows), len(plan.contract.names))


def test_of_many_classes_the_predicted_one_is_explained() -> None:
    plan = Formula(lambda a, b, c, d: np.column_stack([0 * a + 0.2, 0.3 + a / 10, 0.5 - a / 10]))
    found = explain_rows(plan, row(0, 0, 0, 0), row(2, 0, 0, 0))
    assert (found.outcome[0], found.typical[0]) == pytest.approx((0.5, 0.3))
    assert found.effects[0, 0] == pytest.approx(0.2)


def test_the_strongest_come_first_and_none_without_effect() -> None:
    plan = Formula(lambda a, b, c, d: a - 5 * b + 2 * c)
    told = reasons(plan, row(0, 0, 0, 0), row(1, 1, 1, 1), 9)
    assert told == [[{"column": "b", "effect": -5.0}, {"column": "c", "effect": 2.0}, {"column": "a", "effect": 1.0}]]
    assert [r["column"] for r in reasons(plan, row(0, 0, 0, 0), row(1, 1, 1, 1), 1)[0]] == ["b"]
    assert reasons(plan, row(0, 0, 0, 0), row(1, 1, 1, 1), 0) == [[]]


def test_what_is_typical() -> None:
    contract = Contract(
        columns=(
            ColumnSpec(name="size", kind=Kind.NUMBER),
            ColumnSpec(name="mostly missing", kind=Kind.NUMBER),
            ColumnSpec(name="flag", kind=Kind.BOOLEAN),
            ColumnSpec(name="job", kind=Kind.CATEGORY),
            ColumnSpec(name="rare", kind=Kind.CATEGORY),
            ColumnSpec(name="note", kind=Kind.TEXT),
            ColumnSpec(name="not profiled", kind=Kind.NUMBER),
        ),
        rows_seen=10,
    )
    profiled = Contract(columns=contract.columns[:-1], rows_seen=10)
    nothing = [None] * 6
    columns: Columns = {
        "size": np.arange(10.0) ** 2,
        "mostly missing": np.array([*range(4), *[np.nan] * 6]),
        "flag": np.array([1.0] * 7 + [0.0] * 3),
        "job": Strings.from_values(["cook"] * 4 + ["clerk"] * 3 + ["pilot"] * 3),
        "rare": Strings.from_values(["x", "y", "z", "x", *nothing]),
        "note": Strings.from_values(["same text"] * 10),
    }
    row = typical_row(contract, make_profile(columns, profiled))
    assert row["size"] == 20.5 and row["flag"] == 1.0
    assert np.isnan(row["mostly missing"]) and np.isnan(row["not profiled"])
    texts = {n: c.to_object()[0] for n, c in row.items() if isinstance(c, Strings)}
    assert texts == {"job": "cook", "rare": None, "note": None}


def test_a_profile_without_numbers_makes_a_row_all_the_same() -> None:
    odd = Profile(n_rows=5, columns=(ColumnProfile(name="age", kind="number", n_missing=0, n_distinct=0),))
    row = typical_row(CONTRACT, odd)
    assert np.isnan(row["age"]) and explain_rows(classifier(), row, some_columns(4)).effects.shape == (4, 3)


def test_generated_features_are_explained_in_the_columns_that_they_are_made_of() -> None:
    plan, rows, _ = fitted(("lightgbm",), 2, view="crossed")
    assert any(len(sources) == 2 for sources in plan.views["crossed"].sources)
    found = explain_rows(plan, typical_row(plan.contract, make_profile(rows, plan.contract)), rows)
    assert found.columns == plan.contract.names == tuple(n for n in TABLE.names if n in plan.contract.names)
    assert np.abs(found.effects[:, found.columns.index("area")]).max() > 0.01
