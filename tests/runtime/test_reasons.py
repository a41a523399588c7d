"""Reasons for single rows: against exact Shapley values, and on rows made to hurt."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.data.columns import Columns, Strings, n_rows, take
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.data.profile import ColumnProfile, Profile
from modelwright.data.profiling import make_profile
from modelwright.package.parity import check_columns
from modelwright.runtime.plan_files import blank_columns
from modelwright.runtime.reasons import Reasons, explain_rows, typical_row
from modelwright.runtime.shapley.explainer import Explainer
from modelwright.runtime.shapley.orders import effects_by_asking, exact_by_asking
from tests.package.building import CONTRACT, PROFILE, classifier, regressor, some_columns
from tests.package.fitting import TABLE, fitted

from .shapley.brute import each_row

NUMBERS = ("a", "b", "c", "d")


def row(*values: float) -> Columns:
    return {name: np.array([value]) for name, value in zip(NUMBERS, values, strict=True)}


def effects_of(formula: Callable[..., np.ndarray], typical: Columns, mine: Columns) -> np.ndarray:
    """Return the effects on a model that is a formula of four numbers."""
    differs = np.column_stack([mine[n] != typical[n] for n in NUMBERS])
    return effects_by_asking(lambda c: formula(*(c[n] for n in NUMBERS))[:, None], mine, typical, differs)[0, :, 0]


def test_columns_that_work_together_share() -> None:
    found = effects_of(lambda a, b, c, d: a * b * c, row(0, 0, 0, 0), row(1, 1, 1, 1))
    np.testing.assert_allclose(found, [1 / 3, 1 / 3, 1 / 3, 0.0], atol=1e-12)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=4), st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=4))
def test_a_column_that_is_typical_or_not_used_has_no_effect(mine: list[float], typical: list[float]) -> None:
    mine[1] = typical[1]
    effects = effects_of(lambda a, b, c, d: np.tanh(a) * b + a, row(*typical), row(*mine))
    scale = max(1.0, *map(abs, mine), *map(abs, typical))
    assert effects[1] == 0.0 and np.abs(effects[2:]).max() <= 1e-12 * scale


def test_two_columns_that_say_the_same_share() -> None:
    """The model takes the larger of two that are equal: one in alone is the whole effect, one out alone is none."""
    effects = effects_of(lambda a, b, c, d: np.maximum(a, b), row(0, 0, 0, 0), row(1, 1, 0, 0))
    np.testing.assert_allclose(effects, [0.5, 0.5, 0, 0])


def test_many_columns_are_asked_along_orders_that_add_up_and_halve_pairs() -> None:
    width = 14
    weights = np.random.default_rng(3).normal(size=(width, width))
    mine = {f"c{j}": np.array([1.0]) for j in range(width)}
    typical = {name: np.array([0.0]) for name in mine}

    def quadratic(columns: Columns) -> np.ndarray:
        x = np.column_stack(list(columns.values()))
        return np.einsum("ni,ij,nj->n", x, weights, x)[:, None]

    differs = np.ones((1, width), bool)
    found = effects_by_asking(quadratic, mine, typical, differs)[0, :, 0]
    both = (weights + weights.T) / 2
    np.testing.assert_allclose(found, both.sum(axis=1), atol=1e-9)
    assert not exact_by_asking(differs).any()


@pytest.mark.parametrize("n_classes", [0, 2])
@pytest.mark.parametrize("learner", ["linear", "lightgbm"])
def test_they_rank_columns_of_real_models_as_shapley_values_of_the_answer_do(learner: str, n_classes: int) -> None:
    plan, columns, _ = fitted((learner,), n_classes)
    reference = typical_row(plan.contract, make_profile(columns, TABLE))
    rows = take({n: columns[n] for n in plan.contract.names}, np.arange(12))
    found = explain_rows(Explainer(plan, reference), rows)
    exact = each_row(plan.predict, reference, rows, 12)[:, :, -1]
    agreement = [_spearman(a, b) for a, b in zip(found.effects, exact)]
    assert np.mean(agreement) > 0.95
    assert np.mean(np.abs(found.effects).argmax(axis=1) == np.abs(exact).argmax(axis=1)) >= 0.9
    assert np.abs(found.effects - exact).mean() < 0.1 * np.abs(exact).max()


def _spearman(a: np.ndarray, b: np.ndarray) -> float:
    ranks = [np.argsort(np.argsort(x)) for x in (a, b)]
    return float(np.corrcoef(*ranks)[0, 1])


@pytest.mark.parametrize("plan", [classifier(), regressor()], ids=["classes", "values"])
def test_a_row_has_the_same_reasons_alone_and_in_a_batch(plan) -> None:
    columns, explainer = some_columns(60), Explainer(plan, typical_row(CONTRACT, PROFILE))
    whole = explain_rows(explainer, columns)
    for i in range(0, 60, 7):
        alone = explain_rows(explainer, take(columns, np.array([i])))
        np.testing.assert_allclose(alone.effects[0], whole.effects[i], atol=1e-12)


def test_no_row_has_no_reasons() -> None:
    empty = take(some_columns(3), np.arange(0))
    assert explain_rows(Explainer(classifier(), typical_row(CONTRACT, PROFILE)), empty).strongest(3) == []


def test_hostile_rows_have_finite_reasons() -> None:
    plan, columns, _ = fitted(("lightgbm", "linear"), 2)
    rows = check_columns(take(columns, np.arange(20)), plan.contract, seed=1)
    for reference in (typical_row(plan.contract, make_profile(columns, TABLE)), blank_columns(plan.contract, 1)):
        found = explain_rows(Explainer(plan, reference), rows)
        assert np.isfinite(found.effects).all()
        np.testing.assert_allclose(found.typical + found.effects.sum(axis=1), found.outcome, atol=1e-6)
        assert found.effects.shape == (n_rows(rows), len(plan.contract.names))


def test_of_many_classes_the_predicted_one_is_explained() -> None:
    plan, columns, _ = fitted(("lightgbm",), 3)
    reference = typical_row(plan.contract, make_profile(columns, TABLE))
    found = explain_rows(Explainer(plan, reference), {n: columns[n] for n in plan.contract.names})
    prediction = plan.predict(columns)
    np.testing.assert_array_equal(found.outcome, prediction.max(axis=1))
    np.testing.assert_array_equal(found.output, prediction.argmax(axis=1))
    np.testing.assert_allclose(found.typical + found.effects.sum(axis=1), found.outcome, atol=1e-9)


def test_the_strongest_come_first_and_none_without_effect() -> None:
    one = np.ones(1)
    found = Reasons(
        columns=NUMBERS,
        effects=np.array([[1.0, -5.0, 2.0, 0.0]]),
        outcome=one,
        typical=one,
        output=np.zeros(1, np.intp),
        prediction=one[:, None],
        exact=np.ones(1, bool),
        agreement=np.ones((1, 4)),
    )
    told = [{"column": "b", "effect": -5.0}, {"column": "c", "effect": 2.0}, {"column": "a", "effect": 1.0}]
    assert found.strongest(9) == [told] and found.strongest(1) == [told[:1]] and found.strongest(0) == [[]]


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


def test_what_stands_in_for_levels_of_few_is_typical_only_where_nothing_else_is() -> None:
    names = ("pooled", "all pooled")
    contract = Contract(columns=tuple(ColumnSpec(name=n, kind=Kind.CATEGORY) for n in names), rows_seen=10)
    columns: Columns = {
        "pooled": Strings.from_values(["(rare)"] * 6 + ["cook"] * 4),
        "all pooled": Strings.from_values(["(rare)"] * 10),
    }
    row = typical_row(contract, make_profile(columns, contract))
    assert {n: c.to_object()[0] for n, c in row.items()} == {"pooled": "cook", "all pooled": "(rare)"}


def test_a_profile_without_numbers_makes_a_row_all_the_same() -> None:
    odd = Profile(n_rows=5, columns=(ColumnProfile(name="age", kind="number", n_missing=0, n_distinct=0),))
    row = typical_row(CONTRACT, odd)
    assert np.isnan(row["age"]) and explain_rows(Explainer(classifier(), row), some_columns(4)).effects.shape == (4, 3)


def test_generated_features_are_explained_in_the_columns_that_they_are_made_of() -> None:
    plan, rows, _ = fitted(("lightgbm",), 2, view="crossed")
    assert any(len(sources) == 2 for sources in plan.views["crossed"].sources)
    found = explain_rows(Explainer(plan, typical_row(plan.contract, make_profile(rows, plan.contract))), rows)
    assert found.columns == plan.contract.names == tuple(n for n in TABLE.names if n in plan.contract.names)
    assert np.abs(found.effects[:, found.columns.index("area")]).max() > 0.01
